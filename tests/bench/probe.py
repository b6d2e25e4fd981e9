#!/usr/bin/env python3
"""CPU time of nfz-meter over capture files, beside reading them at all.

    probe.py [--workloads u1k,u100k,...] [--runs N] [--dir DIR] [--peers]

Every figure is user + system time of the whole process per packet, the median
of N runs taken in turn; ratios are to libpcap's loop that touches three bytes
of each packet, run between; least and most are of one run and the loop before
it.  Counts are held against the generator's truth."""
import argparse
import json
import mmap
import os
import resource
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import threading

root = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
build = os.path.realpath(os.environ.get("BUILD", root + "/build"))
LIMIT_S = 60  # of a peer
TARGET = {"u1k": 0.65, "u100k": 0.95, "u1M": 1.7, "u5M": 2.2, "flood": 2.9}


def run(argv, limit_s=None, stdout=subprocess.PIPE, **more):
    """-> (cpu seconds, peak KiB, stdout, status: None if stopped after limit_s)"""
    stopped = []

    def stop(signum):
        stopped.append(signum)
        os.killpg(p.pid, signum)
    p = subprocess.Popen(argv, stdout=stdout, stderr=subprocess.DEVNULL, start_new_session=True, **more)
    # asked, then made to: what it has used until then is counted all the same
    timers = [threading.Timer(limit_s + later, stop, [signum])
              for later, signum in ((0, signal.SIGINT), (5, signal.SIGKILL))] if limit_s else []
    for t in timers:
        t.start()
    out = p.stdout.read().decode(errors="replace") if p.stdout else ""
    _, status, use = os.wait4(p.pid, 0)
    p.returncode = status
    for t in timers:
        t.cancel()
    return use.ru_utime + use.ru_stime, use.ru_maxrss, out, None if stopped else os.waitstatus_to_exitcode(status)


def first_touch():
    """CPU seconds for the first touch of a GiB in huge pages.  Where a host takes
    back what its guest has freed, that is much of what millions of flows cost."""
    def used():
        use = resource.getrusage(resource.RUSAGE_SELF)
        return use.ru_utime + use.ru_stime
    with mmap.mmap(-1, 256 << 20) as m:
        m.madvise(mmap.MADV_HUGEPAGE)
        begin = used()
        for at in range(0, len(m), 4096):
            m[at] = 1
        return (used() - begin) * 4


def make(workload, folder, packets):
    path = f"{folder}/{workload}.pcap"
    truth = path + ".json"
    if not (os.path.exists(path) and os.path.exists(truth)):
        p = subprocess.run([build + "/tests/tool-gencap", workload, path] + packets,
                           stderr=subprocess.PIPE, text=True, check=True)
        open(truth, "w").write(p.stderr)
    return path, json.load(open(truth))


def meter(path, *more):
    cpu, rss, out, status = run([build + "/bin/nfz-meter", "-r", path, "--stats", "json", *more])
    return cpu, rss, json.loads(out.splitlines()[-1]) if out else {}, status


def sink(argv, port, path):
    """A peer that sends to a UDP port: CPU, memory, records and packets."""
    got = {"records": 0, "packets": 0}
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    s.bind(("127.0.0.1", port))
    s.settimeout(2)

    def take():
        while True:
            try:
                d = s.recv(65536)
            except socket.timeout:
                if got.get("end"):
                    return
                continue
            if d[:2] == b"\0\5":
                n = struct.unpack(">H", d[2:4])[0]
                got["records"] += n
                got["packets"] += sum(struct.unpack(">I", d[24 + 48 * i + 16:24 + 48 * i + 20])[0]
                                      for i in range(n))
    t = threading.Thread(target=take)
    t.start()
    try:
        with open(path if "-" in argv else os.devnull, "rb") as stdin:
            cpu, peak, _, status = run(argv, LIMIT_S, subprocess.DEVNULL, stdin=stdin)
    finally:
        got["end"] = True
        t.join()
        s.close()
    return cpu, peak, got["records"], got["packets"], status


def peers(path, folder, packets):
    """name, argv, port (0: writes files)"""
    flows = folder + "/peer"
    subprocess.run(["rm", "-rf", flows])
    os.makedirs(flows)
    conf = folder + "/pmacctd.conf"
    with open(conf, "w") as f:
        f.write(f"""daemonize: false
pcap_savefile: {path}
pcap_savefile_wait: false
plugins: nfprobe[x]
nfprobe_receiver: 127.0.0.1:29995
nfprobe_version: 5
nfprobe_timeouts: tcp=60:general=60:udp=60:maxlife=300
nfprobe_maxflows: 20000000
aggregate: src_host, dst_host, src_port, dst_port, proto, tos
plugin_pipe_size: 1024000000
plugin_buffer_size: 10240
""")
    return [("softflowd", ["softflowd", "-r", path, "-n", "127.0.0.1:29995", "-v", "5", "-m", "20000000"], 29995),
            ("nfpcapd", ["nfpcapd", "-r", path, "-w", flows, "-t", "86400"], 0),
            ("pmacctd", ["pmacctd", "-f", conf], 29995),
            ("argus", ["argus", "-r", path, "-w", flows + "/argus.out"], 0),
            # it drops what its queue has no room for
            ("fprobe", ["fprobe", "-f", "ip", "-q", str(packets), "-i", "-", "127.0.0.1:29995"], 29995)]


def measure_peers(workload, path, truth, base, args):
    for name, argv, port in peers(path, args.dir, truth["packets"]):
        if not (shutil.which(argv[0]) or os.path.exists("/usr/sbin/" + argv[0])):
            print("# SKIPPED:", name, "is not installed")
            continue
        records = packets = ""
        if port:
            cpu, peak, records, packets, status = sink(argv, port, path)
        else:
            cpu, peak, _, status = run(argv, LIMIT_S)
        if name == "nfpcapd":
            out = subprocess.run(["nfdump", "-R", args.dir + "/peer", "-q", "-A", "proto", "-o",
                                  "fmt:%fl %pkt", "-N"], capture_output=True, text=True).stdout
            rows = [[int(x) for x in l.split()] for l in out.splitlines() if l.split()]
            records, packets = (sum(r[0] for r in rows), sum(r[1] for r in rows)) if rows else ("", "")
        n = truth["packets"]
        # it has not read all of the file, so its figure is of a part
        if status is None:
            packets = f"{packets} (stopped after {LIMIT_S} s)"
        elif not packets and port:
            packets = f"none (exit status {status})"
        elif status:
            packets = f"{packets} (exit status {status})".lstrip()
        print(f"{workload},{name},{n},{truth['flows']},{base / n * 1e9:.0f},{cpu / n * 1e9:.0f},"
              f"{cpu / base:.2f},,,,{peak * 1024 // max(truth['flows'], 1)},{peak // 1024},"
              f"records {records} packets {packets}", flush=True)
    subprocess.run(["rm", "-rf", args.dir + "/peer"])


def measure(workload, args):
    path, truth = make(workload, args.dir, [args.packets] if args.packets else [])
    n = truth["packets"]
    ways = {"none": ["-o", "none"], "ipfix": ["-w", args.dir + "/out.ipfix"],
            "udp": ["-t", "ipfix://127.0.0.1:9", "--pace", "0"]}
    ways = {k: v for k, v in ways.items() if k in args.ways.split(",")}
    cal, got, peak, right = [], {k: [] for k in ways}, {}, {}
    for _ in range(args.runs):
        cal.append(run([build + "/tests/tool-touch", path])[0])
        for k, more in ways.items():
            cpu, peak[k], stats, status = meter(path, *more)
            got[k].append(cpu)
            right[k] = status == 0 and all(stats[x] == truth[x] for x in truth) \
                and not any(stats["lost"].values())
    base = statistics.median(cal)
    for k in ways:
        mid = statistics.median(got[k])
        each = [g / c for g, c in zip(got[k], cal)]
        print(f"{workload},{k},{n},{truth['flows']},{base / n * 1e9:.0f},{mid / n * 1e9:.0f},"
              f"{mid / base:.2f},{min(each):.2f},{max(each):.2f},{TARGET.get(workload, '')},{peak[k] * 1024 // max(truth['flows'], 1)},"
              f"{peak[k] // 1024},{'yes' if right[k] else 'NO'}", flush=True)
    if args.peers:
        measure_peers(workload, path, truth, base, args)
    if not args.keep:
        os.remove(path)
        os.remove(path + ".json")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--workloads", default="u1k,u100k,u1M,flood")
    p.add_argument("--ways", default="ipfix")
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--packets")
    p.add_argument("--dir", default="/tmp")
    p.add_argument("--keep", action="store_true")
    p.add_argument("--peers", action="store_true", help="softflowd, nfpcapd, pmacctd, argus, fprobe, too")
    args = p.parse_args()
    print("# " + " ".join(os.uname()[i] for i in (0, 2, 4)), os.cpu_count(), "CPUs")
    print("workload,export,packets,flows,touch_ns,meter_ns,ratio,least,most,target,bytes_per_flow,rss_mib,right")
    for w in args.workloads.split(","):
        measure(w, args)
    # last: a child's peak begins with its parent's
    print(f"# first touch of memory: {first_touch():.2f} CPU s a GiB")


main()
