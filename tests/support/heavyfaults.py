#!/usr/bin/env python3
"""heavyfaults.py FILE PROJ/EXP: what can go wrong with heavy mode, each time
with the statement and the state that it must leave behind.  BUILD names the
build tree.  Prints a line per check that fails and one summary line; exit
status 1 if any failed."""
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time

from heavycheck import BIN, HeavyBed

SEND = """
import os, ssl, sys, xmlrpc.client, time
c = ssl.create_default_context(cafile=os.environ["NETFLOWIZE_CA"])
c.load_cert_chain(os.environ["NETFLOWIZE_CERTIFICATE"])
p = xmlrpc.client.ServerProxy("https://boss:3069/usr/testbed", context=c)
who = {"proj": sys.argv[1], "exp": sys.argv[2]}
r = p.experiment.modify(0.1, dict(who, nsfilestr=sys.stdin.read(), wait=True))
sys.stdout.write(str(r["code"]) + r["output"])
"""


class FaultBed(HeavyBed):
    def fault(self, kind, node="boss"):
        out = self.testbed("fault", self.exp, node, kind)
        self.check(f"fault {kind}", out.returncode == 0, out.stderr)

    def state(self):
        for line in self.testbed("show", self.exp).stdout.splitlines():
            if line.startswith("experiment "):
                return line.split()[-1]
        return ""

    def noted(self, name):
        home = os.environ.get("HOME", "/")
        try:
            return open(f"{home}/.local/state/netflowize/{self.exp}/"
                        f"{name}").read()
        except FileNotFoundError:
            return None

    def send(self, text):
        out = subprocess.run(
            [f"{BIN}/nfz-testbed", "run", "--exp", self.exp, "--", "python3",
             "-Ic", SEND, *self.exp.split("/")], input=text, text=True,
            capture_output=True)
        self.check("a change by somebody else", out.stdout == "0",
                   out.stdout + out.stderr)

    def expect(self, what, words, status, *says):
        out = self.netflowize(*words)
        self.check(f"{what}: exit status {status}", out.returncode == status,
                   f"{out.returncode} {out.stderr}")
        for text in says:
            self.check(f"{what}: says \"{text}\"", text in out.stderr,
                       out.stderr)
        return out

    def unchanged(self, what, text, machines):
        self.check(f"{what}: the description is as it was",
                   self.nsfile() == text, self.nsfile())
        self.check(f"{what}: the machines are as they were",
                   self.machines() == machines)

    def up(self, *more):
        return ("up", "--heavy", "--yes", self.exp, *more)


def refusals(bed, text, machines):
    """Each leaves the old experiment, running."""
    bed.expect("without --yes", ("up", "--heavy", bed.exp), 2, "--yes",
               "estimated", "swap the experiment out")
    bed.expect("too few", bed.up("--free", "pc850=1"), 3,
               "not enough free nodes", "1 free", "--mixed")
    bed.fault("modify-parse")
    bed.expect("parse", bed.up(), 2, "parser refused", "is as it was",
               "plan --heavy --diff")
    bed.unchanged("parse", text, machines)
    bed.fault("modify-map")
    bed.expect("map", bed.up(), 3, "mapper failed", "is as it was")
    bed.unchanged("map", text, machines)
    bed.fault("closed")
    bed.expect("closed", bed.up(), 4, "maintenance until 18:00")
    bed.fault("clear")
    bed.fault("locked")
    bed.expect("locked", bed.up(), 4, "locked down")
    bed.fault("clear")
    bed.unchanged("closed and locked", text, machines)
    out = bed.netflowize("up", "--heavy", "--dry-run", bed.exp)
    bed.check("dry run", out.returncode == 0 and
              "trace monitor" in out.stdout and
              "Nothing was changed" in out.stderr, out.stderr + out.stdout)
    bed.unchanged("dry run", text, machines)


def clash(bed, text, machines):
    line = text.replace("$ns run", "set nfz-collector [$ns node]\n$ns run")
    bed.send(line)
    bed.expect("clash", bed.up(), 2, "nfz-collector", "not netflowize's")
    bed.check("clash: nothing was sent", bed.nsfile() == line)
    out = bed.expect("clash: plan", ("plan", "--heavy", bed.exp), 0,
                     "called nfz-collector already", "plan --diff --heavy")
    bed.check("clash: what is refused is not offered",
              "To apply" not in out.stderr, out.stderr)
    big = "# " + "x" * (512 * 1024 - 200 - len(text)) + "\n" + text
    bed.send(big)
    bed.expect("too big", bed.up(), 3, "bytes; the testbed takes 524288",
               "--select")
    bed.check("too big: nothing was sent", bed.nsfile() == big)
    bed.send(text.replace("$ns run", "tb-fix-current-resources 0\n$ns run"))
    bed.expect("machines not kept", bed.up(), 2, "get other machines")
    bed.send(text)
    bed.unchanged("clash", text, machines)


def edited(bed, text, machines):
    """Somebody edits the file while our block is in it."""
    bed.expect("up", bed.up(), 0)
    now = bed.nsfile()
    bed.check("the block is there", "# BEGIN netflowize heavy" in now)
    bed.check("what was sent is noted here", bed.noted("heavy.sent.ns") == now)
    bed.check("what was before, too", bed.noted("heavy.before.ns") == text)
    bed.send("# a remark\n" + now + "\n# the end\n")
    bed.expect("strip of an edited file", ("strip", bed.exp), 0,
               "edited meanwhile")
    bed.check("the notes are gone", bed.noted("heavy.sent.ns") is None)
    bed.check("only our block is gone",
              bed.nsfile() == "# a remark\n" + text + "\n# the end\n",
              bed.nsfile())
    bed.send("# BEGIN netflowize heavy\n" + text)
    bed.expect("a block that is none", ("strip", bed.exp), 2,
               "cannot be told apart")
    bed.send(text)
    bed.unchanged("edited", text, machines)


def dead_node(bed, text, machines):
    """A node of ours that cannot be cleaned goes back as it is."""
    bed.expect("up", bed.up(), 0)
    new = sorted(set(bed.machines()) - set(machines))
    bed.fault("down", node="nfz-collector" if "nfz-collector" in new
              else new[0])
    bed.expect("strip with a dead node", ("strip", bed.exp, "--timeout",
                                          "3s"), 0, "goes back as it is")
    bed.unchanged("strip with a dead node", text, machines)


def interrupted(bed, text, machines):
    """Ctrl-C while the testbed works; then strip from another home."""
    run = subprocess.Popen(
        [f"{BIN}/nfz-testbed", "run", "--exp", bed.exp, "--",
         f"{BIN}/netflowize", *bed.up()], stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True)
    said = ""
    for line in run.stderr:
        said += line
        if "modify_re" in line:
            run.send_signal(signal.SIGINT)
            break
    said += run.stderr.read()
    bed.check("interrupted: exit status 130", run.wait() == 130, said)
    bed.check("interrupted: tells what to do", "Take it back" in said and
              "the testbed goes on" in said, said)
    with tempfile.TemporaryDirectory() as home:
        old, os.environ["HOME"] = os.environ.get("HOME", "/"), home
        bed.expect("strip from another home", ("strip", bed.exp), 0)
        os.environ["HOME"] = old
    bed.unchanged("interrupted", text, machines)


def on_terminal(bed, words, typed):
    """Runs netflowize on a terminal and answers its question."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(f"{BIN}/nfz-testbed", [
            "nfz-testbed", "run", "--exp", bed.exp, "--",
            f"{BIN}/netflowize", *words])
    said, answered, end = b"", False, time.monotonic() + 120
    while time.monotonic() < end:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        said += data
        if not answered and b"to go on: " in said:
            os.write(fd, typed)
            answered = True
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


def typed(bed, text, machines):
    status, said = on_terminal(bed, ("up", "--heavy", bed.exp), b"no\n")
    bed.check("another word typed", status == 130 and
              "nothing was changed" in said, f"{status} {said}")
    bed.unchanged("another word typed", text, machines)
    name = bed.exp.split("/")[1].encode() + b"\n"
    status, said = on_terminal(bed, ("up", "--heavy", bed.exp), name)
    bed.check("the name typed", status == 0, f"{status} {said}")
    status, said = on_terminal(bed, ("strip", bed.exp), name)
    bed.check("strip, the name typed", status == 0, f"{status} {said}")
    bed.unchanged("typed", text, machines)


def late(bed, text):
    """The one failure that costs something; it must not be hidden."""
    bed.fault("modify-late")
    bed.expect("late", bed.up(), 6, "swapped", "is lost", "Swap it in")
    bed.check("late: swapped out", bed.state() == "swapped", bed.state())
    bed.check("late: the description is as it was", bed.nsfile() == text)
    bed.expect("up while swapped", bed.up(), 6)
    block = "# BEGIN netflowize heavy 1 sha256=" + "0" * 64 + \
        "\n# END netflowize\n"
    bed.send(text.replace("$ns run", block + "$ns run"))
    bed.expect("strip while swapped", ("strip", bed.exp), 0,
               "swapped out as before")
    bed.check("strip while swapped restores", bed.nsfile() == text)


def main():
    path, exp = sys.argv[1:3]
    bed = FaultBed(exp)
    start = time.monotonic()
    try:
        out = bed.testbed("up", path, "--exp", exp)
        bed.check("the testbed comes up", out.returncode == 0, out.stderr)
        text, machines = bed.nsfile(), bed.machines()
        for step in (refusals, clash, edited, dead_node, interrupted, typed):
            if not sys.argv[3:] or step.__name__ in sys.argv[3:]:
                step(bed, text, machines)
        late(bed, text)
    finally:
        bed.testbed("down", exp)
    print(f"{'FAILED' if bed.failed else 'ok'}: faults of heavy mode: "
          f"{bed.ok} checks, {len(bed.failed)} failed, all "
          f"{time.monotonic() - start:.1f} s", flush=True)
    return bool(bed.failed)


if __name__ == "__main__":
    sys.exit(main())
