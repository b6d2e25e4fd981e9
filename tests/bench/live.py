#!/usr/bin/env python3
"""What the meter costs the traffic it watches, for each way to capture.

    live.py [--ways packet,packet*2,ebpf,ebpf-clsact,...] [--flows 1,1000,100000]
            [--rounds N] [--frames N] [--rtt N] [--first] [--json FILE]

packet*2: that way, in two threads.

Three namespaces joined by two wires, the middle one forwards; UDP frames of
60 bytes are injected on its way in, where the meter listens.  Per frame:
"path" is the processor time of everything the frame meets on its way, as a
ratio to the same without a meter, run between; "reader" is the meter's own,
in the same unit, once it has seen each flow.  All are medians of rounds.
Whether all frames were counted is asked of the meter's records.

Round trips are between two ends that never sleep, on four paths in turn, a
hundred at a time: one without a meter, one with, one with a packet socket that
takes nothing, and one with the plainest ring there can be, whose blocks are
given back unread.  These are what the kernel takes for handing frames to any
packet socket at all, and for putting them into a ring: no way that has one
costs less.  First the answers come back by a wire of their own, so that one
frame of a round trip is counted, which was received; then both are."""
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
PATHS = {"bare": 1, "idle": 2, "ring": 3, "seen": 0}
# What the kernel itself takes: packet sockets, of all frames, both ways.
SOCKET = """
import ctypes, mmap, select, socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
def begin():
    s.bind(("in", 3))
    print("READY", flush=True)
"""
BESIDE = {
    # its filter takes nothing
    "idle": SOCKET + """
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
s.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", 1, ctypes.addressof(code)))
begin()
input()
""",
    # TPACKET_V3, 32 blocks of 1 MiB or 50 ms
    "ring": SOCKET + """
BLOCK, N, at = 1 << 20, 32, 0
s.setsockopt(263, 10, 2)
s.setsockopt(263, 5, struct.pack("7I", BLOCK, N, 2048, BLOCK // 2048 * N, 50, 0, 0))
ring = mmap.mmap(s.fileno(), BLOCK * N)
begin()
while not select.select([sys.stdin], [], [], 0.02)[0]:
    while struct.unpack_from("I", ring, at + 8)[0] & 1:
        struct.pack_into("I", ring, at + 8, 0)
        at = (at + BLOCK) % (BLOCK * N)
""",
}
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
        sh(f"ip netns exec {ns}{n} sysctl -qw net.ipv6.conf.default.disable_ipv6=1 "
           "net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.all.rp_filter=0")
    sh(f"ip -n {ns}a link add one type veth peer name in netns {ns}b")
    sh(f"ip -n {ns}a link add aside type veth peer name back netns {ns}b")
    sh(f"ip -n {ns}b link add out type veth peer name two netns {ns}c")
    for n, link, addr in (("a", "one", "10.1.0.1"), ("b", "in", "10.1.0.2"),
                          ("a", "aside", "10.3.0.1"), ("b", "back", "10.3.0.2"),
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
    running = []

    def __init__(self, way, folder):
        setup = folder + "/setup"
        open(setup, "w").write(SETUP)
        self.out = open(folder + "/out", "w+")
        self.p = inside("0b", os.environ.get("METER", build + "/bin/nfz-meter"), "--setup", setup, "--print", "-o", "none",
                        "--backend", way.split("*")[0], "--threads", (way + "*1").split("*")[1], stdout=self.out, stderr=subprocess.PIPE)
        self.running.append(self.p)
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
        self.running.remove(self.p)
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


def start_beside(path):
    p = inside(f"{PATHS[path]}b", sys.executable, "-c", BESIDE[path],
               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if p.stdout.readline() != "READY\n":
        sys.exit(f"there can be no {path} beside the meter here")
    return p


def trips(a, ends):
    """-> ratio by path, ns without"""
    out = subprocess.run([*a.first, build + "/tests/tool-pingpong", str(a.rtt), *ends],
                         stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return dict(zip(PATHS, map(float, out[1::2]))), float(out[0])


def round_trips(a, way, folder):
    """Both of trips(), of one frame of them and of both."""
    beside = [start_beside(path) for path in BESIDE]
    meter = Meter(way, folder)
    ends = [f(x) for x in PATHS.values() for f in (
        lambda x: f"{tag}-{x}a", lambda x: f"{tag}-{x}c", lambda x: "10.2.0.1")]
    got = []
    for route in "add", "del":
        for x in PATHS.values():
            sh(f"ip -n {tag}-{x}b route {route} 10.1.0.1 via 10.3.0.1")
        got.append(trips(a, ends))
    meter.end()
    for p in beside:
        p.communicate("\n")
    return got


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ways", default="packet,ebpf", type=lambda s: s.split(","))
    p.add_argument("--flows", default="1,1000,100000", type=lambda s: [int(n) for n in s.split(",")])
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--frames", type=int, default=400000)
    p.add_argument("--rtt", type=int, default=1000, help="runs of 100 round trips on each path; 0: none")
    p.add_argument("--first", action="store_const", const=["chrt", "-f", "1"], default=[],
                   help="the ends of round trips before all else on the machine")
    p.add_argument("--json")
    a = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # leaves nothing, either
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for x in PATHS.values():
                mac = build_path(x)  # that of the last, with the meter
            inject(mac, a.frames, 1)
            for (way, flows), (path, own, bare, wrong) in costs(a, mac, folder).items():
                few = flows <= 1000
                t = TARGET.get(way.split("*")[0], EBPF)
                r = result.setdefault(way, {})[flows] = {
                    "path": statistics.median(path), "reader": statistics.median(own),
                    "bare_ns": statistics.median(bare), "wrong": wrong}
                print(f"{way:11} {flows:7} flows: path {r['path']:.2f} (<= {t[0] if few else t[1]}) "
                      f"reader {r['reader']:.2f}" + (f" (<= {t[2]})" if few else "") +
                      f" of {r['bare_ns']:.0f} ns; " +
                      ("\n  ".join(wrong) or "all counted"), flush=True)
            for way in a.ways if a.rtt else []:
                r = result.setdefault(way, {})
                for frames, (ratio, ns) in enumerate(round_trips(a, way, folder), 1):
                    r[f"rtt_{frames}"] = ratio
                    print(f"{way:11} round trip {ratio['seen']:.3f} (<= {TARGET.get(way.split('*')[0], EBPF)[3]}) of "
                          f"{ns / 1000:.1f} us, {frames} counted; {ratio['idle']:.3f} with a socket that "
                          f"takes nothing, {ratio['ring']:.3f} with the plainest ring", flush=True)
        finally:
            for process in Meter.running:
                process.terminate()
                process.wait()
            for x in PATHS.values():
                for n in "abc":
                    subprocess.run(["ip", "netns", "del", f"{tag}-{x}{n}"])
    if a.json:
        open(a.json, "w").write(json.dumps(result, indent=1))


main()
