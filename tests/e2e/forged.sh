#!/bin/bash
# Somebody between meter, flow cache and collector sends RATE (100,000)
# datagrams a second, for TIME (2) seconds and three more, with the addresses of
# ours: half of them as they were heard, half changed, to whom they were for.
# They change nothing: what is stored is what was on the wire meanwhile, flow by
# flow, everybody stays in touch, nobody takes more memory or writes it all
# down, and a cache that was killed is believed again while its former life is
# heard.
#
# EXACT=1: no digest may be lost, either.  Else one is where the kernel had no
# room for a datagram that came, as on a machine that is busy with other things.
# shellcheck disable=SC2317 # called by eventually
set -u
. "${0%/*}/lib/wire.bash"
. "${0%/*}/lib/modules.bash"
need bin/nfz-meter bin/nfz-cache bin/nfz-collector bin/nfz-query \
	tests/tool-forge tests/tool-sendudp
rate=${RATE:-100000} time=${TIME:-2}
flows=50 each=$((50 * time))
one_wire
modules b k c2

traffic() { # port; the same number of packets of each flow, 100 a second
	in_a "$build/tests/tool-sendudp" 10.9.0.2 "$1" $((flows * each)) 100 \
		$flows $((flows * 100)) >/dev/null
}
flush() { check "nobody is late" "$(ask "flush 30000")" = ""; }
stored() { # port: flows, and how many packets each has
	"$bin/nfz-query" "$store" "udp and dst port $1" --by sport -o ndjson |
		jq -s -r '[length, ([.[].packets] | unique | .[])] | map(tostring) |
			join(" ")'
}
memory() { # modules: KiB of each
	local m
	for m; do
		awk '/^VmRSS/ { print $2 }' "/proc/${pid[$m]}/status"
	done
}
of_all() { # what of each module, sorted
	ask status | jq -r "[.modules[] | $1] | unique | map(tostring) | join(\" \")"
}
all_up() { [ "$(of_all .state)" = up ]; }
refused() { # by all three; the others say so once a second
	ask status | jq '([.refused[]] | add) + ([.modules[].auth_failed] | add)'
}
# Does the new life of the cache take what the meter tells it?
speaks_again() {
	in_a "$build/tests/tool-sendudp" 10.9.0.2 14 10 100 1 0 >/dev/null
	[ "$(awk '$1 == "digests" { print $2 }' "$dir/2.status")" -gt 0 ]
} 2>/dev/null
most_refused() { [ "$(refused)" -gt $((rate * time / 20)) ]; }

setups "$dir/store" 2
start 9 k "$bin/nfz-collector" --setup "$dir/9"
start_caches 2
start_meter b
ip netns exec "$id-hub" "$build/tests/tool-forge" br0 6 $((rate * (time + 3))) \
	"$rate" >"$dir/forged" 2>&1 &
forger=$!
pids+=("$forger")
traffic 11
wait_for "$dir/forged" heard
mapfile -t before < <(memory 1 9)
traffic 12
flush
lost=$(of_all .digests_lost)
meter_life=$(of_all 'select(.role == "meter") | .life')
kill -9 "${pid[2]}"
wait "${pid[2]}" 2>/dev/null
rm -f "$dir/2.status"
start_caches 2
wait "$forger"
check "it could send" $? -eq 0
mapfile -t after < <(memory 1 9)
lines=$(cat "$dir"/[129].err | wc -l)
tail -n 1 "$dir/forged"
check "everybody is in touch" "$(eventually all_up && of_all .state)" = up
check "and was all the time" \
	"$(of_all 'select(.role == "meter") | .life')" = "$meter_life"
check "the new cache hears the meter" "$(eventually speaks_again; echo $?)" = 0
traffic 13
flush
check "refused: $(eventually most_refused && refused)" "$(refused)" -gt \
	$((rate * time / 20))
for cause in replay tag deployment peer; do
	check "the collector refused some by $cause" \
		"$(ask status | jq ".refused.$cause")" -gt 0
done
for i in 0 1; do
	check "memory, KiB, was ${before[i]}" "${after[i]}" -le \
		$((before[i] + 16384))
done
check "log lines meanwhile" "$lines" -le 100
check "nobody else's flows" "$("$bin/nfz-query" "$store" \
	"udp and not (dst port 11 or dst port 12 or dst port 13 or \
	dst port 14)" --by sport -o ndjson; echo $?)" = 0
lost="$lost $(of_all .digests_lost)" # of the one life and the other
if [ "$lost" = "0 0" ] || [ -n "${EXACT:-}" ]; then
	check "digests lost" "$lost" = "0 0"
	for port in 11 12 13; do
		check "stored of port $port" "$(stored $port)" = "$flows $each"
	done
fi
stop 9 2 1
exit $failed
