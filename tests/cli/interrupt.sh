#!/bin/sh
# One Ctrl-C ends the search for a plan: a random graph that takes hours is
# interrupted when the search has begun, as its processor time tells.  A closed
# terminal ends what shows a page, a closed pipe what prints.
set -eu
cd "$(dirname "$0")/../.."
case ${BUILD:=build} in
/*) PATH=$BUILD/bin:$PATH ;;
*) PATH=$PWD/$BUILD/bin:$PATH ;;
esac
exec python3 - <<'EOF'
import fcntl, os, random, signal, socket, struct, subprocess, sys, tempfile, termios, time

NODES, LINKS, BEGUN = 2000, 5000, 1.0
r = random.Random(1)
links = set()
while len(links) < LINKS:
    links.add(tuple(sorted(r.sample(range(1, NODES + 1), 2))))


def seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13])) \
            / os.sysconf("SC_CLK_TCK")


with tempfile.NamedTemporaryFile("w", suffix=".gr") as gr:
    gr.write(f"p td {NODES} {LINKS}\n")
    gr.writelines(f"{a} {b}\n" for a, b in sorted(links))
    gr.flush()
    p = subprocess.Popen(["netflowize", "plan", "--light", "--topology",
                          gr.name, "--objective", "count", "--time-limit",
                          "1h"], stdout=subprocess.DEVNULL,
                         preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                          signal.SIG_DFL))
    try:
        while p.poll() is None and seconds(p.pid) < BEGUN:
            time.sleep(0.05)
        if p.poll() is not None:
            sys.exit(f"FAILED: the search ended by itself: {p.returncode}")
        p.send_signal(signal.SIGINT)
        if p.wait(timeout=60) != -signal.SIGINT:
            sys.exit(f"FAILED: ended with {p.returncode}")
    finally:
        p.kill()
print("interrupted once, ended")


# A terminal that is closed is a Ctrl-C, unless nohup(1) has it ignored.
def view(hangup, end):
    p = subprocess.Popen(["netflowize", "view", "examples/ddos.nfz"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         preexec_fn=lambda: signal.signal(signal.SIGHUP,
                                                          hangup))
    try:
        if not p.stdout.readline().startswith(b"http://"):
            sys.exit("FAILED: no page is served")
        p.send_signal(signal.SIGHUP)
        if end != signal.SIGHUP:
            with open(f"/proc/{p.pid}/status") as f:
                ignored = next(line for line in f if "SigIgn" in line)
            if not int(ignored.split()[1], 16) & 1:
                sys.exit("FAILED: what nohup ignores is not ignored")
            p.send_signal(end)
        if p.wait(timeout=60) != 0:
            sys.exit(f"FAILED: view ended with {p.returncode}")
    finally:
        p.kill()


view(signal.SIG_DFL, signal.SIGHUP)
view(signal.SIG_IGN, signal.SIGTERM)
print("a terminal closed, ended")

# In the middle of what it sends, a hundred datagrams, as the first one tells.
top = tempfile.TemporaryDirectory()
with open(f"{top.name}/flows.pcap", "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
    for i in range(3000):
        ip = struct.pack(">BBHHHBBH4s4sHHHH", 0x45, 0, 28, 0, 0, 64, 17, 0,
                         bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), i + 1, 9, 8, 0)
        f.write(struct.pack("<IIII", 1600000000, i, len(ip), len(ip)) + ip)
subprocess.run(["netflowize", "import", "-q", f"{top.name}/flows.pcap", "--into",
                f"{top.name}/store"], check=True)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
    collector.bind(("127.0.0.1", 0))
    collector.settimeout(60)
    p = subprocess.Popen(["netflowize", "export", f"{top.name}/store", "--into",
                          "nf5://127.0.0.1:%d" % collector.getsockname()[1],
                          "--pace", "1"], stderr=subprocess.PIPE,
                         preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                          signal.SIG_DFL))
    try:
        collector.recv(65536)
        p.send_signal(signal.SIGINT)
        said = p.communicate(timeout=60)[1]
        if p.returncode != 130 or b"interrupted" not in said:
            sys.exit(f"FAILED: export ended with {p.returncode}: {said}")
    finally:
        p.kill()
print("an export interrupted, ended")

# Its reader wants no more than the first byte, so the query cannot have ended.
p = subprocess.Popen(["netflowize", "query", f"{top.name}/store", "-o", "json"],
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                      signal.SIG_DFL))
try:
    p.stdout.read(1)
    p.send_signal(signal.SIGINT)
    p.wait(timeout=60)
    if p.returncode != -signal.SIGINT:
        sys.exit(f"FAILED: query ended with {p.returncode}: {p.stderr.read()}")
finally:
    p.kill()
print("a query interrupted, ended")

# Nodes that do not answer: those that were not asked have no problem.
with socket.create_server(("127.0.0.1", 0)) as node:
    with open(f"{top.name}/lab.json", "w") as f:
        f.write('{"nodes": [%s]}' % ",".join(
            '{"name": "n%d", "hostname": "127.0.0.1", "port": %d}' % (i, node.getsockname()[1])
            for i in range(3)))
    p = subprocess.Popen(["netflowize", "doctor", "--topology", f"{top.name}/lab.json",
                          "--ssh-user", "root"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        node.settimeout(60)
        silent = node.accept()
        p.send_signal(signal.SIGINT)
        said = p.communicate(timeout=60)[0]
        if p.returncode != 130 or b"not asked: 3 of 3 nodes" not in said or b"problem" in said:
            sys.exit(f"FAILED: doctor ended with {p.returncode}: {said.decode()}")
    finally:
        p.kill()
print("a doctor interrupted, ended")


def read_until(fd, word):
    said = b""
    while word not in said:
        try:
            more = os.read(fd, 4096)
        except OSError:  # the other end is closed
            more = b""
        if not more:
            sys.exit(f"FAILED: {word.decode()} is not said: {said.decode()}")
        said += more


# On a terminal they say whom they wait for.
with socket.create_server(("127.0.0.1", 0)) as node:
    with open(f"{top.name}/lab.json", "w") as f:
        f.write('{"nodes": [{"name": "n", "hostname": "127.0.0.1", "port": %d}]}' % node.getsockname()[1])
    runs = []
    for words in ["status"], ["logs"], ["snapshot"]:
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        runs.append((ours, subprocess.Popen(
            ["netflowize", *words, "--topology", f"{top.name}/lab.json", "--ssh-user", "root",
             "--timeout", "60s"], stdout=subprocess.DEVNULL, stderr=theirs,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))))
        os.close(theirs)
    try:
        for ours, p in runs:
            read_until(ours, b"waiting for n ...")
            p.send_signal(signal.SIGINT)
            if p.wait(timeout=60) != 130:
                sys.exit(f"FAILED: {p.args} ended with {p.returncode}")
    finally:
        for ours, p in runs:
            p.kill()
print("whom they wait for is said")

# Who reads, as head(1) does, has seen enough: that is no error.
for words in (["explain"], ["query", "examples/ddos.nfz"],
              ["fetch", "--topology", "topologies/tree.ns", "-q"]):
    r, w = os.pipe()
    os.close(r)
    p = subprocess.run(["netflowize"] + words, stdout=w,
                       stderr=subprocess.PIPE, timeout=60)
    os.close(w)
    if p.returncode != -signal.SIGPIPE or b"NFZ-E" in p.stderr:
        sys.exit(f"FAILED: {words} unread ended with {p.returncode}: "
                 f"{p.stderr}")
print("nobody reads, no error")
EOF
