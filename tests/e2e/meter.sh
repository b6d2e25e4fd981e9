#!/bin/bash
# The meter on a real interface: two namespaces, one veth pair, offloads on.
# What it counts is held against what the ends say they sent.
# BACKEND: how to capture, instead of by the packet ring; THREADS: in how many.
set -u
. "${0%/*}/lib/wire.bash"
backend=(--backend "${BACKEND:-packet}" --threads "${THREADS:-1}")
need bin/nfz-meter tests/tool-sendudp tests/tool-sink
one_wire
ip -n "$id-b" addr add 10.9.0.3/24 dev vb

key() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
head_of() { # module, role, address, port
	echo "netflowize-setup 1"
	echo "deployment 00000000000000aa"
	echo "module $1 $2"
	echo "listen $3 $4"
	printf 'active_ms 900000\nidle_ms 600000\nfin_ms 5000\nlease_ms 0\n'
	echo "cache_flows 4096"
}
tap_line="tap 5 va - core 1 1 - p2p 0 1 -"

# packets and bytes of records that match a jq condition
sum_of() { # file, condition
	jq -n -r "reduce (inputs | select(.src) | select($2)) as \$r
		([0, 0]; [.[0] + \$r.packets, .[1] + \$r.bytes]) |
		\"\(.[0]) \(.[1])\"" "$1"
}
# number at a path of the last counters
last_counter() { # file, path
	grep '"counters_of"' "$1" | tail -n 1 | jq -r "$2"
}
tcp_segments() { # of both ends: out + retransmitted
	for ns in a b; do
		ip netns exec "$id-$ns" cat /proc/net/snmp
	done | awk '/^Tcp: [0-9]/ { s += $12 + $13 } END { print s }'
}
exact_ledger() { # file
	check "no frame unaccounted" "$(last_counter "$1" .unaccounted)" -eq 0
	check "nothing lost" "$(last_counter "$1" '.lost | add')" -eq 0
	check "records hold all packets" "$(sum_of "$1" true | cut -d' ' -f1)" \
		-eq "$(last_counter "$1" .packets)"
	check "each packet is in a class of sizes" \
		"$(last_counter "$1" '.sizes | add')" \
		-eq "$(last_counter "$1" .packets)"
}

# --- by itself: known UDP, ping, TCP with offloads --------------------------
{ head_of 1 meter 0.0.0.0 0; echo "$tap_line"; } >"$dir/alone"
ip netns exec "$id-a" "$bin/nfz-meter" "${backend[@]}" --setup "$dir/alone" --print -o json \
	>"$dir/alone.out" 2>"$dir/alone.err" &
meter=$!
pids+=("$meter")
wait_for "$dir/alone.err" READY
check "root is given up" "$(awk '/^Uid/ { print $2 }' "/proc/$meter/status")" \
	-ne 0
check "one capability is left: CAP_NET_RAW" \
	"$((16#$(awk '/^CapEff/ { print $2 }' "/proc/$meter/status")))" -eq 8192
in_a ping -q -c 30 -i 0.02 -s 200 10.9.0.3 >/dev/null
in_a "$build/tests/tool-sendudp" 10.9.0.2 9 20000 100 50 40000
in_a "$build/tests/tool-sendudp" 10.9.0.2 10 500 10000 1 2000 1000
before=$(tcp_segments)
transfer -c 10.9.0.2 -t 1
after=$(tcp_segments)
kill -TERM "$meter"
wait "$meter"
check "clean exit" $? -eq 0
out=$dir/alone.out
check "pings sent" "$(sum_of "$out" '.proto == 1 and
	.dst == "10.9.0.3" and .dir == "sent"')" = "30 $((30 * 228))"
check "pings answered" "$(sum_of "$out" '.proto == 1 and
	.src == "10.9.0.3" and .dir == "received"')" = \
	"30 $((30 * 228))"
check "udp" "$(sum_of "$out" '.dport == 9')" = "20000 $((20000 * 128))"
check "udp flows" "$(jq -s '[.[] | select(.dport == 9) | .sport] |
	unique | length' "$out")" -eq 50
check "udp super-frames" "$(sum_of "$out" '.dport == 10')" = \
	"5000 $((5000 * 1028))"
tcp=$(sum_of "$out" '.proto == 6' | cut -d' ' -f1)
sent=$((after - before))
echo "tcp: counted $tcp, the ends say $sent"
check "tcp within 0.1 %" $(((tcp - sent) * 1000)) -le "$sent"
check "tcp within -0.1 %" $(((sent - tcp) * 1000)) -le "$sent"
check "slots" "$(jq -s -r '[.[] | select(.dport == 9) |
	"\(.src_slot) \(.dst_slot) \(.tap)"] | unique | join(",")' "$out")" = \
	"0 1 5"
exact_ledger "$out"
ifs=$(last_counter "$out" .if_sent)
seen=$(last_counter "$out" .frames_sent)
check "interface counter agrees" $((ifs > seen ? ifs - seen : seen - ifs)) \
	-le $(($(last_counter "$out" .attach_uncertainty) + 2))

# --- sampled: estimates, and every frame is accounted for -----------------------
# shellcheck disable=SC2317 # called by eventually
passes_over() {
	in_a "$build/tests/tool-sendudp" 10.9.0.2 8 50 100 1 0
	kill -USR1 "$meter"
	sleep 0.1
	[ "$(last_counter "$dir/some.out" .unsampled)" -gt 0 ]
}
for how in "" --random "--hash 5"; do
	rm -f "$dir/some.err" # or the last one's READY is seen
	# shellcheck disable=SC2086 # words
	ip netns exec "$id-a" "$bin/nfz-meter" "${backend[@]}" --setup "$dir/alone" \
		--print -o json --sample 10 $how >"$dir/some.out" 2>"$dir/some.err" &
	meter=$!
	pids+=("$meter")
	wait_for "$dir/some.err" READY
	eventually passes_over # some tenths of a second later
	check "it samples" $? -eq 0
	in_a "$build/tests/tool-sendudp" 10.9.0.2 9 20000 100 50 40000
	kill -TERM "$meter"
	wait "$meter"
	out=$dir/some.out
	exact_ledger "$out"
	got=$(sum_of "$out" '.dport == 9 and .estimated' | cut -d' ' -f1)
	check "one of 10 ${how:-in turn} is about all" \
		$((got > 16000 && got < 24000)) -eq 1
	check "all others are named" "$(last_counter "$out" \
		'.unsampled + .ip_frames + .non_ip + .excluded == .wire_frames')" = true
	check "and seen" "$(last_counter "$out" '(.if_sent - .frames_sent | fabs) <=
		.attach_uncertainty + 2')" = true
done

# --- sampled in the kernel, and here when the interface comes back -------------
remake() {
	ip -n "$id-a" link del va
	ip -n "$id-a" link add va type veth peer name vb netns "$id-b"
	ip -n "$id-b" link set vb up
	ip -n "$id-a" link set va up
	ip -n "$id-a" addr add 10.9.0.1/24 dev va
	ip -n "$id-b" addr add 10.9.0.2/24 dev vb
	ip -n "$id-b" addr add 10.9.0.3/24 dev vb
}
comes_back() { # its output, the meter's words
	local out=$dir/$1.out err=$dir/$1.err

	shift
	ip netns exec "$id-a" "$bin/nfz-meter" "$@" --setup "$dir/alone" \
		--print -o json >"$out" 2>"$err" &
	meter=$!
	pids+=("$meter")
	wait_for "$err" READY
	remake
	wait_for "$err" "attached again"
	in_a "$build/tests/tool-sendudp" 10.9.0.2 9 20000 100 50 40000
	kill -TERM "$meter"
	wait "$meter"
	exact_ledger "$out"
	got=$(sum_of "$out" '.dport == 9' | cut -d' ' -f1)
}
comes_back back "${backend[@]}" --sample 10
check "one of 10 is about all when it comes back" \
	$((got > 16000 && got < 24000)) -eq 1

# --- libpcap has not the rights to come back: a ring takes its place -----------
if [ "$bin" = "$build/bin" ]; then
	comes_back ring --backend pcap
	check "all are seen by the ring in place of libpcap" "$got" -eq 20000

	# and it does not stop at a mark, but what is behind it is told
	ip netns exec "$id-a" "$bin/nfz-meter" --backend pcap \
		--setup "$dir/alone" --print -o json >"$dir/mark.out" 2>"$dir/mark.err" &
	meter=$!
	pids+=("$meter")
	wait_for "$dir/mark.err" READY
	ip netns exec "$id-a" "$build/tests/tool-sendudp" 10.9.0.2 8 100000 60 10 50000 &
	load=$!
	sleep 0.7
	kill -USR1 "$meter"
	wait_for "$dir/mark.out" '"counters_of"'
	check "libpcap: the mark, as certain as it is" "$(last_counter "$dir/mark.out" \
		'.frames_sent > 0 and
		(.if_sent - .frames_sent | fabs) <= .attach_uncertainty + 2')" = true
	wait "$load"
	kill -TERM "$meter"
	wait "$meter"
	exact_ledger "$dir/mark.out"
fi

# --- the interface we are reached at is nobody's business --------------------
sed 's/^listen .*/listen 10.9.0.1 9001/' "$dir/alone" >"$dir/control"
for way in --print "--dump core"; do
	# shellcheck disable=SC2086 # words
	in_a timeout 5 "$bin/nfz-meter" --setup "$dir/control" $way \
		>/dev/null 2>"$dir/control.err"
	check "not of the control interface: $way" \
		"$(grep -c 'control interface: never tapped' "$dir/control.err")" -eq 1
done

# --- a receiver that merges (GRO), a sender that does not ---------------------
offload() { # namespace, interface, ethtool command, value
	ip netns exec "$1" python3 - "$2" "$3" "$4" <<'END'
import array, fcntl, socket, struct, sys
value = array.array("B", struct.pack("II", int(sys.argv[2], 16), int(sys.argv[3])))
request = struct.pack("16sP", sys.argv[1].encode(), value.buffer_info()[0])
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8946, request)
END
}
if offload "$id-b" vb 2c 1 && offload "$id-a" va 1f 0 &&
	offload "$id-a" va 24 0; then
	sed 's/ va / vb /' "$dir/alone" >"$dir/gro"
	ip netns exec "$id-b" "$bin/nfz-meter" "${backend[@]}" --setup "$dir/gro" --print \
		-o json >"$dir/gro.out" 2>"$dir/gro.err" &
	meter=$!
	pids+=("$meter")
	wait_for "$dir/gro.err" READY
	arriving() { # what a busy receiver has no room for never gets there
		echo $(($(tcp_segments) - $(in_a cat \
			/sys/class/net/va/statistics/tx_dropped)))
	}
	before=$(arriving)
	transfer -c 10.9.0.2 -t 1
	sent=$(($(arriving) - before))
	kill -TERM "$meter"
	wait "$meter"
	tcp=$(sum_of "$dir/gro.out" '.proto == 6' | cut -d' ' -f1)
	echo "merged tcp: counted $tcp, arrived $sent"
	check "merged tcp within 0.1 %" $(((tcp - sent) * 1000)) -le "$sent"
	check "merged tcp within -0.1 %" $(((sent - tcp) * 1000)) -le "$sent"
	check "frames were merged" \
		"$(last_counter "$dir/gro.out" .ip_frames)" -lt "$sent"
	exact_ledger "$dir/gro.out"
	check "interface counter agrees" "$(last_counter "$dir/gro.out" \
		'(.if_received - .frames_received | fabs) <=
		.attach_uncertainty + 2')" = true
	offload "$id-a" va 1f 1
	offload "$id-a" va 24 1
fi

# --- with a collector: own traffic goes over the tapped interface -----------
k1=$(key) k2=$(key)
{
	head_of 1 meter 0.0.0.0 9001
	echo "peer 9 collector 10.9.0.2 9009 $k1 $k2"
	echo "$tap_line"
} >"$dir/m.setup"
{
	head_of 9 collector 10.9.0.2 9009
	echo "peer 1 meter 10.9.0.1 9001 $k2 $k1"
} >"$dir/c.setup"
ip netns exec "$id-b" "$build/tests/tool-sink" "$dir/c.setup" >"$dir/c.out" 2>"$dir/c.err" &
sink=$!
pids+=("$sink")
ip netns exec "$id-a" "$bin/nfz-meter" "${backend[@]}" --setup "$dir/m.setup" --status "$dir/m.status" \
	>"$dir/m.out" 2>"$dir/m.err" &
meter=$!
pids+=("$meter")
wait_for "$dir/m.out" "READY meter id=1 port=9001 collector=up"
# Nobody asks for them: without first records they would come when their flows
# have been idle for ten minutes.
# shellcheck disable=SC2317 # called by eventually
are_there() { # file, port, what is to be of its records
	[ "$(jq -s "[.[] | select(.dport == $2)] | $3" "$1")" = true ]
}
soon() {
	eventually are_there "$@"
	check "first records to port $2 soon, unasked" $? -eq 0
}
in_a "$build/tests/tool-sendudp" 10.9.0.2 9 2000 100 10 20000
soon "$dir/c.out" 9 'length >= 10'
ip netns exec "$id-a" "$build/tests/tool-sendudp" 10.9.0.2 9 200000 60 100 100000 &
load=$!
sleep 1.2
kill -USR1 "$sink"
wait_for "$dir/c.out" '"flushed":1'
check "ledger exact under load" "$(last_counter "$dir/c.out" .unaccounted)" \
	-eq 0
check "interface counters agree under load" "$(last_counter "$dir/c.out" \
	'(.if_sent - .frames_sent | fabs) <= .attach_uncertainty + 2')" = true
last_counter "$dir/c.out" '"\(.if_sent) \(.frames_sent) \(.attach_uncertainty)"'
wait "$load"
kill -USR1 "$sink"
wait_for "$dir/c.out" '"flushed":2'
check "udp at the collector" "$(sum_of "$dir/c.out" '.dport == 9')" = \
	"202000 $((2000 * 128 + 200000 * 88))"
check "own traffic is excluded" "$(last_counter "$dir/c.out" .excluded)" -gt 5
check "own traffic is no flow" "$(sum_of "$dir/c.out" \
	'.sport == 9009 or .dport == 9009')" = "0 0"
exact_ledger "$dir/c.out"
check "status" "$(grep -c 'interface va attached' "$dir/m.status")" -eq 1
# the interface goes down and comes back
ip -n "$id-a" link set va down
sleep 0.5
ip -n "$id-a" link set va up
sleep 1.2
in_a "$build/tests/tool-sendudp" 10.9.0.2 11 100 60 1 0
# it is deleted, made again, and found by its name
in_a "$build/tests/tool-sendudp" 10.9.0.2 12 100 60 1 0
remake
wait_for "$dir/m.err" "attached again"
in_a "$build/tests/tool-sendudp" 10.9.0.2 13 100 60 1 0
sleep 0.5
# the meter stands still while its ring overflows: lost, but by name
kill -STOP "$meter"
in_a "$build/tests/tool-sendudp" 10.9.0.2 14 300000 60 10 0
kill -CONT "$meter"
sleep 1.2
kill -TERM "$sink"
wait "$sink"
wait "$meter"
check "meter ended in order" $? -eq 0
check "after down and up" "$(sum_of "$dir/c.out" '.dport == 11')" = \
	"100 8800"
check "before it was deleted" "$(sum_of "$dir/c.out" '.dport == 12')" = \
	"100 8800"
check "after it was made again" "$(sum_of "$dir/c.out" '.dport == 13')" = \
	"100 8800"
lost=$(last_counter "$dir/c.out" .lost.ring)
got=$(sum_of "$dir/c.out" '.dport == 14' | cut -d' ' -f1)
# a few flows are added up in the kernel whatever the meter does
[[ "${BACKEND:-}" = ebpf* ]] || check "the ring overflowed" "$lost" -gt 0
check "what it took and what it lost" $((got + lost)) -ge 300000
check "no frame unaccounted" "$(last_counter "$dir/c.out" .unaccounted)" -eq 0
check "records hold all packets" "$(sum_of "$dir/c.out" true | cut -d' ' -f1)" \
	-eq "$(last_counter "$dir/c.out" .packets)"

# --- no collector for a while, a small flow cache ---------------------------
# Each packet is of another flow, so each makes a record: more than the queue
# holds.  Then the cache holds back and refuses, by name; what it took arrives.
sed -i 's/^cache_flows .*/cache_flows 100/' "$dir/m.setup"
ip netns exec "$id-a" "$bin/nfz-meter" "${backend[@]}" --setup "$dir/m.setup" \
	>"$dir/late.out" 2>"$dir/late.err" &
meter=$!
pids+=("$meter")
wait_for "$dir/late.out" "READY meter id=1 port=9001 collector=unheard"
in_a "$build/tests/tool-sendudp" 10.9.0.2 9 200000 60 1000 100000
ip netns exec "$id-b" "$build/tests/tool-sink" "$dir/c.setup" \
	>"$dir/late.c.out" 2>"$dir/late.c.err" &
sink=$!
pids+=("$sink")
wait_for "$dir/late.err" "module 9 is up"
sleep 1.2
kill -TERM "$sink"
wait "$meter"
check "meter ended in order" $? -eq 0
wait "$sink"
refused=$(last_counter "$dir/late.c.out" .lost.cache)
got=$(sum_of "$dir/late.c.out" '.dport == 9' | cut -d' ' -f1)
[[ "${BACKEND:-}" = ebpf* ]] || check "the cache refused some" "$refused" -gt 0
lost=$(last_counter "$dir/late.c.out" '.lost | add') # in a ring, too
check "what arrived and what was refused" $((got + lost)) -ge 200000
check "no frame unaccounted" "$(last_counter "$dir/late.c.out" .unaccounted)" \
	-eq 0
check "records hold all packets" \
	"$(sum_of "$dir/late.c.out" true | cut -d' ' -f1)" \
	-eq "$(last_counter "$dir/late.c.out" .packets)"

# --- through two flow caches -------------------------------------------------
declare -A keys
link() { keys[$1$2]=$(key); keys[$2$1]=$(key); }
link 1 2; link 1 3; link 1 4; link 1 9; link 2 9; link 3 9
peer() { # of module, id, role, address, port
	echo "peer $2 $3 $4 $5 ${keys[$1$2]} ${keys[$2$1]}"
}
{
	head_of 1 meter 127.0.0.1 9001
	peer 1 2 cache 127.0.0.1 9002
	peer 1 3 cache 127.0.0.1 9003
	peer 1 4 cache 127.0.0.1 9004 # planned, and never started
	peer 1 9 collector 127.0.0.1 9009
	echo "$tap_line"
} >"$dir/m.setup"
for c in 2 3; do
	{
		head_of $c cache 127.0.0.1 900$c
		peer $c 1 meter 127.0.0.1 9001
		peer $c 9 collector 127.0.0.1 9009
	} >"$dir/cache$c.setup"
done
{
	head_of 9 collector 127.0.0.1 9009
	peer 9 1 meter 127.0.0.1 9001
	peer 9 2 cache 127.0.0.1 9002
	peer 9 3 cache 127.0.0.1 9003
} >"$dir/c.setup"
ip netns exec "$id-a" "$build/tests/tool-sink" "$dir/c.setup" >"$dir/cc.out" 2>"$dir/cc.err" &
sink=$!
pids+=("$sink")
for c in 2 3; do
	ip netns exec "$id-a" "$bin/nfz-cache" --setup "$dir/cache$c.setup" \
		--status "$dir/cache$c.status" \
		>"$dir/cache$c.out" 2>"$dir/cache$c.err" &
	cache=$!
	pids+=("$cache")
	wait_for "$dir/cache$c.out" "READY cache"
done
ip netns exec "$id-a" "$bin/nfz-meter" "${backend[@]}" --setup "$dir/m.setup" >"$dir/mm.out" 2>"$dir/mm.err" &
meter=$!
pids+=("$meter")
wait_for "$dir/mm.out" "READY meter"
sleep 0.5
began=$(date +%s)
in_a "$build/tests/tool-sendudp" 10.9.0.2 9 30000 200 100 30000
in_a "$build/tests/tool-sendudp" 10.9.0.2 15 3 60 1 0
soon "$dir/cc.out" 15 '(map(.packets) | add) == 3' # through caches
kill -USR1 "$sink"
wait_for "$dir/cc.out" '"flushed":1'
check "udp through caches, flushed" "$(sum_of "$dir/cc.out" '.dport == 9')" = \
	"30000 $((30000 * 228))"
exact_ledger "$dir/cc.out"
check "records of another day" "$(jq -s "map(select(.first_ns) |
	select(.first_ns / 1e9 < $began or .last_ns / 1e9 > now + 1)) | length" \
	"$dir/cc.out")" -eq 0
# shellcheck disable=SC2317 # called by eventually
had_share() { # cache; the file is of every second
	[ "$(awk '/^most_flows/ { print $2 }' "$dir/cache$1.status")" -gt 20 ]
}
for c in 2 3; do
	eventually had_share $c
	check "cache $c had its share" $? -eq 0
done
# shellcheck disable=SC2317 # called by rests
woken() { awk '/^voluntary/ { print $2 }' "/proc/$cache/status"; }
# shellcheck disable=SC2317 # called by eventually
rests() { # for 2 s: 24 times with ten ticks a second, else 12
	local before
	before=$(woken)
	sleep 2
	[ $(($(woken) - before)) -lt 18 ]
}
eventually rests
check "it hardly wakes when nothing comes" $? -eq 0
kill -TERM "$sink"
wait "$meter"
check "meter ended in order" $? -eq 0
wait "$sink"
exact_ledger "$dir/cc.out"
if [ "$failed" -ne 0 ]; then
	tail -n 5 "$dir"/*.err
fi
exit "$failed"
