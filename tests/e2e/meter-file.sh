#!/bin/bash
# nfz-meter --read: lines, numbers and NetFlow v5 of a capture file hold exactly
# what the file holds.  Captures of our own in every form, and public ones with
# their truth where they are at hand.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
python3 - "$build/bin/nfz-meter" "$build/node/bin/nfz-meter" <<'END'
import csv, fcntl, io, json, os, select, signal, socket, struct, subprocess, sys, tempfile, termios, threading, time

meter = sys.argv[1]
truth = "../shared/ref/pcaps"
rows = []
public = {}
if os.path.exists(truth + "/INDEX.md"):
    for line in open(truth + "/INDEX.md"):
        c = [x.strip() for x in line.split("|")]
        if len(c) > 16 and c[5].isdigit():
            rows.append((f"{truth}/{c[1]}", int(c[6]), int(c[7]), int(c[8])))
            public[rows[-1][0]] = {"frames": int(c[5]), "packets": int(c[6]) + int(c[7]),
                                   "octets": int(c[8]), "flows": int(c[13]), "records": int(c[15])}
else:
    print("SKIPPED: no public captures at", truth, "- those of our own only")
own = tempfile.NamedTemporaryFile(suffix=".pcap")
own.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
for i in range(1000):
    ip = struct.pack(">BBHHHBBH4s4sHHHH", 0x45, 0, 500, 0, 0, 64, 17, 0,
                     bytes([10, 0, 0, i % 40]), bytes([10, 1, 0, 0]), 7, 9, 480, 0)
    own.write(struct.pack("<IIII", 1000 + i // 100, 0, len(ip), 500) + ip)
own.flush()
rows.append((own.name, 1000, 0, 500000))

failed = 0
def expect(what, got, want):
    global failed
    if got != want:
        failed += 1
        print("FAILED:", what, got, "wanted", want)

def receive(sock, into, ended):
    """Until nothing is left of a sender that has ended."""
    sock.settimeout(0.5)
    while True:
        over = ended.is_set()
        try:
            d = sock.recv(2048)
            n, seq = struct.unpack(">H", d[2:4])[0], struct.unpack(">I", d[16:20])[0]
            expect("v5 sequence", seq, into["records"])
            into["records"] += n
            for i in range(n):
                p, o = struct.unpack(">II", d[24 + 48 * i + 16:24 + 48 * i + 24])
                into["packets"] += p
                into["octets"] += o
        except socket.timeout:
            if over:
                return

v5 = [r for r in rows if r[2] == 0][:2] + rows[-1:]
def read(*args, program=meter, stdin=None):
    out = subprocess.run([program, "-r", *args, "--stats", "json"], stdin=stdin,
                         capture_output=True, text=True)
    lines = out.stdout.splitlines()
    return json.loads(lines[-1]) if lines else {}, lines[:-1], out.returncode

def held(what, got, want):
    for k in want:
        if k in ("frames", "packets", "octets", "flows", "records"):
            expect(what + " " + k, got.get(k), want[k])

# words are files, too; what is none is named
def words(*args):
    out = subprocess.run([meter, *args, "-o", "none", "--stats", "json"], capture_output=True, text=True)
    return out.returncode, json.loads(out.stdout.splitlines()[-1])["packets"], out.stderr
expect("words", words(own.name, own.name)[:2], (0, 2000))
status, packets, said = words(own.name, "/etc/passwd")
expect("no capture", (status, packets, "/etc/passwd: unknown" in said), (2, 1000, True))
none = subprocess.run([meter, "-r", "/etc/passwd"], capture_output=True, text=True)
expect("nothing of no capture", (none.stdout, none.stderr.count("\n")), ("", 1))
for begins, program in ((b"\x1f\x8b\x08", "zcat"), (b"\xfd7zXZ\0", "xzcat"), (b"BZh9", "bzcat"), (b"\x28\xb5\x2f\xfd", "zstdcat")):
    packed = subprocess.run([meter, "-r", "-"], input=begins + bytes(99), capture_output=True)
    expect("compressed", (packed.returncode, f"is compressed; try {program} FILE".encode() in packed.stderr), (2, True))
expect("keys as in settings", read(own.name, "--key", "vlan+mac", "-o", "none")[2], 0)

# every form, on the node's program, too
folder = tempfile.TemporaryDirectory()
forms = subprocess.run(["tests/support/gencaptures.py", folder.name], capture_output=True, text=True)
forms = [json.loads(l) for l in forms.stdout.splitlines()]
expect("forms", len(forms) > 80, True)
programs = [meter] + [p for p in sys.argv[2:] if os.path.exists(p)]
for form in forms:
    for program in programs:
        got, _, status = read(folder.name + "/" + form["name"], "-o", "none", program=program)
        held(form["name"], got, form)
        expect(form["name"] + " exit", status, 2 if form.get("broken") else 0)
with open(folder.name + "/ethernet-le.pcapng") as f:
    got, _, status = read("-", "-o", "none", stdin=f)
    held("stdin", got, next(x for x in forms if x["name"] == "ethernet-le.pcapng"))
for expression, packets in (("udp", 8), ("host 10.0.0.1 and tcp port 80", 2), ("", 17)):
    got, _, status = read(folder.name + "/ethernet-le.pcap", "-o", "none", "--filter", expression)
    expect("filter " + expression, got["packets"], packets)
    expect("filter " + expression + " rest", got["filtered"], got["frames"] - packets)
bad = subprocess.run([meter, "-r", folder.name + "/empty.pcap", "-F", "no such"], capture_output=True)
expect("bad filter", bad.returncode, 2)

# of what nobody reads it is told what it is, whatever else the file holds
def block(kind, body):
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))
with open(folder.name + "/radio.pcapng", "wb") as f:
    f.write(block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack("<HHI", 127, 0, 0)) +
            block(1, struct.pack("<HHI", 101, 0, 0)) + block(3, struct.pack("<I", 8) + bytes(8)) * 3 +
            block(6, struct.pack("<IIIII", 1, 0, 0, 20, 20) + b"\x45\0\0\x14" + bytes(16)))
radio = subprocess.run([meter, "-q", "-o", "none", "--stats", "json", own.name, folder.name + "/radio.pcapng", own.name],
                       capture_output=True, text=True)
expect("unread", (radio.returncode, json.loads(radio.stdout)["lost"]["link_type"], json.loads(radio.stdout)["packets"]), (0, 3, 2001))
expect("unread is told", (radio.stderr.count("\n"), "radio.pcapng: 3 frames of link type 127 cannot be read" in radio.stderr), (1, True))

# inside of tunnels: one flow, and those of packets that hold none
got, lines, _ = read(folder.name + "/tunnels.pcap", "--inner", "-o", "ndjson")
held("inner", got, {**next(x for x in forms if x["name"] == "tunnels.pcap"), "flows": 3})
expect("inner flow", max((json.loads(l) for l in lines), key=lambda r: r["packets"])["dport"], 2)

# a clock that is wrong for one packet, or for good, is counted wherever it is
for times, jumps in (([1000] * 70 + [9000] + [1000] * 70, 2), ([9000] * 100 + [5399] * 100, 1), ([1000, 4599, 1000], 0), ([0, 3600], 1)):
    with open(folder.name + "/clock.pcap", "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for at in times:
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20, 0, 0, 64, 50, 0, bytes(4), bytes(4))
            f.write(struct.pack("<IIII", at, 0, len(ip), len(ip)) + ip)
    got, lines, _ = read(folder.name + "/clock.pcap", "-o", "ndjson", "--idle", "1d", "--active", "1d")
    expect("clock jumps", (got["clock_jumps"], got["packets"], got["flows"]), (jumps, len(times), 1))

# fragments with the ports of their first, where that is known
def fragment(at, ident, offset, more, body):
    packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ident, more << 13 | offset // 8, 64, 17, 0,
                         bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])) + body
    return struct.pack("<IIII", at, 0, len(packet), len(packet)) + packet
def fragment6(at, ident, offset, more, after, body):
    packet = struct.pack(">IHBB16s16sBBHI", 6 << 28, 8 + len(body), 44, 64, bytes(15) + b"1", bytes(15) + b"2",
                         after, 0, offset | more, ident) + body
    return struct.pack("<IIII", at, 0, len(packet), len(packet)) + packet
udp = struct.pack(">HHHH", 7, 9, 100, 0) + bytes(16)
pieces = [fragment(1000, 5, 24, 1, bytes(24)), fragment(1000, 5, 0, 1, udp), fragment(1001, 5, 24, 1, bytes(24)),
          fragment(1001, 6, 24, 0, bytes(24)), fragment(1060, 5, 48, 0, bytes(9)), fragment(1061, 5, 48, 0, bytes(9)),
          fragment6(1061, 8, 0, 1, 60, bytes([17, 0, 1, 4, 0, 0, 0, 0]) + udp), fragment6(1061, 8, 32, 0, 60, bytes(24))]
with open(folder.name + "/pieces.pcap", "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101) + b"".join(pieces))
for more, want in (([], {(0, 17): 5, (7, 17): 2, (0, 60): 1}), (["--fragment-ports"], {(0, 17): 3, (7, 17): 5})):
    _, lines, _ = read(folder.name + "/pieces.pcap", "-o", "ndjson", "--idle", "1h", *more)
    got = {}
    for r in map(json.loads, lines):
        got[r["sport"], r["proto"]] = got.get((r["sport"], r["proto"]), 0) + r["packets"]
    expect("fragments " + str(more), got, want)
# IPv6 does not tell what is in a later one behind other headers: its first does
_, lines, _ = read(folder.name + "/pieces.pcap", "-o", "ndjson", "--fragment-ports", "--filter", "ip6")
expect("marked", [(r["proto"], r["packets"], r["fragment"]) for r in map(json.loads, lines)], [(17, 2, True)])
expect("no sample of them", read(own.name, "-o", "none", "--fragment-ports", "--sample", "2")[2], 2)

# with the packet that brings it there, in whatever way it is reported besides
# (of both limits each counts for itself: after 11, 12, 21 and 24 packets)
for more, want, active in ((["--report-bytes", "5000"], [10] * 80 + [5] * 40, 80), (["--report-packets", "12"], [12] * 80 + [1] * 40, 80),
                           (["--report-packets", "12", "--report-bytes", "5001"], [11] * 40 + [9] * 40 + [3] * 40 + [1] * 80, 160),
                           (["--report-packets", "24", "--biflow"], [24] * 40 + [1] * 40, 40), (["--report-packets", "26"], [25] * 40, 0)):
    got, lines, _ = read(own.name, "-o", "ndjson", *more)
    found = [json.loads(l) for l in lines]
    expect("reported " + str(more), sorted((r["packets"] for r in found), reverse=True), want)
    expect("and why " + str(more), sum(r["end"] == "active" for r in found), active)
    expect("all of it " + str(more), (got["packets"], got["octets"], got["flows"]), (1000, 500000, 40))

# what a pipe had before it paused is told then: as lines and as datagrams
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(("127.0.0.1", 0))
there.settimeout(60)
pipe = subprocess.Popen([meter, "-r", "-", "--idle", "1s", "-o", "ndjson", "-t", "nf5://127.0.0.1:%d" % there.getsockname()[1]],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
pipe.stdin.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101) + fragment(1000, 1, 0, 0, udp))
for i in range(5):
    pipe.stdin.write(fragment(1001 + i, 2, 0, 0, struct.pack(">HHHH", 8, 9, 100, 0) + bytes(16)))
pipe.stdin.flush()
expect("a line while the pipe waits", select.select([pipe.stdout], [], [], 60)[0] and json.loads(pipe.stdout.readline())["sport"], 7)
try:
    expect("a datagram while the pipe waits", there.recv(2048)[:4].hex(), "00050001")
except socket.timeout:
    expect("a datagram while the pipe waits", "none", "one")
expect("the rest at the end", json.loads(pipe.communicate()[0].splitlines()[0])["sport"], 8)

# a Ctrl-C, or another end, keeps what was counted: while it waits, and while it reads
def ended(feed):
    said = tempfile.TemporaryFile()
    run = subprocess.Popen([meter, "-r", "-", "--idle", "1s", "-o", "ndjson", "--stats", "json"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=said)
    feeder = threading.Thread(target=feed, args=[run.stdin])
    feeder.start()
    lines = [run.stdout.readline()]
    run.send_signal(signal.SIGTERM)
    lines += run.stdout.read().splitlines()
    status = run.wait()
    feeder.join()
    said.seek(0)
    told = sum(json.loads(l)["packets"] for l in lines[:-1])
    return status, json.loads(lines[-1])["packets"] == told > 0, b"interrupted" in said.read()
def few(to):
    to.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
    to.write(b"".join(fragment(1000 + 5 * i, 1, 0, 0, udp) for i in range(3)))
    to.flush()
def endless(to):
    try:
        few(to)
        for second in range(1 << 30):
            to.write(b"".join(fragment(2000 + second, i, 0, 0, udp) for i in range(1000)))
    except BrokenPipeError:
        pass
# also where it waits for the first byte, or the first writer
os.mkfifo(folder.name + "/fifo")
silent = os.pipe()
for name in (folder.name + "/fifo", "-"):
    run = subprocess.Popen([meter, own.name, name, "-o", "ndjson", "--stats", "json", "--report-packets", "9"], text=True,
                           stdin=silent[0], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    first = run.stdout.readline() # what was told while it waits
    run.send_signal(signal.SIGINT)
    rest = run.stdout.read().splitlines()
    expect("waiting for " + name[-4:], (run.wait(), json.loads(rest[-1])["packets"]), (130, 1000))
os.close(silent[1])
# a second one ends it whoever takes nothing
taken = os.pipe()
run = subprocess.Popen([meter, *[own.name] * 10, "--report-packets", "1", "-o", "ndjson"], stdout=taken[1], stderr=subprocess.PIPE)
room = fcntl.fcntl(taken[0], fcntl.F_GETPIPE_SZ)
while struct.unpack("i", fcntl.ioctl(taken[0], termios.FIONREAD, bytes(4)))[0] < room and run.poll() is None:
    time.sleep(0.01)
run.send_signal(signal.SIGINT)
expect("the first is answered", b"once more" in run.stderr.readline() + run.stderr.readline(), True)
run.send_signal(signal.SIGINT)
expect("the second ends it", run.wait(60), -signal.SIGINT)
# nobody who reads what comes out: it ends, and says why, in the midst of an endless pipe
os.close(taken[1])
run = subprocess.Popen([meter, "-r", "-", "-o", "ndjson", "--report-packets", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
run.stdout.close()
endless(run.stdin)
expect("nobody reads", (run.wait(60), b"Broken pipe" in run.stderr.read()), (1, True))
# what is read is not written over, and no option is passed over
os.symlink(own.name, folder.name + "/other-name")
def refused(*args):
    with open(own.name) as f:
        out = subprocess.run([meter, *args], stdin=f, capture_output=True, text=True)
    return out.returncode, out.stdout
kept = open(own.name, "rb").read()
for args in (("-r", own.name, "-w", own.name), ("-r", own.name, "-w", folder.name + "/other-name"), ("-r", "-", "-w", own.name),
             ("-r", own.name, "-w", "-", "-o", "csv"), ("-r", own.name, "-w", "-", "--stats", "json"),
             ("-r", own.name, "--print"), ("-r", own.name, "--backend", "packet"), ("-r", own.name, "--settings", "x"),
             ("-r", own.name, "-w", "/dev/null", "-w", "/dev/null"), ("-r", own.name, "-F", "tcp", "-F", "udp"),
             ("-r", own.name, "--key", "5tuple,addresses"), ("-r", own.name, "--key", "addresses+5tuple"),
             ("-r", own.name, "--random"), ("-r", own.name, "--hash", "7"), ("-r", own.name, "--balance"),
             ("-r", own.name, "--sample", "2", "--random", "--hash", "7"), ("--setup", "x", "--idle", "5"),
             ("--setup", "x", "--stats", "json"), ("--setup", "x", "--count", "5"), ("--setup", "x", "--for", "5"),
             ("--setup", "x", "-o", "csv"), ("--setup", "x", "--print", "--status", "y"), ("--setup", "x", "--dump", "z", "--print"),
             ("--setup", "x", "--dump", "z", "--backend", "pcap"), ("--setup", "x", "--dump", "z", "-t", "127.0.0.1:9")):
    expect("refused " + " ".join(args), refused(*args), (2, ""))
expect("still there", open(own.name, "rb").read() == kept, True)
quiet = subprocess.run([meter, "-q", "-r", own.name, "-o", "none", "-w", "/dev/null"], capture_output=True, text=True)
expect("quiet", (quiet.returncode, quiet.stdout, quiet.stderr), (0, "", ""))
full = subprocess.run([meter, "-r", own.name, "-w", "/dev/full"], capture_output=True, text=True)
expect("full", (full.returncode, "/dev/full: write: No space left" in full.stderr), (1, True))
for feed in few, endless:
    expect("ended", ended(feed), (130, True, True))
# a Ctrl-C that ends who writes into the pipe, too: what comes to an end then is not all
for cut in 0, 9:
    run = subprocess.Popen([meter, "-r", "-", "-o", "ndjson", "--report-packets", "1"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    few(run.stdin)
    run.stdin.write(fragment(1020, 1, 0, 0, udp)[:cut])
    run.stdin.flush()
    run.stdout.readline()
    run.send_signal(signal.SIGINT)
    run.stderr.readline() + run.stderr.readline()
    said = run.communicate()[1]
    expect(f"ended with its writer, {cut}", (run.returncode, said.endswith(b"interrupted  NFZ-E900\n")), (130, True))

# time that goes on in steps ends flows when they are due, from the first packet
# on, and for the reason that came first
def at_times(packets):
    with open(folder.name + "/times.pcap", "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for ms, number, flags in packets:
            ip = struct.pack(">BBHHHBBH4s4sHHIIBBHI", 0x45, 0, 40, 0, 0, 64, 6, 0, bytes([10, 0, 0, 1]),
                             bytes([10, 0, 0, 2]), number, 80, 0, 0, 0x50, flags, 0, 0)
            f.write(struct.pack("<IIII", 1000 + ms // 1000, ms % 1000 * 1000, 40, 40) + ip)
    return folder.name + "/times.pcap"
def left(packets, *more):
    got, lines, _ = read(at_times(packets), "-o", "ndjson", *more)
    return got["most_flows"], [(r["sport"], r["packets"], r["end"]) for r in map(json.loads, lines)]
silences = [(70000 * i, i, 16) for i in range(300)]
expect("flows after silences", left(silences, "--idle", "60")[0] <= 2, True)
expect("flows without patience", left(silences, "--idle", "0")[0] <= 2, True)
expect("finished at the start", left([(50 * i, i, 17) for i in range(300)], "--idle", "600", "--fin", "0.5")[0] <= 40, True)
expect("active before idle", left([(0, 1, 16), (400000, 2, 16), (401000, 2, 16)], "--idle", "300", "--active", "60")[1],
       [(1, 1, "active"), (2, 2, "forced")])
expect("idle before active", left([(0, 1, 16), (400000, 2, 16), (401000, 2, 16)], "--idle", "60", "--active", "300")[1],
       [(1, 1, "idle"), (2, 2, "forced")])
# nobody was silent, or went on for so long, where a clock was put back
for more in ("--idle", "1d", "--active", "1d"), ("--idle", "60", "--active", "60"), ("--idle", "600"):
    expect("put back", [r for r in left([(20000000, 1, 16), (20001000, 1, 16)] + [(1000 * i, 2, 16) for i in range(200)], *more)[1]
                        if r[0] == 1], [(1, 2, "forced")])
# one that is far ahead is no time, and neither are some
for wrong in (1, 20):
    stray = [(10 ** 9, 9, 16) if 30 <= i < 30 + wrong else (1000 * i, i % 2, 16) for i in range(200)]
    ends = [end for number, _, end in left(stray, "--idle", "60", "--active", "1d")[1] if number < 2]
    expect("stray times " + str(wrong), ends, ["forced", "forced"])

# the public ones: numbers as the truth, and for every setting the sum of the
# records is the packets
for path, want in public.items():
    held(path, read(path, "--idle", "60", "--active", "300", "-o", "none")[0], want)
for path, ip4, ip6, octets in rows:
    for setting in (["--idle", "60"], ["--idle", "1", "--active", "2"],
                    ["--idle", "1d", "--active", "1d", "--flows", "5"], ["--fin", "1"]):
        got, lines, status = read(path, "-o", "csv", *setting)
        expect(path + " exit", status, 0)
        lines = list(csv.DictReader(io.StringIO("\n".join(lines))))
        expect(path + " packets", sum(int(l["packets"]) for l in lines), ip4 + ip6)
        expect(path + " octets", sum(int(l["bytes"]) for l in lines), octets)
        expect(path + " records", got["records"], len(lines))
        expect(path + " times", sum(int(l["first_ns"]) > int(l["last_ns"]) for l in lines), 0)
        if path in public:
            expect(path + " flows", got["flows"], public[path]["flows"])
    for key in ("addresses", "vlan,mac", "tos,addresses"):
        got, lines, status = read(path, "-o", "ndjson", "--key", key)
        lines = [json.loads(l) for l in lines]
        expect(path + " packets by " + key, sum(l["packets"] for l in lines), ip4 + ip6)
        expect(path + " flows by " + key, got["flows"],
               len({tuple(l.get(k) for k in ("src", "dst", "sport", "dport", "proto", "vlan", "src_mac", "dst_mac")
                          + ("tos",) * ("tos" in key)) for l in lines}))
    # both directions in one record: nothing more, nothing less, and the metrics of all packets
    got, lines, status = read(path, "-o", "ndjson", "--biflow", "--metrics", "all", "--active", "2")
    lines = [json.loads(l) for l in lines]
    expect(path + " packets both ways", sum(l["packets"] + l["reverse_packets"] for l in lines), ip4 + ip6)
    expect(path + " octets both ways", sum(l["bytes"] + l["reverse_bytes"] for l in lines), octets)
    expect(path + " sizes", sum(sum(l["sizes"]) + sum(l["reverse_sizes"]) for l in lines), ip4 + ip6)
    expect(path + " empty or late", [l for l in lines if not l["packets"] + l["reverse_packets"] or
           l["first_ns"] > l["last_ns"] or l["reverse_first_ns"] > l["reverse_last_ns"]], [])
    _, lines, _ = read(path, "-o", "ndjson", "--biflow", "--idle", "999d", "--active", "999d")
    tuples = [tuple(json.loads(l)[k] for k in ("src", "dst", "sport", "dport", "proto")) for l in lines]
    expect(path + " pairs are one", [t for t in tuples if (t[1], t[0], t[3], t[2], t[4]) in tuples and t[:1] + t[2:3] != t[1:2] + t[3:4]], [])
    got, _, _ = read(path, "-o", "none", "--sample", "7")
    expect(path + " sampled", got["frames"] - got["unsampled"], (got["frames"] + 6) // 7)
# applications by content, where libndpi was there at build time
def applications(path):
    out = subprocess.run([meter, "-r", path, "--metrics", "application", "--biflow", "-o", "ndjson"],
                         capture_output=True, text=True)
    return out.returncode, out.stderr, {(json.loads(l)["application"] or "").split(".")[0] for l in out.stdout.splitlines()}
status, said, _ = applications(own.name)
if status:
    print("SKIPPED: applications of flows, no libndpi")
    expect("why there is none", (status, "libndpi cannot be used" in said), (2, True))
else:
    expect("applications are counted", "flows looked at " in said, True)
    for name, want in (("dns", {"DNS"}), ("http", {"HTTP"}), ("tls", {"TLS", "QUIC"})) if public else ():
        expect("applications of " + name, applications(f"{truth}/ipfixprobe__{name}.pcap")[2], want)
# by hash: the same packets wherever they are seen, one of so many of the many
hops = tempfile.TemporaryDirectory()
def hop(name, ttl, tos, mac, padding):
    with open(hops.name + "/" + name, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(4000):
            # of what is short there are links that fill it up; some say less than their header takes
            short = i % 4 == 1
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, tos, 10 if i % 8 == 5 else 24 if short else 60, i % 500, 0, ttl, 17, ttl * i % 65536,
                             bytes([10, 0, i // 256, i % 256]), bytes([10, 1, 0, 0]))
            if i % 4 == 3:
                ip = struct.pack(">IHBB", 0x60000000 | tos << 20, 40, 17, ttl) + bytes(14) + struct.pack(">H", i) + bytes(16)
            frame = bytes(6) + bytes([mac]) * 6 + (b"\x08\0" if i % 4 < 3 else b"\x86\xdd") + ip + (bytes([i % 256]) * 4 + padding if short else bytes([i % 256]) * 20)
            f.write(struct.pack("<IIII", 1000 + ttl, i, len(frame), len(frame) if short else 94) + frame)
    args = [hops.name + "/" + name, "-o", "csv", "--sample", "10", "--hash"]
    keys = [[tuple(l.split(",")[:5]) for l in read(*args, init)[1][1:]] for init in ("0", "7")]
    return [set(k) for k in keys]
near, far = hop("near", 64, 0, 1, b""), hop("far", 3, 0x48, 2, b"padding" * 3)
expect("same packets by hash", near, far)
expect("others with another start", near[0] == near[1], False)
expect("one of ten", [len(k) for k in near if not 300 < len(k) < 500], [])
shortest = [sum(k[0].startswith("10.") and int(k[0].split(".")[3]) % 8 == 5 for k in keys) for keys in near]
expect("one of ten of those that say too little", [n for n in shortest if not 20 < n < 100], [])
# several files are one run
some = list(public.items())[:10] or [(folder.name + "/" + x["name"], x) for x in forms if not x.get("broken")]
got, lines, status = read(*(path for path, _ in some), "-o", "ndjson")
expect("several", sum(json.loads(l)["packets"] for l in lines), sum(x["packets"] for _, x in some))
for path, ip4, ip6, octets in v5:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    got = {"records": 0, "packets": 0, "octets": 0}
    ended = threading.Event()
    t = threading.Thread(target=receive, args=(sock, got, ended))
    t.start()
    out = subprocess.run([meter, "-r", path, "--to", "127.0.0.1:%d" % sock.getsockname()[1]],
                         capture_output=True, text=True)
    ended.set()
    t.join()
    expect(path + " v5 exit", out.returncode, 0)
    expect(path + " v5 packets", got["packets"], ip4)
    expect(path + " v5 octets", got["octets"], octets)
bad = subprocess.run([meter, "-r", "/dev/null"], capture_output=True, text=True)
expect("no capture file", bad.returncode, 2)
print(len(forms), "forms,", len(rows), "files,", len(v5), "by NetFlow v5,", failed, "failed")
sys.exit(failed != 0)
END
