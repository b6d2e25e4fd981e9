#!/usr/bin/env python3
"""flowcheck.py FILE PROJ/EXP: the whole way on one topology, with truth of its
own.  --quick: less of all; --load=PPS: so many datagrams a second as well, sent
with $BUILD/tests/tool-sendudp; --dead: instead, a node is dead during up;
--refused=CODE --says=TEXT: instead, the file cannot be realised; --portal=N:
served as an experiment of the portal, on N sites.

Brings FILE up, runs netflowize --light, makes traffic between nodes that the
nodes' own routing tables connect, and holds every answer against what the
senders counted and the path those tables give.  BUILD names the build tree.
Prints a line per check that fails and one summary line; exit status 1 if any
failed."""
import base64
import collections
import concurrent.futures
import csv
import datetime
import io
import ipaddress
import json
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.path.join(ROOT, os.environ.get("BUILD", "build"), "bin")
PORT = 7000
PAIRS, QUICK_PAIRS = 48, 8
IDLE = 15  # seconds: what comes after such a silence is another flow


class Agent:
    """A program on a node that makes traffic when told to."""

    def __init__(self, exp, node):
        text = open(os.path.join(HERE, "nodeagent.py")).read()
        self.process = subprocess.Popen(
            [f"{BIN}/nfz-testbed", "exec", exp, node, "--", "python3", "-IBc",
             text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.node = node

    def start(self, name, **words):
        self.process.stdin.write(json.dumps([name, words]) + "\n")
        self.process.stdin.flush()

    def wait(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the agent on {self.node} has gone")
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(f"{self.node}: {reply['error']}")
        return reply

    def do(self, name, **words):
        self.start(name, **words)
        return self.wait()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


class Bed:
    """One testbed and what its nodes say of themselves."""

    def __init__(self, exp):
        self.exp, self.times, self.failed, self.ok = exp, {}, [], 0
        self.agents = {}

    def check(self, what, good, detail=""):
        if good:
            self.ok += 1
        else:
            self.failed.append(what)
            print(f"FAILED {self.exp}: {what}: {str(detail)[:1500]}",
                  flush=True)
        return good

    def testbed(self, *words, timeout=300):
        return subprocess.run([f"{BIN}/nfz-testbed", *words], text=True,
                              capture_output=True, timeout=timeout)

    def netflowize(self, *words, what=None, timeout=300):
        start = time.monotonic()
        out = self.testbed("run", "--exp", self.exp, "--",
                           f"{BIN}/netflowize", *words, timeout=timeout)
        if what:
            self.times[what] = time.monotonic() - start
        return out

    def json(self, *words):
        out = self.netflowize(*words, "-o", "json")
        self.check(" ".join(words) + " exits 0", out.returncode == 0,
                   f"{out.returncode} {out.stderr}")
        return json.loads(out.stdout) if out.stdout else {}

    def rows(self, *words, what=None):
        out = self.netflowize("query", self.exp, "-o", "ndjson", *words,
                              what=what)
        self.check("query " + " ".join(words) + " exits 0",
                   out.returncode == 0, f"{out.returncode} {out.stderr}")
        return [json.loads(line) for line in out.stdout.splitlines()]

    def describe(self):
        shown = json.loads(self.testbed("show", self.exp, "-o",
                                        "json").stdout)
        # the portal has names of its own, which commands take as well
        lan_id = {x["name"]: x.get("client_id", x["name"])
                  for x in shown["links"]}
        node_id = {x["name"]: x.get("client_id", x["name"])
                   for x in shown["nodes"]}
        for node in shown["nodes"]:
            node["name"] = node_id[node["name"]]
            for i in node["interfaces"]:
                if i.get("lan"):
                    i["lan"] = lan_id[i["lan"]]
        for link in shown["links"]:
            link["name"] = lan_id[link["name"]]
            for m in link["members"]:
                m["node"] = node_id[m["node"]]
        for s in shown["shapers"] + shown["end_node_shaping"]:
            s["link"] = lan_id[s["link"]]
        self.shown = shown
        self.names = sorted(n["name"] for n in shown["nodes"]
                            if n["role"] == "node")
        self.all_names = sorted(n["name"] for n in shown["nodes"])
        self.lan_of, self.at, self.ips = {}, {}, {}
        self.iface = {}
        for node in shown["nodes"]:
            for i in node["interfaces"]:
                lan = i.get("lan")
                self.lan_of[node["name"], i["os_name"]] = lan
                for name in (i["iface"], i["os_name"], i.get("mac")):
                    self.iface.setdefault((node["name"], name), i)
                if i.get("ip"):
                    self.at[lan, i["ip"]] = node["name"]
                    self.ips.setdefault(node["name"], []).append(i["ip"])
        self.lans = {link["name"]: [m["node"] for m in link["members"]]
                     for link in shown["links"]}
        netem = not any("netem" in n for n in shown["notes"])
        self.shaped = {s["link"] for s in shown["shapers"] if s["shapes"]}
        self.rate = {}
        for s in shown["shapers"]:
            for half in ("first", "second"):
                kbps = s[half]["bandwidth_kbps"] or 1e9
                self.rate[s["link"]] = min(kbps,
                                           self.rate.get(s["link"], 1e9))
        for s in shown["end_node_shaping"]:
            kbps = s["out"]["bandwidth_kbps"] or 1e9
            self.shaped.add(s["link"])
            self.rate[s["link"]] = min(kbps, self.rate.get(s["link"], 1e9))
        self.lossy = {s["link"] for s in shown["shapers"] +
                      shown["end_node_shaping"] if netem and any(
                          s.get(half, {}).get("loss")
                          for half in ("first", "second", "out", "in"))}

    def start_agents(self):
        self.agents = {n: Agent(self.exp, n) for n in self.names}
        self.routes, self.addr = {}, {}
        for agent in self.agents.values():
            agent.start("facts")
        for name, agent in self.agents.items():
            said = agent.wait()
            self.addr[name] = said["addr"]
            self.routes[name] = [
                (ipaddress.ip_network("0.0.0.0/0" if r["dst"] == "default"
                                      else r["dst"]), r)
                for r in said["route"]]

    def stop_agents(self):
        for agent in self.agents.values():
            agent.close()
        self.agents = {}

    def hop(self, node, to):
        best = None
        for net, row in self.routes[node]:
            if ipaddress.ip_address(to) in net and (
                    not best or net.prefixlen > best[0].prefixlen):
                best = (net, row)
        return best[1] if best and "dev" in best[1] else None

    def source(self, node, to):
        row = self.hop(node, to)
        if not row:
            return None
        if "prefsrc" in row:
            return row["prefsrc"]
        for i in self.addr[node]:
            if i["ifname"] == row["dev"]:
                for a in i["addr_info"]:
                    if a["family"] == "inet":
                        return a["local"]
        return None

    def walk(self, node, to):
        """Links and nodes that a packet to an address passes, or None."""
        links, nodes = [], [node]
        while to not in self.ips[node]:
            row = self.hop(node, to)
            lan = row and self.lan_of.get((node, row["dev"]))
            if not lan or len(links) > 64:
                return None
            gateway = row.get("gateway", to)
            node = self.at.get((lan, gateway))
            if not node:
                return None
            links.append(lan)
            nodes.append(node)
        return links, nodes

    def pairs(self):
        """Every (node, address) that routing connects there and back."""
        found = []
        for a in self.ips:
            for to in sorted({ip for ips in self.ips.values() for ip in ips}):
                there = self.walk(a, to)
                src = there and there[0] and self.source(a, to)
                back = src and self.walk(there[1][-1], src)
                if back and back[1][-1] == a:
                    found.append((a, to, src, there, back))
        return found


def choose(pairs, limit, seed=7):
    """So many pairs that differ in what they pass, the rest by lot."""
    rng, seen, chosen, rest = random.Random(seed), set(), [], []
    order = sorted(pairs)
    rng.shuffle(order)
    for p in order:
        a, to, _, (links, nodes), _ = p
        marks = {(links[0], nodes[0], 0), (links[-1], nodes[-1], 1),
                 (len(links), nodes[-1] == a)}
        if marks - seen and len(chosen) < limit:
            seen |= marks
            chosen.append(p)
        else:
            rest.append(p)
    return chosen + rest[:limit - len(chosen)]


class Truth:
    """What was sent: flows by (src, dst, sport, dport, proto)."""

    def __init__(self):
        self.flows = {}

    def add(self, key, packets, size, ends, links, most=None):
        f = self.flows.setdefault(key, {
            "packets": 0, "bytes": 0, "most": 0, "ends": ends,
            "links": links, "loose": False})
        f["packets"] += packets
        f["bytes"] += size
        f["most"] += packets if most is None else most
        f["loose"] = f["loose"] or most is not None


def key_of(row):
    return (row["src"], row["dst"], row["sport"], row["dport"], row["proto"])


def joined(rows, key):
    """Rows of one key and a silence in between are one here: a machine that
    has much else to do may make traffic so slowly."""
    done = {}
    for r in sorted(rows, key=lambda r: r["first"]):
        again = done.setdefault(key(r), [])
        if again and seconds(r["first"]) - seconds(again[-1]["last"]) >= IDLE:
            again[-1] = again[-1] | {
                "packets": again[-1]["packets"] + r["packets"],
                "bytes": again[-1]["bytes"] + r["bytes"], "last": r["last"]}
        else:
            again.append(r)
    return [r for again in done.values() for r in again]


def seconds(text):
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


def parallel(bed, jobs):
    """jobs: node -> list of functions; one node's run one after another."""
    def work(functions):
        for function in functions:
            function()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, f) for f in jobs.values()]:
            done.result()


def pings(bed, truth, chosen, size=56, count=5):
    jobs = collections.defaultdict(list)
    piece = 1480
    whole, rest = divmod(size + 8, piece)
    packets = whole + (rest > 0)
    octets = size + 8 + 20 * packets

    def one(a, to, src, there, back):
        b = there[1][-1]
        said = bed.agents[a].do("ping", to=to, count=count, size=size)
        lossy = set(there[0] + back[0]) & bed.lossy
        if not bed.check(f"ping from {a} to {to} comes back",
                         said["sent"] == count and
                         (lossy or said["received"] == count), said):
            return
        n = said["received"]
        truth.add((src, to, 0, 0, 1), count * packets, count * octets,
                  (a, b), there[0])
        truth.add((to, src, 0, 0, 1), n * packets, n * octets, (b, a),
                  back[0], count * packets if lossy else None)
    for p in chosen:
        jobs[p[0]].append(lambda p=p: one(*p))
    parallel(bed, jobs)


def datagrams(bed, truth, chosen, count=40, size=100):
    jobs = collections.defaultdict(list)
    for agent in bed.agents.values():
        agent.do("listen", kind="udp", port=PORT)
    expected = collections.Counter()
    large = 3000  # three fragments

    def fragments(a, to, src, there):
        said = bed.agents[a].do("udp", to=to, port=PORT, count=4, size=large)
        truth.add((src, to, said["sport"], PORT, 17), 4, 4 * 1500,
                  (a, there[1][-1]), there[0])
        truth.add((src, to, 0, 0, 17), 8, 4 * (large + 8 - 1480 + 40),
                  (a, there[1][-1]), there[0])
        expected[there[1][-1]] += 4

    def one(a, to, src, there, back):
        said = bed.agents[a].do("udp", to=to, port=PORT, count=count,
                                size=size, rate=400)
        truth.add((src, to, said["sport"], PORT, 17), count,
                  count * (size + 28), (a, there[1][-1]), there[0])
        expected[there[1][-1]] += count
    for p in chosen:
        jobs[p[0]].append(lambda p=p: one(*p))
    for a, to, src, there, _ in chosen[-2:]:
        jobs[a].append(lambda w=(a, to, src, there): fragments(*w))
    parallel(bed, jobs)
    time.sleep(0.2)
    for name, agent in bed.agents.items():
        got, end = 0, time.monotonic() + 30
        while True:
            got += agent.do("drain", port=PORT)["received"]
            if bed.lossy or got >= expected[name] or time.monotonic() > end:
                break
            time.sleep(0.1)
        bed.check(f"all datagrams reach {name}", bed.lossy or
                  got == expected[name], f"{got} of {expected[name]}")


def streams(bed, truth, chosen, size):
    """TCP with offloads on, held against the kernels' own counters."""
    for n, (a, to, src, there, back) in enumerate(chosen):
        b = there[1][-1]
        shaped = set(there[0] + back[0]) & bed.shaped
        much = size // 200 if shaped else size
        port = PORT + 1 + n
        bed.agents[b].do("listen", kind="tcp", port=port)
        before = {x: bed.agents[x].do("snmp") for x in (a, b)}
        bed.agents[b].start("accept", port=port, answer=much // 8)
        said = bed.agents[a].do("connect", to=to, port=port, size=much)
        got = bed.agents[b].wait()
        after = None
        while after != (now := {x: bed.agents[x].do("snmp") for x in (a, b)}):
            after = now
            time.sleep(0.1)
        bed.agents[b].do("drop", kind="tcp", port=port)
        bed.check(f"all octets from {a} reach {to}", got["received"] == much
                  and said["received"] == much // 8, f"{got} {said}")
        for x, key, body, ends, links in (
                (a, (src, to, said["sport"], port, 6), much, (a, b),
                 there[0]),
                (b, (to, src, port, said["sport"], 6), much // 8, (b, a),
                 back[0])):
            segments = after[x]["segments"] - before[x]["segments"]
            again = after[x]["again"] - before[x]["again"]
            truth.add(key, segments, body + 52 * segments + again * 1448,
                      ends, links)
            truth.flows[key]["tcp"] = True
            # what was sent again may have been a last, short segment
            truth.flows[key]["again"] = again * 1447
            truth.flows[key]["shaped"] = bool(shaped)


def link_local(bed, node, dev):
    for i in bed.addr[node]:
        if i["ifname"] == dev:
            for a in i["addr_info"]:
                if a["family"] == "inet6" and a["scope"] == "link":
                    return a["local"]
    return None


def lan_traffic(bed, truth, quick):
    """Broadcast, multicast and IPv6 on every LAN, from every member."""
    for agent in bed.agents.values():
        agent.do("listen", kind="udp", port=PORT, version=6)
    lans = sorted(bed.lans, key=lambda n: -len(bed.lans[n]))
    for lan in lans[:2 if quick else 6]:
        ends = [(node["name"], i) for node in bed.shown["nodes"]
                for i in node["interfaces"]
                if i.get("lan") == lan and i.get("ip")]
        for n, (node, i) in enumerate(ends[:8]):
            group(bed, truth, lan, node, i)
            peer, j = ends[(n + 1) % len(ends)]
            if peer != node:
                version6(bed, truth, lan, (node, i), (peer, j))


def group(bed, truth, lan, node, i):
    agent, dev = bed.agents[node], i["os_name"]
    info = [a for x in bed.addr[node] if x["ifname"] == dev
            for a in x["addr_info"] if a.get("local") == i["ip"]]
    if not info or "broadcast" not in info[0] or \
            sum(ip == i["ip"] for _, ip in bed.at) > 1:
        return
    cast = info[0]["broadcast"]
    agent.do("ping", to=cast, count=3, options=["-b", "-I", dev])
    truth.add((i["ip"], cast, 0, 0, 1), 3, 3 * 84, (node, None), [lan])
    for to in (cast, "239.1.2.3"):
        said = agent.do("udp", to=to, port=PORT + 500, count=4, size=30,
                        via=dev)
        truth.add((i["ip"], to, said["sport"], PORT + 500, 17), 4, 4 * 58,
                  (node, None), [lan])


def version6(bed, truth, lan, here, there):
    (node, i), (peer, j) = here, there
    a = link_local(bed, node, i["os_name"])
    b = link_local(bed, peer, j["os_name"])
    if not bed.check(f"{node} and {peer} have IPv6 addresses", a and b):
        return
    agent = bed.agents[node]
    said = agent.do("ping", to=f"{b}%{i['os_name']}", count=3,
                    options=["-6"])
    bed.check(f"IPv6 ping from {node} to {peer}", said["received"] == 3, said)
    # Neighbour discovery between the two has the same key.
    truth.add((a, b, 0, 0, 58), 3, 3 * 104, (node, peer), [lan], 9)
    truth.add((b, a, 0, 0, 58), 3, 3 * 104, (peer, node), [lan], 9)
    said = agent.do("udp", to=b, port=PORT, count=5, size=50,
                    via=i["os_name"])
    truth.add((a, b, said["sport"], PORT, 17), 5, 5 * 98, (node, peer), [lan])
    said = agent.do("udp", to="ff02::1234", port=PORT + 500, count=3,
                    size=20, via=i["os_name"])
    truth.add((a, "ff02::1234", said["sport"], PORT + 500, 17), 3, 3 * 68,
              (node, None), [lan])


def near(bed, f, row):
    """Whether packets and bytes are what was sent."""
    if f["loose"]:
        return f["packets"] <= row["packets"] <= f["most"]
    if f.get("tcp"):
        if f["shaped"]:  # its queue may drop
            return row["packets"] >= 0.5 * f["packets"]
        return (abs(row["packets"] - f["packets"]) <= 0.001 * f["packets"] and
                -f.get("again", 0) <= row["bytes"] - f["bytes"] +
                0.001 * f["bytes"] + 64 and
                row["bytes"] - f["bytes"] <= 0.001 * f["bytes"] + 64)
    return row["packets"] == f["packets"] and row["bytes"] == f["bytes"]


def check_times(bed, rows):
    """Corrected clocks: flows lie between the first packet and now."""
    mine = [r for r in rows if ":" not in r["src"]]
    bed.check("flows have their time", mine and all(
        bed.began - 0.01 < seconds(r["first"]) <= seconds(r["last"]) <
        time.time() + 0.01 for r in mine), (bed.began, mine[:3]))


def check_flows(bed, truth):
    rows = bed.rows(what="query")
    check_times(bed, rows)

    def where(r):  # what never leaves a link is another flow on another link
        return key_of(r) + (tuple(r["path"]) if r["dst"].startswith("ff02:")
                            else ())
    once = joined(rows, where)
    count = collections.Counter(map(where, once))
    bed.check("each flow is shown once", max(count.values(), default=0) <= 1,
              [k for k, n in count.items() if n > 1][:5])
    found = {}
    for r in once:
        found[key_of(r)] = r
    for key, f in truth.flows.items():
        r = found.get(key)
        if not bed.check(f"flow {key} is shown", r, f):
            continue
        bed.check(f"flow {key} has its true size", near(bed, f, r), (f, r))
        bed.check(f"flow {key} has its nodes", r["src_node"] == f["ends"][0]
                  and r["dst_node"] in (f["ends"][1], f["ends"][1] or ""),
                  (f, r))
        bed.check(f"flow {key} has its path", r["path"] == f["links"], (f, r))
    strange = [r for r in rows if key_of(r) not in truth.flows and
               ":" not in r["src"]]
    bed.check("no flow is invented", not strange, strange[:5])
    return rows


def check_observations(bed, truth, plan):
    seen = collections.defaultdict(list)
    # the plan may only know the testbed's name of a card, a row has the name
    # that the node's own system uses
    taps = {(o["link"], o["probe"], bed.iface[o["probe"], o["if"]]["os_name"])
            for o in plan["owners"]}
    rows = bed.rows("--observations")
    for r in joined(rows, lambda r: key_of(r) + (r["link"], r["node"],
                                                 r["iface"], r["dir"])):
        seen[key_of(r)].append(r)
        bed.check("an observation is at a tap of the plan",
                  (r["link"], r["node"], r["iface"]) in taps, r)
        bed.check("an interface is on its link",
                  bed.iface.get((r["node"], r["iface"]), {}).get("lan") ==
                  r["link"], r)
    for key, f in truth.flows.items():
        rows = seen[key]
        bed.check(f"flow {key} is seen once on each link of its path",
                  sorted(r["link"] for r in rows) == sorted(f["links"]),
                  rows)
        for r in rows:
            bed.check(f"each probe has seen all of {key}",
                      f.get("tcp") or near(bed, f, r), (f, r))
            role = [n for n in bed.shown["nodes"] if n["name"] == r["node"]]
            if role[0]["role"] == "delaynode":
                bed.check("a shaper counts what it receives",
                          r["dir"] == "in", r)
            elif r["node"] in f["ends"]:
                bed.check("a direction is right", (r["dir"] == "out") ==
                          (r["node"] == f["ends"][0]), r)


def check_formats(bed):
    """The same rows in every format."""
    words = ("query", bed.exp, "--no-flush", "proto udp", "-o")
    lines = [json.loads(line) for line in
             bed.netflowize(*words, "ndjson").stdout.splitlines()]
    whole = json.loads(bed.netflowize(*words, "json").stdout)

    def timeless(rows):  # what is known of the clocks, and so the order,
        return sorted(  # gets better between questions
            ({k: v for k, v in r.items() if k not in ("first", "last")}
             for r in rows), key=key_of)
    bed.check("json holds the rows of ndjson", timeless(whole["flows"]) ==
              timeless(lines) and whole["schema"] == "netflowize.query/1",
              whole)
    table = list(csv.DictReader(
        io.StringIO(bed.netflowize(*words, "csv").stdout)))
    bed.check("csv holds the rows of ndjson", sorted(
        (r["src"], r["dst"], int(r["sport"]), int(r["dport"]),
         int(r["proto"]), int(r["packets"]), int(r["bytes"]),
         r["path"].split()) for r in table) == sorted(
        key_of(r) + (r["packets"], r["bytes"], r["path"]) for r in lines),
        table)
    text = bed.netflowize(*words, "table").stdout.splitlines()
    bed.check("the table has as many lines", len(text) == len(lines) + 1,
              text[:3])


def check_marks(bed):
    """A mark is where it was set, between what the collector noted."""
    out = bed.netflowize("mark", bed.exp, "attack", "on;", "$(id)")
    bed.check("mark exits 0", out.returncode == 0, out.stderr)
    events = bed.json("query", bed.exp, "--events")["events"]
    bed.check("the mark is in the record", [
        (e["kind"], e["text"]) for e in events] == [
            ("run", "collecting begins"), ("mark", "attack on; $(id)")],
        events)


# Neighbour discovery goes on while questions are asked.
QUIET = "not proto 58"


def ask(bed, questions):
    """Several questions at once: words -> rows."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda q: bed.rows("--no-flush", *q), questions))


def check_groups(bed, rows, quick):
    """--by against the sum of the flows."""
    rows = [r for r in rows if r["proto"] != 58]

    def total(keys):
        sums = collections.defaultdict(lambda: [0, 0, 0])
        for r in rows:
            for k in set(keys(r)):
                s = sums[k]
                s[0], s[1], s[2] = (s[0] + 1, s[1] + r["packets"],
                                    s[2] + r["bytes"])
        return sums
    wants = {"link": lambda r: r["path"],
             "node": lambda r: [n for n in (r["src_node"], r["dst_node"])
                                if n]}
    for key in ("src", "dst", "sport", "dport", "proto", "src_node",
                "dst_node"):
        wants[key] = lambda r, key=key: [r[key]]
    if quick:
        wants = {k: wants[k] for k in ("link", "node", "dport")}
    answers = ask(bed, [("--by", k, QUIET) for k in wants])
    for (key, keys), answer in zip(wants.items(), answers):
        got = {}
        for r in answer:
            bed.check(f"a row of --by {key} comes once", r[key] not in got, r)
            got[r[key]] = [r["flows"], r["packets"], r["bytes"]]
        want = total(keys)
        differ = {k: (got.get(k), want.get(k)) for k in set(got) | set(want)
                  if k and got.get(k) != want.get(k)}
        bed.check(f"--by {key} adds up", not differ, differ)
    got = bed.rows("--by", "time:5", "--no-flush", QUIET)
    bed.check("--by time adds up", sum(r["packets"] for r in got) ==
              sum(r["packets"] for r in rows), got[:3])


def check_filters(bed, rows, quick):
    """Filters against the same done here."""
    rows = [r for r in rows if r["proto"] != 58]
    pick = [r for r in rows if r["proto"] == 17 and r["path"] and
            ":" not in r["src"]]
    if not pick:
        return
    r = pick[len(pick) // 2]
    net = ipaddress.ip_network(r["dst"] + "/24", strict=False)
    inside = lambda x: ":" not in x and ipaddress.ip_address(x) in net
    tests = {
        f"node {r['src_node']}": lambda x: r["src_node"] in (
            x["src_node"], x["dst_node"]),
        f"src node {r['src_node']}": lambda x:
            x["src_node"] == r["src_node"],
        f"link {r['path'][0]}": lambda x: r["path"][0] in x["path"],
        f"net {net}": lambda x: inside(x["src"]) or inside(x["dst"]),
        f"dst host {r['dst']}": lambda x: x["dst"] == r["dst"],
        f"port {r['sport']}": lambda x: r["sport"] in (x["sport"],
                                                       x["dport"]),
        "proto udp": lambda x: x["proto"] == 17,
        f"icmp and not link {r['path'][0]}": lambda x: x["proto"] == 1 and
            r["path"][0] not in x["path"],
    }
    if quick:
        tests = dict(list(tests.items())[1:4])
    answers = ask(bed, [(f"({text}) and {QUIET}",) for text in tests])
    for (text, want), answer in zip(tests.items(), answers):
        got = sorted(map(str, map(key_of, answer)))
        good = sorted(str(key_of(x)) for x in rows if want(x))
        bed.check(f"filter '{text}'", got == good,
                  f"{len(got)} flows, not {len(good)}; "
                  f"{list(set(good) ^ set(got))[:4]}")


def check_ledger(bed, when):
    said = bed.json("status", bed.exp)
    book = said.get("ledger", {})
    lost = sum(book["lost"].values())
    bed.check(f"nothing is unaccounted for {when}", book["unaccounted"] == 0,
              book)
    bed.check(f"frames add up {when}", book["wire_frames"] == (
        book["ip_frames"] + book["non_ip"] + book["excluded"] +
        book["unsampled"] + lost), book)
    taps = [t for p in said["probes"] for t in p["taps"]]
    bed.check(f"each packet is in a class of sizes {when}", all(
        t["packets"] == sum(t["sizes"]["to_packets"]) +
        sum(t["sizes"]["from_packets"]) for t in taps), taps)
    bed.check(f"records sent are stored {when}",
              book["records_sent"] == book["records_stored"], book)
    bed.check(f"all links are covered {when}", said["coverage"]["covered"] ==
              said["coverage"]["links"] == len(bed.lans) and
              not said["coverage"]["uncovered"], said["coverage"])
    bed.check(f"every probe names its taps {when}", said["probes"] and all(
        t["iface"] and t["link"] for p in said["probes"]
        for t in p["taps"]), said["probes"])
    return said


def check_verify(bed, when):
    out = bed.netflowize("verify", bed.exp, "-o", "json", what="verify")
    said = json.loads(out.stdout or "{}")
    bed.check(f"verify agrees {when}", out.returncode == 0 and
              said.get("agrees") and not said.get("unknown"),
              f"{out.returncode} {out.stderr} " +
              str([t for t in said.get("taps", []) if not t["agrees"]]))


LOAD_FLOWS, LOAD_SECONDS = 500, 5


def send_fast(bed, ends, rate):
    """Each end sends to the other, evenly; what they say of it."""
    with open(os.path.join(os.path.dirname(BIN), "tests", "tool-sendudp"),
              "rb") as file:
        program = base64.b64encode(file.read()).decode()
    each = rate // len(ends)
    for a, _, _ in ends:
        bed.agents[a].do("keep", program=program)
        bed.agents[a].do("listen", kind="udp", port=PORT + 700)
    for a, _, to in ends:
        bed.agents[a].start("run", words=[
            to, str(PORT + 700), str(each * LOAD_SECONDS), "18",
            str(LOAD_FLOWS), str(each), "0", "16"])
    said = [bed.agents[a].wait() for a, _, _ in ends]
    for a, _, _ in ends:
        bed.agents[a].do("drop", kind="udp", port=PORT + 700)
    if not bed.check("the senders send",
                     not any(s["status"] for s in said), said):
        return None
    words = [s["out"].split() for s in said]
    return [(int(w[1]), int(w[3]) / 1000) for w in words]


def check_load(bed, ends, sent, lost):
    """Each flow's packets, but for those that have a loss's name."""
    rows = bed.rows(f"dst port {PORT + 700} and proto udp", what="under load")
    got = {key_of(r): r["packets"] for r in rows}
    missing, wrong = 0, []
    for (_, src, to), (count, _) in zip(ends, sent):
        for i in range(LOAD_FLOWS):
            key = (src, to, 10000 + i, PORT + 700, 17)
            want = count // LOAD_FLOWS + (i < count % LOAD_FLOWS)
            less = want - got.pop(key, 0)
            missing += less
            if less < 0 or less > lost:
                wrong.append((key, want, less))
    bed.check("the flows under load have their size", not wrong, wrong)
    bed.check("no flow is invented under load", not got, got)
    bed.check("under load every packet is counted or named as lost",
              missing <= lost, f"{missing} missing, {lost} lost")


def load_ends(bed):
    """Who sends to whom: over one link and, if there is a way, over several
    others, both ways, nothing shaped, no node twice."""
    usable = sorted((len(p[3][0]), p) for p in bed.pairs()
                    if not set(p[3][0] + p[4][0]) & bed.shaped and p[3][0])
    ends, busy = [], set()
    for _, (a, to, src, there, back) in usable[:1] + usable[::-1]:
        b = there[1][-1]
        answer = bed.source(b, src)
        if len(ends) == 4 or {a, b} & busy or not answer:
            continue
        ends += [(a, src, to), (b, answer, src)]
        busy |= {a, b}
    return ends


def load(bed, rate):
    """Many small datagrams at once, so many a second altogether."""
    ends = load_ends(bed)
    if not ends:
        return None
    before = {p["node"]: p["wire_frames"]
              for p in bed.json("status", bed.exp)["probes"]}
    sent = send_fast(bed, ends, rate)
    if not sent:
        return "not made"
    took = max(seconds for _, seconds in sent)
    said = check_ledger(bed, "after load")
    lost = {k: n for k, n in said["ledger"]["lost"].items() if n}
    check_load(bed, ends, sent, sum(lost.values()))
    check_verify(bed, "after load")
    pps = sum(n for n, _ in sent) / took / 1000
    frames = [(p["wire_frames"] - before[p["node"]]) / took / 1000
              for p in said["probes"]]
    return (f"{pps:.0f}k/s from {len(ends)} nodes for {took:.1f} s, "
            f"{sum(frames):.0f}k/s at all probes, {max(frames):.0f}k/s at "
            f"one, lost {lost or 0}")


def snapshots(bed, directory):
    os.makedirs(directory, exist_ok=True)
    for name in bed.all_names:
        with open(os.path.join(directory, name), "w") as out:
            subprocess.run([f"{BIN}/nfz-testbed", "snapshot", bed.exp, name],
                           stdout=out, check=True)


def same_disks(bed, before, after):
    for name in bed.all_names:
        out = subprocess.run(
            [f"{ROOT}/scripts/compare-snapshots", f"{before}/{name}",
             f"{after}/{name}"], capture_output=True, text=True)
        bed.check(f"nothing is left on {name}", out.returncode == 0,
                  out.stdout)


def bring_up(bed, file, sites):
    start = time.monotonic()
    portal = ["--portal", "--sites", sites] if sites else []
    out = bed.testbed("up", file, "--exp", bed.exp, *portal)
    bed.times["up"] = time.monotonic() - start
    if not bed.check("the testbed comes up", out.returncode == 0,
                     f"{out.returncode} {out.stderr}"):
        return False
    bed.describe()
    return True


def instrument(bed):
    out = bed.netflowize("--light", bed.exp, what="light")
    bed.check("netflowize --light exits 0", out.returncode == 0,
              f"{out.returncode} {out.stdout} {out.stderr}")
    return out.returncode == 0


def strip(bed, directory):
    out = bed.netflowize("strip", bed.exp, "--yes", what="strip")
    bed.check("strip exits 0", out.returncode == 0,
              f"{out.returncode} {out.stdout} {out.stderr}")
    snapshots(bed, f"{directory}/after")
    same_disks(bed, f"{directory}/before", f"{directory}/after")


def traffic(bed, truth, quick):
    bed.began = time.time()
    chosen = choose(bed.pairs(), QUICK_PAIRS if quick else PAIRS)
    bed.check("routing connects some pair", chosen)
    pings(bed, truth, chosen)
    datagrams(bed, truth, chosen)
    some = chosen[:3 if quick else 8]
    streams(bed, truth, some, 1_000_000 if quick else 4_000_000)
    pings(bed, truth, chosen[-3:], size=4000, count=2)
    lan_traffic(bed, truth, quick)
    return len(chosen)


def whole_way(bed, quick, rate, directory):
    snapshots(bed, f"{directory}/before")
    if not instrument(bed):
        return ""
    plan = bed.json("plan", "--light", bed.exp)
    bed.check("the plan is proven and complete", plan["status"] == "optimal"
              and plan["objective"]["cost"] == plan["lower_bound"] and
              not plan["uncovered"] and {o["link"] for o in plan["owners"]}
              == set(bed.lans), plan)
    check_ledger(bed, "at rest")
    bed.start_agents()
    truth, note = Truth(), ""
    pairs = traffic(bed, truth, quick)
    rows = check_flows(bed, truth)
    check_observations(bed, truth, plan)
    check_ledger(bed, "after traffic")
    check_verify(bed, "after traffic")
    check_groups(bed, rows, quick)
    check_marks(bed)
    check_filters(bed, rows, quick)
    if not quick:
        check_formats(bed)
    if rate:
        note = load(bed, rate) or "all shaped"
    bed.stop_agents()
    again = bed.netflowize("--light", bed.exp, what="again")
    bed.check("a second up changes nothing", again.returncode == 0 and
              "no changes" in again.stdout + again.stderr,
              again.stdout + again.stderr)
    strip(bed, directory)
    return (f"probes {len(plan['probes'])} pairs {pairs} "
            f"flows {len(truth.flows)} load {note}")


def dead_node(bed, directory):
    """A probe's node refuses while --light runs; then it is well again."""
    snapshots(bed, f"{directory}/before")
    plan = bed.json("plan", "--light", bed.exp)
    dead = plan["probes"][-1]["node"]
    others = {p["node"] for p in plan["probes"]} - {dead}
    bed.testbed("fault", bed.exp, dead, "refuse")
    out = bed.netflowize("--light", bed.exp, what="without it")
    bed.check("--light without a node exits 5", out.returncode == 5,
              f"{out.returncode} {out.stderr}")
    bed.check("the dead node is named", dead in out.stderr, out.stderr)
    out = bed.netflowize("status", bed.exp, "-o", "json")
    said = json.loads(out.stdout)
    bed.check("the others run", {p["node"] for p in said["probes"]
                                 if p["backend"]} == others, said)
    lost = {o["link"] for o in plan["owners"] if o["probe"] == dead}
    bed.check("its links are not covered", lost == {
        u["link"] for u in said["coverage"]["uncovered"]},
        said["coverage"])
    bed.check("what is unknown is not 0", said["ledger"]["wire_frames"] is
              None, said["ledger"])
    bed.testbed("fault", bed.exp, dead, "serve")
    instrument(bed)
    said = check_ledger(bed, "when the node is well again")
    bed.check("its probe runs, too", {p["node"] for p in said["probes"]} ==
              others | {dead}, said)
    strip(bed, directory)
    return f"without {dead}"


def refused(bed, file, code, text):
    """up says why a file cannot be realised, and leaves nothing."""
    out = bed.testbed("up", file, "--exp", bed.exp)
    bed.check(f"up is refused with {code}", out.returncode == code,
              f"{out.returncode} {out.stderr}")
    bed.check(f"it says: {text}", text in " ".join(out.stderr.split()),
              out.stderr)
    bed.check("nothing was printed as if it were there", not out.stdout,
              out.stdout)
    bed.check("nothing is there", bed.testbed("show", bed.exp).returncode)


def main():
    words = [w for w in sys.argv[1:] if not w.startswith("--")]
    given = dict(w[2:].partition("=")[::2] for w in sys.argv[1:]
                 if w.startswith("--"))
    bed = Bed(words[1])
    note = ""
    with tempfile.TemporaryDirectory() as directory:
        try:
            if "refused" in given:
                refused(bed, words[0], int(given["refused"]), given["says"])
            elif bring_up(bed, words[0], given.get("portal")):
                note = (dead_node(bed, directory) if "dead" in given else
                        whole_way(bed, "quick" in given,
                                  int(given.get("load", 0)), directory))
        finally:
            bed.testbed("down", bed.exp)
    took = " ".join(f"{k} {v:.1f}" for k, v in bed.times.items())
    print(f"{'FAILED' if bed.failed else 'ok'} "
          f"{os.path.basename(words[0])}: {bed.ok} checks, "
          f"{len(bed.failed)} failed; {note}; seconds: {took}", flush=True)
    return 1 if bed.failed else 0


if __name__ == "__main__":
    sys.exit(main())
