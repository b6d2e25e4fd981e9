#!/bin/bash
# watch, and up --set report-packets: flows are told while they live, each once, to
# all who watch; the records that tell of them add up to every packet.
# shellcheck disable=SC2016,SC2317
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize
begin topologies/dumbbell.ns

# watch NAME WORD...: lines in $dir/NAME.out, its process in $dir/NAME.pid
watch() {
	local name=$1
	shift
	"$build/bin/nfz-testbed" run --exp "$exp" -- sh -c '
		echo $$ >"$1"
		shift
		exec "$@"' sh "$dir/$name.pid" \
		"$build/bin/netflowize" watch "$exp" "$@" \
		>"$dir/$name.out" 2>"$dir/$name.err" </dev/null &
}
lines() { [ "$(wc -l <"$dir/$1.out")" = "$2" ]; }
ended() { # by that signal, in order
	kill -s "$2" "$(cat "$dir/$1.pid")"
	wait "$3"
}

nfz watch "$exp" icmp
check "where nothing runs is nothing to watch" said "Start with: netflowize"
nfz up "$exp" --set active=1h,report-packets=100
check "up" [ "$status" = 0 ]
nfz watch "$exp" 'packets >'
check "where a filter is wrong is said" said "packets >"
check "and it is no answer" [ "$status" != 0 ]
nfz watch "$exp" 'packets > 100000' --for 1s
check "nothing is told of nothing" [ "$status $(cat "$dir/out")" = "0 " ]

# neither asks the meters: records come as the rule says, or not for an hour
watch early 'icmp and packets >= 100' --no-flush --every 200ms -o ndjson
early=$!
watch late 'icmp and packets >= 250' --no-flush --every 200ms
late=$!
watch none 'icmp and packets >= 1000000' --no-flush --every 200ms
none=$!
on client1 -- sh -c 'echo $$; exec ping -i 0.01 -q client2' >"$dir/ping" &
pinging=$!
check "both directions are told" eventually lines early 2
check "to those who ask for more, too" eventually lines late 3
check "while they live" on client1 -- \
	kill -0 "$(head -n 1 "$dir/ping")"
check "with what they had carried, merged over probes" [ "$(jq -sc '[sort_by(.src_node)[] |
	[.src_node, .dst_node, .packets >= 100, .bytes == .packets * 84] +
	.path]' "$dir/early.out")" = '[["client1","client2",true,true,"up1","up2"],["client2","client1",true,true,"up2","up1"]]' ]
check "a table has a heading" grep -q '^LAST .* PATH$' "$dir/late.out"
check "and names" grep -q 'client1  *client2 ' "$dir/late.out"
# more than twice what was the rule: nothing new of them
more() { nfz query "$exp" 'icmp and packets >= 600' --no-flush -o ndjson &&
	[ "$(wc -l <"$dir/out")" = 2 ]; }
check "they go on" eventually more
on client1 -- kill -INT "$(head -n 1 "$dir/ping")"
wait $pinging
nfz query "$exp" icmp --observations -o ndjson
sent=$(awk '/transmitted/ { print $1 }' "$dir/ping")
check "no packet is missing ($sent sent)" [ "$(jq -s --argjson sent "$sent" \
	'[.[] | select(.src_node == "client1").packets] | unique == [$sent]' \
	"$dir/out")" = true ]
check "each was told once" lines early 2
check "to each who watched" lines late 3
check "if at all" lines none 0
ended early INT $early
check "Ctrl-C is the end" [ $? = 0 ]
ended late TERM $late
check "so is another signal" [ $? = 0 ]
ended none TERM $none

# the same through two flow caches, which learn of the rule while flows live
caches() { for node in $(machines); do on "$node" -- sh -c \
	'cat /var/lib/netflowize/*/run/cache 2>/dev/null' | grep ^process; done; }
nfz up "$exp" --caches 2 --set active=1h,report-packets=none,idle=1m
check "flow caches" [ "$status" = 0 ]
caches >"$dir/caches"
check "are two" [ "$(wc -l <"$dir/caches")" = 2 ]
watch cached 'icmp and packets >= 100' --no-flush --every 200ms -o ndjson
cached=$!
on client1 -- sh -c 'echo $$; exec ping -i 0.01 -q client2' >"$dir/ping" &
pinging=$!
nfz up "$exp" --caches 2 --set report-packets=100
check "the rule, live" [ "$status" = 0 ]
check "is set, too" said "each 100 packets"
check "both directions are told" eventually lines cached 2
check "no cache was restarted" [ "$(caches)" = "$(cat "$dir/caches")" ]
check "the caches say so" [ "$(for node in $(machines); do on "$node" -- sh -c \
	'grep -hs "settings hold.* packets=100 " /var/lib/netflowize/*/log/cache.log'
done | wc -l)" = 2 ]
on client1 -- kill -INT "$(head -n 1 "$dir/ping")"
wait $pinging
nfz status "$exp"
check "status shows it of both" [ "$(grep -c '^ *cache .*each 100 packets' \
	"$dir/out")" = 2 ]
# the first stands beside the collector, where there is no probe
host=$(awk '$1 == "collector" { print $2 }' "$dir/out")
nfz up "$exp" --caches 2 --set "$host:idle=50s"
check "one cache is set alone" [ "$status" = 0 ]
nfz status "$exp"
check "and no other" [ "$(awk '/idle 50 s/ { print $1, $2 }' "$dir/out")" = \
	"cache $host" ]
both=$((sent + $(awk '/transmitted/ { print $1 }' "$dir/ping")))
nfz query "$exp" icmp --observations -o ndjson
check "no packet is missing ($both sent)" [ "$(jq -sc '[.[] |
	select(.src_node == "client1")] | group_by(.link) |
	map(map(.packets) | add)' "$dir/out")" = "[$both,$both]" ]
ended cached INT $cached
watch none 'icmp and packets >= 1000000' --no-flush --every 200ms
none=$!
nfz strip "$exp"
check "strip" [ "$status" = 0 ]
gone() { ! kill -0 "$none" 2>/dev/null; }
check "what is taken away cannot be watched" eventually gone
wait "$none"
check "and that is an error" [ $? != 0 ]
check "which is said" [ -s "$dir/none.err" ]
finish
