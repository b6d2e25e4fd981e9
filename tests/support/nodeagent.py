"""Runs on a node of the testbed, fed through stdin: one JSON command a line in,
one JSON answer a line out.  It makes traffic and counts what it made."""
import base64
import json
import os
import re
import select
import socket
import subprocess
import sys
import time

held = {}


def ping(to, count, size=56, options=()):
    # ping waits for two round trips after the last one: no queues, please.
    out = subprocess.run(["ping", "-n", "-q", "-c", str(count), "-i",
                          "0.02" if size < 1000 else "0.3", "-W", "2", "-s",
                          str(size), *options, to],
                         capture_output=True, text=True)
    got = re.search(r"(\d+) packets transmitted, (\d+) received", out.stdout)
    if not got:
        return {"sent": 0, "received": 0, "said": out.stdout + out.stderr}
    return {"sent": int(got[1]), "received": int(got[2])}


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def target(to, port, scope):
    if ":" in to:
        return (to, port, 0, socket.if_nametoindex(scope))
    return (to, port)


def udp(to, port, count, size, via=None, sport=0, rate=0):
    """Datagrams to an address, a broadcast or a group; via: interface."""
    s = socket.socket(family(to), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if via:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, via.encode())
        if ":" in to:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF,
                         socket.if_nametoindex(via))
    s.bind(("", sport))
    data, sent, start = b"x" * size, 0, time.monotonic()
    where = target(to, port, via)
    while sent < count:
        if rate and sent % 64 == 0:
            ahead = sent / rate - (time.monotonic() - start)
            if ahead > 0:
                time.sleep(ahead)
        try:
            s.sendto(data, where)
            sent += 1
        except ConnectionRefusedError:
            pass
        except BlockingIOError:
            select.select([], [s], [], 1)
    return {"sent": sent, "sport": s.getsockname()[1],
            "seconds": time.monotonic() - start}


def listen(kind, port, version=4):
    which = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}[kind]
    s = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6,
                      which)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if kind == "udp":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind(("", port))
    if kind == "tcp":
        s.listen(64)
    held[kind, port, version] = s
    return {}


def drop(kind, port, version=4):
    held.pop((kind, port, version)).close()
    return {}


def drain(port, version=4):
    """How many datagrams have come; nobody reads them before."""
    s, n = held["udp", port, version], 0
    s.setblocking(False)
    try:
        while True:
            s.recv(65536)
            n += 1
    except BlockingIOError:
        return {"received": n}


def accept(port, answer):
    """One connection, read to its end, answered with so many bytes."""
    c, _ = held["tcp", port, 4].accept()
    got = 0
    while data := c.recv(1 << 18):
        got += len(data)
    c.sendall(b"y" * answer)
    c.shutdown(socket.SHUT_WR)
    c.recv(1)
    c.close()
    return {"received": got}


def connect(to, port, size):
    s = socket.create_connection((to, port), 20)
    s.sendall(b"x" * size)
    s.shutdown(socket.SHUT_WR)
    got = 0
    while data := s.recv(1 << 18):
        got += len(data)
    sport = s.getsockname()[1]
    s.close()
    return {"received": got, "sport": sport}


def snmp():
    lines = open("/proc/net/snmp").read().splitlines()
    for names, values in zip(lines, lines[1:]):
        if names.startswith("Tcp:") and values.startswith("Tcp:"):
            row = dict(zip(names.split(), values.split()))
    return {"segments": int(row["OutSegs"]) + int(row["RetransSegs"]),
            "again": int(row["RetransSegs"])}


def facts():
    """Addresses and routes, as the node itself has them."""
    def run(*words):
        out = subprocess.run(["ip", "-j", *words], capture_output=True)
        return json.loads(out.stdout)
    return {"addr": run("addr"), "route": run("-4", "route")}


def shell(words, timeout=60):
    out = subprocess.run(words, capture_output=True, text=True,
                         timeout=timeout)
    return {"status": out.returncode, "out": out.stdout, "err": out.stderr}


def keep(program):
    """A program to run later; it never touches the node's disk."""
    held["program"] = os.memfd_create("program")
    os.write(held["program"], base64.b64decode(program))
    return {}


def run(words, timeout=60):
    fd = held["program"]
    out = subprocess.run([f"/proc/self/fd/{fd}", *words], text=True,
                         capture_output=True, timeout=timeout, pass_fds=[fd])
    return {"status": out.returncode, "out": out.stdout, "err": out.stderr}


commands = {f.__name__: f for f in (ping, udp, listen, drop, drain, accept,
                                    connect, snmp, facts, shell, keep, run)}
os.chdir("/")
for line in sys.stdin:
    name, words = json.loads(line)
    try:
        reply = commands[name](**words)
    except Exception as error:  # told to whoever asked
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
