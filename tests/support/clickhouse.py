"""A small server that takes what ClickHouse takes: statements over HTTP, rows
as RowBinary, each decoded to its last byte.  It fails as it is told.

usage: clickhouse.py DIR [FAULT...]

DIR/port says where it listens, DIR/rows.json what it has, DIR/log who asked
what; DIR/answer is what it answers to a SELECT.  Each FAULT is of one INSERT, in
order:

  ok       taken and answered
  500      refused, nothing taken
  404      there is no such table
  500-60   the same, as some servers say it
  drop     closed in the middle of the body
  lost     taken, closed without an answer
  slow     taken, answered after a second
  cut      taken, half a head answered
  kill     taken, then the process of DIR/pid is killed before the answer
"""
import json
import os
import signal
import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TYPES = [("first_ns", "q"), ("last_ns", "q"), ("src", "16s"), ("dst", "16s"),
         ("sport", "H"), ("dport", "H"), ("proto", "B"), ("fragment", "B"),
         ("tcp_flags", "B"), ("estimated", "B"), ("packets", "Q"),
         ("bytes", "Q"), ("src_node", "s"), ("dst_node", "s"), ("path", "as"),
         ("links", "as"), ("link_packets", "aQ"), ("link_bytes", "aQ"),
         ("via", "as"), ("probes", "as"), ("vlan", "H"),
         ("out_vlan", "H"), ("in_if", "I"), ("out_if", "I"), ("src_as", "I"),
         ("dst_as", "I"), ("next_hop", "16s"), ("src_mac", "Q"),
         ("dst_mac", "Q"), ("mpls", "I"), ("run", "s"), ("batch", "Q")]


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise ValueError("the rows end in the middle")
        self.at += n
        return self.data[self.at - n:self.at]

    def length(self):
        v = shift = 0
        while True:
            byte = self.take(1)[0]
            v |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return v

    def value(self, kind):
        if kind == "s":
            return self.take(self.length()).decode()
        if kind[0] == "a":
            return [self.value(kind[1:]) for _ in range(self.length())]
        if kind == "16s":
            return self.take(16).hex()
        return struct.unpack("<" + kind, self.take(struct.calcsize(kind)))[0]


def decode(body, columns):
    kinds = dict(TYPES)
    reader, rows = Reader(body), []
    while reader.at < len(body):
        rows.append({c: reader.value(kinds[c]) for c in columns})
    return rows


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rows, faults = [], []

    def log_message(self, *_):
        pass

    def answer(self, text, status=200):
        data = text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        length = int(self.headers["Content-Length"])
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionResetError("interrupted in the middle")
        return data

    def hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has gone by itself
            pass

    def take(self, rows):
        """Tokens are not looked at, as by a server that knows none."""
        self.rows += rows
        with open(f"{sys.argv[1]}/rows.new", "w") as f:
            json.dump(self.rows, f)
        os.rename(f"{sys.argv[1]}/rows.new", f"{sys.argv[1]}/rows.json")

    def insert(self, sql, parameters):
        fault = self.faults.pop(0) if self.faults else "ok"
        length = int(self.headers["Content-Length"])
        if fault == "drop":
            self.rfile.read(length // 2)
            self.hang_up()
            return
        body = self.body()
        if fault in ("500", "500-60", "404"):
            code = 241 if fault == "500" else 60
            self.answer(f"Code: {code}. DB::Exception: told to fail\n", int(fault[:3]))
            return
        columns = sql[sql.index("(") + 1:sql.index(")")].split(", ")
        rows = decode(body, columns)
        token = parameters["insert_deduplication_token"][0]
        assert len({r["last_ns"] // 86400000000000 for r in rows}) == 1
        assert {r["batch"] for r in rows} == {int(token[4:], 16)}
        self.take(rows)
        if fault == "kill":
            with open(f"{sys.argv[1]}/pid") as f:
                os.kill(int(f.read()), signal.SIGKILL)
        if fault in ("lost", "kill"):
            self.hang_up()
            return
        if fault == "cut":
            self.wfile.write(b"HTTP/1.1 200")
            self.hang_up()
            return
        if fault == "slow":
            time.sleep(1)
        self.answer("")

    def statement(self, sql):
        if sql.startswith("SELECT version()"):
            self.answer("24.8.1.1\n")
        elif sql.startswith("SELECT count() FROM") and "batch = " in sql:
            batch = int(sql.split("batch = ")[1].split()[0])
            self.answer("%d\n" % sum(r["batch"] == batch for r in self.rows))
        elif os.path.exists(f"{sys.argv[1]}/answer"):
            with open(f"{sys.argv[1]}/answer", "rb") as f:
                self.answer(f.read())
        else:
            self.answer("")

    def do_POST(self):
        parameters = parse_qs(urlsplit(self.path).query)
        with open(f"{sys.argv[1]}/log", "a") as log:
            who = [self.headers.get("X-ClickHouse-" + w)
                   for w in ("User", "Key")]
            if "query" in parameters:
                sql = parameters["query"][0]
                log.write(json.dumps([who, sql]) + "\n")
                log.flush()
                self.insert(sql, parameters)
            else:
                assert parameters == {"wait_end_of_query": ["1"]}
                body = self.body()
                log.write(json.dumps([who, body.decode()]) + "\n")
                log.flush()
                self.statement(body.decode())


class Listener(ThreadingHTTPServer):
    def handle_error(self, *who):
        """A client may go whenever it likes; all else is our fault."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*who)


def main():
    where = sys.argv[1]
    Server.faults = sys.argv[2:]
    server = Listener(("127.0.0.1", 0), Server)
    with open(f"{where}/port.new", "w") as f:
        f.write(str(server.server_port))
    os.rename(f"{where}/port.new", f"{where}/port")
    server.serve_forever()


main()
