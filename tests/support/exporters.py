#!/usr/bin/env python3
"""Real exporters feed nfz-collector: what it stores is what they exported.

usage: tests/support/exporters.py BIN CAPTURE...

Each exporter reads each capture.  Its datagrams are caught, counted by a reader
of this file (NetFlow 1, 5, 7, sFlow) or by nfcapd, and given to the collector.  Exit status 77: nothing could be run.
"""

import collections
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from foreign import Collector, free_port, queues, send

bin_dir, captures = sys.argv[1], sys.argv[2:]
work = tempfile.TemporaryDirectory(prefix="nfz-exporters.")
failed = checks = 0


def expect(what, got, want):
    global failed, checks
    checks += 1
    if got != want:
        failed += 1
        print(f"FAILED: {what}: {got}, wanted {want}")


def catch(argv, sock, stdin=None, patience=8):
    """All datagrams a program sends until it ends."""
    p = subprocess.Popen(argv, stdin=stdin or subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    got, began = [], time.monotonic()
    heard = began
    sock.settimeout(0.1)
    over = False
    while True:
        if not over and p.poll() is not None:
            over, heard = True, time.monotonic()
        try:
            got.append(sock.recv(65535))
            heard = time.monotonic()
        except socket.timeout:
            if over and time.monotonic() - heard > 0.5:
                return got
            if p.poll() is None and time.monotonic() - began > 20:
                p.kill()
            elif time.monotonic() - heard > patience and p.poll() is None:
                # one that waits for more packets sends what it has
                p.terminate()


def pmacct(kind, version, path, port, more=False):
    conf = f"{work.name}/pmacctd.conf"
    with open(conf, "w") as f:
        f.write(f"daemonize: false\npcap_savefile: {path}\n")
        f.write(f"plugins: {kind}[a]\n{kind}_receiver[a]: 127.0.0.1:{port}\n")
        if kind == "nfprobe":
            f.write(f"nfprobe_version[a]: {version}\n")
            f.write("aggregate[a]: src_host,dst_host,src_port,dst_port,"
                    "proto,tos,tcpflags" + more * (",vlan,src_mac,dst_mac,"
                    "src_as,dst_as,in_iface,out_iface") + "\n")
            if more:
                nets = f"{work.name}/networks"
                with open(nets, "w") as n:
                    n.write("64500,192.168.0.0/16\n4200000001,0.0.0.0/0\n")
                f.write(f"networks_file: {nets}\npmacctd_as: longest\n"
                        "pmacctd_net: longest\nnfprobe_ifindex[a]: 7\n"
                        "nfprobe_direction[a]: in\n")
        else:
            f.write("sampling_rate: 1\n")
    return ["pmacctd", "-f", conf]


def exports(path, port):
    """name, the command, its standard input"""
    to = f"127.0.0.1:{port}"
    # with a control socket it waits for commands when the file has ended
    softflowd = ["softflowd", "-d", "-c", "none", "-p", f"{work.name}/pid",
                 "-r", path, "-n", to, "-v"]
    for version in ("1", "5", "9", "10"):
        yield "softflowd", f"v{version}", softflowd + [version], None
    yield "softflowd", "v10 both ways", softflowd + ["10", "-b"], None
    yield "softflowd", "v9 1 in 4", softflowd + ["9", "-s", "4"], None
    for version in (1, 5, 7):
        yield ("fprobe", f"v{version}", ["fprobe", "-f", "ip", "-i", "-", "-n",
               str(version), to], path)
    for version in (9, 10):
        yield ("pmacctd", f"v{version}", pmacct("nfprobe", version, path, port),
               None)
    yield ("pmacctd", "sflow", pmacct("sfprobe", 0, path, port), None)


def by_nfdump(datagrams):
    """What nfcapd makes of them, by protocol."""
    dir, p = f"{work.name}/nfcapd", None
    while not p or p.poll() is not None:  # or its port is another's
        port = free_port()
        shutil.rmtree(dir, ignore_errors=True)
        os.makedirs(dir)
        p = subprocess.Popen(["nfcapd", "-w", dir, "-p", str(port), "-b",
                              "127.0.0.1", "-t", "3600"],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        while p.poll() is None and not queues(port):
            time.sleep(0.02)
    send(datagrams, port)
    p.send_signal(signal.SIGTERM)
    p.wait()
    sums = collections.defaultdict(lambda: [0, 0, 0])
    for words in nfdump_rows("%pr,%pkt,%byt"):
        if len(words) == 3 and words[1].isdigit():
            proto = (int(words[0]) if words[0].isdigit()
                     else PROTOCOLS.get(words[0].lower(), -1))
            for i, n in enumerate((1, int(words[1]), int(words[2]))):
                sums[proto][i] += n
    return {k: tuple(v) for k, v in sums.items()}


def nfdump_rows(columns):
    """Of what nfcapd stored last, each line's cells."""
    dir = f"{work.name}/nfcapd"
    for name in sorted(os.listdir(dir)):
        out = subprocess.run(["nfdump", "-r", f"{dir}/{name}", "-q", "-N", "-o",
                              "fmt:" + columns], capture_output=True,
                             text=True).stdout
        yield from ([w.strip() for w in line.split(",")]
                    for line in out.splitlines())


PROTOCOLS = {}
for line in open("/etc/protocols"):
    words = line.partition("#")[0].split()
    for name in words[:1] + words[2:]:
        PROTOCOLS[name.lower()] = int(words[1])


def by_hand(datagrams):
    """NetFlow 1, 5, 7, by protocol."""
    sums = collections.defaultdict(lambda: [0, 0, 0])
    for d in datagrams:
        version, count = struct.unpack(">HH", d[:4])
        head = 16 if version == 1 else 24
        each = (len(d) - head) // count
        for i in range(count):
            r = d[head + i * each:]
            proto = r[38]
            for k, n in enumerate((1,) + struct.unpack(">II", r[16:24])):
                sums[proto][k] += n
    return {k: tuple(v) for k, v in sums.items()}


def xdr(d):
    """Elements of an XDR list of (format, opaque)."""
    while len(d) >= 8:
        kind, n = struct.unpack(">II", d[:8])
        yield kind, d[8:8 + n]
        d = d[8 + n:]


def ip_of(record):
    """The IP header of a sampled frame of Ethernet, or of none."""
    kind, _, _, n = struct.unpack(">IIII", record[:16])
    frame, at = record[16:16 + n], 12
    if kind in (11, 12):
        return frame
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return (frame[at + 2:] if frame[at:at + 2] in (b"\x08\x00", b"\x86\xdd")
            else b"")


def by_sample(datagrams):
    """sFlow at 1 in 1: packets and octets of IP."""
    packets = octets = 0
    for d in datagrams:
        for kind, sample in xdr(d[28:]):
            for form, record in xdr(sample[32:] if kind == 1 else b""):
                ip = ip_of(record) if form == 1 else b""
                if len(ip) >= 20 and ip[0] >> 4 == 4:
                    octets += struct.unpack(">H", ip[2:4])[0]
                elif len(ip) >= 40 and ip[0] >> 4 == 6:
                    octets += struct.unpack(">H", ip[4:6])[0] + 40
                else:
                    continue
                packets += 1
    return packets, octets


def totals(rows):
    return tuple(sum(r[i] for r in rows.values()) for i in range(3))


def is_spoilt(d):
    """NetFlow 9, IPFIX: has it a set that goes on behind its end?  pmacctd makes
    one of a frame whose headers are cut off."""
    at = {9: 20, 10: 16}.get(struct.unpack(">H", d[:2])[0], len(d))
    while at + 4 <= len(d):
        n = struct.unpack(">H", d[at + 2:at + 4])[0]
        if n < 4 or at + n > len(d):
            return True
        at += n
    return False


def check(what, datagrams, sflow):
    c = Collector(bin_dir, work.name)
    send(datagrams, c.port)
    stored, status = c.end()
    expect(f"{what}: malformed", status["malformed"], 0)
    spoilt = sum(is_spoilt(d) for d in datagrams)
    if not what.startswith("softflowd v10") and not spoilt:
        # its numbers do not count data records (RFC 7011 3.1)
        expect(f"{what}: lost", [s.get("lost", 0) for s in status["sources"]],
               [0] * len(status["sources"]))
    expect(f"{what}: waiting", (status["waiting_bytes"],
           status["given_up_bytes"], status["bad_sets"]), (0, 0, spoilt))
    version = struct.unpack(">H", datagrams[0][:2])[0]
    if sflow:
        expect(f"{what}: as sampled", totals(stored)[1:],
               by_sample(datagrams))
    elif version in (1, 5, 7):
        expect(f"{what}: as exported", stored, by_hand(datagrams))
    elif "both ways" in what:
        # nfdump reads one of them; one way, these are the same packets
        expect(f"{what}: as one way", totals(stored)[1:], one_way[1:])
    else:
        times = 4 if "1 in 4" in what else 1 # nfdump does not scale
        expect(f"{what}: as nfdump", stored, {
            k: (v[0], v[1] * times, v[2] * times)
            for k, v in by_nfdump(datagrams).items()})
    return totals(stored)


# what we call it, and nfdump; of two of the latter the one that was told
BESIDES = {"vlan": ("%svln",), "out_vlan": ("%dvln",), "src_as": ("%sas",),
           "dst_as": ("%das",), "in_if": ("%in",), "out_if": ("%out",),
           "next_hop": ("%nh",), "src_mac": ("%ismc", "%osmc"),
           "dst_mac": ("%idmc", "%odmc")}
NOTHING = {"", "0", "0.0.0.0", "00:00:00:00:00:00"}


def check_besides(what, datagrams):
    """VLAN, AS and so on, by packets, against nfdump; those that were told."""
    by_nfdump(datagrams)
    asked = [c for names in BESIDES.values() for c in names]
    want, told = collections.Counter(), set()
    for words in nfdump_rows(",".join(["%pkt"] + asked)):
        cells = dict(zip(asked, words[1:]))
        row = tuple(next((cells[c] for c in names
                          if cells[c] not in NOTHING), "")
                    for names in BESIDES.values())
        told.update(n for n, v in zip(BESIDES, row) if v)
        want[row] += int(words[0])
    c = Collector(bin_dir, work.name)
    send(datagrams, c.port)
    c.end()
    got = {tuple(r[n] for n in BESIDES): int(r["packets"])
           for r in c.rows(",".join(BESIDES))}
    expect(f"{what}: besides", got, dict(want))
    return told


def replay(datagrams, sock, port):
    """What nfcapd stored, sent once more by nfreplay."""
    by_nfdump(datagrams)
    dir = f"{work.name}/nfcapd"
    for name in sorted(os.listdir(dir)):
        for version in ("5", "9"):
            got = catch(["nfreplay", "-r", f"{dir}/{name}", "-H", "127.0.0.1",
                         "-p", str(port), "-v", version], sock)
            # of IPv6 it sends a datagram of nothing as version 5
            yield version, [d for d in got if d]


tools = {t for t in ("softflowd", "fprobe", "pmacctd", "nfreplay", "nfcapd")
         if shutil.which(t)}
for missing in {"softflowd", "fprobe", "pmacctd", "nfreplay"} - tools:
    print(f"SKIPPED: {missing} is not installed")
if "nfcapd" not in tools or not tools - {"nfcapd"}:
    print("SKIPPED: nfcapd, which counts for us, is not installed")
    sys.exit(77)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
SO_RCVBUFFORCE = 33
try:
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
except PermissionError:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
sock.bind(("127.0.0.1", 0))
port = sock.getsockname()[1]
one_way = None
for path in captures:
    name = os.path.basename(path)
    kept = None
    for tool, kind, argv, stdin in exports(path, port):
        if tool not in tools:
            continue
        got = catch(argv, sock, open(stdin) if stdin else None,
                    1 if stdin else 8)
        if not got:
            # version 1 to 7 has nothing to say of a capture of IPv6
            print(f"SKIPPED: {tool} {kind} exports nothing of {name}")
            continue
        sums = check(f"{tool} {kind} {name}", got, kind == "sflow")
        if tool == "softflowd":
            one_way = sums
        print(f"ok: {tool} {kind}, {name}: {sums[0]} flows, {sums[1]} packets")
        if tool == "softflowd" and kind == "v9":
            kept = got
    if kept and "nfreplay" in tools:
        for version, got in replay(kept, sock, port):
            if got:
                check(f"nfreplay v{version} {name}", got, False)
                print(f"ok: nfreplay v{version}, {name}")
if "pmacctd" in tools:
    path = f"{os.path.dirname(captures[0])}/ipfixprobe__vlan.pcap"
    path = path if os.path.exists(path) else captures[0]
    for version in (9, 10):
        got = catch(pmacct("nfprobe", version, path, port, True), sock)
        told = check_besides(f"pmacctd v{version}", got)
        expect(f"pmacctd v{version}: tells", {"src_as", "dst_as", "in_if",
               "src_mac", "dst_mac"} - told, set())
        print(f"ok: pmacctd v{version}, {', '.join(sorted(told))}")
        if version == 9 and "nfreplay" in tools:
            for kind, again in list(replay(got, sock, port)):
                told = check_besides(f"nfreplay v{kind}", again)
                print(f"ok: nfreplay v{kind}, {', '.join(sorted(told))}")
print(f"{checks} checks, {failed} failed")
sys.exit(1 if failed or not checks else 0)
