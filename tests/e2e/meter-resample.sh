#!/bin/bash
# Sampling of a live meter changes while packets pass: what was chosen before a
# change is weighed as it was chosen, so the estimate stays what was sent.
set -u
. "${0%/*}/lib/wire.bash"
. "${0%/*}/lib/modules.bash"
need bin/nfz-meter bin/nfz-collector tests/tool-sendudp
one_wire

times='active_ms 60000 idle_ms 15000 fin_ms 0 lease_ms 60000'
start() { # name, options...
	local name=$1
	shift
	rm -f "$dir/$name.out" # of the one before
	ip netns exec "$id-a" "$bin/nfz-$name" --setup "$dir/$name" "$@" \
		>"$dir/$name.out" 2>"$dir/$name.err" &
	pid[$name]=$!
	pids+=($!)
}
# 6,000 packets, in the midst of which the settings change.
change() { # words
	in_b "$build/tests/tool-sendudp" 10.9.0.1 9 6000 100 100 20000 \
		>/dev/null &
	local sender=$!
	set_meter "$1"
	wait $sender
}
run() { # backend, words that hold throughout
	local got
	store=$dir/store-$1-$2
	{
		head_of 1 meter 7301
		peer 1 9 collector 7309
		echo "tap 5 va - core 1 1 - p2p 0 1 -"
	} >"$dir/meter"
	{
		head_of 9 collector 7309 "$store"
		peer 9 1 meter 7301
	} >"$dir/collector"
	echo "$2" >"$dir/settings"
	start collector
	start meter --backend "$1" --settings "$dir/settings"
	wait_for "$dir/meter.out" READY
	for _ in 1 2 3; do
		change "$2 sampling=200"
		change "$2"
		change "$2 sampling=random:20"
	done
	change "$2"
	ask "flush 30000" >/dev/null
	got=$(ask status | jq '.taps[] | select(.tap == 5) | .packets')
	# 60,000, give or take what chance (of 18,000, one of 20: 585) and
	# rounds of 200 make of it
	check "$1: what was sent" "$(((got + 3000) / 6000))" -eq 10
	check "$1: and frames were passed over" "$(ask status |
		jq '.taps[] | select(.tap == 5) | .unsampled')" -gt 3000
	check "$1: all of it stored" "$(ask status | jq '.taps[] |
		select(.tap == 5) | .packets_stored - .packets')" -eq 0
	ask stop >/dev/null
	wait "${pid[meter]}" "${pid[collector]}"
}

run ebpf biflow=1 # each frame is handed over
run ebpf-socket biflow=1
run ebpf ""
run packet ""
if [ $failed -ne 0 ]; then
	tail -n 20 "$dir"/*.err
fi
exit $failed
