#!/usr/bin/env python3
"""NetFlow 5, 9 and IPFIX with known losses, given to nfz-collector.

usage: tests/support/losses.py BIN [SEEDS]

An exporter lives three times.  Of its messages one in ten is lost, one in twenty
comes twice, all come in some disorder; the first and last four of a life come as
they were sent.  Numbers begin anywhere, some shortly before they wrap, and so
do uptimes; IPFIX does not say that its exporter began anew.
"""

import random
import struct
import sys
import tempfile

from foreign import Collector, send

bin_dir, seeds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
ENDS, DISORDER = 4, 8
FIELDS = struct.pack(">HH10H", 256, 5, 8, 4, 12, 4, 2, 4, 1, 4, 4, 1)


def netflow5(seq, n, now, uptime):
    record = struct.pack(">4s4s4sHHIIIIHHBBBBHHBBH", bytes([10, 0, 0, 1]),
                         bytes([10, 1, 0, 1]), bytes(4), 0, 0, 1, 100, uptime,
                         uptime, 1, 2, 0, 0, 17, 0, 0, 0, 0, 0, 0)
    return struct.pack(">HHIIIIBBH", 5, n, uptime, int(now),
                       int(now % 1 * 1e9), seq, 0, 0, 0) + n * record


def sets(n, template):
    data = n * struct.pack(">4s4sIIB", bytes([10, 0, 0, 1]),
                           bytes([10, 1, 0, 1]), 1, 100, 17)
    data += bytes(-len(data) % 4)
    return (struct.pack(">HH", template, 4 + len(FIELDS)) + FIELDS +
            struct.pack(">HH", 256, 4 + len(data)) + data)


def netflow9(seq, n, now, uptime):
    return struct.pack(">HHIIII", 9, n + 1, uptime, int(now), seq, 7) + \
        sets(n, 0)


def ipfix(seq, n, now, uptime):
    body = sets(n, 2)
    return struct.pack(">HHIII", 10, 16 + len(body), int(now), seq, 7) + body


def life(make, rng, seq, began, booted, count):
    """Messages as they come, and how many units of them are lost."""
    come, lost = [], 0
    for i in range(count):
        now = began + i * 0.01
        n = rng.randint(1, 24)
        units = 1 if make is netflow9 else n
        message = make(seq, n, now, int((now - booted) * 1000) % 2**32)
        seq = (seq + units) % 2**32
        end = i < ENDS or i >= count - ENDS
        if not end and rng.random() < 0.1:
            lost += units
            continue
        come += [message] * (2 if not end and rng.random() < 0.05 else 1)
    for i in range(ENDS, len(come) - ENDS - DISORDER, DISORDER):
        some = come[i:i + DISORDER]
        rng.shuffle(some)
        come[i:i + DISORDER] = some
    return come, lost


failed = 0
for make in netflow5, netflow9, ipfix:
    for seed in range(seeds):
        rng, lost = random.Random(seed), 0
        seq = (0, 2**32 - 500, 12345)[seed % 3]
        began = 1790000000.0
        with tempfile.TemporaryDirectory(prefix="nfz-losses.") as dir:
            collector = Collector(bin_dir, dir)
            for number in range(3):
                wraps = number == 0 and seed % 2
                booted = began - (2**32 / 1000 - 2 if wraps else 1)
                come, gone = life(make, rng, seq, began, booted,
                                  200 if number else 400)
                send(come, collector.port)
                lost += gone
                seq, began = 0, began + 20
            source, = collector.end()[1]["sources"]
        got = source["lost"], source["restarts"]
        if got != (lost, 2):
            failed += 1
            print(f"FAILED: {make.__name__}, seed {seed}: {got[0]} lost, "
                  f"{got[1]} restarts; sent were {lost} and 2")
        else:
            print(f"ok: {make.__name__}, seed {seed}: {lost} lost "
                  f"{source['lost_unit']}")
sys.exit(failed > 0)
