#!/bin/bash
# Several threads read one interface: what they count is what one counts, flow by
# flow, whatever a flow is, also when the interface goes down and comes back; each
# takes part, and is locked up.
set -u
. "${0%/*}/lib/wire.bash"
need bin/nfz-meter
one_wire

# Frames of 64 pairs of hosts, 3 conversations each, both ways at va, in IPv4 and
# IPv6, some tagged, some in fragments: the same ones each time.
cat >"$dir/frames.py" <<'END'
import socket, struct, sys
way = sys.argv[1]  # there, or back
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[2], 0))
n = 0
for pair in range(64):
    for talk in range(3):
        ends = [(f"10.77.0.{pair}", 20000 + talk), (f"10.77.1.{pair}", 53)]
        six = pair % 4 == 3
        vlan = (0, 0, 5, 6)[(pair + talk) % 4]
        (a, p), (b, q) = ends if way == "there" else ends[::-1]
        for k in range(5):
            udp = struct.pack(">HHHH", p, q, 20, 0) + bytes(12)
            if six:
                at = [socket.inet_pton(socket.AF_INET6, "fd00::" + x.replace(".", ":")) for x in (a, b)]
                more = struct.pack(">BB6x", 17, 0) if k == 2 else b""  # an extension header
                ip = struct.pack(">IHBB", 6 << 28, 20 + len(more), 0 if more else 17, 9) + at[0] + at[1] + more
            else:
                cut = (0, 0, 0x2000, 3, 0)[k]  # the first of a packet, and a later one
                ip = struct.pack(">BBHHHBBH", 0x45, 0, 40, 7, cut, 9, 17, 0) + socket.inet_aton(a) + socket.inet_aton(b)
            tag = struct.pack(">HH", 0x8100, vlan) if vlan else b""
            s.send(b"\2\0\0\0\0\7\2\0\0\0\0\1" + tag + (b"\x86\xdd" if six else b"\x08\0") + ip + udp)
            n += 1
print(n)
END
printf '%s\n' 'netflowize-setup 1' 'deployment 00000000000000aa' 'module 1 meter' \
	'listen 0.0.0.0 0' 'active_ms 900000' 'idle_ms 600000' 'fin_ms 5000' \
	'lease_ms 0' 'cache_flows 4096' 'tap 5 va - core 1 1 - p2p 0 1 -' >"$dir/setup"

# Each direction of each flow with its packets and octets, in order; and how many
# flows there are.
ways='def turned: {src: .dst, dst: .src, sport: .dport, dport: .sport, proto,
	fragment, vlan, packets: .reverse_packets, bytes: .reverse_bytes,
	dir: (if .dir == "sent" then "received" else "sent" end)};
	[inputs | select(.src) | ., (select(.reverse_packets > 0) | turned)]'
flows_of() { # file
	jq -n -c "$ways"' | map(select(.src | test("77"))) |
		group_by([.src, .dst, .sport, .dport, .proto, .fragment, .dir,
		.vlan])[] | [(.[0] | .src, .dst, .sport, .dport, .proto,
		.fragment, .dir, .vlan), (map(.packets) | add),
		(map(.bytes) | add)]' "$1"
}
number_of() { # file, name
	local ends='.src, .sport, .dst, .dport, .dir'
	[ "$2" = both ] && ends='([[.src, .sport], [.dst, .dport]] | sort)'
	jq -n "$ways | unique_by([.proto, .fragment, .vlan, $ends]) | length" "$1"
}
flows_begun() { awk '/^thread/ { n += $6 } END { print n }' "$1"; }

# shellcheck disable=SC2317 # called by eventually
has_carrier() { [ "$(in_a cat /sys/class/net/va/carrier)" = 1 ]; }
count() { # threads, name, option...
	local threads=$1 name=$2 out=$dir/$2-$1
	shift 2
	ip netns exec "$id-a" "$bin/nfz-meter" --backend packet --threads "$threads" --setup \
		"$dir/setup" --print -o json "$@" >"$out" 2>"$out.err" &
	meter=$!
	pids+=("$meter")
	wait_for "$out.err" READY
	echo "$threads threads, $*"
	if grep -q seccomp=on "$out.err"; then # not with sanitizers
		check "all are locked up" "$(cat /proc/"$meter"/task/*/status |
			grep -c "^Seccomp:.2")" -eq "$threads"
		check "with no right but the first's" "$(cat \
			/proc/"$meter"/task/*/status |
			awk '/^CapEff/ && $2 != 0' | wc -l)" -eq 1
	fi
	sent=$(($(in_a python3 "$dir/frames.py" there va) +
		$(in_b python3 "$dir/frames.py" back vb)))
	if [ "$name" = down ]; then
		ip -n "$id-a" link set va down
		ip -n "$id-a" link set va up
		eventually has_carrier
		sent=$((sent + $(in_a python3 "$dir/frames.py" there va)))
	fi
	kill -TERM "$meter"
	wait "$meter"
	check "it ends in order" $? -eq 0
	flows_of "$out" >"$out.flows"
	check "no frame unaccounted" "$(jq -n '[inputs | .unaccounted // empty] |
		last' "$out")" -eq 0
	check "nothing lost" "$(jq -n '[inputs | .lost // empty] | last | add' "$out")" -eq 0
	check "each frame is in a flow" "$(jq -s 'map(.[8]) | add' "$out.flows")" \
		-eq "$sent"
	[ "$threads" -eq 1 ] && return
	check "flows are those of one thread" "$(cmp "${out%-*}-1.flows" "$out.flows" &&
		echo same)" = same
	check "each is in one thread" "$(flows_begun "$out.err")" -eq \
		"$(number_of "$out" "$name")"
	check "each thread took part" "$(awk '/^thread/ && $4 > 0' "$out.err" |
		wc -l)" -eq "$threads"
}
for threads in 1 2 4; do
	count $threads tuple
	count $threads addresses --key addresses
	count $threads vlan --key vlan
	count $threads both --biflow
	count $threads down # and up again
done
[ "$failed" -eq 0 ] || tail -n 5 "$dir"/*.err
exit "$failed"
