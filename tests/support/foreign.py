"""nfz-collector as foreign exporters find it: datagrams in, its store and its
status out."""

import csv
import io
import json
import random
import shutil
import signal
import socket
import subprocess
import time


def free_port():
    """One that the kernel gives nobody of its own accord."""
    while True:
        port = random.randrange(10000, 30000)
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            s.bind(("127.0.0.1", port))
            return port
        except OSError:
            pass


class Collector:
    def __init__(self, bin_dir, work):
        self.bin, self.store = bin_dir, f"{work}/store"
        while not self.begin(work):  # somebody else was given that port
            pass

    def begin(self, work):
        self.port = free_port()
        shutil.rmtree(self.store, ignore_errors=True)
        setup = f"{work}/setup"
        with open(setup, "w") as f:
            f.write("netflowize-setup 1\ndeployment 00000000000000aa\n"
                    "module 9 collector\n"
                    f"listen 127.0.0.1 0\nactive_ms 60000\n"
                    "idle_ms 15000\nfin_ms 5000\nlease_ms 60000\n"
                    f"cache_flows 4096\nstore {self.store}\n"
                    f"import_port {self.port}\nimport_from 127.0.0.1\n")
        with open(f"{work}/said", "w") as said:
            self.p = subprocess.Popen(
                [f"{self.bin}/nfz-collector", "--setup", setup],
                stdout=subprocess.PIPE, stderr=said, text=True)
        if self.p.stdout.readline():
            return True
        with open(f"{work}/said") as said:
            why = said.read()
        if "in use" not in why:
            raise RuntimeError(f"the collector does not begin: {why}")
        return False

    def ask(self, line):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        s.connect(f"{self.store}/control")
        s.sendall(line.encode() + b"\n")
        text = b""
        while part := s.recv(65536):
            text += part
        return text.decode()

    def rows(self, by):
        out = subprocess.run([f"{self.bin}/nfz-query", self.store, "--by", by,
                              "-o", "csv"], capture_output=True, text=True,
                             check=True).stdout
        return list(csv.DictReader(io.StringIO(out)))

    def end(self):
        self.ask("flush 100")
        status = json.loads(self.ask("status").splitlines()[0])["foreign"]
        self.p.send_signal(signal.SIGTERM)
        self.p.wait()
        rows = {int(r["proto"]): (int(r["flows"]), int(r["packets"]),
                int(r["bytes"])) for r in self.rows("proto")}
        return rows, status


def queues(port):
    """How much waits in each socket that is bound to a port."""
    with open("/proc/net/udp") as f:
        rows = [line.split() for line in f][1:]
    return [int(r[4].split(":")[1], 16) for r in rows
            if r[1].endswith(f":{port:04X}")]


def send(datagrams, port):
    """No more at a time than a socket holds; when it returns all are read."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i, d in enumerate(datagrams, 1):
        s.sendto(d, ("127.0.0.1", port))
        if i == len(datagrams):
            time.sleep(0.1)  # the kernel may not have put it there yet
        while (i % 20 == 0 or i == len(datagrams)) and any(queues(port)):
            time.sleep(0.001)
