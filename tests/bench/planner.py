#!/usr/bin/env python3
"""planner.py [--full] [--limit SECONDS] [--only WORD] [--csv FILE]

The planner beside greedy, greedy with superfluous nodes left out, GLPK and CBC,
on the stored graphs and set covers and on generated topologies: cost, proven
bound, CPU seconds and peak memory of each, in the same run.  The others get the
problem as an LP file that nfz-plan-check's derivation writes; their time to
read it counts, as ours counts the import.  Every run has a CPU limit and a hard
kill.  Nothing here passes or fails.

The short run is a minute; --full takes all instances up to 10^6 links."""
import argparse
import csv
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

root = Path(__file__).resolve().parent.parent.parent
build = root / os.environ.get("BUILD", "build")
graphs = root.parent / "shared" / "ref" / "graphs"


class Run:
    """One process: its output, CPU seconds, peak MiB; late: it was stopped."""

    def __init__(self, argv, limit, out):
        def bounds():
            cpu = int(limit + 10)
            resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
            os.setsid()

        with open(out, "w+") as to:
            child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL,
                                     stdout=to, stderr=subprocess.DEVNULL,
                                     preexec_fn=bounds)
            self.late = False
            end = time.monotonic() + 3 * limit + 30
            while True:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() > end:
                    self.late = True
                    os.killpg(child.pid, signal.SIGKILL)
                    end = time.monotonic() + 3600
                time.sleep(0.002)
            child.returncode = os.waitstatus_to_exitcode(status)
            to.seek(0)
            self.text = to.read()
        self.cpu = usage.ru_utime + usage.ru_stime
        self.mib = usage.ru_maxrss / 1024
        self.code = child.returncode
        self.late = self.late or self.code < 0


class Answer:
    def __init__(self, cost=None, bound=None, cpu=None, mib=None):
        self.cost, self.bound, self.cpu, self.mib = cost, bound, cpu, mib

    def proven(self):
        return self.cost is not None and self.bound is not None \
            and self.bound >= self.cost - 1e-6


def number(pattern, text):
    found = re.findall(pattern, text)
    return float(found[-1]) if found else None


def ours(case, limit, scratch):
    argv = [build / "bin" / "netflowize", "plan", "--light", "--topology", case.path,
            "--objective", case.objective, "--time-limit", f"{limit:g}s", "-o", "json"]
    if case.cover != "links":
        argv += ["--cover", case.cover]
    if case.costs:
        argv += ["--costs", case.costs]
    run = Run(argv, limit, scratch / "ours")
    try:
        plan = json.loads(run.text)
    except ValueError:
        return Answer(cpu=run.cpu, mib=run.mib)
    return Answer(plan["objective"]["cost"], plan["lower_bound"], run.cpu, run.mib)


def glpk(case, limit, scratch):
    run = Run(["glpsol", "--lp", scratch / "problem.lp", "--tmlim", int(limit), "-o",
               scratch / "glpk.out"], limit, scratch / "glpk")
    try:
        out = (scratch / "glpk.out").read_text()
        (scratch / "glpk.out").unlink()
    except OSError:
        return Answer(cpu=run.cpu, mib=run.mib)
    cost = number(r"Objective: +cost = ([-\d.e+]+)", out)
    if "UNDEFINED" in out:
        cost = None
    bound = cost if "INTEGER OPTIMAL" in out and cost is not None \
        else number(r">= +([-\d.e+]+)", run.text)
    return Answer(cost, bound, run.cpu, run.mib)


def cbc(case, limit, scratch):
    run = Run(["cbc", scratch / "problem.lp", "sec", int(limit), "solve"], limit, scratch / "cbc")
    cost = number(r"Objective value: +([-\d.e+]+)", run.text)
    bound = number(r"Lower bound: +([-\d.e+]+)", run.text)
    if "Result - Optimal solution found" in run.text:
        bound = cost
    return Answer(cost, bound, run.cpu, run.mib)


class Case:
    def __init__(self, name, make, objective="count", cover="links", size=0):
        self.name, self.make, self.size = name, make, size
        self.objective, self.cover = objective, cover
        self.path = self.costs = None


def stored(path):
    def make(case, scratch):
        case.path = path
    return make


def set_cover(path):
    """Rows of a set cover as LANs on which every member sees all."""
    def make(case, scratch):
        words = iter(path.read_text().split())
        rows, cols = int(next(words)), int(next(words))
        if path.name.startswith("rail"):
            costs, members = [], [[] for _ in range(rows)]
            for col in range(cols):
                costs.append(int(next(words)))
                for _ in range(int(next(words))):
                    members[int(next(words)) - 1].append(col)
        else:
            costs = [int(next(words)) for _ in range(cols)]
            members = [[int(next(words)) - 1 for _ in range(int(next(words)))]
                       for _ in range(rows)]
        topology = {"nodes": [f"n{i}" for i in range(cols)],
                    "links": [{"name": f"r{i}", "lan": True, "floods": True,
                               "nodes": [f"n{v}" for v in m]}
                              for i, m in enumerate(members)]}
        case.path = scratch / "topology"
        case.path.write_text(json.dumps(topology))
        case.costs = scratch / "costs"
        case.costs.write_text("".join(f"n{i} {c}\n" for i, c in enumerate(costs)))
    return make


def read_gr(path):
    nodes, links = 0, []
    for line in path.read_text().split("\n"):
        words = line.split()
        if not words or words[0] == "c":
            continue
        if words[0] == "p":
            nodes = int(words[2])
        else:
            links.append((int(words[0]) - 1, int(words[1]) - 1))
    return nodes, links


def shaped(path, percent):
    """So many links of a graph get a shaper; each box serves two."""
    def make(case, scratch):
        nodes, links = read_gr(path)
        chosen = sorted(random.Random(7).sample(range(len(links)),
                                                len(links) * percent // 100))
        t = {"nodes": [f"n{i}" for i in range(nodes)]
             + [{"name": f"s{i}", "role": "shaper"} for i in range((len(chosen) + 1) // 2)],
             "interfaces": [], "links": [], "bridges": []}
        for i, ends in enumerate(links):
            at = len(t["interfaces"])
            t["interfaces"] += [{"node": f"n{v}", "link": f"l{i}"} for v in ends]
            t["links"].append({"name": f"l{i}", "kind": "p2p",
                               "members": [{"iface": at}, {"iface": at + 1}]})
        for k, i in enumerate(chosen):
            at = len(t["interfaces"])
            t["interfaces"] += [{"node": f"s{k // 2}", "link": f"l{i}"}] * 2
            t["bridges"].append({"node": f"s{k // 2}", "link": f"l{i}",
                                 "ports": [at, at + 1]})
        case.path = scratch / "topology"
        case.path.write_text(json.dumps(t))
    return make


def generated(kind, links, percent):
    def make(case, scratch):
        case.path = scratch / "topology"
        with open(case.path, "w") as to:
            subprocess.run([build / "tests" / "tool-gengraph", kind, str(links), "--shaped",
                            str(percent), "--as", "json"], stdout=to, check=True)
    return make


def gr_size(path):
    with open(path) as f:
        for line in f:
            if line.startswith("p "):
                return int(line.split()[3])
    return 0


def short_cases():
    for name in ("zoo/Kdl", "zoo/Cogentco", "sndlib/germany50", "as/as20000102",
                 "derived/geo6_1000", "derived/er3_1000"):
        path = graphs / (name + ".gr")
        if path.exists():
            yield Case(name, stored(path), size=gr_size(path))
    for name, percent in (("zoo/Kdl", 50), ("zoo/Cogentco", 100)):
        path = graphs / (name + ".gr")
        if path.exists():
            yield Case(f"{name} {percent} % shaped", shaped(path, percent), "impact",
                       size=gr_size(path))
    yield Case("ts 10^3", generated("ts", 1000, 0), size=1000)
    yield Case("ts 10^3 50 % shaped", generated("ts", 1000, 50), "impact", size=1000)
    yield Case("ba 10^4", generated("ba", 10000, 0), size=10000)
    yield Case("ba 10^5", generated("ba", 100000, 0), size=100000)


def full_cases():
    files = sorted(graphs.glob("*/*.gr")) if graphs.exists() else []
    for path in files:
        yield Case(f"{path.parent.name}/{path.stem}", stored(path), size=gr_size(path))
    for folder in ("zoo", "sndlib", "rocketfuel", "as"):
        for path in [f for f in files if f.parent.name == folder]:
            m = gr_size(path)
            for percent in (25, 50, 100) if m >= 80 else ():
                for objective in ("impact", "count"):
                    yield Case(f"{folder}/{path.stem} {percent} % shaped {objective}",
                               shaped(path, percent), objective, size=m)
            if 10 <= m <= 900:
                yield Case(f"{folder}/{path.stem} paths", stored(path), "impact", "paths",
                           size=m)
    for path in sorted(graphs.glob("orlib-scp/*.txt")) + sorted(graphs.glob("derived/*.scp")):
        yield Case(f"{path.parent.name}/{path.stem}", set_cover(path), "cost", size=10000)
    for kind in ("ts", "ba", "geo", "er3", "er5", "fattree"):
        for links in (1000, 10000, 100000, 1000000):
            for percent in (0, 25, 50, 100):
                yield Case(f"{kind} {links} {percent} %", generated(kind, links, percent),
                           "impact" if percent else "count", size=links)


def measure(case, limit, scratch):
    """Answers by name of the method."""
    case.make(case, scratch)
    answers = {"ours": ours(case, limit, scratch)}
    argv = [build / "tests" / "tool-coverproblem", case.path, case.cover, case.objective]
    run = Run(argv + ([case.costs] if case.costs else []) + [scratch / "problem.lp"], 300,
              scratch / "tool")
    words = run.text.strip().split(",")
    if len(words) != 7:
        return answers, 0
    values = [float(w) for w in words]
    answers["greedy"] = Answer(values[3], None, (values[2] + values[4]) / 1e3)
    answers["greedy+"] = Answer(values[5], None, (values[2] + values[6]) / 1e3)
    if case.size <= 20000:
        answers["glpk"] = glpk(case, limit, scratch)
    if case.size <= 200000:
        answers["cbc"] = cbc(case, limit, scratch)
    return answers, values[2] / 1e3


methods = ("ours", "greedy", "greedy+", "glpk", "cbc")


def show(case, answers):
    def cell(name):
        a = answers.get(name)
        if a is None:
            return f"{'-':>21}"
        if a.cost is None:
            return f"{'none':>12}{a.cpu or 0:8.3f}s"
        mark = "=" if a.proven() else ""
        return f"{a.cost:>11.0f}{mark or ' '}{a.cpu:8.3f}s"
    print(f"{case.name:<40.40}" + "".join(cell(m) for m in methods), flush=True)


def summary(rows):
    def gaps(name):
        return sorted((r[name].cost / r["ours"].cost - 1) * 100 for r in rows
                      if name in r and r["ours"].proven() and r["ours"].cost
                      and r[name].cost is not None)
    print()
    for name in methods[1:]:
        extra = gaps(name)
        both = [r for r in rows if name in r and r[name].cpu and r["ours"].cpu]
        if not extra or not both:
            continue
        mean = sum(extra) / len(extra)
        times = sum(r[name].cpu for r in both) / sum(r["ours"].cpu for r in both)
        proven = sum(1 for r in both if r[name].proven())
        print(f"{name:<8} optimal on {sum(1 for e in extra if e < 1e-6)} of {len(extra)}, "
              f"extra mean {mean:.2f} % p95 {extra[int(len(extra) * 0.95)]:.2f} % "
              f"max {extra[-1]:.2f} %; proves {proven}; CPU {times:.2f} times ours")
    ours_rows = [r["ours"] for r in rows]
    print(f"ours     proven on {sum(1 for a in ours_rows if a.proven())} of {len(ours_rows)}; "
          f"CPU median {sorted(a.cpu for a in ours_rows)[len(ours_rows) // 2]:.3f} s, "
          f"sum {sum(a.cpu for a in ours_rows):.1f} s, "
          f"peak {max(a.mib for a in ours_rows):.0f} MiB (with import and process start)")


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--full", action="store_true")
    p.add_argument("--limit", type=float, default=None, help="seconds of each run")
    p.add_argument("--only", default="", help="instances whose name has this in it")
    p.add_argument("--csv", default=str(build / "planner-bench.csv"))
    args = p.parse_args()
    limit = args.limit or (30 if args.full else 3)
    print(f"# {os.uname().release} {os.uname().machine}, {os.cpu_count()} CPUs, "
          + subprocess.run(["git", "describe", "--always", "--dirty"], cwd=root,
                           capture_output=True, text=True).stdout.strip()
          + f", {limit:g} s for each run; = proven")
    print(f"{'instance':<40}" + "".join(f"{m:>21}" for m in methods))
    rows = []
    with open(args.csv, "w", newline="") as to:
        out = csv.writer(to)
        out.writerow(["instance", "method", "cost", "bound", "gap", "cpu_s", "mib",
                      "import_s"])
        for case in full_cases() if args.full else short_cases():
            if args.only not in case.name:
                continue
            with tempfile.TemporaryDirectory() as scratch:
                answers, load = measure(case, limit, Path(scratch))
            rows.append(answers)
            show(case, answers)
            for name, a in answers.items():
                gap = (a.cost - a.bound) / a.cost if a.cost and a.bound is not None else ""
                out.writerow([case.name, name, a.cost, a.bound, gap, a.cpu, a.mib, load])
            to.flush()
    if rows:
        summary(rows)
    print(f"# {args.csv}", file=sys.stderr)


main()
