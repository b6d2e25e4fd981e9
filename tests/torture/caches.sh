#!/bin/bash
# One meter, three flow caches, one collector, each in a namespace of its own:
# RATE packets a second (500,000) for TIME seconds (10), made by the kernel, so
# that the sender costs next to nothing.  No digest is lost, every packet is in
# a record, and a flow's records come from one cache.  Then caches come, go in
# order and are killed under way: what the ledger says was lost is what is
# missing of what was sent, nothing where nobody was killed.
#
# PART=whole|change: only one of them.
set -u
. "${0%/*}/../e2e/lib/wire.bash"
. "${0%/*}/../e2e/lib/modules.bash"
need bin/nfz-meter bin/nfz-cache bin/nfz-collector tests/tool-inject \
	tests/tool-sink
rate=${RATE:-500000} time=${TIME:-10} flows=900
one_wire
modules b k c2 c3 c4

# Packets to an address, by the kernel's own hand as if they came over the wire;
# the frames are for another station: counted, and let go.
inject() { # last byte of the address, packets, packets a second
	in_b "$build/tests/tool-inject" vb "$2" $flows 02:00:00:00:00:99 \
		10.9.0.1 "10.9.0.$1" "$3" >>"$dir/injected"
}
number() { # module, word of its status
	awk -v w="$2" '$1 == w { print $2 }' "$dir/$1.status"
}
# Of the records to an address: packets, flows, flows that several sent, records of
# another time or longer than flows are counted.
records() { # last byte of the address
	python3 - "$dir/9.out" "10.9.0.$1" <<'PY'
import collections, json, sys, time
seen, packets, sender, odd = collections.defaultdict(set), 0, 0, 0
now = time.time_ns()
for line in open(sys.argv[1]):
    r = json.loads(line)
    sender = r.get("from", sender)
    if r.get("dst") == sys.argv[2]:
        seen[r["sport"]].add(sender)
        packets += r["packets"]
        odd += not (now - 600e9 < r["first_ns"] <= r["last_ns"] <= now
                    and r["last_ns"] - r["first_ns"] < 4e9)
print(packets, len(seen), sum(len(s) > 1 for s in seen.values()), odd)
PY
}

# --- no digest is lost, every flow is whole -----------------------------------
whole() {
	local count=$((rate * time)) ledger c began
	setups - 2 3 4
	start 9 k "$build/tests/tool-sink" "$dir/9"
	start_caches 2 3 4
	start_meter b
	began=$(date +%s%N)
	inject 9 $count "$rate"
	echo "$((count * 1000 / (($(date +%s%N) - began) / 1000000))) packets" \
		"a second, wanted $rate"
	sleep 1.5
	kill -TERM "${pid[9]}"
	wait "${pid[1]}"
	check "meter ended in order" $? -eq 0
	wait "${pid[9]}"
	check "packets, flows, flows in pieces, odd times" "$(records 9)" = \
		"$count $flows 0 0"
	ledger=$(grep '"counters_of":5' "$dir/9.out" | tail -n 1)
	check "frames lost" "$(jq '.lost | add' <<<"$ledger")" -eq 0
	check "frames unaccounted" "$(jq .unaccounted <<<"$ledger")" -eq 0
	for c in 2 3 4; do
		check "cache $c had digests" "$(number $c digests)" -gt 100
		check "and refused none" "$(number $c refused)" -eq 0
	done
}

# --- caches come, go and die ---------------------------------------------------
# Packets that were counted and are in no record, as the collector says.
missing() {
	ask "flush 5000" >"$dir/late"
	ask status | jq '[.taps[] | select(.tap == 5) |
		(.packets // 0) - .packets_stored] | add'
}
stored() { # last byte of the address: packets in records
	"$bin/nfz-query" "$store" "dst host 10.9.0.$1" --by dst -o ndjson |
		jq -s '[.[].packets] | add // 0'
}
change() {
	local count=$((rate * time / 2)) sender lost most
	setups "$dir/store" 2 3 4
	start 9 k "$bin/nfz-collector" --setup "$dir/9"
	start_caches 2 3
	start_meter b
	inject 11 $count "$rate" &
	sender=$!
	sleep 1.5
	start_caches 4
	wait "$sender"
	check "one more: packets lost" "$(missing)" -eq 0
	check "nobody is late" "$(cat "$dir/late")" = ""
	check "and all are stored" "$(stored 11)" -eq $count
	check "it had digests" "$(number 4 digests)" -gt 50
	inject 12 $count "$rate" &
	sender=$!
	sleep 1.5
	kill -TERM "${pid[2]}"
	wait "${pid[2]}"
	check "one left in order" $? -eq 0
	wait "$sender"
	check "one less: packets lost" "$(missing)" -eq 0
	check "and all are stored" "$(stored 12)" -eq $count
	inject 13 $count "$rate" &
	sender=$!
	sleep 1.5
	kill -9 "${pid[3]}"
	wait "$sender"
	sleep 3.5 # three times no sign of life
	lost=$(missing)
	echo "killed: $lost packets were lost"
	check "one killed: what is said is what is missing" \
		$((count - $(stored 13))) -eq "$lost"
	# what it held: its half of the packets since its flows' last records,
	# and what was sent to it until it was missed
	most=$((rate * 3))
	check "no more than it held and was sent" "$lost" -le $most
	inject 14 $count "$rate"
	check "then all of what comes is stored" "$(($(missing) - lost))" -eq 0
	check "by the one that is left" "$(stored 14)" -eq $count
	check "stop" "$(ask stop)" = "late 3"
	wait "${pid[1]}"
	check "meter ended" $? -le 8
}

[ "${PART:-whole}" = whole ] && whole
[ "${PART:-change}" = change ] && change
exit "$failed"
