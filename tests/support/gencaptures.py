#!/usr/bin/env python3
"""Small captures of every form a meter must read, with their truth.

    gencaptures.py DIRECTORY

writes pcap and pcapng files (both byte orders, micro- and nanoseconds, other
clocks, every link type, tags, labels, fragments, extension headers, tunnels,
cut and broken ones) and prints one JSON object a file: name, frames, packets,
octets, flows, and `broken` for a file whose end cannot be read."""
import json
import os
import struct
import sys

be = struct.pack


def v4(src, dst, proto, payload, total=None, options=b"", frag=0, tos=0):
    ihl = 5 + len(options) // 4
    n = 4 * ihl + len(payload) if total is None else total
    return be(">BBHHHBBH", 0x40 | ihl, tos, n, 1, frag, 64, proto, 0) + src + dst + options + payload


def v6(src, dst, nxt, payload, length=None, tc=0):
    n = len(payload) if length is None else length
    return be(">IHBB", 6 << 28 | tc << 20, n, nxt, 64) + src + dst + payload


def udp(s, d, data=b"x" * 20):
    return be(">HHHH", s, d, 8 + len(data), 0) + data


def tcp(s, d, flags=0x10, data=b""):
    return be(">HHIIBBHHH", s, d, 1, 1, 0x50, flags, 1000, 0, 0) + data


A4, B4 = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
A6, B6 = bytes(15) + b"\1", bytes(15) + b"\2"
MACS = bytes(range(12))


def ip_len(p):
    if p[0] >> 4 == 4:
        return struct.unpack(">H", p[2:4])[0] or len(p)
    return 40 + struct.unpack(">H", p[4:6])[0]


class Packets:
    """IP packets with what they count as: (packet, tuple)."""

    def __init__(self):
        self.all = []

    def add(self, packet, *key):
        self.all.append((packet, key))


def plain():
    p = Packets()
    for i in range(6):
        p.add(v4(A4, B4, 17, udp(1000 + i % 2, 53)), 4, 17, 1000 + i % 2, 53)
    p.add(v4(A4, B4, 6, tcp(7, 80, 2)), 4, 6, 7, 80)
    p.add(v4(B4, A4, 6, tcp(80, 7, 0x12)), 4, 6, 80, 7)
    p.add(v4(A4, B4, 132, be(">HHII", 5, 6, 0, 0)), 4, 132, 5, 6)
    p.add(v4(A4, B4, 33, be(">HHBBHI", 8, 9, 4, 0, 0, 0)), 4, 33, 8, 9)
    p.add(v4(A4, B4, 136, udp(3, 4)), 4, 136, 3, 4)
    p.add(v4(A4, B4, 1, be(">BBHI", 8, 0, 0, 0)), 4, 1)
    p.add(v4(A4, B4, 6, tcp(9, 81), options=b"\1" * 8), 4, 6, 9, 81)
    p.add(v4(A4, B4, 17, udp(11, 12), total=0), 4, 17, 11, 12)
    p.add(v6(A6, B6, 17, udp(1, 2)), 6, 17, 1, 2)
    p.add(v6(A6, B6, 6, tcp(3, 4)), 6, 6, 3, 4)
    p.add(v6(A6, B6, 58, be(">BBHI", 128, 0, 0, 0)), 6, 58)
    return p


def fragments():
    p = Packets()
    p.add(v4(A4, B4, 17, udp(1, 2, b"y" * 16), frag=0x2000), 4, 17, 1, 2)
    p.add(v4(A4, B4, 17, b"z" * 24, frag=0x2003), 4, 17, 0, 0)
    p.add(v4(A4, B4, 17, b"z" * 5, frag=6), 4, 17, 0, 0)
    p.add(v6(A6, B6, 44, be(">BBHI", 17, 0, 1, 9) + udp(5, 6)), 6, 17, 5, 6)
    p.add(v6(A6, B6, 44, be(">BBHI", 17, 0, 0x60, 9) + b"q" * 16), 6, 17, 0, 0)
    p.add(v4(A4, B4, 1, b"z" * 24, frag=9), 4, 1)
    return p


def extensions():
    p = Packets()
    opts = be(">BBIH", 0, 0, 0, 0)
    chain = [0, 60, 43, 60, 51, 135, 139, 140]
    for n in range(len(chain) + 1):
        body, nxt = udp(100 + n, 200), 17
        for kind in reversed(chain[:n]):
            if kind == 51:
                body = be(">BBHIII", nxt, 4, 0, 1, 2, 0) + bytes(8) + body
            else:
                body = be(">BB", nxt, 1) + bytes(14) + body
            nxt = kind
        p.add(v6(A6, B6, nxt, body), 6, 17, 100 + n, 200)
    body, nxt = udp(7, 7), 17
    for _ in range(20):
        body, nxt = be(">B", nxt) + opts[1:] + body, 60
    p.add(v6(A6, B6, nxt, body), 6, 17, 7, 7)
    p.add(v6(A6, B6, 59, b"rest"), 6, 59)
    return p


def tunnels():
    """The outer packet counts, whatever is inside."""
    p = Packets()
    inner = v4(A4, B4, 17, udp(1, 2))
    p.add(v4(B4, A4, 47, be(">HH", 0, 0x0800) + inner), 4, 47)
    p.add(v4(B4, A4, 4, inner), 4, 4)
    p.add(v6(A6, B6, 4, inner), 6, 4)
    p.add(v4(B4, A4, 17, udp(9, 4789, be(">II", 8 << 24, 77 << 8) + MACS + b"\x08\0" + inner)), 4, 17, 9, 4789)
    p.add(v4(B4, A4, 17, udp(9, 6081, be(">BBHI", 0, 0, 0x6558, 5 << 8) + MACS + b"\x08\0" + inner)), 4, 17, 9, 6081)
    p.add(v4(B4, A4, 17, udp(9, 2152, be(">BBHI", 0x30, 255, len(inner), 5) + inner)), 4, 17, 9, 2152)
    p.add(v4(B4, A4, 47, be(">HH", 0, 0x0800) + b"\x45"), 4, 47)
    p.add(v4(B4, A4, 47, b"\x80"), 4, 47)
    p.add(v4(B4, A4, 17, udp(9, 4789, b"")), 4, 17, 9, 4789)
    return p


def kind(p):
    return 0x0800 if p[0] >> 4 == 4 else 0x86DD


def ppp(p):
    return be(">H", 0x21 if p[0] >> 4 == 4 else 0x57) + p


LINKS = {
    "ethernet": (1, lambda p: MACS + be(">H", kind(p)) + p),
    "padded": (1, lambda p: (MACS + be(">H", kind(p)) + p).ljust(60, b"\0")),
    "vlan": (1, lambda p: MACS + be(">HHH", 0x8100, 5, kind(p)) + p),
    "qinq": (1, lambda p: MACS + be(">HHHHH", 0x88A8, 5, 0x8100, 6, kind(p)) + p),
    "mpls": (1, lambda p: MACS + be(">HII", 0x8847, 16 << 12 | 64, 17 << 12 | 0x140) + p),
    "pppoe": (1, lambda p: MACS + be(">HBBHH", 0x8864, 0x11, 0, 1, len(p) + 2) + ppp(p)),
    "snap": (1, lambda p: MACS + be(">HBBBBHH", len(p) + 8, 0xAA, 0xAA, 3, 0, 0, kind(p)) + p),
    "raw": (101, lambda p: p),
    "raw12": (12, lambda p: p),
    "cooked": (113, lambda p: be(">HHH8sH", 0, 1, 6, MACS[:8], kind(p)) + p),
    "cooked2": (276, lambda p: be(">HHIHBB8s", kind(p), 0, 2, 1, 0, 6, MACS[:8]) + p),
    "null": (0, lambda p: struct.pack("<I", 2 if p[0] >> 4 == 4 else 10) + p),
    "null-be": (0, lambda p: be(">I", 2 if p[0] >> 4 == 4 else 28) + p),
    "loop": (108, lambda p: be(">I", 2 if p[0] >> 4 == 4 else 24) + p),
    "ppp": (9, ppp),
    "ppp-hdlc": (50, lambda p: b"\xff\3" + ppp(p)),
    "chdlc": (104, lambda p: be(">HH", 0x0F00, kind(p)) + p),
}


def classic(link, frames, order="<", nano=False, snap=65535):
    out = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, link)
    for i, f in enumerate(frames):
        out += struct.pack(order + "IIII", 1700000000 + i, 1234567 if nano else 1234,
                           min(len(f), snap), len(f)) + f[:snap]
    return out


def block(order, kind_, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind_, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link, resolution=None, offset=None, snap=0):
    opts = b""
    if resolution is not None:
        opts += struct.pack(order + "HHB3x", 9, 1, resolution)
    if offset is not None:
        opts += struct.pack(order + "HHq", 14, 8, offset)
    return block(order, 1, struct.pack(order + "HHI", link, 0, snap) + opts + (bytes(4) if opts else b""))


def enhanced(order, iface, ticks, frame, wire=None):
    return block(order, 6, struct.pack(order + "IIIII", iface, ticks >> 32, ticks & 0xFFFFFFFF,
                                       len(frame), wire or len(frame)) + frame + bytes(-len(frame) % 4))


def ng(link, frames, order="<", resolution=None, other=13):
    per = {None: 10**6, 9: 10**9, 0x8A: 1024, 3: 1000}[resolution]
    out = section(order) + interface(order, link, resolution)
    out += block(order, 0x0BAD0BAD, b"q" * other)
    for i, f in enumerate(frames):
        out += enhanced(order, 0, (1700000000 + i) * per + per // 2, f)
    return out


def truth(packets, cut=None):
    keys, octets = set(), 0
    for p, key in packets:
        keys.add((bytes(p[12:20] if p[0] >> 4 == 4 else p[8:40]),) + key)
        octets += ip_len(p)
    return {"frames": len(packets), "packets": len(packets), "octets": octets, "flows": len(keys)}


def main(folder):
    def put(name, data, want, **more):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
        print(json.dumps({"name": name, **want, **more}))

    base = plain().all
    for name, (link, wrap) in LINKS.items():
        # a length of 0 takes what the frame holds, so padding would count
        some = [x for x in base if name != "padded" or ip_len(x[0]) == struct.unpack(">H", x[0][2:4])[0]
                or x[0][0] >> 4 == 6]
        frames = [wrap(p) for p, _ in some]
        for order, end in (("<", "le"), (">", "be")):
            put(f"{name}-{end}.pcap", classic(link, frames, order), truth(some))
            put(f"{name}-{end}.pcapng", ng(link, frames, order), truth(some))
    eth = LINKS["ethernet"][1]
    frames = [eth(p) for p, _ in base]
    for what in (fragments, extensions, tunnels):
        some = what().all
        put(f"{what.__name__}.pcap", classic(1, [eth(p) for p, _ in some]), truth(some))
    for order, end in (("<", "le"), (">", "be")):
        put(f"nano-{end}.pcap", classic(1, frames, order, True), truth(base))
        for res in (9, 0x8A, 3):
            put(f"clock{res}-{end}.pcapng", ng(1, frames, order, res), truth(base))
    put("snapped.pcap", classic(1, frames, snap=62),
        {**truth(base), "octets": truth(base)["octets"]})
    # two interfaces of different kinds and clocks, two sections of different
    # byte orders, simple and obsolete blocks
    out, n = b"", 0
    for order in "<>":
        out += section(order) + interface(order, 1, 9) + interface(order, 101, None, 100)
        out += interface(order, 189)
        for p, _ in base:
            out += enhanced(order, 0, 1700000000 * 10**9, eth(p))
            out += enhanced(order, 1, 1699999900 * 10**6, p)
        out += enhanced(order, 2, 0, b"usb frame")
        f = eth(base[0][0])
        out += block(order, 3, struct.pack(order + "I", len(f)) + f + bytes(-len(f) % 4))
        out += block(order, 2, struct.pack(order + "HHIIII", 1, 0, 0, 0, len(base[0][0]), len(base[0][0]))
                     + base[0][0] + bytes(-len(base[0][0]) % 4))
    want = truth(base * 4 + [base[0]] * 4)
    want["frames"] += 2
    put("mixed.pcapng", out, want)
    put("big-block.pcapng", ng(1, frames, other=700001), truth(base))
    put("empty.pcap", classic(1, []), truth([]))
    put("empty.pcapng", section("<"), truth([]))
    arp = MACS + b"\x08\x06" + bytes(28)
    cut = [eth(v4(A4, B4, 17, udp(1, 2)))[:30], eth(v6(A6, B6, 17, udp(1, 2)))[:40], MACS + b"\x08\0\x35" + bytes(30)]
    put("not-ip.pcap", classic(1, [arp, b"", b"\0" * 5] + cut + frames[:1]),
        {**truth(base[:1]), "frames": 7})
    data = classic(1, frames)
    put("cut-frame.pcap", data[:-3], truth(base[:-1]), broken=True)
    put("cut-head.pcap", data + b"\1\2\3\4\5", truth(base), broken=True)
    put("long-frame.pcap", data + struct.pack("<IIII", 1, 1, 1 << 30, 1 << 30), truth(base), broken=True)
    data = ng(1, frames)
    put("cut.pcapng", data[:-3], truth(base[:-1]), broken=True)
    put("length.pcapng", data + struct.pack("<III", 6, 13, 0), truth(base), broken=True)
    put("no-interface.pcapng", data + enhanced("<", 9, 0, b"x"), truth(base), broken=True)
    put("order.pcapng", data + block("<", 0x0A0D0D0A, bytes(16)), truth(base), broken=True)
    put("captured.pcapng", data + block("<", 6, struct.pack("<IIIII", 0, 0, 0, 100, 100)),
        truth(base), broken=True)


main(sys.argv[1])
