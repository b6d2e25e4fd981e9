#!/usr/bin/env python3
"""200,000 datagrams that are nothing, at both ports of a collector: few log
lines, no more memory, and a real exporter is heard in between.

BUILD, COUNT (200000), SEED.
"""

import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build")
COUNT = int(os.environ.get("COUNT", "200000"))
SEED = int(os.environ.get("SEED", str(random.randrange(1 << 30))))
PORT, IMPORT = 27419, 27420
LINES_MAX, GROWTH_KIB = 200, 16 << 10

SETUP = """netflowize-setup 1
deployment 00000000000000aa
module 9 collector
listen 127.0.0.1 {port}
active_ms 60000
idle_ms 15000
fin_ms 5000
lease_ms 600000
cache_flows 4096
store {store}
import_port {foreign}
import_from 127.0.0.0/8
"""


def flowset(rng, version):
    """A NetFlow 9 or IPFIX message with sets that lie."""
    body = b""
    for _ in range(rng.randrange(4)):
        kind = rng.choice([0, 1, 2, 3, rng.randrange(256, 65536)])
        data = rng.randbytes(rng.randrange(120))
        body += struct.pack(">HH", kind, rng.choice(
            [0, 3, 65535, len(data) + 4])) + data
    if version == 9:
        return struct.pack(">HHIIII", 9, rng.randrange(65536), 1, 1, 1,
                           rng.randrange(1 << 32)) + body
    return struct.pack(">HHIII", 10, rng.choice([0, 16 + len(body)]), 1, 1,
                       rng.randrange(1 << 32)) + body


def junk(rng):
    kind = rng.randrange(6)
    if kind < 2:
        return flowset(rng, 9 + kind)
    if kind == 2:  # NetFlow 5 that counts more than it has
        return struct.pack(">HH", 5, rng.choice([0, 31, 65535])) + \
            rng.randbytes(rng.randrange(200))
    if kind == 3:  # sFlow
        return struct.pack(">II", 5, 1) + rng.randbytes(rng.randrange(200))
    if kind == 4:  # our own, forged
        return b"NF" + bytes([1, rng.randrange(5)]) + \
            struct.pack(">QHH", 0xAA, 1, 9) + rng.randbytes(rng.randrange(99))
    return rng.randbytes(rng.randrange(300))


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(r.split()[1]) for r in f if r.startswith("VmRSS"))


def v5(sequence):
    """One flow, NetFlow 5."""
    now = int(time.time())
    return struct.pack(">HHIIIIBBH", 5, 1, 1000, now, 0, sequence, 7, 7, 0) + \
        struct.pack(">4s4s4sHHIIIIHHBBBBHHBBH", b"\n\0\0\1", b"\n\0\0\2",
                    b"\0" * 4, 1, 2, 3, 300, 500, 900, 4, 5, 0, 2, 6, 0, 1, 2,
                    24, 24, 0)


def shout(s, rng, p):
    """Returns the memory once the tables have had their fill, and the flows."""
    early = sent = 0
    for i in range(COUNT):
        s.sendto(junk(rng), ("127.0.0.1", rng.choice([PORT, IMPORT])))
        if i % 1000 == 0:
            s.sendto(v5(sent), ("127.0.0.1", IMPORT))
            sent += 1
        if i % 200 == 0:
            time.sleep(0.005)  # junk is to be read, not lost
        if i == COUNT // 2:
            early = memory_kib(p.pid)
    return early, sent


def main():
    dir = tempfile.mkdtemp(prefix="nfz-junk.")
    rng = random.Random(SEED)
    with open(f"{dir}/setup", "w") as f:
        f.write(SETUP.format(port=PORT, foreign=IMPORT, store=f"{dir}/store"))
    p = subprocess.Popen([f"{BUILD}/bin/nfz-collector", "--setup",
                          f"{dir}/setup"], stdout=subprocess.PIPE,
                         stderr=open(f"{dir}/log", "w"), text=True)
    try:
        if "READY" not in p.stdout.readline():
            sys.exit("FAILED: the collector does not start: " +
                     open(f"{dir}/log").read())
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        early, sent = shout(s, rng, p)
        time.sleep(1)
        late = memory_kib(p.pid)
        p.send_signal(signal.SIGTERM)
        code = p.wait()
        out = subprocess.run([f"{BUILD}/bin/nfz-query", f"{dir}/store",
                              "host 10.0.0.1 and host 10.0.0.2", "--by",
                              "proto", "-o", "csv"], capture_output=True,
                             text=True, check=True).stdout.splitlines()
        flows = int(out[1].split(",")[1]) if len(out) > 1 else 0
        lines = sum(1 for _ in open(f"{dir}/log"))
        good = code == 0 and lines <= LINES_MAX and flows == sent and \
            late - early <= GROWTH_KIB
        print(f"{COUNT} datagrams of junk (seed {SEED}): {lines} log lines, "
              f"{early} KiB half way, {late} KiB at the end, {flows} of "
              f"{sent} real flows stored, exit {code}: "
              f"{'ok' if good else 'FAILED'}")
        return 0 if good else 1
    finally:
        p.kill()
        shutil.rmtree(dir, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
