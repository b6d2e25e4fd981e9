"""See clickhouse.sh."""
import atexit, json, os, shutil, signal, socket, struct, subprocess, sys, tempfile, time

sys.path.insert(0, "tests/support")
sys.dont_write_bytecode = True
from expect import expect, finish

build = sys.argv[1]
program = f"{build}/bin/netflowize"
top = tempfile.TemporaryDirectory()


def until(what, fn):
    """The very thing that is waited for, or the end of the test."""
    end = time.monotonic() + 60
    while not fn():
        if time.monotonic() > end:
            sys.exit(f"FAILED: {what} never came")
        time.sleep(0.02)


class Server:
    def __init__(self, name, *faults):
        self.dir = f"{top.name}/{name}"
        os.mkdir(self.dir)
        self.process = subprocess.Popen(
            [sys.executable, "tests/support/clickhouse.py", self.dir, *faults],
            stderr=open(f"{self.dir}/errors", "w"))
        atexit.register(self.process.kill)
        until("the server", lambda: os.path.exists(f"{self.dir}/port"))
        with open(f"{self.dir}/port") as f:
            self.url = f"clickhouse://127.0.0.1:{f.read()}/net"

    def rows(self):
        if not os.path.exists(f"{self.dir}/rows.json"):
            return []
        with open(f"{self.dir}/rows.json") as f:
            return json.load(f)

    def asked(self):
        with open(f"{self.dir}/log") as f:
            return [json.loads(line) for line in f]

    def end(self):
        self.process.kill()
        self.process.wait()
        with open(f"{self.dir}/errors") as f:
            expect("what the server says", f.read(), "")


def run(*words, env=None, status=0):
    out = subprocess.run([program, *words], text=True, capture_output=True,
                         env={**os.environ, **(env or {})})
    expect(" ".join(words) + f": {out.stderr}", out.returncode, status)
    return out.stdout if status == 0 else out.stderr


def address(hexed):
    raw = bytes.fromhex(hexed)
    if raw[:12] == bytes(10) + b"\xff\xff":
        return socket.inet_ntop(socket.AF_INET, raw[12:])
    return socket.inet_ntop(socket.AF_INET6, raw)


def of_row(r):
    return (address(r["src"]), address(r["dst"]), r["sport"], r["dport"],
            r["proto"], r["packets"], r["bytes"], r["first_ns"] // 1000,
            r["last_ns"] // 1000, r["tcp_flags"], r["src_node"] or None,
            r["dst_node"] or None, tuple(r["path"]))


def us(text):
    whole, part = text[:-1].split(".")
    seconds = time.strptime(whole + "UTC", "%Y-%m-%dT%H:%M:%S%Z")
    import calendar
    return calendar.timegm(seconds) * 1000000 + int(part)


def of_store(store, *words):
    rows = [json.loads(line) for line in
            run("query", store, *words, "-o", "ndjson").splitlines()]
    return sorted((r["src"], r["dst"], r["sport"], r["dport"], r["proto"],
                   r["packets"], r["bytes"], us(r["first"]), us(r["last"]),
                   r["tcp_flags"], r.get("src_node"), r.get("dst_node"),
                   tuple(r["path"])) for r in rows)


def same(what, server, store, *words):
    got, want = sorted(map(of_row, server.rows())), of_store(store, *words)
    expect(what + ": flows", len(got), len(want))
    expect(what, sorted(set(got) ^ set(want)), [])


def copy(name):
    shutil.copytree("examples/ddos.nfz", f"{top.name}/{name}")
    return f"{top.name}/{name}"


# All faults at once: each flow is there once, with every member of its record.
store, server = copy("faults"), Server("s1", "500", "drop", "lost", "slow", "cut")
secret = f"{top.name}/secret"
with open(secret, "w") as f:
    f.write("reader:a pass:word\n")
words = ["export", store, "--into", server.url, "--create", "--batch", "4"]
os.chmod(secret, 0o644)
expect("a secret that others read",
       "can be read by others" in run(*words, "--credentials", secret, status=2), True)
os.chmod(secret, 0o600)
run(*words, "--credentials", secret)
same("after all faults", server, store)
expect("who asked", {tuple(w) for w, _ in server.asked()}, {("reader", "a pass:word")})
create = [q for _, q in server.asked() if q.startswith("CREATE")]
expect("one table", len(create), 1)
for part in ("IF NOT EXISTS `net`.`flows`", "INDEX by_src src TYPE bloom_filter",
             "INDEX by_dst dst TYPE bloom_filter", "src IPv6 CODEC(ZSTD(1))"):
    expect(part, part in create[0], True)
links = {link: (p, b) for r in server.rows() for link, p, b in
         zip(r["links"], r["link_packets"], r["link_bytes"])}
expect("links", set(links), {link for r in server.rows() for link in r["path"]})
before = len(server.rows())
run(*words, "--credentials", secret)
expect("once more", len(server.rows()), before)
expect("another filter, the same position",
       "another destination or filter" in
       run("export", store, "udp", "--into", server.url, "--position",
           [f"{store}/{f}" for f in os.listdir(store)
            if f.startswith("sent-") and not f.endswith(".lock")][0], status=2), True)
server.end()

# What was chosen, by names of the topology; the user of an address.
store, server = copy("chosen"), Server("s2")
run("export", store, "node by2 and udp", "--into",
    server.url.replace("//", "//somebody@"), "--position", f"{top.name}/p2",
    env={"NETFLOWIZE_CLICKHOUSE_PASSWORD": "x"})
same("a filter's", server, store, "node by2 and udp")
expect("who", server.asked()[0][0], ["somebody", "x"])
expect("no password in an address",
       "seen by everybody" in
       run("export", store, "--into", "clickhouse://a:b@c/d", status=2), True)
server.end()

# Killed when the server had taken a batch and not yet said so, twice.
store, server = copy("killed"), Server("s3", "ok", "kill", "kill")
for code in (-9, -9, 0):
    sender = subprocess.Popen(
        ["sh", "-c", f'echo $$ > "$0"; exec "$@"', f"{server.dir}/pid",
         program, "export", store, "--into", server.url, "--batch", "3"],
        stderr=subprocess.DEVNULL)
    expect("the sender", sender.wait(), code)
same("after kills", server, store)
server.end()

# Refused in the middle of a window, continued in batches of another size.
store, server = copy("sizes"), Server("s7", "ok", "ok", "404")
run("export", store, "--into", server.url, "--batch", "2", status=5)
run("export", store, "--into", server.url, "--batch", "5")
same("in other batches", server, store)
server.end()

# Refused: said at once, with the server's own words; nothing is taken as sent.
store, server = copy("refused"), Server("s4", "404")
said = run("export", store, "--into", server.url, status=5)
expect("why", "answered 404: Code: 60. DB::Exception: told to fail" in said, True)
run("export", store, "--into", server.url)
same("later", server, store)
server.end()
store, server = copy("final"), Server("s8", "500-60", "500-60")
said = run("export", store, "--into", server.url, status=5)
expect("500, and final", "answered 500: Code: 60. DB::Exception: told to fail" in said, True)
server.end()


# Asked: the filter as SQL, with the addresses of nodes; its rows as a store's.
store, server = copy("asked"), Server("s6")


def statement(*words):
    return run("query", "--sql", *words).strip()


def where(text):
    return statement(store, text).split(" WHERE ")[1].split(" ORDER BY ")[0]


expect("no filter", where(""), "1")
expect("an address", where("dst host 10.1.5.3"), "((dst = toIPv6('::ffff:10.1.5.3')))")
expect("a network", where("src net 2001:db8::/32"),
       "((src BETWEEN toIPv6('2001:db8::') AND toIPv6('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff')))")
expect("a node", "src = toIPv6('::ffff:10.1.5.3')" in where("node victim"), True)
expect("topology", where("link b1 and not at west"), "(has(links, 'b1') AND NOT (has(probes, 'west')))")
expect("counts", where("packets > 9 and flags SA and udp"),
       "(packets >= 10 AND bitAnd(tcp_flags, 18) = 18 AND proto = 17)")
expect("an order", statement(store, "--by", "src,link", "-n", "5").endswith(
    " GROUP BY w_0, w_1 HAVING w_flows > 0 ORDER BY w_sum_bytes DESC, w_0, w_1 LIMIT 5"), True)
expect("what only a store knows", "not known of a table" in
       run("query", "--sql", store, "--by", "service", status=2), True)
four = bytes(10) + b"\xff\xff" + bytes([10, 1, 5, 3])
with open(f"{server.dir}/answer", "wb") as f:
    f.write(four + b"\x04left" + struct.pack("<3Q", 2, 30, 4000) +
            four + b"\x00" + struct.pack("<3Q", 1, 10, 5000))
expect("groups", run("query", server.url, "link left", "--names", store, "--by", "src,link", "-o", "csv"),
       "src,link,flows,packets,bytes\n10.1.5.3,,1,10,5000\n10.1.5.3,left,2,30,4000\n")
expect("asked for them", server.asked()[-1][1].endswith("ORDER BY w_sum_bytes DESC, w_0, w_1 FORMAT RowBinary"), True)
with open(f"{server.dir}/answer", "wb") as f:
    f.write(b"\x01a" + struct.pack("<3Q", 2, 30, 4000) + b"\x01A" + struct.pack("<3Q", 1, 10, 5000))
expect("names that differ in case", run("query", server.url, "--by", "src_node", "-o", "csv"),
       "src_node,flows,packets,bytes\nA,1,10,5000\na,2,30,4000\n")
flow = struct.pack("<qq", 1600000000 * 10**9, 1600000001 * 10**9) + four + four[:-1] + b"\x09" + \
    struct.pack("<HHBBBQQ", 7, 80, 6, 0, 18, 5, 600) + b"\x01a\x00" + b"\x02\x04left\x05right"
with open(f"{server.dir}/answer", "wb") as f:
    f.write(flow)
expect("flows", json.loads(run("query", server.url, "-o", "ndjson")),
       {"src": "10.1.5.3", "dst": "10.1.5.9", "sport": 7, "dport": 80, "proto": 6, "packets": 5, "bytes": 600,
        "first": "2020-09-13T12:26:40.000000Z", "last": "2020-09-13T12:26:41.000000Z", "tcp_flags": 18,
        "src_node": "a", "dst_node": None, "path": ["left", "right"]})
with open(f"{server.dir}/answer", "wb") as f:
    f.write(flow[:-1])
expect("half an answer", "make no sense" in run("query", server.url, status=4), True)
with open(f"{server.dir}/answer", "wb") as f:
    f.write(b"\x04a\x1b[m" + struct.pack("<3Q", 2, 30, 4000))
expect("a name for a terminal", "make no sense" in
       run("query", server.url, "--by", "src_node", status=4), True)
server.end()


# Followed: flows that come later go by themselves, each row of a day.
def capture(path, port, times):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for i, at in enumerate(times):
            ip = struct.pack(">BBHHHBBH4s4sHHHH", 0x45, 0, 500, 0, 0, 64, 17, 0,
                             bytes([10, 0, 0, i]), bytes([10, 1, 0, 0]), port, 9, 480, 0)
            f.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(ip), 500) + ip)


store, server = f"{top.name}/live", Server("s5")
capture(f"{top.name}/a.pcap", 7, [1600000000 + i % 2 * 86400 for i in range(20)])
run("import", f"{top.name}/a.pcap", "--into", store)
follower = subprocess.Popen([program, "export", store, "--into", server.url,
                             "--follow", "--every", "50ms", "--lag", "1s"],
                            stderr=subprocess.DEVNULL)
atexit.register(follower.kill)
until("the first flows", lambda: len(server.rows()) == 20)
follower.send_signal(signal.SIGSTOP)  # what comes now is later than where it is
capture(f"{top.name}/b.pcap", 8, [time.time()] * 20)
run("import", f"{top.name}/b.pcap", "--into", store)
follower.send_signal(signal.SIGCONT)
until("later flows", lambda: len(server.rows()) == 40)
follower.send_signal(signal.SIGINT)
expect("the follower ends", follower.wait(), 0)
same("followed", server, store)
server.end()

finish("clickhouse: each flow once, to the byte")
