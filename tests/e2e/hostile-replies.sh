#!/bin/bash
# S7: "hostile testbed reply (node named `a;reboot`, `$(id)`, `../../x`, 10^5
# nodes): refused or quoted; no command runs".  And of malformed input:
# "swapped out (empty lists), nodes without interfaces, interface without
# address (shaper side), null members, names with unusual bytes, 10,000 nodes,
# HTML error page instead of XML, redirect, fault element, half-closed
# connection".  HOSTILE=all puts three such texts into every place of every
# answer (../torture/hostile-replies.sh).
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/lib/need.bash"
need bin/nfz-testbed bin/netflowize payload/x86_64.nfzp
dir=$(mktemp -d)
exp=s7/h$$
canary=/tmp/nfz-canary-$$
failed=0
export HOME=$dir XDG_STATE_HOME=$dir

tb() { "$build/bin/nfz-testbed" "$@"; }
# shellcheck disable=SC2317
cleanup() {
	tb down "$exp" >/dev/null 2>&1
	rm -rf "$dir" "$canary"
}
trap cleanup EXIT
tb up topologies/line.ns --exp "$exp" >"$dir/out" 2>&1 ||
	{ cat "$dir/out"; exit 1; }
nodes=$(tb show "$exp" -o json | jq -r '.nodes[].name')
for node in $nodes; do
	tb snapshot "$exp" "$node" >"$dir/$node"
done
# shellcheck disable=SC2086
tb run --exp "$exp" -- tests/support/lyingboss.py \
	"${NFZ_TESTBED_DIR:-/run/nfz-testbed}/${exp/\//+}" "$exp" "$canary" \
	${HOSTILE:-} || failed=1
for node in $nodes; do
	tb exec "$exp" "$node" -- test ! -e "$canary" ||
		{ echo "FAILED: a command ran on $node"; failed=1; }
	tb snapshot "$exp" "$node" >"$dir/after"
	scripts/compare-snapshots "$dir/$node" "$dir/after" ||
		{ echo "FAILED: something is left on $node"; failed=1; }
done
exit $failed
