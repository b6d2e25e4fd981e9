#!/usr/bin/env python3
"""Kills (-9) the collector at random moments while records pour in, and starts
it again at once: no acknowledged record is lost, none is there twice, and it is
ready within two seconds.  Then nfcapd is killed the same way, and what it has.

BUILD, KILLS (1000), RATE (50000 records a second), SEED; the collector's store
is below DIR (a temporary one).
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build")
KILLS = int(os.environ.get("KILLS", "1000"))
RATE = int(os.environ.get("RATE", "50000"))
SEED = int(os.environ.get("SEED", str(random.randrange(1 << 30))))
OURS, THEIRS = 27409, 27410
READY_S = 2.0

HEAD = """netflowize-setup 1
deployment 00000000000000aa
module {id} {role}
listen 127.0.0.1 {port}
active_ms 60000
idle_ms 15000
fin_ms 5000
lease_ms 600000
cache_flows 4096
store {store}
peer {peer} {peer_role} 127.0.0.1 {peer_port} {send} {receive}
"""


def setups(dir):
    to, back = "11" * 32, "22" * 32
    with open(f"{dir}/meter", "w") as f:
        f.write(HEAD.format(id=1, role="meter", port=0, store="-", peer=9,
                            peer_role="collector", peer_port=OURS, send=to,
                            receive=back))
    with open(f"{dir}/collector", "w") as f:
        f.write(HEAD.format(id=9, role="collector", port=OURS,
                            store=f"{dir}/store", peer=1, peer_role="meter",
                            peer_port=0, send=back, receive=to))


class Collector:
    def __init__(self, dir):
        self.dir, self.slowest = dir, 0.0
        self.start()

    def start(self):
        began = time.monotonic()
        self.p = subprocess.Popen(
            [f"{BUILD}/bin/nfz-collector", "--setup", f"{self.dir}/collector"],
            stdout=subprocess.PIPE, stderr=open(f"{self.dir}/log", "a"),
            text=True)
        if "READY" not in self.p.stdout.readline():
            sys.exit("FAILED: the collector does not start:\n" +
                     open(f"{self.dir}/log").read()[-2000:])
        self.slowest = max(self.slowest, time.monotonic() - began)

    def kill(self):
        self.p.kill()
        self.p.wait()


def stored(dir):
    """How many records, and the sum of their packets: each has 100 bytes."""
    out = subprocess.run([f"{BUILD}/bin/nfz-query", f"{dir}/store", "--by",
                          "proto", "-o", "csv"], capture_output=True,
                         text=True, check=True).stdout.splitlines()
    rows = [dict(zip(out[0].split(","), r.split(","))) for r in out[1:]]
    return (sum(int(r["bytes"]) for r in rows) // 100,
            sum(int(r["packets"]) for r in rows))


def ours(dir):
    rng = random.Random(SEED)
    setups(dir)
    c = Collector(dir)
    since = time.monotonic()
    pour = subprocess.Popen([f"{BUILD}/tests/tool-pour", f"{dir}/meter",
                             str(RATE)], stdout=subprocess.PIPE, text=True)
    for i in range(KILLS):
        time.sleep(rng.uniform(0.2, 2.0))
        c.kill()
        c.start()
    began = time.monotonic()
    pour.send_signal(signal.SIGTERM)
    said, _ = pour.communicate()
    made, durable = int(said.split()[0]), said.split(None, 1)[1].strip()
    c.p.send_signal(signal.SIGTERM)
    c.p.wait()
    drained = time.monotonic()
    want = (made, made * (made + 1) // 2)
    got = stored(dir)
    good = got == want and durable == "durable" and c.slowest <= READY_S
    rate = made / (began - since)
    print(f"nfz-collector: {KILLS} kills (seed {SEED}), {made} records made, "
          f"{rate:.0f} a second, {durable}; stored {got[0]}, lost {max(0, made - got[0])}, sums "
          f"{'equal' if got[1] == want[1] else 'differ'}; ready in "
          f"{c.slowest:.2f} s at most; drained in "
          f"{drained - began:.1f} s: {'ok' if good else 'FAILED'}")
    return good


def theirs(dir):
    """nfcapd, killed as often as there is patience for, rotating hourly."""
    kills = min(KILLS, 20)
    rng = random.Random(SEED)
    argv = ["nfcapd", "-w", dir, "-p", str(THEIRS), "-b", "127.0.0.1", "-t",
            "3600", "-z"]
    sent = 0
    for i in range(kills):
        p = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        n = int(RATE * rng.uniform(0.3, 1.0)) // 30 * 30
        subprocess.run([f"{BUILD}/tests/tool-genflows", "127.0.0.1",
                        str(THEIRS), str(n), str(RATE)], check=True,
                       stdout=subprocess.DEVNULL)
        sent += n
        p.kill()
        p.wait()
    got = 0
    for name in os.listdir(dir):
        out = subprocess.run(["nfdump", "-r", f"{dir}/{name}", "-I"],
                             capture_output=True, text=True).stdout
        for line in out.splitlines():
            if line.startswith("Flows:"):
                got += int(line.split()[1])
    print(f"nfcapd: {kills} kills, {sent} flows sent, stored {got}, "
          f"lost {sent - got}")


def main():
    dir = tempfile.mkdtemp(prefix="nfz-kills.", dir=os.environ.get("DIR"))
    try:
        good = ours(dir)
        if shutil.which("nfcapd"):
            os.mkdir(f"{dir}/nfcapd")
            theirs(f"{dir}/nfcapd")
    finally:
        shutil.rmtree(dir, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
