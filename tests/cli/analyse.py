"""See analyse.sh.  Times are ms after 14:13:20; F S R P A U are 1 2 4 8 16 32."""
import csv, io, json, os, re, subprocess, sys, tempfile

sys.path.insert(0, "tests/support")
sys.dont_write_bytecode = True
from expect import expect, finish

build = sys.argv[1]
top = tempfile.TemporaryDirectory()


def store(name, lines, catalog=""):
    path = f"{top.name}/{name}"
    subprocess.run(["mkdir", path], check=True)
    open(f"{path}/catalog", "w").write("netflowize.catalog/1\n" + catalog)
    subprocess.run([f"{build}/tests/tool-rows", path], input="".join(l + "\n" for l in lines),
                   text=True, check=True)
    return path


def ask(*words, stdin=None, status=0):
    out = subprocess.run([f"{build}/bin/netflowize", *words], text=True, capture_output=True,
                         input=stdin if stdin is not None else "")
    if out.returncode != status:
        expect(" ".join(words), (out.returncode, out.stderr), status)
    return out.stdout if status == 0 else out.stderr


def rows(*words, **more):
    """Rows as lists of text, without the heading."""
    return list(csv.reader(io.StringIO(ask(*words, "-o", "csv", **more))))[1:]


ports = f"{top.name}/services"
open(ports, "w").write("http 80/tcp\ndomain\t53/udp # names\nssh 22/tcp\nno line\n")
A, B, C = "10.0.1.1", "10.0.3.1", "10.0.4.1"

# Two web conversations, a name asked for, one in vain with an ICMP answer; a SYN nobody
# answers, one refused; 5 hosts and 5 ports tried; one packet with SYN and FIN.
known = store("known", [
    f"0 {A} {B} 1000 80 6 27 10 1000 0 1000",
    f"0 {B} {A} 80 1000 6 27 8 8000 100 1000",
    f"0 {C} {B} 1001 80 6 27 4 400 0 1000",
    f"0 {B} {C} 80 1001 6 27 4 4000 100 1000",
    f"0 {A} {B} 2000 53 17 0 1 60 2000 2000",
    f"0 {B} {A} 53 2000 17 0 1 120 2001 2001",
    f"0 {C} {B} 2001 53 17 0 1 60 3000 3000",
    f"0 {B} {C} 0 0 1 0 1 88 3001 3001",
    f"0 {A} {B} 3000 22 6 2 3 180 4000 7000",
    f"0 {A} {B} 3001 23 6 2 1 60 5000 5000",
    f"0 {B} {A} 23 3001 6 20 1 40 5001 5001",
    *[f"0 {C} 10.0.3.{10 + i} 4000 445 6 2 1 40 {20000 + i} {20000 + i}" for i in range(5)],
    *[f"0 {C} {B} 4001 {100 + i} 6 2 1 40 {30000 + i} {30000 + i}" for i in range(5)],
    *[f"0 {B} {C} {100 + i} 4001 6 20 1 40 {30001 + i} {30001 + i}" for i in range(5)],
    f"0 {A} {B} 5000 25 6 3 1 40 40000 40000"])

# a --- la --- r1 --- core --- r2 --- lb --- b, c at r1 by lc; taps at r1, r1, r2, r1.
DUMBBELL = """idle_ms 15000
node a
node b
node c
node r1
node r2
link la p2p covered
member 0 10.0.1.1 100000000
member 3 10.0.1.2 100000000
link core p2p covered
member 3 10.0.2.1 10000
member 4 10.0.2.2 10000
link lb p2p covered
member 4 10.0.3.2
member 1 10.0.3.1
link lc p2p covered
member 2 10.0.4.1
member 3 10.0.4.2
tap 1 3 0 1 1 eth0
tap 2 3 1 0 1 eth1
tap 3 4 2 0 2 eth0
tap 4 3 3 1 1 eth2
"""
# a sends b 100 packets of 100 bytes in 10 s; core sees all, 3 ms later, lb 90 of them.
# c sends as a, and something from nowhere is on la.
LAB = [
    f"1 {A} {B} 1 2 17 0 100 10000 0 10000 0 1",
    f"2 {A} {B} 1 2 17 0 100 10000 3 10003 0 1",
    f"3 {A} {B} 1 2 17 0 90 9000 8 10008 0 1",
    f"4 {A} {B} 7 8 17 0 5 500 20000 20000 0 1",
    f"2 {A} {B} 7 8 17 0 5 500 20001 20001 0 1",
    f"3 {A} {B} 7 8 17 0 5 500 20002 20002 0 1",
    f"1 172.16.0.9 {B} 9 9 17 0 1 20 21000 21000 0 1",
    f"1 127.0.0.1 {A} 9 0 17 0 2 80 22000 22000 1 0",
    "sizes 1 1 0 3 120", "sizes 1 0 1 100 10000", "sizes 2 0 5 6 9000", "sizes 2 1 6 2 3200",
    "sizes 2 1 1 2 200", "sizes 3 0 0 0 0"]
lab = store("lab", LAB, DUMBBELL)

# TCP of a to b and of c to b, with metrics: the first flow left tap 1 in two records, and
# what others saw of it does not count; of c's second nothing was measured.
measured = store("measured", [
    f"1 {A} {B} 1 80 6 24 30 3000 0 5000 0 1 retransmissions=2 retransmitted_bytes=200 "
    "out_of_order=0 rtt_us=400 jitter_us=10 min_ttl=64 max_window=70 "
    "application=TLS.Google",
    f"1 {A} {B} 1 80 6 24 10 1000 5000 6000 0 1 retransmissions=3 retransmitted_bytes=300 "
    "out_of_order=1 rtt_us=400 jitter_us=50 min_ttl=60 max_window=50",
    f"2 {A} {B} 1 80 6 24 40 4000 1 6001 0 1 retransmissions=4 retransmitted_bytes=1 "
    "out_of_order=9 rtt_us=400 jitter_us=99 min_ttl=63 max_window=99",
    f"3 {A} {B} 1 80 6 24 38 3800 2 6002 0 1 retransmissions=0 rtt_us=400 min_ttl=1",
    f"4 {C} {B} 2 80 6 24 5 500 0 1000 0 1 retransmissions=0 retransmitted_bytes=0 "
    "out_of_order=0 rtt_us=100 jitter_us=5 min_ttl=64 max_window=9",
    f"4 {C} {B} 3 80 6 24 5 500 0 1000 0 1",
    f"4 {C} {B} 4 80 6 24 5 500 0 1000 0 1 retransmissions=0 retransmitted_bytes=0 "
    "out_of_order=2 rtt_us=300 jitter_us=8 min_ttl=64 max_window=8"], DUMBBELL)

# 50 bytes in each of 20 pieces of 5 s, 18,250 in one more of them
slow = store("slow", [f"0 10.9.0.1 10.9.0.2 1 1 17 0 1 50 {5000 * i} {5000 * i}" for i in range(19)] +
             ["0 10.9.0.1 10.9.0.2 1 2 17 0 1 18250 95000 95000"])
# means of 64 and of 64 and a third
mean = store("mean", [f"0 {A} {B} 1 1 17 0 2 128 0 0", f"0 {A} {B} 1 2 17 0 3 193 0 0"])
regions = f"{top.name}/regions"
open(regions, "w").write("# ours\n10.0.0.0/8 AS1\n10.0.3.0\t24\tAS2\n127.0.0.0,127.255.255.255,ZZ\n")
AT, AT40 = "2026-09-21T14:13:20.000000Z", "2026-09-21T14:13:40.000000Z"

TRUTH = {  # (name, store, words): rows
    ("summary", known): [
        ["flows", "27"], ["packets", "51"], ["bytes", "14648"],
        ["first", "2026-09-21T14:13:20.000000Z"], ["last", "2026-09-21T14:14:00.000000Z"],
        ["duration_ms", "40000"], ["addresses", "8"], ["bits_per_second", "2930"],
        ["packets_per_second", "1"], ["flows_per_second", "1"], ["bytes_per_packet", "287"],
        ["bytes_per_flow", "543"], ["packets_per_flow", "2"], ["flow_duration_ms", "252"],
        ["foreign_flows", "27"], ["estimated_flows", "0"]],
    ("protocols", known): [
        ["6", "23", "47", "14320", "97.76", "305"], ["17", "3", "3", "240", "1.64", "80"],
        ["1", "1", "1", "88", "0.60", "88"]],
    ("uses", known, "--services", ports, "-n", "3"): [
        ["http/tcp", "4", "26", "13400", "91.48", "3", "3"],
        ["domain/udp", "3", "3", "240", "1.64", "3", "2"],
        ["445/tcp", "5", "5", "200", "1.37", "1", "5"]],
    ("ports", known, "-n", "2"): [
        ["6", "1000", "1", "8", "8000", "54.61"], ["6", "1001", "1", "4", "4000", "27.31"]],
    ("sizes", known): [
        ["64", "21", "23", "1040", "7.10", "45"], ["127", "4", "16", "1608", "10.98", "101"],
        ["1023", "2", "12", "12000", "81.92", "1000"]],
    ("sizes", mean): [["64", "1", "2", "128", "39.88", "64"], ["127", "1", "3", "193", "60.12", "64"]],
    ("series", known): [
        ["2026-09-21T14:13:00.000000Z", "26", "50", "14608", "1948"],
        ["2026-09-21T14:14:00.000000Z", "1", "1", "40", "5"]],
    ("senders", known, "-n", "1"): [[B, "10", "20", "12448", "84.98", "2"]],
    ("receivers", known, "-n", "1"): [[A, "3", "10", "8160", "55.71", "1"]],
    ("pairs", known, "-n", "1"): [[B, A, "3", "10", "8160", "55.71"]],
    ("hitters", known, "-n", "1"): [[B, A, "80", "1000", "6", "1", "8", "8000", "54.61", "1000"]],
    ("servers", known, "--services", ports): [
        [B, "", "80", "6", "http", "2", "2", "13400"], [B, "", "53", "17", "domain", "1", "1", "180"]],
    ("conversations", known, "-n", "2"): [
        [A, B, "1000", "80", "6", "10", "1000", "8", "8000", "0", ""],
        [C, B, "1001", "80", "6", "4", "400", "4", "4000", "0", ""]],
    ("symptoms", known, "--threshold", "5", "-n", "3"): [
        [C, B, "4001", str(100 + i), "6", "1", "40", "1", "40", "6",
         "reset syn-only port-scan tiny"] for i in range(3)],
    ("symptoms", known, "--threshold", "5", "-n", "1", "port", "445"): [
        [C, "10.0.3.10", "4000", "445", "6", "1", "40", "0", "0", "6",
         "no-reply syn-only host-scan tiny"]],
    ("symptoms", known, "port", "53"): [
        [C, B, "2001", "53", "17", "1", "60", "0", "0", "2", "no-reply tiny"]],
    ("symptoms", known, "host", C, "and", "not", "tcp"): [
        [C, B, "2001", "53", "17", "1", "60", "0", "0", "4", "no-reply unreachable tiny"]],
    ("symptoms", known, "port", "100", "--threshold", "5"): [
        [C, B, "4001", "100", "6", "1", "40", "1", "40", "3", "reset syn-only tiny"]],
    ("symptoms", known, "port", "25"): [
        [A, B, "5000", "25", "6", "1", "40", "0", "0", "6", "no-reply syn-only tiny odd-flags"]],
    ("symptoms", known, "--weight", "no-reply=0,tiny=0,syn-only=0,reset=0,odd-flags=0",
     "--symptom", "web=7:dst port 80", "-n", "2", "src or dst port 80"): [
        [A, B, "1000", "80", "6", "10", "1000", "8", "8000", "7", "web"],
        [C, B, "1001", "80", "6", "4", "400", "4", "4000", "7", "web"]],
    ("scans", known, "--threshold", "5"): [
        ["hosts", C, "", "445", "6", "5", "5"], ["ports", C, B, "", "6", "5", "5"]],
    ("scanners", known): [[C, "10", "10", "400", "6", "6"], [A, "3", "5", "280", "1", "3"]],
    ("scanned", known, "-n", "1"): [[B, "22", "1", "3", "180", "1"]],
    ("resets", known, "-n", "1"): [[B, "23", "1", "1", "40", "1"]],
    ("tiny", known, "udp"): [[A, "17", "1", "1", "60", "1"], [C, "17", "1", "1", "60", "1"]],
    ("links", lab): [["core", "2", "105", "10500", "34.31"], ["la", "3", "103", "10100", "33.01"],
                     ["lb", "2", "95", "9500", "31.05"], ["lc", "1", "5", "500", "1.63"]],
    ("nodes", lab): [["a", "b", "2", "105", "10500", "99.06"], ["", "a", "1", "2", "80", "0.75"],
                     ["", "b", "1", "1", "20", "0.19"]],
    # 9,997 of the 10,000 bytes lie in the first of three pieces of 10 s
    ("utilisation", lab): [
        ["core", "r1", "10000", "10500", "2800", "7998", "7998", AT, "28.00", "79.98"],
        ["la", "a", "100000000", "10020", "2672", "8000", "8000", AT, "0.00", "0.01"],
        ["la", "r1", "100000000", "80", "21", "64", "64", AT40, "0.00", "0.00"],
        ["lb", "r2", "", "9500", "2533", "7194", "7194", AT, "", ""],
        ["lc", "c", "", "500", "133", "400", "400", AT40, "", ""]],
    ("pricing", lab): [
        ["b", "0", "10520", "0", "281", "281"], ["a", "10500", "80", "280", "2", "280"],
        ["127.0.0.1", "80", "0", "2", "0", "2"], ["172.16.0.9", "20", "0", "1", "0", "1"]],
    # 20 pieces of 5 s, 19 of which are not more than the 95th percentile
    ("pricing", slow, "--bucket", "5s", "-n", "1"): [["10.9.0.1", "19200", "0", "80", "0", "80"]],
    ("origins", lab, "--regions", regions): [
        ["experiment", "inside", "2", "105", "10500", "4", "108", "10600"],
        ["experiment", "outside", "2", "3", "100", "0", "0", "0"],
        ["link", "la", "2", "105", "10500", "1", "2", "80"],
        ["link", "", "2", "3", "100", "0", "0", "0"],
        ["link", "lb", "0", "0", "0", "3", "106", "10520"],
        ["node", "a", "2", "105", "10500", "1", "2", "80"],
        ["node", "", "2", "3", "100", "0", "0", "0"],
        ["node", "b", "0", "0", "0", "3", "106", "10520"],
        ["region", "AS1", "2", "105", "10500", "1", "2", "80"],
        ["region", "ZZ", "1", "2", "80", "0", "0", "0"],
        ["region", "", "1", "1", "20", "0", "0", "0"],
        ["region", "AS2", "0", "0", "0", "3", "106", "10520"]],
    ("headers", lab): [
        ["not-on-link", A, B, "lc", "1", "5", "500"],
        ["bogon-src", "127.0.0.1", A, "la", "1", "2", "80"],
        ["port-0", "127.0.0.1", A, "la", "1", "2", "80"],
        ["unknown-src", "127.0.0.1", A, "la", "1", "2", "80"],
        ["short", "172.16.0.9", B, "la", "1", "1", "20"],
        ["unknown-src", "172.16.0.9", B, "la", "1", "1", "20"]],
    ("retransmissions", measured): [
        [A, B, "80", "1", "40", "4000", "5", "500", "1", "400"],
        [C, B, "80", "1", "5", "500", "0", "0", "2", "300"]],
    ("round-trips", measured): [
        [A, B, "80", "1", "40", "4000", "400", "400", "400", "400"],
        [C, B, "80", "2", "10", "1000", "100", "200", "300", "300"]],
    ("applications", measured, "--services", ports): [
        ["TLS.Google", "http/tcp", "1", "40", "4000", "72.73"],
        ["", "http/tcp", "3", "15", "1500", "27.27"]],
    # tap 1 is r1's on la, tap 2 r1's on core
    ("packet-sizes", lab): [
        ["la", "a", "r1", "127", "100", "10000", "100.00", "100.00"],
        ["la", "r1", "a", "64", "3", "120", "100.00", "100.00"],
        ["core", "r1", "r2", "127", "2", "200", "50.00", "5.88"],
        ["core", "r1", "r2", "", "2", "3200", "50.00", "94.12"],
        ["core", "r2", "r1", "1518", "6", "9000", "100.00", "100.00"]],
    ("hops", lab, "port 1"): [
        ["core", "r1", "lb", "r2", "1", "100", "90", "10", "10.000", "yes", "5000", "5000", "5000"],
        ["la", "r1", "core", "r1", "1", "100", "100", "0", "0.000", "no", "3000", "3000", "3000"]],
    ("losses", lab, "port 1", "--bucket", "1h"): [
        ["2026-09-21T14:00:00.000000Z", "core", "lb", "100", "90", "10", "10.000", "yes"]],
}
asked = {key[0] for key in TRUTH}
names = [name for name, _ in rows("analyse")]
expect("analyses with a known truth", sorted(asked), sorted(names))
for (name, where, *words), want in TRUTH.items():
    expect(f"{name} {words}", rows("analyse", name, where, *words), want)


# two collectors kept it, each with numbers of its own for its two taps
def half(name, taps):
    names = "".join(line + "\n" for line in DUMBBELL.splitlines() if not line.startswith("tap"))
    for new, old in enumerate(taps, 1):
        names += re.search(f"^tap {old} .*\n", DUMBBELL, re.M)[0].replace(f"tap {old}", f"tap {new}")
    return store(name, [f"{taps.index(int(row[0])) + 1}{row[1:]}" for row in LAB
                        if row[0].isdigit() and int(row[0]) in taps], names)


near, far = half("near", [1, 2]), half("far", [3, 4])
for (name, where, *words), want in TRUTH.items():
    if where == lab and name != "packet-sizes":
        expect(f"{name} of two stores", rows("analyse", name, near, "--also", far, *words), want)
expect("on both", rows("query", far, "--also", near, "--by", "link", "path la and path lb"),
       [["la", "1", "100", "10000"], ["core", "1", "100", "10000"], ["lb", "1", "90", "9000"]])
expect("also what is none", ask("query", near, "--also", top.name, status=2).splitlines()[0],
       f"netflowize: {top.name} is no store  NFZ-E010")
expect("what is of one", ask("query", near, "--also", far, "--history", status=2).splitlines()[0],
       "netflowize: --history is of one store: no --also  NFZ-E010")


def as_json(cell, value):
    """What a cell of a table has to be for a value of JSON."""
    protocols = {"tcp": 6, "udp": 17, "icmp": 1}
    if value is None:
        return cell == "-"
    if isinstance(value, bool):
        return cell == ("yes" if value else "no")
    if isinstance(value, list):
        return cell == (" ".join(value) or "-")
    if isinstance(value, str):
        # people read names, and times to the second
        return value in (cell, {"a": A, "b": B, "c": C}.get(cell)) or (
            cell == re.sub(r"\.\d{6}Z$", "Z", value))
    return cell.replace(",", "") == str(value) or protocols.get(cell) == value or (
        isinstance(value, float) and float(cell) == value)


def same(what, *words):
    """The table, JSON, NDJSON and CSV of one question say the same."""
    table = ask(*words).splitlines()
    heads = table[0].split() if table else []  # of nothing there is no table
    document = json.loads(ask(*words, "-o", "json"))
    found = next(v for v in document.values() if isinstance(v, list))
    lines = [json.loads(l) for l in ask(*words, "-o", "ndjson").splitlines()]
    table_rows = [re.split(r"  +", l.strip()) for l in table[1:]]
    expect(f"{what}: NDJSON", lines, found)
    expect(f"{what}: rows of CSV", len(rows(*words)), len(found))
    expect(f"{what}: rows of the table", len(table_rows), len(found))
    for cells, row in zip(table_rows, found):
        expect(f"{what}: heads", heads, [k.upper() for k in row])
        ok = len(cells) == len(row) and all(map(as_json, cells, row.values()))
        expect(f"{what}: table {cells} is JSON {row}", ok, True)


for name, where in {(key[0], key[1]) for key in TRUTH} - {("summary", known)}:
    found = len(rows("analyse", name, where, "--services", ports, "-n", "1000"))
    expect(f"{name} -n 1", len(rows("analyse", name, where, "--services", ports, "-n", "1")), min(found, 1))
    if found and name not in ("packet-sizes", "pricing"):
        said = subprocess.run([f"{build}/bin/netflowize", "analyse", name, where, "--services", ports, "-n", "1"],
                              capture_output=True, text=True).stderr
        expect(f"{name}: of how many", said.split(".")[0], f"1 row of {found}")
for name, where in {(key[0], key[1]) for key in TRUTH}:
    same(name, "analyse", name, where, "--services", ports)
same("figures", "query", known, "--by", "src/24,flags,size,service", "--show",
     "share,bpp,distinct:dst,distinct:dst/16,p50:bytes,p100:duration")

# Figures of groups.
expect("figures", rows("query", known, "--by", "src/24", "--show",
                       "distinct:src,p50:bytes,p90:bytes,p95:packets"),
       [["10.0.3.0/24", "10", "20", "12448", "1", "40", "4015", "8"],
        ["10.0.1.0/24", "5", "16", "1340", "1", "60", "1003", "10"],
        ["10.0.4.0/24", "12", "15", "860", "1", "40", "60", "4"]])
expect("sorted by a figure", rows("query", known, "--by", "dst", "--show", "distinct:src", "--sort",
                                  "distinct:src", "-n", "1"), [[B, "12", "26", "2000", "2"]])
expect("by flags", rows("query", known, "port", "22", "--by", "flags"), [["S", "1", "3", "180"]])
expect("by the first bits", rows("query", known, "--by", "dst/8", "--show", "distinct:dst"),
       [["10.0.0.0/8", "27", "51", "14648", "8"]])

# Metrics: of a flow, each by its rule; of groups; asked for.
flow = json.loads(ask("query", measured, "src", "port", "1", "--more", "-o", "json"))["flows"][0]
expect("a flow's metrics", {k: v for k, v in flow.items() if list(flow).index(k) > list(flow).index("path")},
       {"retransmissions": 5, "retransmitted_bytes": 500, "out_of_order": 1, "rtt_us": 400,
        "jitter_us": 20, "min_ttl": 60, "max_window": 70, "application": "TLS.Google"})
seen = json.loads(ask("query", measured, "retransmissions", ">", "4", "--observations", "--more",
                      "-o", "json"))["observations"]
expect("what its probe saw", [o["retransmissions"] for o in seen], [5])
expect("a 0 is known, nothing is not", [len(rows("query", measured, f)) for f in
       ("retransmissions = 0", "not retransmissions = 0", "rtt_us < 300", "src node c and rtt_us > 100")],
       [2, 2, 1, 1])
expect("figures of metrics", rows("query", measured, "--by", "src", "--show",
       "retransmissions,min:rtt_us,p50:rtt_us,jitter_us,max_window"),
       [[A, "1", "40", "4000", "5", "400", "400", "20", "70"],
        [C, "3", "15", "1500", "0", "100", "100", "7", "9"]])
expect("of nothing", rows("query", measured, "src", "port", "3", "--by", "proto", "--show", "sum:gaps"),
       [["6", "1", "5", "500", ""]])
expect("by a metric", rows("query", measured, "--by", "min_ttl"),
       [["60", "1", "40", "4000"], ["64", "2", "10", "1000"], ["", "1", "5", "500"]])
expect("by link", rows("query", measured, "--by", "link", "--show", "retransmissions"),
       [["la", "1", "40", "4000", "5"], ["core", "1", "40", "4000", "5"],
        ["lb", "1", "38", "3800", "5"], ["lc", "3", "15", "1500", "0"]])

# One's rows are the next one's filter; a program of the user's may sit between them.
expect("chained", rows("analyse", "protocols", known, "--among", "-",
                       stdin=ask("analyse", "scanners", known, "-n", "1", "-o", "ndjson")),
       [["6", "11", "14", "800", "93.02", "57"], ["17", "1", "1", "60", "6.98", "60"]])
module = """import json, sys
for line in sys.stdin:
    flow = json.loads(line)
    if flow["bytes"] > 5000:
        print(json.dumps({"src": flow["src"], "dst": flow["dst"]}))"""
chosen = subprocess.run([sys.executable, "-c", module], text=True, capture_output=True,
                        input=ask("query", known, "-o", "ndjson")).stdout
expect("a program of the user's", rows("query", known, "--among", "-", "--by", "dst", stdin=chosen),
       [[A, "3", "10", "8160"]])
expect("among nothing", rows("query", known, "--among", "-", "--by", "dst", stdin=""), [])

# Of what was not measured there is no answer, and how to have it is said.
why = subprocess.run([f"{build}/bin/netflowize", "analyse", "retransmissions", known], capture_output=True, text=True).stderr
for last, said in ("5", "5"), ("14d", "1209600"):
    never = subprocess.run([f"{build}/bin/netflowize", "query", known, "--last", last], capture_output=True, text=True).stderr
    if f"the last {said} s.  When there are some: analyse summary" not in never:
        expect("of which time there is nothing", never, f"the last {said} s")
if "metrics=sequence+rtt" not in why:
    expect("flows without metrics", why, "metrics=sequence+rtt")

# What is not understood is said with what there is.
for words, said in [(("analyse", "symtoms", known), "Did you mean symptoms?"),
                    (("query", known, "--by", "dst", "--show", "p95:byte"), "there is no figure p95:byte"),
                    (("query", known, "--by", "dst", "--sort", "size"), "a figure of --show"),
                    (("query", known, "--sort", "packet"), "Did you mean packets?"),
                    (("query", known, "--by", "time"), "As in time:60"),
                    (("analyse", "links", known, "--bucket", "10s"), "--bucket goes with"),
                    (("analyse", "links", known, "--threshold", "3"), "--threshold goes with"),
                    (("query",), "or a directory"),
                    (("analyse", "uses", known, "--services", "/nowhere/services"), "No such file"),
                    (("analyse", "origins", known, "--regions", "/nowhere/regions"), "No such file"),
                    (("query", known, "--among", "/nowhere/rows"), "No such file"),
                    (("query", known, "--also", "/nowhere/run"), "No such file"),
                    (("import", "/nowhere/a.pcap", "--into", f"{top.name}/none"), "No such file"),
                    (("query", known, "--by", "dst", "--show", "bps"), "time:SECONDS"),
                    (("query", known, "--by", "src/8", "--show", "distinct:src/32"), "another src_net"),
                    (("query", known, "--by", "min_ttl", "--show", "distinct:max_ttl"), "another metric"),
                    (("query", known, "--history", "--more"), "no filter"),
                    (("analyse", "symptoms", known, "--weight", "rest=2"), "Did you mean reset?"),
                    (("analyse", "symptoms", known, "--symptom", "x=1:prot 2"), "proto 2"),
                    (("analyse", "summary", known, "--by", "src"), "unknown option"),
                    (("analyse", "packet-sizes", lab, "tcp"), "no filter, no time"),
                    (("analyse", "packet-sizes", known), "told sizes"),
                    (("query", known, "--events", "tcp"), "--events goes with"),
                    (("query", known, "--events", "--history"), "two questions"),
                    (("query", known, "--among", "/dev/null", "--by", "src/x"), "how many bits")]:
    if said not in ask(*words, status=2):
        expect(f"{words} says", ask(*words, status=2), said)

# A mark whose text was not put in quotes is not half a mark.
for option in ("--mark", "--tell-event"):
    half = subprocess.run([f"{build}/bin/nfz-query", known, option, "2026-11-21T14:05:33Z begin", "of", "it"],
                          capture_output=True, text=True)
    expect(f"words behind {option}", (half.returncode, "in quotes" in half.stderr), (2, True))
expect("no store was made for nothing", os.path.exists(f"{top.name}/none"), False)
expect("nothing was marked", rows("query", known, "--events"), [])
finish()
