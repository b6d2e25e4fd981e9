#!/usr/bin/env python3
"""The flow store beside Debian's nfdump, on the same flows in the same run.

usage: tests/bench/store.py [--flows N] [--rounds N] [--rate N] [--keep DIR]

tool-genflows sends a made-up day over loopback as NetFlow v5 to each collector.
Sizes are bytes on disk; times are CPU seconds (user and system), whole
processes, the least of some rounds that alternate between the two.  Nothing is
compared unless both have all that was sent.  nfdump has no series in time: of
the 288 questions a day of five minutes would be, it is asked one, for all of it.
--keep uses what an earlier run left in DIR.
"""

import argparse
import ast
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build")
BIN = os.path.join(BUILD, "bin")
GENERATOR = os.path.join(BUILD, "tests/tool-genflows")
PORTS = "dst port in [53 443 80 123]"
OURS, THEIRS = 29996, 29995

SETUP = """netflowize-setup 1
deployment 00000000000000aa
module 9 collector
listen 127.0.0.1 27309
active_ms 60000
idle_ms 15000
fin_ms 5000
lease_ms 86400000
cache_flows 4096
store {store}
import_port {port}
import_from 127.0.0.1
"""


def ticks(pid):
    """CPU seconds of a living process."""
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def cpu(argv):
    """CPU seconds of a command and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{' '.join(argv)}: {done.stderr}")
    return (after.ru_utime + after.ru_stime - before.ru_utime -
            before.ru_stime), done.stdout


def generate(port, flows, rate):
    out = subprocess.run([GENERATOR, "127.0.0.1", str(port), str(flows),
                          str(rate)], check=True, capture_output=True,
                         text=True).stdout
    truth = {"needles": []}
    for line in out.splitlines():
        words = line.split()
        if words[0] == "needle":
            truth["needles"].append((words[1], int(words[2])))
        else:
            truth[words[0]] = int(words[1])
    return truth


def size_of(path):
    return sum(os.path.getsize(os.path.join(path, f))
               for f in os.listdir(path)
               if f.startswith(("seg-", "wal-", "nfcapd.")))


def ingest(name, argv, port, flows, rate, ready):
    p = subprocess.Popen(argv, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    if ready:
        while "READY" not in p.stdout.readline():
            pass
    else:
        time.sleep(1)
    idle = ticks(p.pid)
    truth = generate(port, flows, rate)
    time.sleep(1)
    used = ticks(p.pid) - idle
    p.send_signal(signal.SIGTERM)
    p.communicate()
    print(f"{name:10} ingest {flows / used / 1e6:6.2f} M flows a CPU second")
    return truth


def reopen(setup):
    """A collector that starts seals what the last one left in its log."""
    p = subprocess.Popen([f"{BIN}/nfz-collector", "--setup", setup],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True)
    while "READY" not in p.stdout.readline():
        pass
    p.send_signal(signal.SIGTERM)
    p.communicate()


def fill(dir, args):
    ours, theirs = f"{dir}/ours", f"{dir}/theirs"
    setup = f"{dir}/setup"
    with open(setup, "w") as f:
        f.write(SETUP.format(store=ours, port=OURS))
    os.makedirs(theirs)
    ingest("nfcapd", ["nfcapd", "-w", theirs, "-p", str(THEIRS), "-b",
                      "127.0.0.1", "-B", "8000000", "-t", "3600", "-z"],
           THEIRS, args.flows, args.rate, False)
    truth = ingest("netflowize", [f"{BIN}/nfz-collector", "--setup", setup],
                   OURS, args.flows, args.rate, True)
    reopen(setup)
    with open(f"{dir}/truth", "w") as f:
        f.write(repr(truth))


def sums_of_ours(text):
    rows = [r.split(",") for r in text.splitlines()[1:]]
    return [sum(int(r[i]) for r in rows) for i in (-3, -2, -1)]


def sums_of_theirs(text):
    words = dict(r.split(": ") for r in text.splitlines() if ": " in r)
    return [int(words[w]) for w in ("Flows", "Packets", "Bytes")]


def same_in_both(dir, truth):
    """What was sent is in both, or comparing them tells nothing."""
    ours = sums_of_ours(cpu([f"{BIN}/nfz-query", f"{dir}/ours", "--by",
                             "proto", "-o", "csv"])[1])
    theirs = sums_of_theirs(cpu(["nfdump", "-R", f"{dir}/theirs", "-I"])[1])
    want = [truth[w] for w in ("flows", "packets", "bytes")]
    print(f"sent       {want} flows, packets, bytes")
    print(f"netflowize {ours}\nnfdump     {theirs}")
    return ours == want == theirs


def say_packed(dir, truth):
    """What is left of it when it is old (pack_ms)."""
    shutil.rmtree(f"{dir}/packed", ignore_errors=True)
    shutil.copytree(f"{dir}/ours", f"{dir}/packed",
                    ignore=shutil.ignore_patterns("control"))
    used = cpu([f"{BUILD}/tests/tool-pack", f"{dir}/packed"])[0]
    print(f"packed  {size_of(f'{dir}/packed') / truth['flows']:8.2f} bytes a "
          f"flow, {truth['flows'] / used / 1e6:.2f} M flows a CPU second")


def compare(dir, truth, rounds):
    ours, theirs = f"{dir}/ours", f"{dir}/theirs"
    query = [f"{BIN}/nfz-query", ours]
    nfdump = ["nfdump", "-R", theirs, "-N"]
    top = truth["needles"][-1][0].rsplit(".", 2)[0]
    pairs = [
        ("Q1 by protocol", query + ["--by", "proto", "-o", "csv"],
         nfdump + ["-A", "proto", "-o", "csv"]),
        ("Q2 top sources", query + ["--by", "src", "-n", "10"],
         nfdump + ["-s", "srcip/bytes", "-n", "10"]),
        ("Q4 prefix, hour", query + [
            f"src net {top}.0.0/16", "--from", "2023-11-15T10:00:00Z", "--to",
            "2023-11-15T11:00:00Z", "--by", "src", "-n", "10"],
         nfdump + ["-t", "2023/11/15.10:00:00-2023/11/15.11:00:00",
                   "-s", "srcip/bytes", "-n", "10", f"src net {top}.0.0/16"]),
        ("Q5 top pairs", query + ["--by", "src,dst", "-n", "20"],
         nfdump + ["-A", "srcip,dstip", "-O", "bytes", "-n", "20"]),
        ("Q6 series", query + [PORTS, "--by", "time:300", "-o", "csv"],
         nfdump + ["-s", "dstport/bytes", "-n", "4", PORTS])]
    for host, n in truth["needles"]:
        pairs.append((f"Q3 host in {n:,}",
                      query + [f"host {host}", "-o", "csv"],
                      nfdump + ["-o", "csv", f"host {host}"]))
    print(f"{'':24}{'netflowize':>12}{'nfdump':>10}{'ratio':>8}")
    for name, a, b in pairs:
        best = [float("inf")] * 2
        for _ in range(rounds):
            for i, argv in enumerate((a, b)):
                best[i] = min(best[i], cpu(argv)[0])
        print(f"{name:24}{best[0]:10.3f} s{best[1]:8.2f} s"
              f"{best[1] / best[0]:7.1f}x")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--flows", type=int, default=5000000)
    p.add_argument("--rate", type=int, default=250000)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--keep")
    args = p.parse_args()
    for program in ("nfcapd", "nfdump"):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed: sudo make deps")
    dir = args.keep or tempfile.mkdtemp(prefix="nfz-bench-store-")
    try:
        if not os.path.exists(f"{dir}/truth"):
            os.makedirs(dir, exist_ok=True)
            fill(dir, args)
        with open(f"{dir}/truth") as f:
            truth = ast.literal_eval(f.read())
        if not same_in_both(dir, truth):
            sys.exit("flows were lost on the way: again, at a lower --rate")
        for name in ("theirs", "ours"):
            print(f"{name:8}{size_of(f'{dir}/{name}') / truth['flows']:8.2f}"
                  " bytes a flow")
        compare(dir, truth, args.rounds)
        say_packed(dir, truth)
        return 0
    finally:
        if not args.keep:
            shutil.rmtree(dir, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
