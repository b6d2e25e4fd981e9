#!/usr/bin/env python3
"""Topologies of any size, as NS files, no node with more than four links.

    gentopo.py lan|dumbbell|fat-tree|random NODES [SEED]

lan       one LAN with everybody on it: a probe on all nodes but one
dumbbell  two LANs, each behind a router, and a bottleneck between the routers
fat-tree  2-ary n-tree of forwarding nodes (two ways up from each, so many
          equally short ways); hosts on LANs at its leaves
random    a random tree with further links, three links for two nodes
"""
import random
import sys

MAX_DEGREE = 4


def lan(names):
    """Tcl for a LAN, or a link when there are two."""
    lan.number += 1
    name = "l%d" % lan.number
    members = ["$%s" % n for n in names]
    if len(names) == 2:
        return "set %s [$ns duplex-link %s %s 100Mb 0ms DropTail]" % (
            name, members[0], members[1])
    return 'set %s [$ns make-lan "%s" 100Mb 0ms]' % (name, " ".join(members))


lan.number = 0


def make_lan(n, _):
    names = ["h%d" % i for i in range(n)]
    return names, [lan(names)]


def make_dumbbell(n, _):
    hosts = ["h%d" % i for i in range(n - 2)]
    half = (n - 2) // 2
    return ["left", "right"] + hosts, [
        lan(["left"] + hosts[:half]), lan(["right"] + hosts[half:]),
        "set core [$ns duplex-link $left $right 10Mb 0ms DropTail]"]


def make_fat_tree(n, _):
    levels = 2
    while (levels + 1) * 2 ** levels + 2 ** (levels + 1) <= n:
        levels += 1
    width = 2 ** (levels - 1)
    names = ["s%d-%d" % (l, i) for l in range(levels) for i in range(width)]
    links = []
    for l in range(levels - 1):  # level 0 is at the leaves
        for i in range(width):
            for j in (i, i ^ (1 << l)):
                links.append(lan(["s%d-%d" % (l, i), "s%d-%d" % (l + 1, j)]))
    ports = [["s0-%d" % (i // 2)] for i in range(2 * width)]
    for i in range(n - len(names)):
        names.append("h%d" % i)
        ports[i % len(ports)].append("h%d" % i)
    return names, links + [lan(p) for p in ports]


def make_random(n, rng):
    names = ["n%d" % i for i in range(n)]
    degree = [0] * n
    pairs = set()

    def join(a, b):
        pairs.add((min(a, b), max(a, b)))
        degree[a] += 1
        degree[b] += 1

    for i in range(1, n):
        join(i, rng.choice([j for j in range(i) if degree[j] < MAX_DEGREE - 1]))
    for _ in range(20 * n):
        a, b = rng.sample(range(n), 2)
        if len(pairs) >= 3 * n // 2:
            break
        if max(degree[a], degree[b]) < MAX_DEGREE and \
                (min(a, b), max(a, b)) not in pairs:
            join(a, b)
    return names, [lan([names[a], names[b]]) for a, b in sorted(pairs)]


KINDS = {"lan": make_lan, "dumbbell": make_dumbbell,
         "fat-tree": make_fat_tree, "random": make_random}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    kind, n = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    names, links = KINDS[kind](n, random.Random(seed))
    print("# %s of %d nodes, seed %d" % (kind, n, seed))
    print("source tb_compat.tcl\nset ns [new Simulator]")
    for name in names:
        print("set %s [$ns node]" % name)
    print("\n".join(links))
    print("$ns run")


main()
