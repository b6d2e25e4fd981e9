#!/bin/bash
# KILLS (300) kills of each role, meter, cache and collector, at random moments
# under traffic: each time it runs again within a second, and in the end the
# ledger has every frame: those counted, and those while no probe ran, are what
# the interfaces counted themselves, but for the moments of attaching; nothing
# acknowledged is missing.
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/../e2e/lib/deploy.bash"
use_netflowize
begin topologies/dumbbell.ns
kills=${KILLS:-300}
process() { # node, role
	on "$1" -- sh -c "sed -n 's/^process \([0-9]*\) .*/\1/p' \
		/var/lib/netflowize/*/run/$2" 2>/dev/null
}
# All frames of the links' interfaces of a node, by its own count.
frames() { # node, interfaces...
	on "$1" -- sh -c 'shift; for i; do cat \
		/sys/class/net/$i/statistics/[rt]x_packets; done' sh "$@" |
		awk '{ n += $1 } END { print n }'
}
# Of all taps of a node: frames counted, or in no probe's time.
counted() { # node
	jq "[.probes[] | select(.node == \"$1\") | .taps[] |
		.wire_frames + .unwatched] | add" "$dir/out"
}
kill_one() { # node, role
	local pid now
	pid=$(process "$1" "$2")
	on "$1" -- sh -c "kill -9 $pid"
	sleep 1
	now=$(process "$1" "$2")
	[ "$now" != "$pid" ] && on "$1" -- sh -c "kill -0 $now"
}

nfz up "$exp" --caches 2 --lease 2h
check "up" [ "$status" = 0 ]
nfz status "$exp" -o json
ifaces=$(jq -r '.probes[] | select(.node == "left") | .taps[].iface' "$dir/out")
# shellcheck disable=SC2086 # words
before=$(frames left $ifaces) had=$(counted left)
on client1 -- sh -c 'ping -i 0.002 -q client2 & echo $! >/tmp/ping.pid
	wait' >"$dir/ping" &
late=0
for i in $(seq "$kills"); do
	for what in left:meter left:cache client1:collector; do
		sleep "1.$((RANDOM % 10))"
		kill_one "${what%:*}" "${what#*:}" || {
			late=$((late + 1))
			echo "kill $i of the ${what#*:}: not there after 1 s"
		}
	done
done
on client1 -- sh -c 'kill $(cat /tmp/ping.pid)'
wait
sleep 4 # three times no sign of life
check "all $kills kills of each role: back within a second" [ $late = 0 ]
nfz status "$exp" -o json
# shellcheck disable=SC2086
after=$(frames left $ifaces)
missing=$((after - before - $(counted left) + had))
cp "$dir/out" "$dir/status"
nfz verify "$exp" -o csv
# while a tap is attached it cannot be told which frames it sees
unsure=$(python3 -c 'import csv, sys
print(sum(int(r["uncertainty"]) for r in csv.DictReader(open(sys.argv[1]))
    if r["node"] == "left"))' "$dir/out")
mv "$dir/status" "$dir/out"
check "of $((after - before)) frames, those neither counted nor while no probe \
ran are within the uncertainty of attaching: ${missing#-} of $unsure" \
	[ "${missing#-}" -le "$unsure" ]
check "some came while none ran" [ "$(jq .ledger.unwatched "$dir/out")" -gt 0 ]
check "what is stored was metered" [ "$(jq '.ledger.packets -
	.ledger.packets_stored >= 0' "$dir/out")" = true ]
check "every record sent is stored" [ "$(jq '.ledger.records_sent -
	.ledger.records_stored' "$dir/out")" = 0 ]
nfz strip "$exp"
check "strip" [ "$status" = 0 ]
finish
