"""nfz-collector as foreign exporters find it: datagrams in, its store and its
status out."""

import csv
import io
import json
import shutil
import signal
import socket
import subprocess
import time


def free_port():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    return s.getsockname()[1]


class Collector:
    def __init__(self, bin_dir, work):
        self.bin = bin_dir
        self.port = free_port()
        self.store = f"{work}/store"
        shutil.rmtree(self.store, ignore_errors=True)
        setup = f"{work}/setup"
        with open(setup, "w") as f:
            f.write("netflowize-setup 1\ndeployment 00000000000000aa\n"
                    "module 9 collector\n"
                    f"listen 127.0.0.1 {free_port()}\nactive_ms 60000\n"
                    "idle_ms 15000\nfin_ms 5000\nlease_ms 60000\n"
                    f"cache_flows 4096\nstore {self.store}\n"
                    f"import_port {self.port}\nimport_from 127.0.0.1\n")
        self.p = subprocess.Popen([f"{self.bin}/nfz-collector", "--setup",
                                   setup], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        self.p.stdout.readline()

    def ask(self, line):
        s = socket.socket(socket.AF_UNIX)
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


def send(datagrams, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i, d in enumerate(datagrams):
        s.sendto(d, ("127.0.0.1", port))
        if i % 20 == 19:
            time.sleep(0.002)
    time.sleep(0.1)
