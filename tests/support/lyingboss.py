#!/usr/bin/env python3
"""lyingboss.py TESTBED-DIR PROJ/EXP CANARY [all]: run beside a testbed
(nfz-testbed run); netflowize is given answers that mean harm.

A server of its own, with the testbed's certificate, passes on what netflowize
asks and changes what comes back: the names of nodes, every text in every
answer, or the whole answer.  netflowize must refuse or quote what it gets; no
command in a name may run (it would make the file CANARY, here or on a node),
no escape sequence may reach the terminal, and every run ends soon, by a status
that is not one of a bug.  What is accepted is then used for an up and a strip.
BUILD names the build tree.  Without "all", some of it only.
"""
import http.client
import http.server
import os
import re
import resource
import ssl
import subprocess
import sys
import threading
import time
import xmlrpc.client

DIR, EXP, CANARY = sys.argv[1:4]
ALL = sys.argv[4:] == ["all"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
NETFLOWIZE = os.path.join(BUILD, "bin", "netflowize")
LONGEST_S = 120     # of a run, on a busy machine
MOST_KB = 1 << 20   # of memory, whatever the answer

failed = passed = 0


def check(name, ok, detail=""):
    global failed, passed
    passed += ok
    failed += not ok
    if not ok:
        print("FAILED: %s: %s" % (name, detail), flush=True)


class Boss:
    """What the true testbed says, asked once for each question."""

    def __init__(self):
        self.context = ssl.create_default_context(
            cafile=os.environ["NETFLOWIZE_CA"])
        self.context.load_cert_chain(os.environ["NETFLOWIZE_CERTIFICATE"])

    def ask(self, body):
        c = http.client.HTTPSConnection("boss", 3069, context=self.context)
        c.request("POST", "/usr/testbed", body, {"Content-Type": "text/xml"})
        return c.getresponse().read()


class Liar(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    boss = None
    lie = staticmethod(lambda method, args, value: value)
    whole = None   # bytes in place of the whole answer to one method
    log = []       # what was asked, and the true answers
    told = {}      # the last true answer to each question,
    once = False   # which will do for all machines alike

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        args, method = xmlrpc.client.loads(body)
        name = method + "".join(
            "," + str(args[1][k]) for k in ("aspect", "show") if k in args[1])
        if self.whole and name.startswith(self.whole[0]):
            self.wfile.write(self.whole[1])
            self.close_connection = True
            return
        if self.once and name in self.told:
            value = self.told[name]
        else:
            try:
                (value,), _ = xmlrpc.client.loads(self.boss.ask(body))
            except xmlrpc.client.Fault as fault:
                value = fault
        self.told[name] = value
        answer = value
        if not isinstance(value, xmlrpc.client.Fault):
            self.log.append((name, value))
            answer = self.lie(name, args[1], value)
        if not isinstance(answer, bytes):
            if not isinstance(answer, xmlrpc.client.Fault):
                answer = (answer,)
            answer = xmlrpc.client.dumps(answer, methodresponse=True).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def serve():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(DIR, "certs", "server.pem"))
    context.load_verify_locations(os.environ["NETFLOWIZE_CA"])
    context.verify_mode = ssl.CERT_REQUIRED
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    server.handle_error = lambda *_: None   # clients may hang up
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def walk(value, path=()):
    """Every text in an answer: its place, names of keys included."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield path + ("#key",), k
            yield from walk(v, path + (k,))
    elif isinstance(value, list):
        for v in value:
            yield from walk(v, path + ("#",))
    elif isinstance(value, str):
        yield path, value


def replaced(value, old, new):
    """The answer with one text replaced wherever it stands by itself."""
    if isinstance(value, dict):
        return {replaced(k, old, new): replaced(v, old, new)
                for k, v in value.items()}
    if isinstance(value, list):
        return [replaced(v, old, new) for v in value]
    return new if value == old else value


def netflowize(what, *words):
    """Runs it against the liar; true when it succeeded."""
    began = time.monotonic()
    run = subprocess.Popen(
        [NETFLOWIZE, words[0], EXP, *words[1:], "--server",
         "127.0.0.1:%d" % PORT],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_AS, (MOST_KB * 1024 * 4, MOST_KB * 1024 * 4)))
    try:
        out, err = run.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        run.kill()
        check(what, False, "does not end")
        return False
    took = time.monotonic() - began
    check("%s: %s ends as it should" % (what, words[0]),
          0 <= run.returncode < 10 and b"NFZ-E001" not in err,
          "%d %s" % (run.returncode, err[-500:]))
    check("%s: nothing runs here" % what, not os.path.exists(CANARY))
    check("%s: no escape sequence" % what, not re.search(
        rb"[\x00-\x08\x0b-\x1f\x7f]", out + err), out + err)
    if run.returncode != 0:
        check("%s: says why" % what, len(err) > 20, err)
    if os.environ.get("VERBOSE"):
        print("%-60s %d %5.2f s %s" % (what, run.returncode, took, err[:90]))
    return run.returncode == 0


def lie(fn):
    Liar.lie = staticmethod(fn)


def names(true_name):
    """A node named otherwise, in every answer."""
    hostile = ["a;reboot", "$(id)", "../../x", "$(touch %s)" % CANARY,
               "-oProxyCommand=touch %s" % CANARY]
    if ALL:
        hostile += [
            "a;touch %s" % CANARY, "`touch %s`" % CANARY,
            "x|touch %s" % CANARY, "x\ntouch %s\n" % CANARY, "", ".", "..",
            "a b", "a/b", "x" * 5000, "n\u00e4me", "\u202egnp",
            "'; touch %s; '" % CANARY, '"$(touch %s)"' % CANARY]
    for name in hostile:
        lie(lambda m, a, v: replaced(v, true_name, name))
        for words in [("up", "--light", "--yes"), ("strip", "--yes")][:1 + ALL]:
            check("node named %r is refused" % name[:40],
                  not netflowize("node named %r" % name[:40], *words))


VALUES = ["$(touch %s);touch %s;`touch %s`'\"<&>\t\u00e4" % ((CANARY,) * 3)]
if ALL:
    VALUES += ["-oProxyCommand=touch %s" % CANARY, "x" * 70000]


def set_at(value, path, new):
    """The same answer with another text at a place."""
    if not path:
        return new
    if path[0] == "#":
        return [set_at(v, path[1:], new) for v in value]
    if path[0] == "#key":
        return {new: next(iter(value.values()))} if value else value
    return {k: set_at(v, path[1:], new) if k == path[0] else v
            for k, v in value.items()}


def pattern(path, keys):
    """Names of nodes and machines in a path are all alike."""
    return tuple("*" if p in keys else p for p in path)


def texts(keys):
    """Every place of a text in every answer, another text in each."""
    Liar.log.clear()
    lie(lambda m, a, v: v)
    check("the truth", netflowize("the truth", "plan", "--light"))
    places = {}
    for method, value in list(Liar.log):
        for path, _ in walk(value):
            places.setdefault((method, pattern(path, keys)), path)
    accepted = []
    for (method, _), path in places.items():
        for new in VALUES:
            def change(m, a, v, at=(method, path), new=new):
                try:
                    return set_at(v, at[1], new) if m == at[0] else v
                except (AttributeError, KeyError, TypeError):
                    return v
            lie(change)
            where = "%s %s" % (method, "/".join(path))
            if netflowize("%s = %.20r" % (where, new), "plan", "--light"):
                accepted.append(change)
    print("# %d places in %d answers, %d values taken as they are" % (
        len(places), len({m for m, _ in places}), len(accepted)))
    used = 0
    for change in accepted:
        lie(change)
        used += netflowize("used", "up", "--light", "--yes", "-q")
        if used:
            netflowize("used", "strip", "--yes", "-q")


def http_answer(body, head=b"200 OK", kind=b"text/xml"):
    return (b"HTTP/1.1 %s\r\nContent-Type: %s\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % (head, kind, len(body)) + body)


def wholes():
    """Answers that are none."""
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(
        1, "$(touch %s)\u009b31m" % CANARY)).encode()
    deep = b"<array><data><value>" * 100000
    bomb = (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" +
            b"".join(b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 10)
                     for i in range(12)) +
            b"]><methodResponse><params><param><value>&m;</value></param>"
            b"</params></methodResponse>")
    outside = bomb.replace(b"'aaaaaaaaaa'", b"SYSTEM 'file:///etc/passwd'")
    ok = xmlrpc.client.dumps(({"code": 0, "output": "", "value": "active"},),
                             methodresponse=True).encode()
    for what, answer in [
            ("an HTML error page", http_answer(b"<html>no</html>",
                                               kind=b"text/html")),
            ("a redirect", b"HTTP/1.1 302 Found\r\nLocation: file:///etc/"
             b"passwd\r\nContent-Length: 0\r\n\r\n"),
            ("a fault element", http_answer(fault)),
            ("a connection closed in the middle", http_answer(ok)[:-40]),
            ("no answer", b""),
            ("bytes that are no text", http_answer(ok.replace(
                b"active", b"\xff\xfe\x1b]0;x\x07\x00"))),
            ("a promise of 2^62 bytes", http_answer(ok).replace(
                b"Content-Length: ", b"Content-Length: 4611686018427387")),
            ("a head without end", b"HTTP/1.1 200 OK\r\n" +
             b"X: " + b"x" * (1 << 22)),
            ("values in values", http_answer(
                b"<?xml version='1.0'?><methodResponse><params><param><value>"
                + deep)),
            ("entities in entities", http_answer(bomb)),
            ("an entity from a file", http_answer(outside))]:
        for method in ("experiment.info,mapping", "experiment.state")[:1 + ALL]:
            Liar.whole = (method, answer)
            check("%s is refused" % what, not netflowize(
                "%s (%s)" % (what, method), "plan", "--light"))
    Liar.whole = None


def shapes(node):
    """Answers whose parts are missing or far too many."""
    def empty(m, a, v):
        return dict(v, value=type(v["value"])()) if isinstance(
            v["value"], (dict, list)) else v

    def null(m, a, v):
        return xmlrpc.client.dumps(
            (set_leaves(v),), methodresponse=True, allow_none=True).encode()

    def set_leaves(v):
        if isinstance(v, dict):
            return {k: x if k in ("code", "output") else set_leaves(x)
                    for k, x in v.items()}
        if isinstance(v, list):
            return [set_leaves(x) for x in v]
        return None

    def typed(new):
        def fn(m, a, v):
            return dict(v, value=new)
        return fn

    def without(key):
        def strip(v):
            if isinstance(v, dict):
                return {k: strip(x) for k, x in v.items() if k != key}
            if isinstance(v, list):
                return [strip(x) for x in v]
            return v
        return lambda m, a, v: strip(v)

    def many(n):
        def fn(m, a, v):
            if m != "experiment.info,mapping":
                return v
            mark = "the struct of nodes"
            machine = v["value"][node]["node"]
            one = xmlrpc.client.dumps((v["value"][node],)).split("param>")[1]
            return xmlrpc.client.dumps(
                (dict(v, value=mark),), methodresponse=True).replace(
                "<string>%s</string>" % mark, "<struct>%s</struct>" % "".join(
                    "<member><name>n%d</name>%s</member>" % (
                        i, one[:-2].replace(machine, "pc%d" % i))
                    for i in range(n))).encode()
        return fn

    def code(number):
        return lambda m, a, v: {"code": number, "value": 0,
                                "output": "$(touch %s)\x0c" % CANARY}

    table = [("swapped out: empty lists", empty),
             ("null members", null),
             ("nodes without interfaces", without("interfaces")),
             ("interfaces without address", without("IP")),
             ("code 7", code(7)),
             ("100,000 nodes", many(100000))]
    if ALL:
        table += [("10,000 nodes", many(10000)),
                  ("a number for everything", typed(7)),
                  ("an array for everything", typed([[[]]])),
                  ("a struct for everything", typed({"a": {"b": {}}})),
                  ("machines without name", without("node")),
                  ("code -2147483648", code(-2147483648))]
    for what, fn in table:
        lie(fn)
        Liar.once = "000" in what
        netflowize(what, "plan", "--light")
        if ALL:
            netflowize(what, "strip", "--yes")
    lie(lambda m, a, v: v)
    Liar.once = False


Liar.boss = Boss()
PORT = serve()
netflowize("the truth", "plan", "--light")
mapping = next(v["value"] for m, v in Liar.log
               if m == "experiment.info,mapping")
own = set(mapping) | {m["node"] for m in mapping.values()}
host = sorted(mapping)[0]
for part, words in [(names, (host,)), (shapes, (host,)), (wholes, ()),
                    (texts, (own,))][:4 if ALL else 3]:
    start = time.monotonic()
    part(*words)
    print("# %s: %.1f s" % (part.__name__, time.monotonic() - start),
          flush=True)
worst = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
check("memory", worst < MOST_KB, "%d KiB" % worst)
print("%s: %d checks, %d failed, %d MiB at most" % (
    "FAILED" if failed else "ok", passed + failed, failed, worst >> 10))
sys.exit(bool(failed))
