#!/usr/bin/env python3
"""Counts nodes, links and their ends in topology files by other means than
netflowize's and prints the line that tests/tools/topo.c must print."""
import collections
import json
import re
import sys
import xml.etree.ElementTree as ET


def local(e):
    return e.tag.split("}")[-1]


def children(e, name):
    return [x for x in e if local(x) == name]


def graph(n, pairs, folded):
    """A graph of n nodes: loops do not count, with folded both directions of
    a pair are one link."""
    pairs = [p for p in pairs if p[0] != p[1]]
    ways = collections.Counter(pairs)
    mirrored = pairs and all(ways[b, a] == k for (a, b), k in ways.items())
    if folded == "always" or (folded == "mirrored" and mirrored):
        links = sum(max(k, ways[b, a]) for (a, b), k in ways.items()
                    if (b, a) not in ways or a < b)
    else:
        links = len(pairs)
    return n, links, 2 * links, 0


def gr(text):
    words = [line.split() for line in text.splitlines()
             if line.strip() and line[0] != "c"]
    return graph(int(words[0][2]), [tuple(w) for w in words[1:]], "never")


def sndlib(text):
    nodes = re.search(r"^NODES \((.*?)^\)", text, re.M | re.S)[1]
    links = re.search(r"^LINKS \((.*?)^\)", text, re.M | re.S)[1]
    n = len([line for line in nodes.splitlines() if line.strip()])
    pairs = re.findall(r"^\s*\S+ \( (\S+) (\S+) \)", links, re.M)
    return graph(n, pairs, "mirrored")


def rocketfuel(text):
    pairs = [tuple(line.split()[:2]) for line in text.splitlines()]
    return graph(len({x for p in pairs for x in p}), pairs, "always")


def graphml(text):
    root = ET.fromstring(text.encode())
    nodes = [x for x in root.iter() if local(x) == "node"]
    edges = [x for x in root.iter() if local(x) == "edge"]
    directed = children(root, "graph")[0].get("edgedefault") == "directed"
    return graph(len(nodes), [(e.get("source"), e.get("target"))
                              for e in edges],
                 "mirrored" if directed else "never")


def rspec(text):
    root = ET.fromstring(text.encode())
    nodes, links = children(root, "node"), children(root, "link")
    ends = sum(len(children(x, "interface_ref")) for x in links)
    bridges = [x for x in nodes for s in children(x, "sliver_type")
               if s.get("name") == "delay"]
    # each bridge makes one link of two and takes its two ends away
    return (len(nodes), len(links) - len(bridges), ends - 2 * len(bridges),
            len(bridges))


def clab_data(text):
    doc = json.loads(text)
    nodes = doc["nodes"]
    if isinstance(nodes, dict):
        nodes = [dict(v, shortname=k) for k, v in nodes.items()]
    bridges = {x["shortname"] for x in nodes if "bridge" in x["kind"]}
    ends = [[e["a"]["node"], e["z"]["node"]]
            for e in (x.get("endpoints", x) for x in doc["links"] or [])]
    plain = [e for e in ends if not bridges & set(e)]
    used = {x for e in ends for x in e if x in bridges}
    members = sum(len(set(e) - bridges) for e in ends if bridges & set(e))
    return (len(nodes) - len(bridges), len(plain) + len(used),
            2 * len(plain) + members, 0)


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        kind = next((k for k, mark in (
            ("rspec", "<rspec"), ("graphml", "<graphml"),
            ("sndlib", "NODES ("), ("containerlab", '"clab"')) if mark in text),
            "gr" if re.search(r"^p ", text, re.M) else "rocketfuel")
        count = {"rspec": rspec, "graphml": graphml, "sndlib": sndlib, "gr": gr,
                 "containerlab": clab_data, "rocketfuel": rocketfuel}[kind]
        print("%s: %s nodes %d links %d members %d bridges %d"
              % ((path, kind) + count(text)))


main()
