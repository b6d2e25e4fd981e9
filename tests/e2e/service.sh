#!/bin/bash
# The testbed's service in front of a running testbed: Python's own client with
# the generated certificate reads an experiment and changes it for real.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
testbed=$build/bin/nfz-testbed
if [ "$(id -u)" -ne 0 ]; then
	echo "SKIPPED: needs root for network namespaces"
	exit 77
fi
if ! command -v python3 >/dev/null; then
	echo "SKIPPED: no python3"
	exit 77
fi
dir=$(mktemp -d)
exp=nfexp/service$$
# shellcheck disable=SC2317
cleanup() {
	"$testbed" down "$exp" >/dev/null 2>&1
	rm -rf "$dir"
}
trap cleanup EXIT
cat >"$dir/lab.ns" <<'NS'
source tb_compat.tcl
set ns [new Simulator]
set client [$ns node]
set server [$ns node]
set link0 [$ns duplex-link $client $server 10Mb 20ms DropTail]
$ns rtproto Static
$ns run
NS
timeout 60 "$testbed" up "$dir/lab.ns" --exp "$exp" >"$dir/up" 2>&1 || {
	echo "FAILED: up"
	cat "$dir/up"
	exit 1
}
timeout 120 "$testbed" run --exp "$exp" -- \
	python3 tests/e2e/service_testbed.py "$testbed" "$exp"
