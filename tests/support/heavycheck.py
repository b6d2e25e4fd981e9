#!/usr/bin/env python3
"""heavycheck.py FILE PROJ/EXP [--mixed] [--realisable] [--avoid=NODE,...]:
heavy mode on one topology, there and back, on a testbed that runs.
--realisable: a file that cannot be brought up is left out; --avoid: no probe on
these nodes, so that --mixed needs bridges; --foreign: shapers run FreeBSD before.

Holds TCP connections over every link meanwhile; expects that every link is
seen, that nodes, addresses and connections survive, and that strip restores the
description byte for byte and the machines exactly.  BUILD names the build
tree.  Prints a line per check that fails and one summary line; exit status 1
if any failed."""
import json
import os
import subprocess
import sys
import time

from flowcheck import BIN, Bed

PORT = 7700
CONNECTIONS = 120

# Answers what it reads, on every connection, until its input ends.
SERVER = """
import selectors, socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", %d)); s.listen(64); sel = selectors.DefaultSelector()
sel.register(s, 1); sel.register(sys.stdin, 1); print("up []", flush=True)
while True:
    for key, _ in sel.select():
        if key.fileobj is sys.stdin: sys.exit()
        if key.fileobj is s: sel.register(s.accept()[0], 1); continue
        data = key.fileobj.recv(4096)
        if data: key.fileobj.sendall(data)
        else: sel.unregister(key.fileobj); key.fileobj.close()
""" % PORT

# Keeps a byte going round on each connection.  For each line of input: have
# all connections gone round again since?  Waits for that up to 30 s.
CLIENT = """
import json, select, socket, sys, time
conns = {}
for to in sys.argv[1:]:
    # files of tests may have addresses that lead nowhere
    try: conns[to] = socket.create_connection((to, %d), 3)
    except OSError: continue
    conns[to].sendall(b"x")
print("up", json.dumps(sorted(conns)), flush=True)
every = set(conns)
seen, wanted, end = set(), False, 0
while True:
    ready = select.select([sys.stdin, *conns.values()], [], [], 0.5)[0]
    time.sleep(0.05)
    for to, c in list(conns.items()):
        if c not in ready: continue
        try: data = c.recv(1)
        except OSError as e: data = b""
        if not data: conns.pop(to); continue
        seen.add(to); c.sendall(data)
    if wanted and (seen == every or time.monotonic() > end):
        print(json.dumps(sorted(every - seen)), flush=True)
        wanted = False
    if sys.stdin in ready:
        if not sys.stdin.readline(): sys.exit()
        seen, wanted, end = set(), True, time.monotonic() + 30
""" % PORT

CALL = """
import os, ssl, sys, xmlrpc.client
c = ssl.create_default_context(cafile=os.environ["NETFLOWIZE_CA"])
c.load_cert_chain(os.environ["NETFLOWIZE_CERTIFICATE"])
p = xmlrpc.client.ServerProxy("https://boss:3069/usr/testbed", context=c)
sys.stdout.write(p.experiment.nsfile(0.1, {"proj": sys.argv[1],
    "exp": sys.argv[2]})["value"])
"""


class Held:
    """A program that is spoken to, on a node."""

    def __init__(self, exp, node, text, *words):
        self.node = node
        self.process = subprocess.Popen(
            [f"{BIN}/nfz-testbed", "exec", exp, node, "--", "python3", "-Ic",
             text, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("up "):
            raise RuntimeError(f"nothing answers on {node}")
        self.connected = json.loads(line[3:])

    def ask(self):
        self.process.stdin.write("?\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


class HeavyBed(Bed):
    def nsfile(self):
        out = self.testbed("run", "--exp", self.exp, "--", "python3", "-Ic",
                           CALL, *self.exp.split("/"))
        return out.stdout

    def machines(self):
        self.describe()
        return {n["name"]: n["machine"] for n in self.shown["nodes"]}

    def addresses(self):
        """What each of the user's nodes says itself."""
        found = {}
        for node in self.names:
            out = self.testbed("exec", self.exp, node, "--", "ip", "-j", "-4",
                               "addr")
            for i in json.loads(out.stdout):
                for a in i["addr_info"]:
                    found[node, a["local"]] = a["prefixlen"]
        return found

    def connect(self):
        """From each member of a link to the next one."""
        users, to, via = set(self.names), {}, {}
        n = 0
        for link in self.shown["links"]:
            ends = [m for m in link["members"] if m.get("ip") and
                    m["node"] in users]
            for a, b in zip(ends, ends[1:]):
                if n < CONNECTIONS and a["node"] != b["node"]:
                    to.setdefault(a["node"], set()).add(b["ip"])
                    via.setdefault((a["node"], b["ip"]), set()).add(
                        link["name"])
                    n += 1
        self.servers = [Held(self.exp, n, SERVER) for n in self.names]
        self.clients = [Held(self.exp, n, CLIENT, *sorted(ips))
                        for n, ips in sorted(to.items())]
        # not what goes elsewhere, where links have overlapping networks
        self.used = {link for client in self.clients
                     for ip in client.connected
                     for link in via[client.node, ip]
                     if link == self.towards(client.node, ip)}

    def towards(self, node, ip):
        out = self.testbed("exec", self.exp, node, "--", "ip", "-j", "route",
                           "get", ip)
        return self.lan_of.get((node, json.loads(out.stdout)[0]["dev"]))

    def disconnect(self):
        for held in self.clients + self.servers:
            held.close()

    def still_connected(self, when):
        for client in self.clients:
            client.ask()
        for client in self.clients:
            line = client.process.stdout.readline()
            self.check(f"connections of {client.node} go on {when}",
                       line == "[]\n", line)


def check_heavy(bed, mode, before):
    out = bed.netflowize("up", *mode, "--yes", bed.exp, what="up")
    if not bed.check(f"up {mode[0]} exits 0", out.returncode == 0,
                     out.stderr[-3000:]):
        return False
    bed.describe()
    bed.check("a machine more where bridges are needed", mode == ["--mixed"] or
              len(bed.all_names) > len(before))
    bed.check("nodes stay where they were",
              before.items() <= {n["name"]: n["machine"] for n in
                                 bed.shown["nodes"]}.items())
    bed.still_connected("after up")
    again = bed.json("up", *mode, "--yes", bed.exp)
    bed.check("up again changes nothing", again.get("changed") is False and
              again.get("binary_bytes") == 0, again)
    time.sleep(0.3)
    rows = bed.rows("--by", "link")
    seen = {r["link"] for r in rows}
    bed.check("every link has been seen", not bed.used - seen,
              f"not seen: {sorted(bed.used - seen)}")
    said = bed.netflowize("status", bed.exp, "--no-flush").stdout
    n = len(bed.lans)
    bed.check("coverage is complete", f"coverage {n} of {n} links" in said,
              said)
    return True


def run(bed, path, mode):
    foreign = ["--delay-os", "FBSD410-STD"] if "--foreign" in sys.argv else []
    out = bed.testbed("up", path, "--exp", bed.exp, *foreign)
    if out.returncode and "--realisable" in sys.argv:
        bed.left_out = out.stderr.split("\n")[0]
        return
    if not bed.check("the testbed comes up", out.returncode == 0, out.stderr):
        return
    machines, text = bed.machines(), bed.nsfile()
    users = {n: machines[n] for n in bed.names}
    addresses = bed.addresses()
    bed.connect()
    diff = bed.netflowize("plan", *mode, "--diff", bed.exp)
    bed.check("plan --diff exits 0", diff.returncode == 0, diff.stderr)
    done = check_heavy(bed, mode, users)
    now = bed.nsfile()
    if done and diff.stdout:
        bed.check("what was sent is what --diff showed",
                  apply(text, diff.stdout) == now, now)
    bed.check("addresses are as before", bed.addresses().items() >=
              addresses.items())
    out = bed.netflowize("strip", bed.exp, what="strip")
    bed.check("strip exits 0", out.returncode == 0, out.stderr[-3000:])
    bed.still_connected("after strip")
    bed.disconnect()
    back = bed.nsfile()
    bed.check("the description is as before", back == text, back)
    bed.check("machines are as before", bed.machines() == machines,
              f"{bed.machines()} {machines}")
    bed.check("addresses are as before strip", bed.addresses() == addresses)


def apply(text, diff):
    """The text with a unified diff of one hunk applied."""
    lines, out, at = text.splitlines(True), [], 0
    for row in diff.splitlines(True)[2:]:
        if row.startswith("@@"):
            start = int(row.split()[1][1:].split(",")[0]) - 1
            out += lines[:start]
            at = start
        elif row[0] == " ":
            out.append(lines[at])
            at += 1
        elif row[0] == "-":
            at += 1
        elif row[0] == "+":
            out.append(row[1:])
    return "".join(out + lines[at:])


def main():
    path, exp = sys.argv[1:3]
    mode = ["--mixed" if "--mixed" in sys.argv[3:] else "--heavy"]
    avoid = [w for w in sys.argv[3:] if w.startswith("--avoid=")]
    bed = HeavyBed(exp)
    start = time.monotonic()
    try:
        run(bed, path, mode + avoid)
    finally:
        bed.testbed("down", exp)
    if getattr(bed, "left_out", None):
        print(f"left out: {os.path.basename(path)}: {bed.left_out}")
        return False
    took = " ".join(f"{k} {v:.1f} s" for k, v in bed.times.items())
    print(f"{'FAILED' if bed.failed else 'ok'}: {os.path.basename(path)} "
          f"{' '.join(mode + avoid)}: {bed.ok} checks, {len(bed.failed)} failed, {took}, "
          f"all {time.monotonic() - start:.1f} s", flush=True)
    return bool(bed.failed)


if __name__ == "__main__":
    sys.exit(main())
