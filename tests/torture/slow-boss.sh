#!/bin/bash
# A testbed that takes 1.5 s for an answer, as a distant or busy one does: the
# host keys of 50 machines are asked for over several connections, and the
# topology is the one that was asked for one by one.  25 s.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
if [ "$(id -u)" -ne 0 ]; then
	echo "SKIPPED: needs root for namespaces"
	exit 77
fi
dir=$(mktemp -d)
exp=slow/boss
export NFZ_TESTBED_DIR=$dir/lab HOME=$dir XDG_STATE_HOME=$dir
tb() { "$build/bin/nfz-testbed" "$@"; }
fetch() { tb run --exp "$exp" -- "$build/bin/netflowize" fetch "$exp" -q; }
# shellcheck disable=SC2317
cleanup() {
	tb down "$exp" >/dev/null 2>&1
	rm -rf "$dir"
}
trap cleanup EXIT
tests/support/gentopo.py lan 50 >"$dir/lan.ns"
tb up "$dir/lan.ns" --exp "$exp" >"$dir/out" 2>&1 ||
	{ cat "$dir/out"; exit 1; }
fetch >"$dir/quick.json" || exit 1
tb fault "$exp" boss deaf
began=$SECONDS
fetch >"$dir/slow.json" || exit 1
took=$((SECONDS - began))
cmp "$dir/quick.json" "$dir/slow.json" ||
	{ echo "FAILED: another topology"; exit 1; }
grep -q '"ssh-rsa ' "$dir/slow.json" ||
	{ echo "FAILED: no host keys"; exit 1; }
# one after the other these are 57 answers, 85 s
[ "$took" -lt 45 ] || { echo "FAILED: one after the other, $took s"; exit 1; }
echo "ok: 50 machines of a testbed with 1.5 s an answer in $took s"
