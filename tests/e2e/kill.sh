#!/bin/sh
# netflowize is killed (-9) at moments spread over `up` and over `strip`; then a
# strip, or an up and a strip, from another, empty home must leave every node's
# files as they were.
# KILLS=50 tests/torture runs it long; make check takes a few.
set -eu
cd "$(dirname "$0")/../.."
build=$PWD/${BUILD:-build}
case ${BUILD:-} in /*) build=$BUILD ;; esac
PATH=$build/bin:$PATH
kills=${KILLS:-2}
exp=kill/x$$
dir=$(mktemp -d)
export HOME="$dir"

if [ "$(id -u)" -ne 0 ]; then
	echo "SKIPPED: network namespaces need root"
	exit 77
fi
finish() {
	code=$?
	nfz-testbed down "$exp" >/dev/null 2>&1 || true
	rm -rf "$dir"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

nfz-testbed up topologies/shaped-lan.ns --exp "$exp" >"$dir/up" 2>&1
nodes=$(nfz-testbed run --exp "$exp" -- netflowize fetch "$exp" 2>/dev/null |
	python3 -c 'import json, sys
for n in json.load(sys.stdin)["nodes"]: print(n["name"])')
[ -n "$nodes" ]
for n in $nodes; do
	nfz-testbed snapshot "$exp" "$n" >"$dir/$n"
done

# elsewhere ARGS...: from an empty home, where nothing is known of what was done.
elsewhere() {
	home=$(mktemp -d -p "$dir")
	HOME=$home nfz-testbed run --exp "$exp" -- netflowize "$@"
}
same_as_before() {
	for n in $nodes; do
		nfz-testbed snapshot "$exp" "$n" >"$dir/$n.now"
		scripts/compare-snapshots "$dir/$n" "$dir/$n.now" || {
			echo "FAILED: $1: something is left on $n"
			exit 1
		}
	done
}
# killed MOMENT ARGS...: starts netflowize, kills it after MOMENT seconds.
killed() {
	moment=$1
	shift
	# not through the function: that would be a subshell's pid; `run` execs
	nfz-testbed run --exp "$exp" -- netflowize "$@" >"$dir/out" 2>&1 &
	pid=$!
	sleep "$moment"
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}
# The i-th of n moments over span seconds, at a random place in its share.
moment() {
	python3 -c "import random; print(round($3 * ($1 + random.random()) / $2, 3))"
}
# converges ARGS...: the agent of the killed command may hold the node's lock for
# a moment.
converges() {
	for _ in $(seq 30); do
		elsewhere "$@" >"$dir/out" 2>&1 && return
		sleep 1
	done
	cat "$dir/out"
	echo "FAILED: $1 after a kill"
	exit 1
}
# clean WHAT TURN: every second time, an up goes first.
clean() {
	[ $(($2 % 2)) -eq 0 ] || converges --light "$exp"
	converges strip "$exp" --yes
	same_as_before "$1"
}

i=0
while [ "$i" -lt "$kills" ]; do
	at=$(moment "$i" "$kills" 2.0)
	killed "$at" --light "$exp"
	clean "up killed after $at s" "$i"
	i=$((i + 1))
done
echo "up killed $kills times: every up and every strip converged"
i=0
while [ "$i" -lt "$kills" ]; do
	converges --light "$exp"
	at=$(moment "$i" "$kills" 1.2)
	killed "$at" strip "$exp" --yes
	clean "strip killed after $at s" "$i"
	i=$((i + 1))
done
echo "strip killed $kills times: every up and every strip converged"
