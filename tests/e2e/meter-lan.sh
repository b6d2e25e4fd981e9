#!/bin/bash
# A switched LAN of four members of whom three are watched, one of them by a
# bridge in front of it: whoever talks to whom, all taps together count every
# packet once, and know between whom it went.
set -u
. "${0%/*}/lib/wire.bash"
need bin/nfz-meter tests/tool-sendudp
namespaces sw 0 1 2 3 sh
bridge() { # namespace, ports...
	ip -n "$1" link add br0 type bridge
	ip -n "$1" link set br0 up
	for port in "${@:2}"; do
		ip -n "$1" link set "$port" master br0
		ip -n "$1" link set "$port" up
	done
}
# member 2 reaches the switch through the bridge node "sh": ports pa, pb
for n in 0 1 3; do
	ip -n "$id-$n" link add eth0 address "02:00:00:00:00:0$n" type veth \
		peer name "p$n" netns "$id-sw"
done
ip -n "$id-2" link add eth0 address 02:00:00:00:00:02 type veth \
	peer name pa netns "$id-sh"
ip -n "$id-sh" link add pb type veth peer name p2 netns "$id-sw"
bridge "$id-sh" pa pb
bridge "$id-sw" p0 p1 p2 p3
for n in 0 1 2 3; do
	ip -n "$id-$n" addr add "10.8.0.1$n/24" brd 10.8.0.255 dev eth0
	ip -n "$id-$n" link set eth0 up
done

members() {
	echo "member 0 02:00:00:00:00:00 watched"
	echo "member 1 02:00:00:00:00:01 watched"
	echo "member 2 02:00:00:00:00:02 watched"
	echo "member 3 02:00:00:00:00:03 -"
}
setup() { # module, taps on stdin
	printf 'netflowize-setup 1\ndeployment 00000000000000bb\n'
	printf 'module %s meter\nlisten 0.0.0.0 0\ncache_flows 1000\n' "$1"
	printf 'idle_ms 15000\nactive_ms 60000\n'
	while read -r tap; do
		echo "$tap"
		members
	done
}
# received: 2 = only of the unwatched, sent: 1 = all
echo "tap 10 - 02:00:00:00:00:00 lan 2 1 lowest lan 0 0 -" |
	setup 1 >"$dir/0.setup"
echo "tap 11 eth0 - lan 2 1 - lan 1 0 -" | setup 2 >"$dir/1.setup"
printf '%s\n' "tap 12 pa - lan 1 0 - lan 2 0 facing" \
	"tap 13 pb - lan 2 0 - lan 2 0 -" | setup 3 >"$dir/sh.setup"
for n in 0 1 sh; do
	ip netns exec "$id-$n" "$bin/nfz-meter" --setup "$dir/$n.setup" \
		--print -o json >"$dir/$n.out" 2>"$dir/$n.err" &
	pids+=($!)
done
for n in 0 1 sh; do wait_for "$dir/$n.err" READY; done

# everybody to everybody: number of packets tells the pair
for from in 0 1 2 3; do
	for to in 0 1 2 3; do
		[ "$from" = "$to" ] && continue
		ip netns exec "$id-$from" "$build/tests/tool-sendudp" \
			"10.8.0.1$to" 9 $((100 + 10 * from + to)) 100 1 0
	done
	# to the group
	ip netns exec "$id-$from" ping -q -b -c "$((from + 1))" -i 0.02 -W 1 \
		10.8.0.255 >/dev/null 2>&1
done
sleep 0.3
for p in "${pids[@]}"; do kill -TERM "$p"; done
for p in "${pids[@]}"; do wait "$p"; done
pids=()
cat "$dir"/*.out >"$dir/all"

sum() { # condition
	jq -s -r "[.[] | select(.src) | select($1) | .packets] | add // 0" \
		"$dir/all"
}
slots() { # condition
	jq -s -r "[.[] | select(.src) | select($1) |
		\"\(.src_slot) \(.dst_slot)\"] | unique | join(\", \")" \
		"$dir/all"
}
for from in 0 1 2 3; do
	for to in 0 1 2 3; do
		[ "$from" = "$to" ] && continue
		pair=".src == \"10.8.0.1$from\" and .dst == \"10.8.0.1$to\"
			and .dport == 9"
		check "udp $from to $to" "$(sum "$pair")" -eq \
			$((100 + 10 * from + to))
		check "slots $from to $to" "$(slots "$pair")" = "$from $to"
	done
	pair=".src == \"10.8.0.1$from\" and .dst == \"10.8.0.255\""
	check "group from $from" "$(sum "$pair")" -eq $((from + 1))
	check "slots of group from $from" "$(slots "$pair")" = "$from 65534"
done
check "no frame unaccounted" "$(jq -s -r '[.[] | select(.counters_of) |
	.unaccounted | if . < 0 then -. else . end] | add' "$dir/all")" -eq 0
check "taps" "$(jq -s '[.[] | select(.counters_of)] | length' "$dir/all")" -eq 4
exit "$failed"
