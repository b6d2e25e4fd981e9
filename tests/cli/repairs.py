#!/usr/bin/env python3
"""Random networks and demands that cannot be met: every remedy that plan
prints, copied and pasted, has to do what its line says."""
import json
import random
import re
import shlex
import subprocess
import sys


def network(r):
    n = r.randint(3, 9)
    nodes = [{"name": "n%d" % i, "role": r.choice(["host", "router"])}
             for i in range(n)]
    if r.random() < 0.2:
        nodes[0]["unusable"] = "os"
        if r.random() < 0.5:
            nodes[-1]["unusable"] = "no-login"
    if r.random() < 0.3:
        nodes[1]["name"] = "a node's name"
    names = [x["name"] for x in nodes]
    ifaces, links, bridges = [], [], []

    def port(node, link):
        ifaces.append({"node": node, "link": link})
        return len(ifaces) - 1

    for k in range(r.randint(1, 12)):
        name = "l%d" % k
        size = r.choice([2, 2, 2, 3, 4])
        ends = r.sample(names, min(size, n))
        members = [{"iface": port(e, name)} for e in ends]
        links.append({"name": name, "members": members,
                      "kind": "p2p" if len(ends) == 2 else "lan"})
        if len(ends) == 2 and r.random() < 0.3:
            if "tb" not in names:
                nodes.append({"name": "tb", "role": "shaper"})
                names.append("tb")
                n += 1
            bridges.append({"node": "tb", "link": name,
                            "ports": [port("tb", name), port("tb", name)]})
            ends.append("tb")
    return {"nodes": nodes, "interfaces": ifaces, "links": links,
            "bridges": bridges}


def demands(r, net):
    names = [x["name"] for x in net["nodes"]]

    def some():
        return ",".join(r.sample(names, r.randint(1, min(3, len(names)))))

    if r.random() < 0.25:
        words = ["--" + r.choice(["heavy", "mixed"]),
                 "--free", "pc=%d:%d" % (r.randint(0, 3), r.choice([2, 4]))]
        if r.random() < 0.5:
            words += ["--avoid", some()]
        return words
    words = [r.choice(["--light", "--objective=count", "-q"])]
    for option, value, chance in (
            ("--avoid", some(), 0.6), ("--require", some(), 0.3),
            ("--budget", str(r.randint(1, 3)), 0.4),
            ("--coverage", r.choice(["50%", "90", "99.5%"]), 0.2),
            ("--max-ifaces", str(r.randint(1, 3)), 0.3),
            ("--max-pps", str(r.randint(1, 4)), 0.2),
            ("--redundancy", r.choice(["2", "3"]), 0.2),
            ("--cover", r.choice(["directions", "segments", "paths"]), 0.2)):
        if r.random() < chance:
            words += [option, value]
    return words


def run(words):
    done = subprocess.run(["netflowize"] + words, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False)
    return (done.returncode, done.stdout.decode(),
            done.stderr.decode())


def remedies(text):
    """(command or options, what it does) of each line."""
    lines = text.splitlines()
    start = [i for i, x in enumerate(lines) if x.startswith("  Possible:")]
    if not start:
        return
    effect = None
    for line in lines[start[0]:]:
        line = line[13:]
        if line.startswith("  netflowize"):
            yield line.strip(), effect
            continue
        parts = line.split("   ", 1)
        effect = parts[1].strip() if len(parts) == 2 else ""
        if line.startswith(("netflowize", "--")):
            yield parts[0], effect


def wrong(words, line, effect):
    """Why the remedy does not do what it says, or None."""
    if line.startswith("netflowize"):
        again = shlex.split(line)[1:]
    else:
        again = words + shlex.split(line.replace(" or more", ""))
    code, out, err = run(again + ["-o", "json"])
    if not out:
        return "says %s" % err
    plan = json.loads(out)
    covered = plan["coverage"]["covered"], plan["coverage"]["links"]
    if effect in ("covers all", "will do", "accept the gap",
                  "covers so much"):
        return None if code == 0 else "exit %d: %s" % (code, err)
    share = re.match(r"(?:saves 1 node: )?covers (\d+) of (\d+) links", effect)
    if share:
        said = tuple(int(x) for x in share.groups())
        return None if said == covered else "covers %d of %d" % covered
    more = re.match(r"covers (all|\d+ of them), needs (\d+) more node", effect)
    if more:
        nodes = plan["heavy"]["nodes"]
        if len(nodes) != int(more[2]):
            return "%d new nodes" % len(nodes)
        return None if more[1] != "all" or code == 0 else "exit %d" % code
    if effect == "covers all that can be" or line.endswith("or more"):
        left = [x for x in plan["uncovered"]]
        hopeless = [x for x in plan["infeasible"]]
        if line.endswith("or more") or len(left) == len(hopeless):
            return None
        return "%d left out" % (len(left) - len(hopeless))
    if effect.startswith("covers "):
        left = {x.get("link", " - ".join(x.get("path", []))) +
                (" " + x["part"] if "part" in x else "")
                for x in plan["uncovered"]}
        lost = [x for x in left if " %s " % x in effect[6:] + " "]
        if " and " not in effect and lost and not plan.get("part"):
            return "does not cover %s" % lost
        return None
    return "what does that mean?"


def main():
    cases, folder = int(sys.argv[1]), sys.argv[2]
    r = random.Random(7)
    told = tried = bad = 0
    for i in range(cases):
        net = network(r)
        path = "%s/net %d.json" % (folder, i % 2)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(net, f)
        words = ["plan", "--topology", path] + demands(r, net)
        code, _, err = run(words)
        if code == 2 and ("does not go" in err or "cannot carry" in err):
            continue
        if code not in (0, 3):
            print("exit %d: %s\n%s" % (code, shlex.join(words), err))
            bad += 1
        if code != 3:
            continue
        told += 1
        if "  Possible" not in err:
            bad += 1
            print("%s\n%sno remedy\n" % (shlex.join(words), err))
        for line, effect in remedies(err):
            tried += 1
            why = wrong(words, line, effect)
            if why:
                bad += 1
                print("%s\n%s%s: %s\n%s\n" % (shlex.join(words), err, line,
                                              why, json.dumps(net)))
                if bad > 5:
                    sys.exit(1)
    print("%d demands cannot be met, %d remedies tried, %d wrong"
          % (told, tried, bad))
    sys.exit(1 if bad or told < cases / 10 or tried < told else 0)


main()
