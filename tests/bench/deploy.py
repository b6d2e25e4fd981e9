#!/usr/bin/env python3
"""The whole fleet at once, beside the tools people use for it.

    tests/bench/deploy.py [--nodes 200] [--rounds 3] [--ansible 10] [--flow 50]

On one testbed of --nodes machines (a LAN: a probe on all but one), one after
the other in each round: netflowize up, up again, status, strip; ssh + tar
through xargs; parallel-ssh and -scp.  The others copy meter, flow cache and
collector to every node, check their SHA-256 and start something that sleeps:
less than up does, which waits until all are ready.  All of them get
curve25519, which is what OpenSSH's default costs five times of.
Medians and ratios; CPU is that of the tool and all it starts.
(Meter and flow cache are one file on nodes: it is copied once.)

All nodes share one kernel, and in containers meters are filters of clsact, which
take none of it from the others.  With --backend ebpf-tcx, which machines of
their own have, it waits twice a meter for a grace period (8 to 20 ms) that no
other node can wait for meanwhile (the lock of all interfaces), as no machines
of their own would.  --own-kernels shows the wall time without that: the kernel
then has short grace periods, for all that is compared, until the end.

Then ansible on --ansible nodes, the time from Enter to the first stored flow
on --flow nodes, and the testbed's own `up` beside the bare recipe of a node.
"""
import argparse
import contextlib
import json
import os
import re
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
GRACE = "/sys/kernel/rcu_expedited"
TESTBED = os.path.join(BUILD, "bin", "nfz-testbed")
NETFLOWIZE = os.path.join(BUILD, "bin", "netflowize")
NODE_BIN = os.environ.get("NODE_BIN", os.path.join(BUILD, "node", "bin"))
PROGRAMS = ["nfz-meter", "nfz-collector"]
# Only the sleep goes to the background: what does loses its standard input,
# and how it ended.
REMOTE = ("sudo -n sh -c 'umask 077; mkdir -p /var/tmp/peer && "
          "cd /var/tmp/peer && %s && sha256sum --quiet -c sums && "
          "{ setsid sleep 100 </dev/null >/dev/null 2>&1 & }'")
CLEAN = "sudo -n sh -c 'rm -rf /var/tmp/peer; pkill sleep; true'"


class Lab:
    def __init__(self, kind, n, home):
        self.name = "bench/%s%d" % (kind.replace("-", ""), n)
        self.n = n
        self.home = home
        ns = os.path.join(home, "%s%d.ns" % (kind, n))
        with open(ns, "w") as out:
            subprocess.run([os.path.join(ROOT, "tests/support/gentopo.py"),
                            kind, str(n)], stdout=out, check=True)
        began = time.monotonic()
        subprocess.run([TESTBED, "up", ns, "--exp", self.name],
                       stdout=subprocess.DEVNULL, check=True)
        self.up_s = time.monotonic() - began
        shown = json.loads(subprocess.check_output(
            [TESTBED, "show", self.name, "-o", "json"]))
        self.nodes = [m for m in shown["nodes"] if m["role"] == "node"]

    def down(self):
        subprocess.run([TESTBED, "down", self.name], check=True)

    def measure(self, argv, stdin=subprocess.DEVNULL, ok=(0,), env=None):
        """Wall and CPU seconds and the largest RSS of a command in the lab."""
        began = time.monotonic()
        pid = subprocess.Popen(
            [TESTBED, "run", "--exp", self.name, "--"] + argv, stdin=stdin,
            stdout=open(os.path.join(self.home, "out"), "w"),
            stderr=open(os.path.join(self.home, "err"), "w"),
            env={**os.environ, "HOME": self.home, **(env or {})})
        _, status, used = os.wait4(pid.pid, 0)
        pid.returncode = os.waitstatus_to_exitcode(status)
        if pid.returncode not in ok:
            sys.exit("%s: status %d\n%s" % (
                argv, pid.returncode,
                open(os.path.join(self.home, "err")).read()[-2000:]))
        return {"wall": time.monotonic() - began,
                "cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss}

    def said(self):
        return open(os.path.join(self.home, "out")).read()


class Peers:
    """ssh and friends, with keys and host keys of the lab."""

    def __init__(self, lab):
        self.lab = lab
        home = lab.home
        env = dict(line.split("=", 1) for line in subprocess.check_output(
            [TESTBED, "run", "--exp", lab.name, "--", "env"],
            text=True).splitlines() if "=" in line)
        self.key, self.user = (env["NETFLOWIZE_SSH_IDENTITY"],
                               env["NETFLOWIZE_SSH_USER"])
        self.hosts = [m["control_ip"] for m in lab.nodes]
        self.known = os.path.join(home, "known")
        lab.measure([NETFLOWIZE, "fetch", lab.name, "-q"])
        with open(self.known, "w") as out:
            for node in json.loads(lab.said())["nodes"]:
                for k in node.get("host_keys", []):
                    out.write("%s %s\n" % (node["address"], " ".join(
                        k.split()[-2:] if k.split()[0][0] != "s" else
                        k.split()[:2])))
        self.options = ["-o", "KexAlgorithms=curve25519-sha256",
                        "-o", "StrictHostKeyChecking=yes",
                        "-o", "UserKnownHostsFile=" + self.known,
                        "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                        "-i", self.key]
        self.list = os.path.join(home, "hosts")
        with open(self.list, "w") as out:
            out.writelines("%s@%s\n" % (self.user, h) for h in self.hosts)
        self.files = os.path.join(home, "files")
        os.makedirs(self.files, exist_ok=True)
        for p in PROGRAMS:
            subprocess.run(["cp", os.path.join(NODE_BIN, p), self.files],
                           check=True)
        subprocess.run("cd %s && sha256sum %s >sums && tar czf ../peer.tgz ."
                       % (self.files, " ".join(PROGRAMS)), shell=True,
                       check=True)
        self.archive = os.path.join(home, "peer.tgz")

    def ssh_tar(self):
        command = "ssh %s {} %s <%s" % (
            " ".join(self.options), shlex.quote(REMOTE % "tar xzf -"),
            self.archive)
        return self.lab.measure(["sh", "-c", "xargs -P 32 -I {} sh -c %s <%s"
                                 % (shlex.quote(command), self.list)])

    def pssh(self, words):
        tail = []
        for o in self.options[1::2][:-1]:
            tail += ["-O", o]
        tail += ["-x", "-i " + self.key]
        return words[:1] + ["-h", self.list, "-p", "32", "-t", "60"] + tail + \
            words[1:]

    def parallel_ssh(self):
        scp = ["parallel-scp"]
        steps = [["parallel-ssh", "mkdir -p /tmp/peer"],
                 scp + [os.path.join(self.files, f)
                        for f in ["../peer.tgz"]] +
                 ["/tmp/peer"],
                 ["parallel-ssh", REMOTE % "tar xzf /tmp/peer/peer.tgz"]]
        total = {"wall": 0, "cpu": 0, "rss": 0}
        for s in steps:
            used = self.lab.measure(self.pssh(s))
            total = {k: total[k] + used[k] if k != "rss" else
                     max(total[k], used[k]) for k in total}
        return total

    def ansible(self, n):
        inventory = os.path.join(self.lab.home, "inventory")
        with open(inventory, "w") as out:
            for h in self.hosts[:n]:
                out.write("%s ansible_user=%s ansible_ssh_private_key_file=%s "
                          "ansible_python_interpreter=/usr/bin/python3\n"
                          % (h, self.user, self.key))
        play = os.path.join(self.lab.home, "play.yml")
        with open(play, "w") as out:
            out.write("- hosts: all\n  gather_facts: no\n  become: yes\n"
                      "  tasks:\n"
                      "  - file: {path: /var/tmp/peer, state: directory}\n")
            for p in PROGRAMS[:3]:
                out.write("  - copy: {src: %s, dest: /var/tmp/peer/, "
                          "mode: '0755'}\n" % os.path.join(self.files, p))
            out.write("  - shell: setsid sleep 100 "
                      "</dev/null >/dev/null 2>&1 &\n")
        config = os.path.join(self.lab.home, "ansible.cfg")
        with open(config, "w") as out:
            out.write("[defaults]\nforks = 50\n[ssh_connection]\n"
                      "pipelining = True\nssh_args = -o ControlMaster=auto "
                      "-o ControlPersist=5s %s\n"
                      % " ".join(self.options[:8]))
        return self.lab.measure(["ansible-playbook", "-i", inventory, play],
                                env={"ANSIBLE_CONFIG": config})

    def clean(self):
        command = "ssh %s {} %s" % (" ".join(self.options), shlex.quote(CLEAN))
        self.lab.measure(["sh", "-c", "xargs -P 32 -I {} sh -c %s <%s" % (
            shlex.quote(command), self.list)], ok=range(256))


def rounds(lab, peers, count, backend):
    runs = {}
    up = [NETFLOWIZE, "up", lab.name, "-q", "--backend", backend]

    def note(name, used):
        runs.setdefault(name, []).append(used)
        print("#   %-14s wall %6.2f s  cpu %6.2f ms/node  rss %5.1f MB" % (
            name, used["wall"], used["cpu"] * 1e3 / lab.n, used["rss"] / 1024),
            flush=True)

    for i in range(count):
        print("# round %d, load %.1f" % (i + 1, os.getloadavg()[0]))
        note("up", lab.measure(up))
        again = lab.measure(up + ["-o", "json"])
        report = json.loads(lab.said())
        again["binary"] = report["binary_bytes"]
        assert not report["changed"], "a second up changed something"
        note("up again", again)
        note("status", lab.measure([NETFLOWIZE, "status", lab.name, "-q"],
                                   ok=range(256)))
        note("strip", lab.measure([NETFLOWIZE, "strip", lab.name, "-q"]))
        if not peers:
            continue
        note("ssh+tar", peers.ssh_tar())
        peers.clean()
        note("parallel-ssh", peers.parallel_ssh())
        peers.clean()
    return {name: {k: statistics.median(r[k] for r in used)
                   for k in used[0]} for name, used in runs.items()}


def row(what, value, limit, good):
    print("%-52s %12s   target %-10s %s" % (
        what, value, limit, "ok" if good else "MISSED"))
    return good


def compare(lab, m):
    def ratio(what, key, a, b, limit):
        r = m[a][key] / m[b][key]
        return row("%s: %s / %s" % (what, a, b), "%.3f" % r, "<= %.3g" % limit,
                   r <= limit)

    print("\n%d nodes, medians" % lab.n)
    ratio("controller CPU", "cpu", "up", "ssh+tar", 1 / 5)
    ratio("controller CPU", "cpu", "up", "parallel-ssh", 1 / 25)
    ratio("wall", "wall", "up", "ssh+tar", 0.85)
    ratio("wall", "wall", "up", "parallel-ssh", 0.3)
    row("controller CPU per node, up",
        "%.2f ms" % (m["up"]["cpu"] * 1e3 / lab.n), "<= 5 ms",
        m["up"]["cpu"] * 1e3 / lab.n <= 5)
    row("controller CPU per node, status",
        "%.2f ms" % (m["status"]["cpu"] * 1e3 / lab.n), "<= 2.5 ms",
        m["status"]["cpu"] * 1e3 / lab.n <= 2.5)
    row("RSS", "%.1f MB" % (m["up"]["rss"] / 1024), "<= 48 MB",
        m["up"]["rss"] <= 48 * 1024)
    row("no-op up: bytes of binary", str(int(m["up again"]["binary"])), "0",
        m["up again"]["binary"] == 0)
    ratio("wall", "wall", "up again", "status", 1.2)


def against_ansible(n, home, count):
    """By turns: the first to log into new nodes pays for all after it."""
    small = Lab("lan", n, home)
    ours, theirs = [], []
    try:
        peers = Peers(small)
        for _ in range(count):
            ours.append(small.measure([NETFLOWIZE, "up", small.name, "-q"]))
            small.measure([NETFLOWIZE, "strip", small.name, "-q"])
            theirs.append(peers.ansible(n))
            peers.clean()
    finally:
        small.down()
    print("\n%d nodes, beside ansible (3 copies and a shell), medians of %d"
          % (n, count))
    for what, name, target in (("wall", "wall", 0.05),
                               ("controller CPU", "cpu", 0.02)):
        a, b = (statistics.median(r[name] for r in runs)
                for runs in (ours, theirs))
        row("%s: up / ansible (%.2f / %.2f s)" % (what, a, b),
            "%.4f" % (a / b), "<= %g" % target, a / b <= target)


def first_flow(n, home):
    """From Enter until a flow can be read from the store."""
    lab = Lab("lan", n, home)
    try:
        target = lab.nodes[1]["interfaces"][-1]["ip"]
        pinger = subprocess.Popen(
            [TESTBED, "exec", lab.name, lab.nodes[0]["name"], "--", "ping",
             "-q", "-i", "0.05", target], stdout=subprocess.DEVNULL)
        began = time.monotonic()
        up = subprocess.Popen([TESTBED, "run", "--exp", lab.name, "--",
                               NETFLOWIZE, "--light", lab.name, "--collector",
                               lab.nodes[-1]["name"], "-q"],
                              env={**os.environ, "HOME": home})
        look = ("cd /var/lib/netflowize/*/ 2>/dev/null && "
                "bin/nfz-query store -o csv -n 1 2>/dev/null "
                "| tail -n +2 | grep -c ,")
        found = 0
        while not found and time.monotonic() < began + 60:
            out = subprocess.run(
                [TESTBED, "exec", lab.name, lab.nodes[-1]["name"], "--", "sh",
                 "-c", look], stdout=subprocess.PIPE, text=True,
                stderr=subprocess.DEVNULL).stdout
            found = int(out.strip() or 0)
            time.sleep(0.02)
        took = time.monotonic() - began
        up.wait()
        pinger.terminate()
        pinger.wait()
    finally:
        lab.down()
    print()
    row("Enter to first stored flow, %d nodes" % n, "%.2f s" % took, "<= 5 s",
        took <= 5)


def lab_speed(n, home, reps):
    recipe = os.path.join(BUILD, "tests", "tool-barelab")
    if not os.path.exists(recipe):
        return
    bare, ours = [], []
    for _ in range(reps):
        out = subprocess.check_output([recipe, str(n)], text=True)
        bare.append(float(re.search(r"up ([0-9.]+) s", out).group(1)))
        lab = Lab("random", n, home)
        ours.append(lab.up_s)
        lab.down()
    a, b = statistics.median(ours), statistics.median(bare)
    print()
    row("nfz-testbed up / bare recipe, %d nodes (%.2f / %.2f s)" % (n, a, b),
        "%.2f" % (a / b), "<= 2", a <= 2 * b)


@contextlib.contextmanager
def own_kernels(wanted):
    """As if no machine waited for another one's grace periods."""
    if not wanted:
        yield
        return
    with open(GRACE) as f:
        before = f.read()
    with open(GRACE, "w") as f:
        f.write("1")
    try:
        yield
    finally:
        with open(GRACE, "w") as f:
            f.write(before)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--nodes", type=int, default=200)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--ansible", type=int, default=10)
    p.add_argument("--flow", type=int, default=50)
    p.add_argument("--backend", default="auto", help="how meters capture")
    p.add_argument("--own-kernels", action="store_true",
                   help="short grace periods, as where each node has its own")
    p.add_argument("--alone", action="store_true", help="without the others")
    p.add_argument("--only", choices=["fleet", "ansible", "flow", "lab"])
    o = p.parse_args()
    if os.geteuid() != 0:
        print("SKIPPED: needs root for a testbed")
        return 77
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with own_kernels(o.own_kernels), tempfile.TemporaryDirectory() as home:
        os.environ.setdefault("NFZ_TESTBED_DIR", os.path.join(home, "lab"))
        os.environ["XDG_STATE_HOME"] = home
        if o.only in (None, "fleet"):
            lab = Lab("lan", o.nodes, home)
            try:
                m = rounds(lab, None if o.alone else Peers(lab), o.rounds,
                           o.backend)
                if not o.alone:
                    compare(lab, m)
            finally:
                lab.down()
        if o.only in (None, "ansible") and o.ansible:
            against_ansible(o.ansible, home, o.rounds)
        if o.only in (None, "flow") and o.flow:
            first_flow(o.flow, home)
        if o.only in (None, "lab"):
            lab_speed(o.nodes, home, o.rounds)
    return 0


sys.exit(main())
