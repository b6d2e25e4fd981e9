#!/bin/bash
# What nfz-meter exports is understood by the collectors of others: nfcapd
# (NetFlow 5, 9, IPFIX), pmacct's nfacctd and Wireshark's dissector. Packets,
# octets and records are equal exactly, times to the millisecond, and no message
# is malformed. A collector that is not installed is left out, aloud.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
python3 - "$build/bin/nfz-meter" <<'END'
import collections, csv, io, json, os, shutil, signal, socket, struct, subprocess, sys, tempfile, time

sys.path.insert(0, "tests/support")
from exports import as_pcap, fields_of, objects, read_by_tshark
from foreign import free_port

meter = sys.argv[1]
work = tempfile.TemporaryDirectory(prefix="nfz-collectors.")
failed = checks = 0

def expect(what, got, want):
    global failed, checks
    checks += 1
    if got != want:
        failed += 1
        print("FAILED:", what, got, "wanted", want)

def have(tool):
    if shutil.which(tool):
        return True
    print("SKIPPED:", tool, "is not installed")
    return False

# captures: forms of our own, public ones where they are at hand
subprocess.run(["tests/support/gencaptures.py", work.name], stdout=subprocess.DEVNULL, check=True)
captures = [work.name + "/extensions.pcap", work.name + "/ethernet-le.pcap"]
public = "../shared/ref/pcaps/"
captures += [public + n for n in ("nDPI__alexa-app.pcapng", "nDPI__gnutella.pcap",
                                  "ipfixprobe__mixed.pcap") if os.path.exists(public + n)]
if len(captures) == 2:
    print("SKIPPED: no public captures at", public)

def export(path, *to):
    """-> the records, each direction of its own"""
    out = subprocess.run([meter, "-r", path, "-o", "ndjson", "--pace", "1500", *to],
                         capture_output=True, text=True)
    expect(path + " exit", out.returncode, 0)
    records = [json.loads(l) for l in out.stdout.splitlines()]
    back = [{"src": r["dst"], "dst": r["src"], "sport": r["dport"], "dport": r["sport"], "proto": r["proto"],
             "vlan": r.get("vlan"), "src_mac": r.get("dst_mac"), "dst_mac": r.get("src_mac"),
             **{k: r["reverse_" + k] for k in ("packets", "bytes", "first_ns", "last_ns")}}
            for r in records if r.get("reverse_packets")]
    return [r for r in records if r["packets"]] + back

def until(what, there):
    end = time.monotonic() + 60
    while not there():
        if time.monotonic() > end:
            sys.exit(f"FAILED: never: {what}")
        time.sleep(0.02)

def start(argv, ready, log=os.devnull):
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=open(log, "w"))
    until(argv[0] + " listens", ready)
    return p

def udp_bound(port):
    line = ":%04X " % port
    return lambda: any(line in l.split("rem")[0].upper() and " 07 " in l
                       for f in ("/proc/net/udp", "/proc/net/udp6") for l in open(f).readlines()[1:])

def stop(p):
    p.send_signal(signal.SIGINT)
    try:
        p.wait(60)
    except subprocess.TimeoutExpired:
        p.kill()
        p.wait()

def sleeps(p):
    """Does it wait, do all its children: is there nothing left for them?"""
    with open(f"/proc/{p.pid}/task/{p.pid}/children") as f:
        everybody = [p.pid, *map(int, f.read().split())]
    return all(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "S" for pid in everybody)

def settle(p, port):
    """Until the socket's queue is empty and who reads it waits for more."""
    def empty():
        rows = [l.split() for f in ("/proc/net/udp", "/proc/net/udp6") for l in open(f).readlines()[1:]]
        return all(r[4].endswith(":00000000") for r in rows if r[1].endswith(":%04X" % port))
    time.sleep(0.5)  # what the kernel has not put there yet
    for _ in range(5):
        until("the queue is empty", lambda: empty() and sleeps(p))
        time.sleep(0.02)

def ours(records, v4_only):
    out = collections.Counter()
    for r in records:
        if v4_only and ":" in r["src"]:
            continue
        out[(r["src"], r["dst"], r["sport"], r["dport"], r["proto"], r["packets"], r["bytes"],
             r["first_ns"] // 10**6, r["last_ns"] // 10**6)] += 1
    return out

# --- nfcapd: every record, with its times ---
def ms(text):
    date, frac = text.split(".")
    import calendar
    return calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%S")) * 1000 + int(frac.ljust(3, "0")[:3])

def nfcapd(path, fmt, *more):
    folder = tempfile.mkdtemp(dir=work.name)
    port = free_port()
    p = start(["nfcapd", "-w", folder, "-b", "127.0.0.1", "-p", str(port), "-t", "3600"],
              udp_bound(port))
    records = export(path, "-t", f"{fmt}://127.0.0.1:{port}", *more)
    settle(p, port)
    stop(p)
    out = subprocess.run(["nfdump", "-N", "-R", folder, "-o", "json"], env={**os.environ, "TZ": "UTC"},
                         capture_output=True, text=True).stdout
    got = collections.Counter()
    icmp = {}
    for r in objects(out):
        if "first" not in r:
            continue
        if r["proto"] in (1, 58):
            icmp[r.get("src4_addr") or r["src6_addr"]] = (r["icmp_type"], r["icmp_code"])
        v4 = "src4_addr" in r
        key = (r.get("src4_addr") or r["src6_addr"], r.get("dst4_addr") or r["dst6_addr"])
        ports = (r.get("src_port", 0), r.get("dst_port", 0)) if r["proto"] not in (1, 58) else (0, 0)
        got[key + ports + (r["proto"], r["in_packets"], r["in_bytes"], ms(r["first"]), ms(r["last"]))] += 1
    want = ours(records, fmt in ("nf1", "nf5", "nf7"))
    name = f"nfcapd {fmt} {os.path.basename(path)}"
    expect(name + " records", sum(got.values()), sum(want.values()))
    expect(name + " differ", list((got - want).items())[:2], list((want - got).items())[:2])
    return icmp

if have("nfcapd") and have("nfdump"):
    for path in captures:
        for fmt in ("nf5", "nf9", "ipfix"):
            nfcapd(path, fmt)
    for fmt in ("nf1", "nf7"):
        nfcapd(captures[-1], fmt)

def nfcapd_both(path):
    """Both directions in one record: counts exactly, VLAN and MAC, times of the way there."""
    folder = tempfile.mkdtemp(dir=work.name)
    port = free_port()
    p = start(["nfcapd", "-w", folder, "-b", "127.0.0.1", "-p", str(port), "-t", "3600"], udp_bound(port))
    out = subprocess.run([meter, "-r", path, "-o", "ndjson", "--biflow", "--key", "vlan,mac", "--metrics", "all",
                          "-t", f"ipfix://127.0.0.1:{port}", "--pace", "1500"], capture_output=True, text=True)
    settle(p, port)
    stop(p)
    want, got = collections.Counter(), collections.Counter()
    for line in out.stdout.splitlines():
        r = json.loads(line)
        want[(r["src"], r["dst"], r["proto"], r["packets"], r["bytes"], r["reverse_packets"], r["reverse_bytes"],
              r["first_ns"] // 10**6, r["last_ns"] // 10**6, r["src_mac"], r["vlan"])] += 1
    out = subprocess.run(["nfdump", "-N", "-R", folder, "-o", "json"], env={**os.environ, "TZ": "UTC"},
                         capture_output=True, text=True).stdout
    for r in objects(out):
        if "first" in r:
            got[(r.get("src4_addr") or r["src6_addr"], r.get("dst4_addr") or r["dst6_addr"], r["proto"],
                 r["in_packets"], r["in_bytes"], r.get("out_packets", 0), r.get("out_bytes", 0),
                 ms(r["first"]), ms(r["last"]), r["in_src_mac"], r["src_vlan"])] += 1
    name = "nfcapd biflow " + os.path.basename(path)
    expect(name + " records", sum(got.values()), sum(want.values()))
    expect(name + " both ways", any(k[5] for k in got), True)
    expect(name + " differ", list((got - want).items())[:2], list((want - got).items())[:2])

if have("nfcapd") and have("nfdump"):
    for path in captures[2:]:
        nfcapd_both(path)

# --- nfacctd: totals ---
def nfacctd(path, fmt):
    port, out = free_port(), work.name + "/pmacct.json"
    conf = work.name + "/nfacctd.conf"
    with open(conf, "w") as f:
        f.write(f"""daemonize: false
nfacctd_ip: 127.0.0.1
nfacctd_port: {port}
nfacctd_disable_checks: true
nfacctd_time_new: true
plugins: print[p]
aggregate[p]: src_host, dst_host, src_port, dst_port, proto, timestamp_start
print_output[p]: json
print_output_file[p]: {out}
print_refresh_time[p]: 3600
print_cache_entries[p]: 99991
plugin_buffer_size: 1024
plugin_pipe_size: 1024000
""")
    if os.path.exists(out):
        os.remove(out)
    log = work.name + "/nfacctd.log"
    p = start(["nfacctd", "-f", conf], udp_bound(port), log)
    until("nfacctd begins", lambda: "object handlers" in open(log).read())
    records = export(path, "-t", f"{fmt}://127.0.0.1:{port}")
    settle(p, port)
    stop(p)
    until("nfacctd has written", lambda: "cache - END" in open(log).read())
    rows = [json.loads(l) for l in open(out)] if os.path.exists(out) else []
    want = [r for r in records if fmt != "nf5" or ":" not in r["src"]]
    name = f"nfacctd {fmt} {os.path.basename(path)}"
    for ours_, theirs in (("packets", "packets"), ("bytes", "bytes")):
        expect(name + " " + ours_, sum(r[theirs] for r in rows), sum(r[ours_] for r in want))

if have("nfacctd"):
    for path in captures[-2:]:
        for fmt in ("nf5", "nf9", "ipfix"):
            nfacctd(path, fmt)

# --- Wireshark: every byte of every message ---
def datagrams(path, fmt, *more):
    """Exports and keeps the datagrams."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind(("127.0.0.1", 0))
    records = export(path, "-t", f"{fmt}://127.0.0.1:{sock.getsockname()[1]}", "--pace", "2000", *more)
    some = any(fmt in ("nf9", "ipfix") or ":" not in r["src"] for r in records)
    got = []
    try:
        while True:  # the kernel may be late, though who sent them has ended
            sock.settimeout(0.5 if got or not some else 30)
            got.append(sock.recv(65536))
    except socket.timeout:
        return records, got

if have("tshark"):
    for path in captures[-2:] + captures[:1]:
        for fmt in ("nf1", "nf5", "nf7", "nf9", "ipfix"):
            records, messages = datagrams(path, fmt)
            as_pcap(work.name + "/export.pcap", messages)
            want = [r for r in records if fmt in ("nf9", "ipfix") or ":" not in r["src"]]
            name = f"tshark {fmt} {os.path.basename(path)}"
            expect(name, read_by_tshark(work.name + "/export.pcap"),
                   (sum(r["packets"] for r in want), sum(r["bytes"] for r in want), []))
            expect(name + " lengths", max(map(len, messages), default=0) <= 1464, True)
        for fmt in ("nf9", "ipfix"):
            records, messages = datagrams(path, fmt, "--biflow", "--key", "vlan,mac", "--metrics", "all")
            as_pcap(work.name + "/export.pcap", messages)
            name = f"tshark {fmt} --biflow --key vlan,mac --metrics all {os.path.basename(path)}"
            packets, octets, complaints = read_by_tshark(work.name + "/export.pcap")
            expect(name, complaints, [])
            if fmt == "nf9":  # each direction of its own
                expect(name, (packets, octets), (sum(r["packets"] for r in records), sum(r["bytes"] for r in records)))
            expect(name + " lengths", max(map(len, messages), default=0) <= 1464, True)
        file = work.name + "/out.ipfix"
        records = export(path, "-w", file)
        expect("file " + path, read_by_tshark(file),
               (sum(r["packets"] for r in records), sum(r["bytes"] for r in records), []))

# --- what ICMP flows began with, where each format has it ---
def icmp_capture(path):
    """Flows that begin with one message and go on with another; who each is from, and with which it began."""
    want = {}
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for n, (type_, code) in enumerate(((8, 0), (3, 1), (3, 13), (11, 0), (5, 1), (128, 0), (135, 0), (1, 4))):
            for i, message in enumerate(((type_, code), (type_ ^ 1, 7))):
                body = bytes((*message, 0, 0)) + bytes(20)
                if n < 5:
                    src = f"10.1.0.{n}"
                    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), i, 0, 64, 1, 0) + \
                        socket.inet_aton(src) + socket.inet_aton("10.2.0.1")
                else:
                    src = f"fd00::{n}"
                    ip = struct.pack(">IHBB", 6 << 28, len(body), 58, 64) + \
                        socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, "fd01::1")
                frame = bytes(12) + (b"\x08\0" if n < 5 else b"\x86\xdd") + ip + body
                f.write(struct.pack("<IIII", 1600000000 + i, 0, len(frame), len(frame)) + frame)
            want[src] = (type_, code)
    return want

def as_port(want, v4_only):
    return sorted(str(256 * t + c) for src, (t, c) in want.items() if "." in src or not v4_only)

pings = work.name + "/icmp.pcap"
messages = icmp_capture(pings)
lines = export(pings, "--metrics", "icmp")
expect("icmp in lines", {r["src"]: divmod(r["icmp_message" if "." in r["src"] else "icmp6_message"], 256)
                         for r in lines}, messages)
expect("icmp of the other family", [r for r in lines if None not in (r["icmp_message"], r["icmp6_message"])], [])
if have("tshark"):
    for fmt in ("nf1", "nf5", "nf7", "nf9"):
        as_pcap(work.name + "/export.pcap", datagrams(pings, fmt, "--metrics", "icmp")[1])
        expect("tshark icmp " + fmt, sorted(fields_of(work.name + "/export.pcap", "cflow.dstport")["cflow.dstport"]),
               as_port(messages, fmt != "nf9"))
    as_pcap(work.name + "/export.pcap", datagrams(pings, "ipfix", "--metrics", "icmp")[1])
    names = ["cflow.icmp_type_code_ipv4", "cflow.icmp_ipv6_type", "cflow.icmp_ipv6_code"]
    four, types, codes = fields_of(work.name + "/export.pcap", *names).values()
    expect("tshark icmp ipfix", sorted([divmod(int(v, 16), 256) for v in four] + list(zip(map(int, types), map(int, codes)))),
           sorted(messages.values()))
if have("nfcapd") and have("nfdump"):
    for fmt in ("nf5", "ipfix"):
        expect("nfdump icmp " + fmt, nfcapd(pings, fmt, "--metrics", "icmp"),
               {k: v for k, v in messages.items() if "." in k or fmt == "ipfix"})

# --- IPFIX over TCP, two collectors, balance ---
def tcp(path):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    p = subprocess.Popen([meter, "-r", path, "-o", "none", "-w", work.name + "/copy.ipfix",
                          "-t", "ipfix+tcp://127.0.0.1:%d" % server.getsockname()[1]], stderr=subprocess.DEVNULL)
    c, _ = server.accept()
    data = b""
    while True:
        more = c.recv(65536)
        if not more:
            break
        data += more
    expect("tcp exit", p.wait(), 0)
    expect("tcp is what the file is", data == open(work.name + "/copy.ipfix", "rb").read(), True)

tcp(captures[-1])
socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for s in socks:
    s.bind(("127.0.0.1", 0))
    s.settimeout(1)
ports = [s.getsockname()[1] for s in socks]
for balance in (False, True):
    records = export(captures[-1], *["--to=nf5://127.0.0.1:%d" % p for p in ports], *["--balance"] * balance)
    n = []
    for s in socks:
        n.append(0)
        try:
            while True:
                n[-1] += struct.unpack(">H", s.recv(2048)[2:4])[0]
        except socket.timeout:
            pass
    v4 = sum(":" not in r["src"] for r in records)
    expect("balance" if balance else "copies", sum(n), v4 if balance else 2 * v4)
    if v4 > 40:  # fewer may all go one way by chance
        expect("both have some" if balance else "both have all", 0 < n[0] < v4 if balance else n[0] == v4, True)
print(checks, "checks,", failed, "failed")
sys.exit(failed != 0)
END
