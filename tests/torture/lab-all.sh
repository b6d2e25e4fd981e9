#!/bin/bash
# Brings up every NS file of a directory and pings along every link, and from
# one node to every address where the file asks for routing.
#
#	tests/torture/lab-all.sh [DIRECTORY...]
set -u
cd "$(dirname "$0")/../.." || exit 1
T=$(realpath "${BUILD:-build}")/bin/nfz-testbed
if [ "$(id -u)" -ne 0 ]; then
	echo "SKIPPED: needs root for namespaces"
	exit 77
fi
export NFZ_TESTBED_DIR=/run/nfz-testbed-all.$$
# shellcheck disable=SC2317
cleanup() {
	"$T" down --all >/dev/null 2>&1
	rm -rf "$NFZ_TESTBED_DIR"
}
trap cleanup EXIT
[ $# -gt 0 ] || set -- ../shared/ref/topologies/ns topologies
cat >/tmp/lab-all.$$.py <<'PY'
import json, subprocess, sys
testbed, exp = sys.argv[1:3]
d = json.loads(subprocess.check_output([testbed, "show", exp, "-o", "json"]))
bad = done = 0
def ping(node, ip):
    global bad, done
    done += 1
    r = subprocess.run([testbed, "exec", exp, node, "--", "ping", "-q", "-c1",
                        "-W2", ip], capture_output=True, text=True)
    if r.returncode:
        bad += 1
        print("   no way from", node, "to", ip)
parsed = json.loads(subprocess.run([testbed, "parse", sys.argv[3]],
                                   capture_output=True, text=True).stdout)
def net(member):
    return [int(a) & int(m) for a, m in zip(member["ip"].split("."),
                                            member["mask"].split("."))]
for members in parsed["lans"].values():
    first = members[0]
    for m in members[1:]:  # a file may put two ends into two networks
        if net(m) == net(first): ping(first["member"].split(":")[0], m["ip"])
routed = [n for n, v in parsed["nodes"].items() if v["routing"] == "static"]
up = {n["name"]: n for n in d["nodes"] if n["role"] == "node"}
near = {n: {n} for n in up}
for _ in up:
    for link in d["links"]:
        both = set().union(*(near[m["node"]] for m in link["members"]))
        for m in link["members"]: near[m["node"]] = both
for n in routed[:1]:
    for other in up.values():
        if other["name"] not in near[n]: continue
        for i in other["interfaces"]:
            if i.get("ip"): ping(n, i["ip"])
print("   %d pings, %d lost" % (done, bad))
sys.exit(bad > 0)
PY
failed=0 up=0 refused=0
for file in $(find "$@" -name '*.ns' | sort); do
	start=$(date +%s.%N)
	if ! "$T" up "$file" --exp all/one >/tmp/lab-all.$$.out 2>&1; then
		refused=$((refused + 1))
		echo "refused $file: $(tail -n 2 /tmp/lab-all.$$.out | head -n 1)"
		continue
	fi
	up=$((up + 1))
	printf 'up      %s: %.1f s, %s\n' "$file" \
		"$(awk "BEGIN { print $(date +%s.%N) - $start }")" \
		"$(grep -cE 'node   |delaynode' /tmp/lab-all.$$.out) machines"
	timeout 300 python3 /tmp/lab-all.$$.py "$T" all/one "$file" || failed=1
	"$T" down all/one || failed=1
done
rm -f /tmp/lab-all.$$.*
echo "$up brought up, $refused refused"
exit $failed
