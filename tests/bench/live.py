#!/usr/bin/env python3
"""What the meter costs the traffic it watches, for each way to capture.

    live.py [--ways packet,ebpf,ebpf-clsact,...] [--flows 1,1000,100000] [--rounds N]
            [--frames N] [--rtt N] [--json FILE]

Three namespaces joined by two wires, the middle one forwards; UDP frames of
60 bytes are injected on its way in, where the meter listens.  Per frame:
"path" is the processor time of everything the frame meets on its way, as a
ratio to the same without a meter, run between; "reader" is the meter's own,
in the same unit, once it has seen each flow.  Round trips are between two ends
that never sleep, through a node like the other that has no meter, in turn with
one that has.  All are medians of rounds.  Whether all frames were counted is
asked of the meter's records."""
import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

root = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
build = os.path.realpath(os.environ.get("BUILD", root + "/build"))
tag = f"nfzl{os.getpid()}"
# of ref: path at few flows, at 100,000; reader at few flows; round trip
TARGET = {"packet": (1.45, 1.6, 0.30, 1.06), "pcap": (1.45, 1.6, 0.33, 1.06)}
EBPF = (1.45, 1.6, 0.10, 1.05)  # at each place
RATE = 500000  # frames a second
TRIPS = 6      # runs of round trips in a round
SETUP = """netflowize-setup 1
deployment 00000000000000aa
module 1 meter
listen 0.0.0.0 0
active_ms 60000
idle_ms 15000
fin_ms 5000
lease_ms 0
cache_flows 262144
tap 5 in - core 1 1 - p2p 0 1 -
"""


def sh(line):
    subprocess.run(line, shell=True, check=True)


def inside(name, *argv, **more):
    return subprocess.Popen(["ip", "netns", "exec", f"{tag}-{name}", *argv],
                            text=True, **more)


def build_path(x):
    """The namespaces a, b and c of path x (0: the one for meters); -> MAC"""
    ns = f"{tag}-{x}"
    for n in "abc":
        sh(f"ip netns add {ns}{n}")
        sh(f"ip netns exec {ns}{n} sysctl -qw net.ipv6.conf.default.disable_ipv6=1")
    sh(f"ip -n {ns}a link add one type veth peer name in netns {ns}b")
    sh(f"ip -n {ns}b link add out type veth peer name two netns {ns}c")
    for n, link, addr in (("a", "one", "10.1.0.1"), ("b", "in", "10.1.0.2"),
                          ("b", "out", "10.2.0.2"), ("c", "two", "10.2.0.1")):
        sh(f"ip -n {ns}{n} link set {link} up; ip -n {ns}{n} addr add {addr}/24 dev {link}")
    sh(f"ip -n {ns}a route add default via 10.1.0.2; ip -n {ns}c route add default via 10.2.0.2")
    sh(f"ip netns exec {ns}b sysctl -qw net.ipv4.ip_forward=1")
    # where no route leads, and nobody answers
    sh(f"ip -n {ns}b route add 10.9.0.0/24 dev out; ip -n {ns}b neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev out")
    line = subprocess.run(["ip", "-n", f"{ns}b", "-j", "link", "show", "in"],
                          capture_output=True, text=True, check=True).stdout
    return json.loads(line)[0]["address"]


def used(pid):
    """Processor time of a process, ns."""
    return sum(int(open(f"/proc/{pid}/task/{t}/schedstat").read().split()[0])
               for t in os.listdir(f"/proc/{pid}/task"))


class Meter:
    def __init__(self, way, folder):
        setup = folder + "/setup"
        open(setup, "w").write(SETUP)
        self.out = open(folder + "/out", "w+")
        self.p = inside("0b", os.environ.get("METER", build + "/bin/nfz-meter"), "--setup", setup, "--print", "-o", "none",
                        "--backend", way, stdout=self.out, stderr=subprocess.PIPE)
        for line in self.p.stderr:
            if "READY" in line:
                break
        else:
            sys.exit(f"{way}: the meter did not start")

    def begin(self):
        self.before = used(self.p.pid)

    def cost(self):
        time.sleep(0.4)  # the rest of the blocks and tables
        return used(self.p.pid) - self.before

    def end(self):
        self.p.send_signal(signal.SIGTERM)
        self.p.stderr.read()
        self.p.wait()
        self.out.seek(0)
        line = self.out.read()
        return int(re.search(r"packets (\d+)", line)[1]), line.strip()


def inject(mac, frames, flows):
    p = inside("0b", build + "/tests/tool-inject", "in", str(frames), str(flows), mac,
               "10.1.0.1", "10.9.0.9", str(RATE), stdout=subprocess.PIPE)
    out = p.communicate()[0]
    if p.returncode:
        sys.exit("no frames can be injected here")
    return sum(map(float, out.split()))


def costs(a, mac, folder):
    """-> {(way, flows): ([path ratio], [reader ratio], wrong ledgers)}"""
    got = {}
    for _ in range(a.rounds):
        for flows in a.flows:
            for way in a.ways:
                bare = inject(mac, a.frames, flows)
                meter = Meter(way, folder)
                inject(mac, flows, flows)
                meter.begin()
                path = inject(mac, a.frames, flows)
                own = meter.cost() / a.frames
                packets, ledger = meter.end()
                bare = (bare + inject(mac, a.frames, flows)) / 2
                one = got.setdefault((way, flows), ([], [], [], []))
                one[0].append(path / bare)
                one[1].append(own / bare)
                one[2].append(bare)
                if packets != flows + a.frames:
                    one[3].append(ledger)
    return got


def round_trip(a, x):
    server = inside(f"{x}c", *a.first, build + "/tests/tool-pingpong", "7")
    time.sleep(0.03)
    p = inside(f"{x}a", *a.first, build + "/tests/tool-pingpong", "10.2.0.1", "7", str(a.rtt),
               stdout=subprocess.PIPE)
    got = float(p.communicate()[0] or "nan")
    server.kill()
    server.wait()
    return got


def round_trips(a, folder):
    """-> {way: [(ratio, ns without)]}; one of path 1 and one of path 0 in turn"""
    got = {}
    for way in a.ways:
        meter = Meter(way, folder)
        for i in range(a.rounds * TRIPS):
            took = {x: round_trip(a, x) for x in ((0, 1) if i % 2 else (1, 0))}
            seen, bare = took[0], took[1]
            if bare > 0 and seen > 0:
                got.setdefault(way, []).append((seen / bare, bare))
        meter.end()
    return got


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ways", default="packet,ebpf", type=lambda s: s.split(","))
    p.add_argument("--flows", default="1,1000,100000", type=lambda s: [int(n) for n in s.split(",")])
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--frames", type=int, default=400000)
    p.add_argument("--rtt", type=int, default=3000, help="round trips of a run; 0: none")
    p.add_argument("--first", action="store_const", const=["chrt", "-f", "1"], default=[],
                   help="the ends of round trips before all else on the machine")
    p.add_argument("--json")
    a = p.parse_args()
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            mac = build_path(0)
            build_path(1)
            inject(mac, a.frames, 1)
            for (way, flows), (path, own, bare, wrong) in costs(a, mac, folder).items():
                few = flows <= 1000
                t = TARGET.get(way, EBPF)
                r = result.setdefault(way, {})[flows] = {
                    "path": statistics.median(path), "reader": statistics.median(own),
                    "bare_ns": statistics.median(bare), "wrong": wrong}
                print(f"{way:11} {flows:7} flows: path {r['path']:.2f} (<= {t[0] if few else t[1]}) "
                      f"reader {r['reader']:.2f}" + (f" (<= {t[2]})" if few else "") +
                      f" of {r['bare_ns']:.0f} ns; " +
                      ("\n  ".join(wrong) or "all counted"), flush=True)
            for way, all_of in (round_trips(a, folder) if a.rtt else {}).items():
                ratio = statistics.median(r for r, _ in all_of)
                result[way]["rtt"] = ratio
                print(f"{way:11} round trip {ratio:.3f} (<= {TARGET.get(way, EBPF)[3]}) of "
                      f"{statistics.median(b for _, b in all_of) / 1000:.1f} us", flush=True)
        finally:
            for n in ("0a", "0b", "0c", "1a", "1b", "1c"):
                subprocess.run(["ip", "netns", "del", f"{tag}-{n}"])
    if a.json:
        open(a.json, "w").write(json.dumps(result, indent=1))


main()
