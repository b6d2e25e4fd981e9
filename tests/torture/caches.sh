#!/bin/bash
# One meter, three flow caches, one collector, each in a namespace of its own:
# RATE packets a second (500,000) for TIME seconds (10).  No digest is lost,
# every packet is in a record, and a flow's records come from one cache.  Then a
# cache is killed under way: the others go on, and whole flows that began after
# it was missed are whole.
set -u
. "${0%/*}/../e2e/lib/wire.bash"
need bin/nfz-meter bin/nfz-cache tests/tool-sendudp tests/tool-sink
rate=${RATE:-500000} time=${TIME:-10} flows=900
one_wire
namespaces hub k c2 c3 c4
ip -n "$id-hub" link add br0 type bridge
ip -n "$id-hub" link set br0 up
n=0
for ns in a k c2 c3 c4; do
	n=$((n + 1))
	ip -n "$id-$ns" link add ctl type veth peer name "h$n" netns "$id-hub"
	ip -n "$id-hub" link set "h$n" master br0 up
	ip -n "$id-$ns" addr add "10.8.0.$n/24" dev ctl
	ip -n "$id-$ns" link set ctl up
done
declare -A addr=([1]=10.8.0.1 [9]=10.8.0.2 [2]=10.8.0.3 [3]=10.8.0.4 [4]=10.8.0.5)
declare -A role=([1]=meter [9]=collector [2]=cache [3]=cache [4]=cache) keys
for x in 1 2 3 4 9; do
	for y in 1 2 3 4 9; do
		keys[$x$y]=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
	done
done
setup() { # module, peers...
	local m=$1 p
	shift
	printf 'netflowize-setup 1\ndeployment 00000000000000aa\nmodule %s %s\nlisten %s 900%s\n' \
		"$m" "${role[$m]}" "${addr[$m]}" "$m"
	printf 'active_ms 2000\nidle_ms 15000\nfin_ms 0\nlease_ms 0\ncache_flows 65536\n'
	for p; do
		echo "peer $p ${role[$p]} ${addr[$p]} 900$p ${keys[$m$p]} ${keys[$p$m]}"
	done
	[ "$m" = 1 ] && echo "tap 5 va - core 1 1 - p2p 0 1 -"
}
setup 1 2 3 4 9 >"$dir/1"
for c in 2 3 4; do setup $c 1 9 >"$dir/$c"; done
setup 9 1 2 3 4 >"$dir/9"
declare -A pid
start() { # module, namespace, program, options...
	local m=$1 ns=$2
	shift 2
	ip netns exec "$id-$ns" "$@" >"$dir/$m.out" 2>"$dir/$m.err" &
	pid[$m]=$!
	pids+=($!)
}
wait_for() { # file, text
	for _ in $(seq 200); do
		grep -q "$2" "$1" 2>/dev/null && return 0
		sleep 0.1
	done
	check "$2 in $1" 0 -eq 1
}
run() {
	start 9 k "$build/tests/tool-sink" "$dir/9"
	for c in 2 3 4; do
		start $c c$c "$bin/nfz-cache" --setup "$dir/$c" --status "$dir/$c.status"
		wait_for "$dir/$c.out" "READY cache"
	done
	start 1 a "$bin/nfz-meter" --setup "$dir/1" --status "$dir/1.status"
	wait_for "$dir/1.out" "READY meter"
	sleep 1
}
end() {
	sleep 1.5
	kill -TERM "${pid[9]}"
	wait "${pid[1]}"
	meter=$?
	wait "${pid[9]}"
}
number() { awk -v w="$2" '$1 == w { print $2 }' "$dir/$1.status"; }
# Of the records to a port: packets, flows, flows whose records several sent.
digest() { # port
	python3 - "$dir/9.out" "$1" <<'PY'
import collections, json, sys
seen, packets, sender = collections.defaultdict(set), 0, 0
for line in open(sys.argv[1]):
    r = json.loads(line)
    sender = r.get("from", sender)
    if r.get("dport") == int(sys.argv[2]):
        seen[r["sport"]].add(sender)
        packets += r["packets"]
print(packets, len(seen), sum(len(s) > 1 for s in seen.values()))
PY
}

count=$((rate * time))
run
in_a "$build/tests/tool-sendudp" 10.9.0.2 9 $count 100 $flows "$rate" 0 64
end
check "meter ended in order" "$meter" -eq 0
check "packets, flows, and flows in pieces" "$(digest 9)" = "$count $flows 0"
ledger=$(grep '"counters_of":5' "$dir/9.out" | tail -n 1)
check "frames lost" "$(jq '.lost | add' <<<"$ledger")" -eq 0
check "frames unaccounted" "$(jq .unaccounted <<<"$ledger")" -eq 0
for c in 2 3 4; do
	check "cache $c had digests" "$(number $c digests)" -gt 100
	check "and refused none" "$(number $c refused)" -eq 0
done

# --- one is killed -----------------------------------------------------------
run
in_a "$build/tests/tool-sendudp" 10.9.0.2 9 $((rate * time / 2)) 100 $flows \
	$((rate / 2)) 0 64 &
sender=$!
sleep $((time / 2 + 1))
kill -9 "${pid[3]}"
wait "$sender"
sleep 5 # three times no sign of life
in_a "$build/tests/tool-sendudp" 10.9.0.2 10 $((rate * time / 4)) 100 $flows \
	$((rate / 4)) 0 64
end
check "meter ended" "$meter" -le 8
check "flows after the loss are whole" "$(digest 10)" = \
	"$((rate * time / 4)) $flows 0"
ledger=$(grep '"counters_of":5' "$dir/9.out" | tail -n 1)
check "frames unaccounted" "$(jq .unaccounted <<<"$ledger")" -eq 0
exit "$failed"
