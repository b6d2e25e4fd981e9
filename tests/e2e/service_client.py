"""Talks to a testbed's service over real TLS: the recorded raw exchanges byte
for byte (dates aside), every kind of refusal, and Python's own client.

    service_client.py PORT CERTIFICATES [RECORDINGS]

Prints one line a check and ends with 1 when one failed."""
import os
import re
import socket
import ssl
import sys
import time
import xmlrpc.client

PORT, CERTS = int(sys.argv[1]), sys.argv[2]
REPLIES = sys.argv[3] if len(sys.argv) > 3 else None
failed = 0


def check(name, ok, detail=""):
    global failed
    if not ok:
        failed += 1
    print("%s %s %s" % ("ok  " if ok else "FAIL", name, "" if ok else detail))


def context(cert):
    ctx = ssl.create_default_context(cafile=os.path.join(CERTS, "ca.pem"))
    if cert:
        ctx.load_cert_chain(os.path.join(CERTS, cert),
                            password=lambda: "let me in")
    return ctx


def talk(cert, data, need=None):
    """What comes back, and how it ended."""
    got = b""
    raw = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    try:
        s = context(cert).wrap_socket(raw, server_hostname="boss.example.net",
                                      suppress_ragged_eofs=False)
        s.sendall(data)
        while need is None or len(got) < need:
            part = s.recv(65536)
            if not part:
                return got, "closed"
            got += part
        return got, "complete"
    except ssl.SSLEOFError:
        return got, "cut"
    except ssl.SSLError as e:
        return got, e.reason
    except ConnectionResetError:
        return got, "reset"
    finally:
        raw.close()


def undated(data):
    return re.sub(rb"Date: [^\r]*\r\n", b"Date: D\r\n", data)


def split(data, requests=1):
    """A recording: the request's bytes, then the response's."""
    at = 0
    for _ in range(requests):
        head = data.index(b"\r\n\r\n", at) + 4
        m = re.search(rb"(?i)content-length: (\d+)", data[at:head])
        at = head + (int(m.group(1)) if m else 0)
    return data[:at], data[at:]


def recorded(name, requests=1):
    with open(os.path.join(REPLIES, name + ".http"), "rb") as f:
        return split(f.read(), requests)


def raw_exchanges():
    for name in ["http-ok", "http-10", "http-close", "http-expect",
                 "http-gzip", "http-emptybody", "http-ctype", "http-get",
                 "http-badline", "lan3-state", "err-version-0.2"]:
        request, response = recorded(name)
        got, end = talk("ada.pem", request, len(response))
        check(name, undated(got) == undated(response), got[:300])
    request, response = recorded("http-keepalive-2", 2)
    got, end = talk("ada.pem", request, len(response))
    check("http-keepalive-2", undated(got) == undated(response), got[:300])
    # no length: a bare 500 head, then the chunk is taken for a request line
    with open(os.path.join(REPLIES, "http-nolength.http"), "rb") as f:
        data = f.read()
    at = data.index(b"HTTP/1.1 500")
    got, end = talk("ada.pem", data[:at])
    check("http-nolength", undated(got) == undated(data[at:]), got[:300])
    for name in ["http-badpath", "http-path-slash", "http-rpc2"]:
        request, response = recorded(name)
        got, end = talk("ada.pem", request)
        check(name, got == b"" and end == "cut", (got, end))


STATE = (b"<?xml version='1.0'?><methodCall><methodName>experiment.state"
         b"</methodName><params><param><value><double>0.1</double></value>"
         b"</param><param><value><struct><member><name>proj</name><value>"
         b"nfexp</value></member><member><name>exp</name><value>lan3</value>"
         b"</member></struct></value></param></params></methodCall>")
POST = (b"POST /usr/testbed HTTP/1.1\r\nHost: boss\r\nHost: boss:3069\r\n"
        b"Content-Length: %d\r\n\r\n" % len(STATE)) + STATE


def refusals():
    for cert, ends in [("eve.pem", ("cut", "reset")),
                       ("fay.pem", ("cut", "reset")),
                       ("gil.pem", ("cut", "reset")),
                       ("unknown.pem", ("cut", "reset")),
                       ("foreign.pem", ("TLSV1_ALERT_UNKNOWN_CA", "reset")),
                       ("expired.pem", ("SSLV3_ALERT_CERTIFICATE_EXPIRED",
                                        "SSL/TLS_ALERT_CERTIFICATE_EXPIRED",
                                        "reset")),
                       (None, ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "reset"))]:
        got, end = talk(cert, POST)
        check("refused: %s" % cert, got == b"" and end in ends, (got, end))
    for cert in ["ada.pem", "encrypted.pem", "login.pem", "comma.pem"]:
        got, end = talk(cert, POST, 330)
        check("accepted: %s" % cert, b"active" in got, (got, end))


def proxy(cert="ada.pem"):
    return xmlrpc.client.ServerProxy(
        "https://localhost:%d/usr/testbed" % PORT, context=local(cert))


def local(cert):
    ctx = context(cert)
    ctx.check_hostname = False
    return ctx


def python_client():
    p = proxy()
    r = p.experiment.state(0.1, {"proj": "nfexp", "exp": "lan3"})
    check("state", r == {"output": "active", "code": 0, "value": "active"}, r)
    r = p.experiment.info(0.1, {"proj": "nfexp", "exp": "lan3",
                                "aspect": "mapping"})
    check("mapping", sorted(r["value"]) == ["client", "monitor", "server",
                                            "tbdelay0", "tbdelay2"], r)
    try:
        p.experiment.nope(0.1, {})
        check("unknown method", False)
    except xmlrpc.client.Fault as f:
        check("unknown method", f.faultString == "<type 'exceptions."
              "Exception'>:method \"experiment.nope\" is not supported",
              f.faultString)
    big = "#" * 400000 + "\nset ns [new Simulator]\n"
    r = p.experiment.nscheck(0.1, {"nsfilestr": big})
    check("a large body", r["code"] == 2, r["output"][:200])


def waiting():
    """A call that waits holds up nobody else."""
    slow, quick = proxy(), proxy()
    pid = os.fork()
    if pid == 0:
        r = slow.experiment.statewait(
            0.1, {"proj": "nfexp", "exp": "parked", "state": "active",
                  "timeout": 5})
        os._exit(0 if r["code"] == 8 and r["output"] ==
                 "Timed out waiting for states: ['active']" else 1)
    time.sleep(0.2)
    before = time.monotonic()
    r = quick.experiment.state(0.1, {"proj": "nfexp", "exp": "lan3"})
    took = time.monotonic() - before
    check("others are served meanwhile", r["code"] == 0 and took < 4, took)
    check("statewait times out", os.waitpid(pid, 0)[1] == 0)


def modify():
    p = proxy()
    who = {"proj": "nfexp", "exp": "tutbasic"}
    text = p.experiment.nsfile(0.1, who)["value"]
    new = text.replace("$ns rtproto", "set nodeE [$ns node]\n$ns rtproto")
    r = p.experiment.modify(0.1, dict(who, nsfilestr=new))
    check("modify is accepted at once",
          r == {"output": "", "code": 0, "value": 0}, r)
    seen = []
    while not seen or seen[-1] != "active":
        state = p.experiment.state(0.1, who)["value"]
        if not seen or seen[-1] != state:
            seen.append(state)
        time.sleep(0.02)
    # who asks seldom misses some
    states = ["modify_reparse", "modify_reswap", "active"]
    check("its states", len(seen) > 1 and
          seen == [s for s in states if s in seen], seen)
    check("its text", p.experiment.nsfile(0.1, who)["value"] == new)
    r = p.experiment.info(0.1, dict(who, aspect="mapping"))
    check("its machines", "nodeE" in r["value"], r)
    r = p.experiment.modify(0.1, dict(who, nsfilestr="oops", wait=True))
    check("a bad text", r["code"] == 2 and r["value"] == 1 and
          "old virtual state restored" in r["output"], r)
    r = p.experiment.state(0.1, who)
    check("stays active", r["value"] == "active", r)
    r = p.experiment.swapexp(0.1, dict(who, direction="out", wait=True))
    check("swap-out", r["code"] == 0, r)
    r = p.experiment.info(0.1, dict(who, aspect="mapping"))
    check("is not active", r["output"] == "Experiment is not active!", r)
    r = p.experiment.swapexp(0.1, dict(who, direction="in", wait=True))
    check("swap-in", r["code"] == 0, r)


if REPLIES:
    raw_exchanges()
refusals()
python_client()
waiting()
modify()
sys.exit(1 if failed else 0)
