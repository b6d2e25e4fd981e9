#!/bin/bash
# Meter, flow cache and collector as deployed: real packets through a real tap
# into the store, with the collector killed in the middle, strangers shouting,
# and an end in order.  Once with the meter's own cache, once with nfz-cache.
set -u
. "${0%/*}/lib/wire.bash"
. "${0%/*}/lib/modules.bash"
need bin/nfz-meter bin/nfz-cache bin/nfz-collector tests/tool-sendudp
one_wire

times='active_ms 60000 idle_ms 15000 fin_ms 5000 lease_ms 60000'
setups() { # with a cache?
	{
		head_of 1 meter 7301
		peer 1 9 collector 7309
		[ "$1" = cache ] && peer 1 2 cache 7302
		echo "tap 5 va - core 1 1 - p2p 0 1 -"
	} >"$dir/meter"
	{
		head_of 2 cache 7302
		peer 2 9 collector 7309
		peer 2 1 meter 7301
	} >"$dir/cache"
	{
		head_of 9 collector 7309 "$dir/store-$1"
		peer 9 1 meter 7301
		[ "$1" = cache ] && peer 9 2 cache 7302
	} >"$dir/collector"
	store=$dir/store-$1
}
start() { # program, its name here
	# not in_a: the pid must be the program's
	ip netns exec "$id-a" "$bin/nfz-$1" --setup "$dir/$1" \
		>>"$dir/$1.out" 2>>"$dir/$1.err" &
	pids+=($!)
	pid[$1]=$!
}
await_up() { # number of modules
	eventually are_up "$1"
	check "modules are up" $? -eq 0
}
# shellcheck disable=SC2317
are_up() {
	[ "$(ask status | jq '[.modules[] | select(.state == "up")] |
		length')" = "$1" ]
}
send() { # count
	in_a "$build/tests/tool-sendudp" 10.9.0.2 9 "$1" 100 10 4000 \
		>>"$dir/sent" 2>&1
}
# Stored packets of tap 5 over all senders; what the meter counted; the hole.
stored() { jq '[.taps[] | select(.tap == 5) | .packets_stored] | add'; }
counted() { jq '[.taps[] | select(.tap == 5) | .packets // 0] | add'; }
unaccounted() {
	jq '[.taps[] | select(.wire_frames) | .wire_frames - .ip_frames -
		.non_ip - .excluded - .unsampled - ([.lost[]] | add)] | add'
}
balance() { # what happened before, packets sent so far
	local text late
	late=$(ask "flush 30000")
	check "$1: nobody is late" "$late" = ""
	text=$(ask status)
	check "$1: packets counted" "$(counted <<<"$text")" -ge "$2"
	check "$1: all of them stored" "$(stored <<<"$text")" -eq \
		"$(counted <<<"$text")"
	check "$1: frames unaccounted" "$(unaccounted <<<"$text")" -eq 0
}
shout() { # forged, cut and foreign datagrams at the collector
	in_a python3 - <<'PY'
import os, random, socket, struct
random.seed(1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(20000):
    head = b"NF" + bytes([1, random.choice([1, 2, 3, 4])])
    head += struct.pack(">QHH", random.choice([0xAA, 7]), 1, 9)
    d = head + random.randbytes(random.randrange(100))
    s.sendto(d, ("127.0.0.1", 7309))
PY
}

run() { # direct or cache
	local modules=1 text
	[ "$1" = cache ] && modules=2
	setups "$1"
	start meter
	[ "$1" = cache ] && start cache
	start collector # last, on purpose
	await_up $modules
	send 3000
	balance "$1" 3000
	send 4000 &
	local sender=$!
	sleep 0.3
	kill -9 "${pid[collector]}"
	sleep 0.3
	start collector
	wait $sender
	await_up $modules
	balance "$1, collector killed" 7000
	shout
	text=$(ask status)
	check "$1: shouting refused" "$(jq '[.refused[]] | add' <<<"$text")" \
		-ge 10000
	check "$1: and nobody minds" "$(jq -r '[.modules[].state] | unique |
		join(" ")' <<<"$text")" = up
	send 500
	balance "$1, after the shouting" 7500
	check "$1: stop" "$(ask stop)" = ""
	wait "${pid[collector]}"
	check "$1: collector's exit" $? -eq 0
	wait "${pid[meter]}"
	check "$1: meter's exit" $? -eq 0
	if [ "$1" = cache ]; then
		wait "${pid[cache]}"
		check "$1: cache's exit" $? -eq 0
	fi
}

run direct
run cache
if [ $failed -ne 0 ]; then
	tail -n 30 "$dir"/*.err "$dir"/*.out
fi
exit $failed
