#!/usr/bin/env python3
"""What `netflowize top` takes of a processor, live, where there are many links.

    tests/bench/top.py [--links 1000] [--seconds 30]

A testbed of four machines on which netflowize runs; on its collector's node
the store makes way for one of so many links whose time is now (the collector
goes on in files that are nobody's), and each
second `top`, on a terminal of its own, asks for it over its login.  What
counts is the command's own processor time, after its first frame."""
import argparse
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
TESTBED = os.path.join(BUILD, "bin", "nfz-testbed")
NETFLOWIZE = os.path.join(BUILD, "bin", "netflowize")
EXP = "bench/top%d" % os.getpid()
SWAP = """set -e
cd /var/lib/netflowize/*/store
rm -rf ./*
tar xf -
"""


def inside(*argv, **more):
    return subprocess.run([TESTBED, "run", "--exp", EXP, "--", *argv],
                          check=True, **more)


def put_store(links, seconds, home):
    """A store of that many links in the place of the collector's own."""
    store = os.path.join(home, "store")
    subprocess.run([os.path.join(BUILD, "tests/tool-genstore"), store,
                    str(links), str(seconds), "now"], check=True)
    os.unlink(os.path.join(store, "topology.json"))
    status = json.loads(inside(NETFLOWIZE, "status", EXP, "-o", "json", "-q",
                               stdout=subprocess.PIPE).stdout)
    tar = subprocess.Popen(["tar", "cf", "-", "-C", store, "."],
                           stdout=subprocess.PIPE)
    subprocess.run([TESTBED, "exec", EXP, status["collector"]["node"], "--",
                    "sh", "-c", SWAP], stdin=tar.stdout, check=True)
    tar.wait()


def descendant(pid, name):
    """The process of that name below this one."""
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % p) as f:
                comm, rest = re.match(r"\d+ \((.*)\) . (.*)", f.read()).groups()
        except OSError:
            continue
        if int(rest.split()[0]) == pid:
            found = int(p) if comm == name else descendant(int(p), name)
            if found:
                return found
    return None


def spent(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Screen:
    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(TESTBED, [TESTBED, "run", "--exp", EXP, "--", NETFLOWIZE,
                               "top", EXP])
        self.text = ""
        self.frames = 0  # what comes together is one

    def read(self, until):
        while time.monotonic() < until:
            if not select.select([self.fd], [], [], 0.2)[0]:
                continue
            self.text += os.read(self.fd, 1 << 16).decode("utf-8", "replace")
            if not select.select([self.fd], [], [], 0.1)[0]:
                self.frames += 1


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--links", type=int, default=1000)
    p.add_argument("--seconds", type=int, default=30)
    o = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    subprocess.run([TESTBED, "up", os.path.join(ROOT, "topologies/line.ns"),
                    "--exp", EXP], stdout=subprocess.DEVNULL, check=True)
    try:
        inside(NETFLOWIZE, "--light", EXP, "-q")
        with tempfile.TemporaryDirectory() as home:
            put_store(o.links, o.seconds + 120, home)
        screen = Screen()
        end = time.monotonic() + 60
        while "ring" not in screen.text and time.monotonic() < end:
            screen.read(time.monotonic() + 0.5)
        pid = screen.pid
        if "netflowize" not in open("/proc/%d/comm" % pid).read():
            pid = descendant(pid, "netflowize")
        began, cpu = time.monotonic(), spent(pid)
        screen.frames = 0
        screen.read(began + o.seconds)
        share = (spent(pid) - cpu) / (time.monotonic() - began)
        os.write(screen.fd, b"q")
        print("%d links, %d frames in %d s: %.1f %% of a processor (target "
              "2 %%)" % (o.links, screen.frames, o.seconds, 100 * share))
        return 0 if screen.frames > o.seconds / 3 and share <= 0.02 else 1
    finally:
        subprocess.run([TESTBED, "down", EXP], check=False,
                       stdout=subprocess.DEVNULL)


sys.exit(main())
