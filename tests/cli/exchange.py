"""See exchange.sh."""
import csv, glob, io, os, shutil, socket, sqlite3, struct, subprocess, sys, tempfile, time

sys.path.insert(0, "tests/support")
sys.dont_write_bytecode = True
from expect import expect, finish
from foreign import free_port

build = sys.argv[1]
top = tempfile.TemporaryDirectory()
os.environ["TZ"] = "UTC"  # nfdump's CSV has local times


def run(*words, status=0):
    out = subprocess.run([f"{build}/bin/netflowize", *words], text=True, capture_output=True)
    if out.returncode != status:
        expect(" ".join(words), (out.returncode, out.stderr), status)
    return out.stdout if status == 0 else out.stderr


def flows(store, *words):
    """src, dst, sport, dport, proto, packets, bytes of each, sorted; first seconds too."""
    text = run("query", store, *words, "-o", "csv", "--sort", "first")
    return sorted([*r[:7], r[7][:19], r[9]] for r in list(csv.reader(io.StringIO(text)))[1:])


# 40 UDP flows of 25 packets, 500 bytes each, every 0.4 s one packet; a TCP flow of IPv6.
capture = f"{top.name}/known.pcap"
with open(capture, "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
    for i in range(1000):
        ip = struct.pack(">BBHHHBBH4s4sHHHH", 0x45, 0, 500, 0, 0, 64, 17, 0,
                         bytes([10, 0, 0, i % 40]), bytes([10, 1, 0, 0]), 7, 9, 480, 0)
        f.write(struct.pack("<IIII", 1790000000 + i // 100, 0, len(ip), 500) + ip)
    six = struct.pack(">IHBB", 6 << 28, 20, 6, 64) + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + \
        socket.inet_pton(socket.AF_INET6, "2001:db8::2") + struct.pack(">HHIIBBHHH", 1, 2, 0, 0, 0x50, 2, 0, 0, 0)
    f.write(struct.pack("<IIII", 1790000003, 0, len(six), len(six)) + six)
want = sorted([f"10.0.0.{i}", "10.1.0.0", "7", "9", "17", "25", "12500", "2026-09-21T14:13:20", "0"]
              for i in range(40))
want4 = list(want)
want.append(["2001:db8::1", "2001:db8::2", "1", "2", "6", "1", "60", "2026-09-21T14:13:23", "2"])

store = f"{top.name}/store"
run("import", capture, "--into", store)
expect("the capture's flows", flows(store), want)
run("import", capture, "--into", store)
expect("once more", run("query", store, "--by", "proto", "-o", "csv").split()[1:],
       ["17,80,2000,1000000", "6,2,2,120"])
store = f"{top.name}/again"
run("import", capture, "--into", store)

# A file of IPFIX and back again.
run("export", store, "--into", f"ipfix:{top.name}/flows.ipfix")
run("import", f"{top.name}/flows.ipfix", "--into", f"{top.name}/ipfix")
expect("IPFIX and back", flows(f"{top.name}/ipfix"), want)
run("export", store, "udp", "and", "src", "host", "10.0.0.3", "--into", f"ipfix:{top.name}/one.ipfix")
run("import", f"{top.name}/one.ipfix", "--into", f"{top.name}/one")
expect("only what the filter wants", flows(f"{top.name}/one"), [want[26 + 7]] if want[33][0] == "10.0.0.3"
       else [w for w in want if w[0] == "10.0.0.3"])

# SQLite.
run("export", store, "--into", f"sqlite:{top.name}/flows.db")
db = sqlite3.connect(f"{top.name}/flows.db")
expect("SQLite", db.execute("SELECT count(*), sum(packets), sum(bytes), min(first_ns), count(src_node) "
                            "FROM flows").fetchone(), (41, 1001, 500060, 1790000000 * 10**9, 0))
expect("its rows", db.execute("SELECT src, sport, dport, proto, packets, bytes, tcp_flags FROM flows "
                              "WHERE proto = 6").fetchall(), [("2001:db8::1", 1, 2, 6, 1, 60, 2)])

# What nfdump's CSV tells besides, to IPFIX and NetFlow 9 and back.
told = f"{top.name}/told"
run("import", "tests/fuzz/corpus/nfdump/besides", "--into", told)


def besides(store):
    rows = csv.reader(io.StringIO(run("query", store, "--more", "-o", "csv")))
    return sorted([r[0], *r[14:24]] for r in list(rows)[1:])


expect("besides, of CSV", besides(told), sorted([
    ["10.0.0.1", "100", "200", "3", "4", "64500", "64501", "10.0.9.1",
     "02:00:00:00:00:01", "02:00:00:00:00:02", "16"],
    ["10.0.0.1", "", "", "3", "5", "64500", "4200000001", "2001:db8::1",
     "02:00:00:00:00:08", "02:00:00:00:00:09", ""],
    ["10.0.0.3", "", "", "5", "3", "4200000001", "64500", "",
     "02:00:00:00:00:09", "02:00:00:00:00:08", ""]]))
run("export", told, "--into", f"ipfix:{top.name}/told.ipfix")
run("import", f"{top.name}/told.ipfix", "--into", f"{top.name}/told-again")
# IPv4 flows have no field for a next hop of IPv6
expect("besides, by IPFIX and back", besides(f"{top.name}/told-again"),
       [[c if c != "2001:db8::1" else "" for c in r] for r in besides(told)])

# Elements nobody knows, by IPFIX and back.
with open("tests/fuzz/corpus/flowset/others", "rb") as seed, open(f"{top.name}/others.ipfix", "wb") as f:
    f.write(seed.read()[2:])
run("import", f"{top.name}/others.ipfix", "--into", f"{top.name}/others")
run("export", f"{top.name}/others", "--into", f"ipfix:{top.name}/others-again.ipfix")
run("import", f"{top.name}/others-again.ipfix", "--into", f"{top.name}/others-again")
shown = [run("query", f"{top.name}/{name}", "--more", "-o", "csv") for name in ("others", "others-again")]
expect("elements nobody knows", shown[0].splitlines()[0].split(",")[-3:], ["icmp_message", "ie4242_7", "ie4242_8"])
expect("their values", shown[0].splitlines()[1].split(",")[-3:], ["2048", "0x00000104", "abc"])
expect("by IPFIX and back", shown[1], shown[0])
old = sqlite3.connect(f"{top.name}/others.db")
old.execute("CREATE TABLE flows (src TEXT, dst TEXT, sport INTEGER, dport INTEGER, proto INTEGER, packets INTEGER, "
            "bytes INTEGER, first_ns INTEGER, last_ns INTEGER, tcp_flags INTEGER, src_node TEXT, dst_node TEXT, "
            "path TEXT)")
old.commit()
run("export", f"{top.name}/others", "--into", f"sqlite:{top.name}/others.db")
run("export", told, "--into", f"sqlite:{top.name}/others.db")
expect("in a table of before", old.execute("SELECT elements FROM flows WHERE elements IS NOT NULL").fetchall(),
       [('{"icmp_message":"2048","ie4242_7":"0x00000104","ie4242_8":"abc"}',), ('{"ie4242_7":"0x00000009"}',)])
expect("with what else was told", old.execute("SELECT vlan, out_vlan, in_if, out_if, src_as, dst_as, next_hop, src_mac, "
                                              "dst_mac, mpls FROM flows WHERE mpls").fetchall(),
       [(100, 200, 3, 4, 64500, 64501, "10.0.9.1", "02:00:00:00:00:01", "02:00:00:00:00:02", 16)])
expect("asked for", len(flows(f"{top.name}/others", "ie 4242/8 = \"abc\"")), 1)

# Collectors: a NetFlow 5 datagram holds 30 records and no IPv6; and nfdump's own.
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 0))
sock.settimeout(60)
said = run("export", store, "--into", f"nf5://127.0.0.1:{sock.getsockname()[1]}")
messages = [sock.recv(2048), sock.recv(2048)]
rows5 = []
for m in messages:
    version, count, uptime, seconds = struct.unpack(">HHII", m[:12])
    for i in range(count):
        r = struct.unpack(">4s4s4sHHIIIIHHBBBBHHBBH", m[24 + 48 * i:72 + 48 * i])
        rows5.append([socket.inet_ntoa(r[0]), str(r[9]), str(r[10]), str(r[5]), str(r[6]),
                      seconds * 1000 - uptime + r[7]])
expect("NetFlow 5", sorted(rows5), sorted([w[0], w[2], w[3], w[5], w[6], 1790000000000 + 0]
                                          for w in want4))
if shutil.which("nfcapd") and shutil.which("nfdump"):
    def until(what):
        end = time.monotonic() + 60
        while not what() and time.monotonic() < end:
            time.sleep(0.02)

    def waiting(port):
        """Is something in the queue of that socket?"""
        sockets = [line.split() for line in open("/proc/net/udp")][1:]
        return any(s[1].endswith(f":{port:04X}") and not s[4].endswith(":00000000") for s in sockets)

    def by_nfcapd(form, source):
        """What was exported to it, as a store again."""
        where = tempfile.mkdtemp(dir=top.name)
        port = free_port()
        capd = subprocess.Popen(["nfcapd", "-w", where, "-b", "127.0.0.1", "-p", str(port)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: f":{port:04X} " in open("/proc/net/udp").read())
        run("export", source, "--into", f"{form}://127.0.0.1:{port}")
        until(lambda: not waiting(port))
        capd.terminate()
        capd.wait()
        text = subprocess.run(["nfdump", "-R", where, "-o", "csv"], capture_output=True, text=True).stdout
        open(f"{where}.csv", "w").write(text)
        run("import", f"{where}.csv", "--into", f"{where}.store")
        return f"{where}.store"

    for form in ["nf5", "nf9", "ipfix"]:
        expect(f"nfdump and back by {form}", flows(by_nfcapd(form, store)), want4 if form == "nf5" else want)
    # it has no field for labels here, ours none for a next hop of the other family
    for form in ["nf9", "ipfix"]:
        expect(f"besides, nfdump and back by {form}",
               [r[:10] for r in besides(by_nfcapd(form, told))],
               [[c if c != "2001:db8::1" else "" for c in r[:10]] for r in besides(told)])
else:
    print("SKIPPED: nfdump is not installed")

# What is none of these, breaks off, or leads nowhere.
open(f"{top.name}/text", "w").write("hello, world\n")
open(f"{top.name}/head.csv", "w").write("ts,te,td,sa\n")
whole = open(f"{top.name}/flows.ipfix", "rb").read()
open(f"{top.name}/cut.ipfix", "wb").write(whole[:-10])
for words, status, text in [
        (("import", f"{top.name}/text", "--into", store), 2, "text"),
        (("import", f"{top.name}/head.csv", "--into", store), 2, "does not name"),
        (("import", f"{top.name}/cut.ipfix", "--into", f"{top.name}/cut"), 2, "breaks off"),
        (("import", capture), 2, "into which store"),
        (("import", f"{top.name}/text", "--into", store), 2, f"netflowize: {top.name}/text: unknown"),
        (("query", "clickhouse://127.0.0.1/x", "--history"), 2, "--history goes with a store"),
        (("query", "clickhouse://127.0.0.1/x", "--events"), 2, "--events goes with a store"),
        (("query", "clickhouse://127.0.0.1/x", "--explain"), 2, "--explain goes with a store"),
        (("query", store, "--names", store), 2, "--names goes with a table"),
        (("export", store, "--into", "nf6://127.0.0.1:1"), 2, "nf6"),
        (("export", top.name, "--into", "ipfix:/dev/null"), 2, "is no store"),
        (("export", f"{top.name}/text", "--into", "ipfix:/dev/null"), 2, "text is no store"),
        (("export", store, "--into", f"sqlite:{top.name}"), 1, "")]:
    if text not in run(*words, status=status):
        expect(f"{words} says", run(*words, status=status), text)

# Where nothing can be written, nothing is read first: that the store is
# damaged is not found.
damaged = f"{top.name}/damaged"
shutil.copytree(store, damaged)
for name in glob.glob(f"{damaged}/seg-*"):
    with open(name, "r+b") as f:
        f.seek(30)
        f.write(b"damage")
if "checksum" not in run("export", damaged, "--into", "ipfix:/dev/null", status=2):
    expect("a damaged store", "read", "found out")
# ... and what cannot be read takes nothing away.
earlier = f"{top.name}/earlier.ipfix"
open(earlier, "w").write("of yesterday")
run("export", damaged, "--into", f"ipfix:{earlier}", status=2)
expect("an earlier file", open(earlier).read(), "of yesterday")
run("export", store, "dst port 1 and src port 1", "--into", f"ipfix:{earlier}")
expect("an earlier file, of no flows", open(earlier).read(), "")
for to in f"ipfix:{top.name}/none/x", f"sqlite:{top.name}/none/x":
    said = run("export", damaged, "--into", to, status=1)
    if "none/x" not in said:
        expect(f"{to} of a damaged store says", said, "none/x")
finish()
