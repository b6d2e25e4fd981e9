"""Messages of NetFlow and IPFIX as the tools of others read them."""
import json
import struct
import subprocess


def as_pcap(name, messages):
    """A capture of these datagrams, to port 2055."""
    with open(name, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for m in messages:
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(m), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
            ip += struct.pack(">HHHH", 1, 2055, 8 + len(m), 0) + m
            f.write(struct.pack("<IIII", 1, 0, len(ip), len(ip)) + ip)


def fields_of(file, *names):
    """Every value of these fields, by name, in order."""
    argv = ["tshark", "-r", file, "-d", "udp.port==2055,cflow", "-T", "fields",
            "-E", "separator=;", "-E", "occurrence=a", "-E", "aggregator=,"]
    for name in names:
        argv += ["-e", name]
    got = {name: [] for name in names}
    for line in subprocess.run(argv, capture_output=True, text=True).stdout.splitlines():
        for name, values in zip(names, line.split(";")):
            got[name] += [x for x in values.split(",") if x]
    return got


def read_by_tshark(file):
    """-> packets, octets, complaints"""
    got = fields_of(file, "cflow.packets", "cflow.octets", "_ws.malformed", "_ws.expert.message")
    return (sum(map(int, got["cflow.packets"])), sum(map(int, got["cflow.octets"])),
            got["_ws.malformed"] + got["_ws.expert.message"])


def objects(text):
    """Of nfdump's JSON, whose brackets do not always match."""
    at = text.find("{")
    while at >= 0:
        value, at = json.JSONDecoder().raw_decode(text, at)
        yield value
        at = text.find("{", at)
