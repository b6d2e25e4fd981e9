#!/bin/sh
# One Ctrl-C ends the search for a plan: a random graph that takes hours is
# interrupted when the search has begun, as its processor time tells.  A closed
# terminal ends what shows a page.
set -eu
cd "$(dirname "$0")/../.."
case ${BUILD:=build} in
/*) PATH=$BUILD/bin:$PATH ;;
*) PATH=$PWD/$BUILD/bin:$PATH ;;
esac
exec python3 - <<'EOF'
import os, random, signal, subprocess, sys, tempfile, time

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
EOF
