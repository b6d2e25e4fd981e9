#!/usr/bin/env python3
"""CPU time of nfz-meter over capture files, beside reading them at all.

    probe.py [--workloads u1k,u100k,...] [--runs N] [--dir DIR] [--peers]

Every figure is user + system time of the whole process per packet, the median
of N runs taken in turn; ratios are to libpcap's loop that touches three bytes
of each packet, run between.  Counts are held against the generator's truth."""
import argparse
import json
import os
import statistics
import subprocess
import sys

root = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
build = os.path.realpath(os.environ.get("BUILD", root + "/build"))
TARGET = {"u1k": 0.65, "u100k": 0.95, "u1M": 1.7, "u5M": 2.2, "flood": 2.9}


def run(argv, **more):
    """-> (cpu seconds, peak KiB, stdout, status)"""
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more)
    out = p.stdout.read().decode(errors="replace")
    _, status, use = os.wait4(p.pid, 0)
    p.returncode = status
    return use.ru_utime + use.ru_stime, use.ru_maxrss, out, os.waitstatus_to_exitcode(status)


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
        print(f"{workload},{k},{n},{truth['flows']},{base / n * 1e9:.0f},{mid / n * 1e9:.0f},"
              f"{mid / base:.2f},{TARGET.get(workload, '')},{peak[k] * 1024 // max(truth['flows'], 1)},"
              f"{peak[k] // 1024},{'yes' if right[k] else 'NO'}", flush=True)
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
    args = p.parse_args()
    print("# " + " ".join(os.uname()[i] for i in (0, 2, 4)), os.cpu_count(), "CPUs")
    print("workload,export,packets,flows,touch_ns,meter_ns,ratio,target,bytes_per_flow,rss_mib,right")
    for w in args.workloads.split(","):
        measure(w, args)


main()
