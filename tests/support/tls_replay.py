"""A TLS server that answers as recorded, for the client's tests.

    tls_replay.py DIR CERT KEY CA

Prints three port numbers: one that wants a client certificate of CA and plays
DIR/NAME.http for a request to /NAME (or closes, cuts or stalls for the names
below), one that resets each connection right after the handshake, and one that
does not speak TLS.  Ends when its standard input does.
"""
import os
import socket
import ssl
import struct
import sys
import threading
import time

DIR, CERT, KEY, CA = sys.argv[1:5]


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def read_request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            return None
        body += more
    return head.split(b" ")[1].decode().lstrip("/")


def recorded(name):
    """The response bytes: what follows the request's head and body."""
    data = open(os.path.join(DIR, name + ".http"), "rb").read()
    at = data.find(b"HTTP/1.1 ", data.find(b"\r\n\r\n"))
    if name == "http-badline":
        at = data.index(b"<head>")
    return data[at:] if at >= 0 else b""


OK = (b"HTTP/1.1 200 OK\r\nContent-type: text/xml\r\n"
      b"Content-length: %d\r\n\r\n")
INVENTED = {
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: https://other.example/\r\n"
                b"Content-length: 0\r\n\r\n",
    "page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
            b"Content-Length: 44\r\n\r\n"
            b"<html><title>Welcome</title>It works!</html>",
    "cut": OK % 5000 + b"<?xml version='1.0'?>\n<methodResponse>\n",
    "headcut": b"HTTP/1.1 200 OK\r\nContent-ty",
    "endless": OK % (1 << 40) + b"x" * 100000,
    "halfxml": OK % 38 + b"<?xml version='1.0'?>\n<methodResponse>\n",
    "hang500": b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
}


def serve(sock):
    try:
        name = read_request(sock)
        if name is None:
            sock.close()
        elif name == "slow":
            time.sleep(5)
            sock.close()
        elif name == "hang500":
            sock.sendall(INVENTED[name])
            time.sleep(5)
            sock.close()
        elif name in INVENTED:
            sock.sendall(INVENTED[name])
            sock.close()
        else:
            data = recorded(name)
            if data:
                sock.sendall(data)
                if b"Connection: close" not in data:
                    time.sleep(0.2)
            sock.close()  # no close_notify, as the real server
    except (OSError, ValueError):
        pass


def listen(handle):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(20)

    def loop():
        while True:
            sock, _ = server.accept()
            threading.Thread(target=handle, args=(sock,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return server.getsockname()[1]


def context(required):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(CERT, KEY)
    ctx.load_verify_locations(CA)
    if required:
        ctx.verify_mode = ssl.CERT_REQUIRED
    return ctx


def tls(ctx, then):
    def handle(sock):
        try:
            then(ctx.wrap_socket(sock, server_side=True))
        except OSError:
            sock.close()
    return handle


strict = context(True)
print(listen(tls(strict, serve)), listen(tls(context(False), reset)),
      listen(lambda s: (s.sendall(b"220 mail.example.net ESMTP\r\n"),
                        time.sleep(0.2), s.close())), flush=True)
sys.stdin.read()
