#!/bin/bash
# Two users at once on one experiment, and two deployments on one node: on
# different links they live side by side, on the same one the second is refused.
# shellcheck disable=SC2016,SC2030,SC2031,SC2317
set -u
. "$(dirname "$0")/lib/deploy.bash"
stand_ins 'case $0 in *collector) sleep 2;; esac'"$good_stand_in" 1
begin topologies/dumbbell.ns
disks >"$dir/before"
mkdir -p "$dir/ann" "$dir/lee"

# both begin at the same moment, each with a home of his own
cp "$dir/topology.json" "$dir/ann"
cp "$dir/topology.json" "$dir/lee"
( dir=$dir/ann STATE=$dir/ann; deploy up client1; echo "$status" >"$dir/status" ) &
sleep 0.7
( dir=$dir/lee STATE=$dir/lee; deploy up client1; echo "$status" >"$dir/status" )
wait
ann=$(cat "$dir/ann/status") lee=$(cat "$dir/lee/status")
check "two users: one of them is through" [ "$ann" = 0 -o "$lee" = 0 ]
check "two users: the other is told who works on it, or finds it done" \
	sh -c '[ "$1 $2" = "0 0" ] || grep -q "busy: .* is working on" "$3"/out \
	"$3"/err "$4"/out "$4"/err' sh "$ann" "$lee" "$dir/ann" "$dir/lee"
STATE=$dir/lee deploy up client1
check "two users: the second then takes it over" [ "$status" = 0 ]
STATE=$dir/ann deploy up client1
check "two users: and it stays one deployment" [ "$status" = 0 ]
deploy status
check "two users: one on each node" [ "$(grep -c '  found' "$dir/out")" = 3 ]
STATE=$dir/lee deploy strip
check "two users: either of them can strip it" [ "$status" = 0 ]
check "two users: same disks" same_disks "$dir/before"
STATE=$dir/ann deploy strip
check "two users: nothing is left for the other" said NFZ-E103

# both strip at the same moment: whatever each of them removes, both find that
# nothing is left, and none is told of the other's work as a failure
for pause in 0 0.2; do
	STATE=$dir/ann deploy up client1
	( dir=$dir/ann STATE=$dir/ann; deploy strip; echo "$status" >"$dir/status" ) &
	sleep "$pause"
	( dir=$dir/lee STATE=$dir/lee; deploy strip; echo "$status" >"$dir/status" )
	wait
	for who in ann lee; do
		cp "$dir/$who/out" "$dir/$who/err" "$dir"
		status=$(cat "$dir/$who/status")
		[ "$status" = 0 ] || check "two strips: well for $who" \
			said NFZ-E103
	done
	check "two strips: same disks" same_disks "$dir/before"
	check "two strips: no processes" no_processes
done

# who only looks meanwhile does not fail where his agent is ended with the rest
for pause in 0 0.1 0.2; do
	STATE=$dir/ann deploy up client1
	( dir=$dir/ann STATE=$dir/ann; deploy strip; echo "$status" >"$dir/status" ) &
	sleep "$pause"
	STATE=$dir/lee deploy clocks
	check "strip and status: status after $pause s" [ "$status" = 0 ]
	wait
	check "strip and status: strip" [ "$(cat "$dir/ann/status")" = 0 ]
done

# whose agent is ended by a strip is told whose that was
STATE=$dir/ann deploy up client1
on client1 -- sh -c 'a=$(echo /var/lib/netflowize/*/bin/nfz-agent)
	sha=$(sha256sum <"$a")
	sleep 60 | { "$a" --serve-as "${sha%% *}"; echo over; } >/tmp/said' &
waits=$!
# shellcheck disable=SC2317 # called by eventually
agent_waits() { on client1 -- grep -q "NFZ 1 agent" /tmp/said; }
eventually agent_waits
STATE=$dir/lee deploy strip
check "an agent that waits: strip" [ "$status" = 0 ]
eventually on client1 -- grep -q over /tmp/said
check "an agent that waits: it says who ended it" \
	on client1 -- grep -q -a "ended.*lee\|ended.*$(id -un)" /tmp/said
on client1 -- rm /tmp/said
on client1 -- pkill -x sleep
wait "$waits"

# two experiments that share the node "left", with a link each
stand_ins "$good_stand_in" 2
cp "$dir/topology.json" "$dir/all.json"
only() { # experiment, its links
	jq --arg name "$1" --argjson links "$2" '.experiment = $name
		| .bridges = [] | .links |= map(select(
			.name as $n | $links | index($n)))
		| .interfaces |= map(if .link and
			(.link as $n | $links | index($n) | not)
			then del(.link, .slot) else . end)' "$dir/all.json" \
		>"$dir/topology.json"
}
AVOID=client1
export AVOID
only one '["up1"]'
deploy up client2
check "one link: up" [ "$status" = 0 ]
check "one link: a meter runs on left" said "left .*meter stand-in"
AVOID=client2
only two '["up2"]'
deploy up server1
check "another link: up" [ "$status" = 0 ]
check "another link: a meter runs on left, too" said "left .*meter stand-in"
deploy status
check "two deployments on one node" [ "$(on left -- sh -c \
	'ls -d /var/lib/netflowize/*/tag | wc -l')" = 2 ]
AVOID=client1
only three '["up1"]'
deploy up server2
check "the same link: refused" [ "$status" = 5 ]
check "the same link: whose it is" \
	said "left already has a deployment of .*/one by .* on the same link"
deploy strip
only two '["up2"]'
deploy strip
check "one is stripped" [ "$status" = 0 ]
only one '["up1"]'
deploy status
check "the other runs" said "meter running"
deploy up client2
check "and is as it was" said "changed 0 bytes 0 failed 0"
deploy strip
check "the other is stripped" [ "$status" = 0 ]
check "same disks" same_disks "$dir/before"
check "no processes" no_processes

# where the other's records are is no reason to put ours there
use_netflowize
cp "$dir/topology.json" "$dir/one.json"
only two '["up2"]'
nfz up --topology "$dir/one.json" --avoid client1 --collector left
check "somebody's collector on left" said "is instrumented"
nfz up --topology "$dir/topology.json" --avoid client2 --dry-run
check "is not the other experiment's" never said "keeps the records"
check "which gets one of its own" said "start    collector"
nfz up --topology "$dir/one.json" --avoid client1
check "and is its own" said "keeps the records"
nfz strip --topology "$dir/one.json"
check "same disks once more" same_disks "$dir/before"
finish
