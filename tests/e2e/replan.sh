#!/bin/bash
# A second plan while the first one runs: meters come, go and change with the
# collector, and what was seen before keeps its name and its number; what two
# taps see counts once.
set -u
. "$(dirname "$0")/lib/need.bash"
need bin/nfz-testbed bin/netflowize payload/x86_64.nfzp
PATH=$build/bin:$PATH
exp=replan/e$$
log=$(mktemp)
trap 'nfz-testbed down $exp >/dev/null 2>&1; rm -f "$log"' EXIT
fail() {
	echo "FAILED: $*"
	cat "$log"
	exit 1
}
user() {
	local command=$1

	shift
	nfz-testbed run --exp "$exp" -- netflowize "$command" "$exp" "$@" \
		>"$log" 2>&1 || fail "netflowize $command $*"
}
ping_server() {
	nfz-testbed exec "$exp" client1 -- ping -q -c 3 -i 0.2 server1 \
		>"$log" 2>&1 || fail ping
}
nfz-testbed up topologies/dumbbell.ns --exp "$exp" >"$log" 2>&1 || fail up
# the collector is on one of those that have a meter for a while
user up --light --collector server2
ping_server
user up --light --avoid right
grep -q 'right  *an older deployment removed' "$log" || fail "right kept its probe"
ping_server
user up --light
ping_server
user status
grep -q exited "$log" && fail "server2's meter is missed"
user query -o json proto icmp
# pings that are long apart are two flows
[ "$(jq -c '[.flows | group_by(.src)[] | map(.packets) | add]' "$log")" = '[9,9]' ] ||
	fail "not 9 pings each way"
user query --observations -o json proto icmp
jq -r '.observations | group_by([.node, .link, .src])[] |
	"\(.[0].node) \(.[0].link) \(map(.packets) | add)"' "$log" |
	sort >"$log.seen"
want='left bottleneck 9
left bottleneck 9
left up1 9
left up1 9
right down1 6
right down1 6
server1 down1 3
server1 down1 3'
[ "$(cat "$log.seen")" = "$want" ] || { mv "$log.seen" "$log"; fail "observations"; }
rm -f "$log.seen"
# what moved from tap to tap, and then what two taps see: once each
links() { # packets of both ways on each link that was passed
	user query --by link -o json proto icmp
	[ "$(jq -c '[.groups[] | .packets]' "$log")" = "[$1,$1,$1]" ] ||
		fail "not $1 pings on each link"
}
links 18
user up --light --redundancy 2
ping_server
links 24
user up --light --dedupe none
ping_server
links 30
user query --observations -o json proto icmp
[ "$(jq '[.observations[].packets] | add' "$log")" -gt 90 ] ||
	fail "no packet was seen twice"
# every member of these answers is in the manual
documented() {
	local name names

	names=$(jq -r '[.. | objects | keys[]] | unique[]' "$log") ||
		fail "$1 -o json"
	for name in $names; do
		grep -qE "^(\.Cm|\.It Cm|\.Pq Cm) (.*[ ,])?$name( |$)" \
			man/netflowize-answers.5 ||
			fail "$1: \"$name\" is not in netflowize-answers(5)"
	done
}
user list -o json
documented list
user up --light -o json -q
documented up
user status -o json
documented status
[ "$(jq .ledger.unaccounted "$log")" = 0 ] || fail "unaccounted"
user verify
user up --light
grep -q 'no changes' "$log" || fail "the same plan again changed something"
user up --light --set idle=3s,left:active=9s
user up --light --avoid right
settings() { # of meters, each once
	user list -o json
	jq -r '[.deployments[].settings | select(. != "")] | unique | join(",")' \
		"$log"
}
# what was set of all meters is set of those that come later
[ "$(settings)" = 'active=9000 idle=3000,idle=3000' ] ||
	fail "settings: $(settings)"
user up --light --set idle=default,active=default
[ "$(settings)" = '' ] || fail "settings taken back: $(settings)"
# a node that no plan needs keeps nothing from being done, and is named
nfz-testbed fault "$exp" client2 auth >"$log" 2>&1 || fail fault
user up --light
grep -q '! client2 could not be asked' "$log" || fail "client2 is not named"
nfz-testbed fault "$exp" client2 clear >"$log" 2>&1 || fail clear
user strip --yes -o json -q
documented strip
echo "ok: five plans, 15 pings each way, every observation with its name"
