#!/bin/bash
# The run of examples/ddos.nfz, made anew: what the senders sent and the router
# dropped is what the record says, and its findings name.
set -u
. "$(dirname "$0")/../e2e/lib/need.bash"
need bin/nfz-testbed bin/netflowize bin/nfz-query tests/tool-sendudp payload/x86_64.nfzp
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if ! examples/record "$dir/ddos.nfz" >"$dir/truth" 2>"$dir/err"; then
	cat "$dir/err"
	exit 1
fi
"$build/bin/netflowize" report -q "$dir/ddos.nfz" -o "$dir/page.html" || exit 1
python3 - "$build/bin/nfz-query" "$dir" <<'PY'
import json, re, subprocess, sys
query, where = sys.argv[1:]
truth = open(where + "/truth").read()
sent = [int(n) for n in re.findall(r"sent: sent (\d+)", truth)]
dropped = int(re.search(r"dropped: (\d+)", truth)[1])
def ask(*words):
    return json.loads(subprocess.run(
        [query, where + "/ddos.nfz", *words, "-o", "json"], check=True,
        capture_output=True, text=True).stdout)
flows = {f["src_node"]: f for f in ask("proto udp and dst port 9 or dst port 5001")["flows"]}
failed = 0
def check(what, good, seen=None):
    global failed
    if not good:
        failed = 1
        print("FAILED:", what, seen)
for n, who in zip(sent, ("flood1", "flood2", "flood3", "by2")):
    check(who + " sent what it sent", flows.get(who, {}).get("packets") == n, (n, flows.get(who)))
summary = json.loads(subprocess.run([query, where + "/ddos.nfz", "--summary"],
    check=True, capture_output=True, text=True).stdout)
names = [l["name"] for l in summary["links"]]
way = [(names[h[0]], h[1]) for r in summary["rows"] if r["dport"] == 5001 for h in r["hops"]]
check("the path says on which link they died", dropped > 100 and
      way == [("b2", sent[3]), ("left", sent[3]), ("down", sent[3] - dropped),
              ("b4", sent[3] - dropped)], (way, dropped))
page = open(where + "/page.html").read()
says = re.findall(r"<li class=\"(?:bad|warn)\"><b>\w+</b>([^<]*)", page)
check("the flood is named", any(re.match("3 hosts flooded victim with UDP", s) for s in says), says)
check("the lossy link is named, and no other", [s for s in says if "die between" in s] ==
      [s for s in says if f"left and down: of {sent[3]:,} that were seen on left, {dropped:,} (" in s] != [], says)
hot = [s for s in says if "was above 80 %" in s]
check("the links that were full are named", len(hot) >= 2, says)
print("sent", sent, "dropped", dropped, "and all of it told" if not failed else "")
sys.exit(failed)
PY
