#!/bin/bash
# nfz-meter --read: lines and NetFlow v5 of a capture file hold exactly what
# the file holds.  Public captures with their truth where they are at hand,
# else a small one made here.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
python3 - "$build/bin/nfz-meter" <<'END'
import csv, io, os, socket, struct, subprocess, sys, tempfile, threading

meter = sys.argv[1]
truth = "../shared/ref/pcaps"
rows = []
if os.path.exists(truth + "/INDEX.md"):
    for line in open(truth + "/INDEX.md"):
        c = [x.strip() for x in line.split("|")]
        if len(c) > 16 and c[5].isdigit():
            rows.append((f"{truth}/{c[1]}", int(c[6]), int(c[7]), int(c[8])))
else:
    print("no captures at", truth, "- with one of our own only")
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

def receive(sock, into):
    sock.settimeout(1.5)
    try:
        while True:
            d = sock.recv(2048)
            n, seq = struct.unpack(">H", d[2:4])[0], struct.unpack(">I", d[16:20])[0]
            expect("v5 sequence", seq, into["records"])
            into["records"] += n
            for i in range(n):
                p, o = struct.unpack(">II", d[24 + 48 * i + 16:24 + 48 * i + 24])
                into["packets"] += p
                into["octets"] += o
    except socket.timeout:
        pass

v5 = [r for r in rows if r[2] == 0][:2] + rows[-1:]
for path, ip4, ip6, octets in rows:
    out = subprocess.run([meter, "-r", path, "-o", "csv"], capture_output=True, text=True)
    expect(path + " exit", out.returncode, 0)
    lines = list(csv.DictReader(io.StringIO(out.stdout)))
    expect(path + " packets", sum(int(l["packets"]) for l in lines), ip4 + ip6)
    expect(path + " octets", sum(int(l["bytes"]) for l in lines), octets)
for path, ip4, ip6, octets in v5:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    got = {"records": 0, "packets": 0, "octets": 0}
    t = threading.Thread(target=receive, args=(sock, got))
    t.start()
    out = subprocess.run([meter, "-r", path, "--to", "127.0.0.1:%d" % sock.getsockname()[1]],
                         capture_output=True, text=True)
    t.join()
    expect(path + " v5 exit", out.returncode, 0)
    expect(path + " v5 packets", got["packets"], ip4)
    expect(path + " v5 octets", got["octets"], octets)
bad = subprocess.run([meter, "-r", "/dev/null"], capture_output=True, text=True)
expect("no capture file", bad.returncode, 2)
print(len(rows), "files,", len(v5), "by NetFlow v5,", failed, "failed")
sys.exit(failed != 0)
END
