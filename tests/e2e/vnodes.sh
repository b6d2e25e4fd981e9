#!/bin/bash
# Virtual nodes, on a host of the experiment's own and on a shared one: the whole
# way; then with a gateway that is the only way to them.
set -u
. "$(dirname "$0")/lib/need.bash"
need bin/nfz-testbed bin/netflowize payload/x86_64.nfzp
testbed=$build/bin/nfz-testbed
dir=$(mktemp -d)
exp=vnodes/e$$
failed=0
# shellcheck disable=SC2317
cleanup() {
	"$testbed" down "$exp" >/dev/null 2>&1
	rm -rf "$dir"
}
trap cleanup EXIT
cat >"$dir/vnodes.ns" <<'NS'
source tb_compat.tcl
set ns [new Simulator]
set gw [$ns node]
foreach name {a b c} {
    set $name [$ns node]
    tb-set-hardware [set $name] pcvm
}
tb-set-node-sharingmode $c "shared_local"
set inside [$ns duplex-link $a $b 100Mb 0ms DropTail]
set out [$ns duplex-link $b $c 100Mb 0ms DropTail]
set lan [$ns make-lan "$a $c $gw" 100Mb 0ms]
$ns rtproto Static
$ns run
NS
check() { # what, status
	if [ "$2" -eq 0 ]; then
		echo "ok: $1"
	else
		echo "FAILED: $1"
		failed=1
	fi
}
# Sockets that it leaves in /tmp are in $dir/left, not those of others.
mkdir "$dir/tmp"
netflowize() {
	timeout 120 unshare -m sh -c 'cd "$0" && mount -t tmpfs tmpfs tmp &&
		mkdir tmp/up tmp/work && mount -t overlay -o \
		"lowerdir=/tmp,upperdir=tmp/up,workdir=tmp/work" overlay /tmp &&
		"$@"
		code=$?
		ls tmp/up | grep ^nfz-ssh >>left
		exit $code' "$dir" "$testbed" run --exp "$exp" -- \
		"$build/bin/netflowize" "$@" >"$dir/out" 2>&1 && return
	cat "$dir/out"
	return 1
}

tests/support/flowcheck.py "$dir/vnodes.ns" "$exp" --quick || failed=1

timeout 60 "$testbed" up "$dir/vnodes.ns" --exp "$exp" >"$dir/up" 2>&1
check "up" $?
# Who goes through a machine of the experiment comes from its address.  The
# virtual nodes answer nobody who comes from the boss.
"$testbed" show -o json "$exp" >"$dir/show"
timeout 60 "$testbed" run --exp "$exp" -- \
	"$build/bin/netflowize" fetch "$exp" >"$dir/direct.json" 2>/dev/null
check "fetch" $?
boss=$(python3 - "$dir" <<'PY'
import json, sys
where = sys.argv[1]
t = json.load(open(where + "/direct.json"))
gateway = [n["address"] for n in t["nodes"] if n["name"] == "gw"][0]
behind = [n for n in t["nodes"] if "gateway" in n]
assert sorted(n["name"] for n in behind) == ["a", "b", "c"], behind
for n in behind:
    n["gateway"] = gateway
json.dump(t, open(where + "/behind.json", "w"))
print(json.load(open(where + "/show"))["boss"])
PY
)
check "its virtual nodes are behind a gateway" $?
for node in a b c; do
	"$testbed" exec "$exp" $node -- ip route add unreachable "$boss"
done
netflowize up --light --topology "$dir/behind.json"
check "up through the gateway" $?
netflowize status --topology "$dir/behind.json"
check "status through the gateway" $?
netflowize strip --yes --topology "$dir/behind.json"
check "strip through the gateway" $?
grep -q "nothing left" "$dir/out"
check "nothing is left" $?
[ -e "$dir/left" ] && [ ! -s "$dir/left" ]
check "no socket is left" $?
exit $failed
