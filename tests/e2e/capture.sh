#!/bin/bash
# All ways to capture on one wire at the same time: each counts what the ends
# say they sent, of everything there is, and all of them the same.
# shellcheck disable=SC2317
set -u
. "${0%/*}/lib/wire.bash"
need bin/nfz-meter tests/tool-sendudp
one_wire
for side in a b; do
	ip netns exec "$id-$side" sysctl -qw "net.ipv6.conf.v$side.disable_ipv6=0" \
		"net.ipv6.conf.v$side.accept_dad=0"
done
ip -n "$id-a" addr add fd09::1/64 dev va nodad
ip -n "$id-b" addr add fd09::2/64 dev vb nodad
ip -n "$id-b" addr add fd09::3/64 dev vb nodad # answers nothing but pings

# nobody asks for anybody
mac() { ip -n "$id-$1" -j link show "v$1" | jq -r '.[0].address'; }
ip -n "$id-a" neigh add fd09::2 lladdr "$(mac b)" dev va
ip -n "$id-a" neigh add fd09::3 lladdr "$(mac b)" dev va
ip -n "$id-b" neigh add fd09::1 lladdr "$(mac a)" dev vb

cat >"$dir/setup" <<'END'
netflowize-setup 1
deployment 00000000000000aa
module 1 meter
listen 0.0.0.0 0
active_ms 60000
idle_ms 15000
fin_ms 5000
lease_ms 0
cache_flows 4096
tap 5 va - core 1 1 - p2p 0 1 -
END

declare -A meter
ways=()
ready_or_gone() { # way
	grep -q READY "$dir/$1.err" || ! kill -0 "${meter[$1]}"
}
start() { # way
	rm -f "$dir/$1.err" # of the one before
	ip netns exec "$id-a" "${0%/*}/lib/unstamped.py" "$bin/nfz-meter" --setup "$dir/setup" --print \
		-o json --backend "$1" >"$dir/$1.out" 2>"$dir/$1.err" &
	meter[$1]=$!
	pids+=($!)
	eventually ready_or_gone "$1"
	if grep -q "READY taps=1 backend=$1" "$dir/$1.err"; then
		ways+=("$1")
		return
	fi
	echo "SKIPPED: --backend $1: $(tail -n 1 "$dir/$1.err")"
}
start packet
start ebpf-tcx
start ebpf-clsact
start ebpf-socket
start pcap
check "the packet ring is there" "${ways[0]:-}" = packet
[ "$bin" != "$build/bin" ] ||
	check "libpcap is there" "${ways[*]: -1}" = pcap

tcp_segments() { # of both ends: out + retransmitted
	for ns in a b; do
		ip netns exec "$id-$ns" cat /proc/net/snmp
	done | awk '/^Tcp: [0-9]/ { s += $12 + $13 } END { print s }'
}
before=$(tcp_segments)
transfer -n 60M -c 10.9.0.2
transfer -n 60M -c 10.9.0.2 -R
transfer -n 60M -c fd09::2
transfer -n 60M -c fd09::2 -R
sent=$(($(tcp_segments) - before))
# small and large, many flows, super-frames of UDP
in_a "$build/tests/tool-sendudp" 10.9.0.2 9 20000 100 50 0
in_a "$build/tests/tool-sendudp" 10.9.0.2 10 500 10000 1 0 1000
in_a "$build/tests/tool-sendudp" 10.9.0.2 11 300 1 3 0
in_a ping -q -c 20 -i 0.002 -s 4000 10.9.0.2 >/dev/null # in fragments
in_a ping -6 -q -c 20 -i 0.002 -s 200 fd09::3 >/dev/null
# what only some kinds of packets have: extension headers, options, UDP of
# IPv6 by segments, no payload, fragments with ports
in_a python3 - <<'END'
import socket
four, six = ("10.9.0.2", 12), ("fd09::2", 12)
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for i in range(100):
    s.sendto(b"x" * 50, six)
s.setsockopt(socket.SOL_UDP, 103, 700)
for i in range(10):
    s.sendto(b"x" * 7001, six)
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
# RFC 3542: a destination option header of padding
s.setsockopt(socket.IPPROTO_IPV6, 59, b"\0\0\1\4\0\0\0\0")
for i in range(70):
    s.sendto(b"x" * 60, ("fd09::2", 13))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\1\1\1\0")
for i in range(30):
    s.sendto(b"x" * 80, ("10.9.0.2", 14))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(40):
    s.sendto(b"", ("10.9.0.2", 15))
for i in range(10):
    s.sendto(b"x" * 3000, ("10.9.0.2", 16))
# to a group we are in: the copies for ourselves are on no wire
here = socket.inet_aton("10.9.0.1")
r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
r.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
             socket.inet_aton("239.1.1.1") + here)
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
for i in range(25):
    s.sendto(b"x" * 100, ("239.1.1.1", 17))
END
sleep 0.3
for way in "${ways[@]}"; do
	kill -TERM "${meter[$way]}"
done

sum() { # way, condition
	jq -n -r "reduce (inputs | select(.src) | select($2)) as \$r
		([0, 0]; [.[0] + \$r.packets, .[1] + \$r.bytes]) |
		\"\(.[0]) \(.[1])\"" "$dir/$1.out"
}
for way in "${ways[@]}"; do
	wait "${meter[$way]}"
	check "$way: clean exit" $? -eq 0
	last=$(grep '"counters_of"' "$dir/$way.out" | tail -n 1)
	check "$way: no frame unaccounted, none lost" \
		"$(jq '.unaccounted + (.lost | add)' <<<"$last")" -eq 0
	check "$way: records hold all packets" "$(sum "$way" true |
		cut -d' ' -f1)" -eq "$(jq .packets <<<"$last")"
	check "$way: interface counters agree" "$(jq '
		(.if_sent - .frames_sent | fabs) + (.if_received -
		.frames_received | fabs) <= .attach_uncertainty + 2' \
		<<<"$last")" = true
	check "$way: udp" "$(sum "$way" '.dport == 9')" = \
		"20000 $((20000 * 128))"
	check "$way: tiny udp" "$(sum "$way" '.dport == 11')" = "300 8700"
	check "$way: options" "$(sum "$way" '.dport == 14')" = "30 3360"
	check "$way: group" "$(sum "$way" '.dport == 17')" = "25 3200"
	check "$way: no payload" "$(sum "$way" '.dport == 15')" = "40 1120"
	check "$way: IPv6 with extensions" "$(sum "$way" '.dport == 13')" = \
		"70 8120"
	check "$way: fragments" "$(sum "$way" '.proto == 17 and
		(.dport == 16 or .dport == 0)')" = "30 $((10 * (3008 + 3 * 20)))"
	check "$way: pings in fragments" "$(sum "$way" '.proto == 1 and
		.dst == "10.9.0.2"')" = "60 $((20 * (4008 + 3 * 20)))"
	check "$way: IPv6 pings" "$(sum "$way" '.proto == 58 and
		.src == "fd09::3"')" = "20 $((20 * 248))"
	tcp=$(sum "$way" '.proto == 6' | cut -d' ' -f1)
	echo "$way: tcp: counted $tcp, the ends say $sent"
	if [ "$way" = pcap ]; then
		# libpcap does not tell how super-frames are cut
		check "pcap: tcp, estimated, within 1 %" \
			$(((tcp > sent ? tcp - sent : sent - tcp) * 100)) \
			-le "$sent"
		check "pcap: all are told as estimates" "$(jq -n '[inputs |
			select(.src and (.estimated | not))] | length' \
			"$dir/pcap.out")" -eq 0
		continue
	fi
	check "$way: udp super-frames" "$(sum "$way" '.dport == 10')" = \
		"5000 $((5000 * 1028))"
	check "$way: IPv6 udp, some by segments" "$(sum "$way" '.dport == 12')" \
		= "210 $((100 * 98 + 110 * 48 + 10 * 7001))"
	check "$way: no estimates" "$(grep -c estimated "$dir/$way.out")" -eq 0
	check "$way: tcp within 0.1 %" \
		$(((tcp > sent ? tcp - sent : sent - tcp) * 1000)) -le "$sent"
done
flows() { # way: all that does not depend on when it was looked at (IGMP, ICMPv6)
	jq -n -c '[inputs | select(.src and .proto != 2 and .proto != 58)] | group_by(.src, .dst, .sport,
		.dport, .proto) | .[] | [(.[0] | .src, .dst, .sport, .dport,
		.proto, .dir), (map(.packets) | add), (map(.bytes) | add)]' \
		"$dir/$1.out"
}
flows packet >"$dir/1"
check "flows to compare" "$(wc -l <"$dir/1")" -gt 60
for way in "${ways[@]}"; do
	[[ "$way" = ebpf-* ]] || continue
	flows "$way" >"$dir/2"
	check "$way: the same, flow by flow" \
		"$(diff "$dir/1" "$dir/2" | head)" = ""
done

# Where the kernel refuses eBPF, the ring does it, and says why.
in_a setpriv --bounding-set=-bpf,-sys_admin "$bin/nfz-meter" --print -o none \
	--setup "$dir/setup" --for 100ms >/dev/null 2>"$dir/refused.err"
check "auto: refused, the ring" \
	"$(grep -c 'captures by packet: .*eBPF' "$dir/refused.err")" -eq 1

# What outlives a meter: filters of clsact, on a wire where another has some.
filters() { # what is there, and whose: place, priority, name
	local way
	in_a tc qdisc show dev va clsact | cut -d' ' -f1-3
	for way in ingress egress; do
		in_a tc filter show dev va $way | sed -n \
			"s,.* pref \([0-9]*\) bpf .*handle [^ ]* flowid .*\(nfz-meter/[0-9a]*\|bytecode\).*,$way \1 \2,p"
	done | tr '\n' ';'
}
filters_are() { [ "$(filters)" = "$1" ]; }
until_filters() { # what they are to be
	eventually filters_are "$1"
	filters
}
theirs='qdisc clsact ffff:
ingress 10 bytecode;'
both='qdisc clsact ffff:
ingress 9 nfz-meter/00000000000000aa;ingress 10 bytecode;egress 100 nfz-meter/00000000000000aa;'
if [[ " ${ways[*]} " = *" ebpf-clsact "* ]]; then
	check "clsact: nothing is left" "$(until_filters "")" = ""
	in_a tc qdisc add dev va clsact
	in_a tc filter add dev va ingress prio 10 bpf bytecode '1,6 0 0 0' flowid 1:1
	check "clsact: a filter of another" "$(filters)" = "$theirs"
	start ebpf-clsact
	check "clsact: in front of it" "$(filters)" = "$both"
	kill -9 "${meter[ebpf-clsact]}"
	check "clsact: killed, and only that is left" \
		"$(until_filters "$theirs")" = "$theirs"
	start ebpf-clsact
	guard=$(pgrep -P "${meter[ebpf-clsact]}")
	jailed=2 # filters: that of unstamped.py, and its own
	[ -z "${SANITIZE:-}" ] || jailed=1 # sanitizers need what that forbids
	check "clsact: the guard may change networks, and nothing else" \
		"$(awk '/^Uid|^CapEff|^Seccomp_filters:/ { printf "%s ", $2 }' "/proc/$guard/status")" \
		= "65534 0000000000001000 $jailed "
	kill -9 "$guard" "${meter[ebpf-clsact]}"
	sleep 0.1
	check "clsact: with its guard, something stays" "$(filters)" = "$both"
	start ebpf-clsact
	check "clsact: the next one takes its place" "$(filters)" = "$both"
	# somebody removes all of it, and what comes then is counted all the same
	in_a tc qdisc del dev va clsact
	wait_for "$dir/ebpf-clsact.err" "attached again"
	in_a "$build/tests/tool-sendudp" 10.9.0.2 18 1000 100 10 0
	kill -TERM "${meter[ebpf-clsact]}"
	wait "${meter[ebpf-clsact]}"
	check "clsact: it goes on without" "$(sum ebpf-clsact '.dport == 18')" = \
		"1000 128000"
	check "clsact: and accounts for all" "$(grep '"counters_of"' \
		"$dir/ebpf-clsact.out" | tail -n 1 | jq '.unaccounted')" -eq 0
fi
[ $failed -eq 0 ] || tail -n 20 "$dir"/*.err
exit $failed
