#!/bin/bash
# Other tools at the planned places: each recipe that is shipped, from run to
# an empty snapshot diff, with counts held against what was sent; a pushed
# program with hostile words; a program that is not there; beside our own.
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/lib/deploy.bash"
need recipes/tcpdump.recipe
use_netflowize
has() {
	for tool; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null && continue
		echo "SKIPPED: $tool is not installed"
		return 1
	done
}
collect() { # RECIPE: the directory in $got
	rm -rf "$dir/kept"
	nfz recipe collect "$1" "$exp" --into "$dir/kept"
	got=$(cat "$dir/out")
	check "$1: collected" [ "$status" = 0 ]
	check "$1: checksums are right" sh -c \
		"cd '$got' && sha256sum --quiet -c SHA256SUMS"
}
strip() { # RECIPE
	nfz recipe strip "$1" "$exp" --yes
	check "$1: stripped" [ "$status" = 0 ]
	nfz snapshot "$exp" --against "$dir/snapshot"
	check "$1: the snapshot diff is empty" [ "$status" = 0 ]
	check "$1: nothing is left on the disks" same_disks "$dir/before"
}
begin topologies/dumbbell.ns
disks >"$dir/before"
nfz snapshot "$exp"
cp "$dir/out" "$dir/snapshot"
addr() { on "$1" -- sh -c "ip -4 -o addr show | sed -n 's|.* \\(10\\.1\\.[0-9.]*\\)/.*|\\1|p'"; }
client1=$(addr client1) client2=$(addr client2)

# Packets of the ping, one way, over all interfaces that nfcapd heard of: each
# way passes two watched ones.
nf_packets() {
	nfdump -q -R "$got/client1/collector" -o 'fmt:%pkt' -A srcip,dstip \
		"proto icmp and src ip $client1 and dst ip $client2" |
		awk '{ n += $1 } END { print n + 0 }'
}
# shellcheck disable=SC2317
between() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }

if has softflowd nfcapd nfdump; then
	nfz recipe run softflowd "$exp" --collector client1
	check "softflowd: runs" [ "$status" = 0 ]
	on client1 -- ping -f -c 20000 -q client2 >/dev/null
	sleep 5
	nfz recipe run softflowd "$exp" --collector client1
	check "softflowd: a second run changes nothing" said "no changes"
	nfz list "$exp" -o csv
	check "softflowd: list tells" said "recipe softflowd"
	collect softflowd
	# but for the last block of each ring
	check "softflowd: counts (of 40000: $(nf_packets))" \
		between "$(nf_packets)" 34000 40000
	strip softflowd
fi
if has fprobe nfcapd nfdump; then
	nfz recipe run fprobe-nfcapd "$exp" --collector client1
	check "fprobe: runs" [ "$status" = 0 ]
	on client1 -- ping -i 0.004 -c 500 -q client2 >/dev/null
	sleep 12 # idle for 5 s, and what it takes to say so
	collect fprobe-nfcapd
	check "fprobe: counts (of 1000: $(nf_packets))" \
		[ "$(nf_packets)" = 1000 ]
	strip fprobe-nfcapd
fi
if has tcpdump; then
	nfz recipe run tcpdump "$exp"
	check "tcpdump: runs" [ "$status" = 0 ]
	nfz up "$exp"
	check "our own programs beside it" [ "$status" = 0 ]
	on client1 -- ping -i 0.004 -c 200 -q client2 >/dev/null
	sleep 1
	collect tcpdump
	packets=$(tcpdump -n -r "$got"/left/*/up1.pcap0 \
		icmp and src "$client1" 2>/dev/null | grep -c .)
	check "tcpdump: every packet (of 200: $packets)" [ "$packets" = 200 ]
	nfz recipe strip tcpdump "$exp" --yes
	check "tcpdump: stripped" [ "$status" = 0 ]
	nfz query "$exp" --by link -o csv
	check "ours goes on" said "^up1,"
	nfz recipe run tcpdump "$exp"
	on client1 -- ping -i 0.004 -c 100 -q client2 >/dev/null
	sleep 1
	rm -rf "$dir/brought"
	nfz strip "$exp" --keep-data "$dir/brought"
	check "strip takes both" [ "$status" = 0 ]
	check "and says so" said "what tcpdump wrote copied to"
	got=$(echo "$dir"/brought/*.tcpdump)
	packets=$(tcpdump -n -r "$got"/left/*/up1.pcap0 \
		icmp and src "$client1" 2>/dev/null | grep -c .)
	check "what it wrote is kept (of 100: $packets)" [ "$packets" = 100 ]
	check "checksums are right" sh -c \
		"cd '$got' && sha256sum --quiet -c SHA256SUMS"
	check "beside the flows" [ -f "$(echo "$dir"/brought/*.store/topology.json)" ]
	strip tcpdump
fi

cat >"$dir/words" <<'EOF'
#!/bin/sh
where=$1
shift
for word; do echo "<$word>"; done >"$where/words"
trap 'exit 0' TERM
while :; do sleep 1 & wait $!; done
EOF
cat >"$dir/hostile.recipe" <<'EOF'
[recipe]
name = hostile
[probe]
each = node
program = words
push = words
argument = {directory}
argument = $(touch /tmp/owned);`touch /tmp/owned`|x "y" 'z' \
argument = {{node} is {node} in {project}/{experiment}, role {role}
EOF
nfz recipe run "$dir/hostile.recipe" "$exp" --for 2s --into "$dir/pushed"
check "a pushed program, the whole way" [ "$status" = 0 ]
got=$(head -1 "$dir/out")
check "its words came as they were" grep -q -F \
	'<$(touch /tmp/owned);`touch /tmp/owned`|x "y" '"'z' \\>" \
	"$got/left/hostile-1/words"
check "with their placeholders" grep -q -F \
	"<{node} is left in ${exp%/*}/${exp#*/}, role hostile-1>" \
	"$got/left/hostile-1/words"
nfz snapshot "$exp" --against "$dir/snapshot"
check "and nothing is left" [ "$status" = 0 ]

sed -e 's/^program = .*/program = no-such-tool/' -e '/^push/d' \
	"$dir/hostile.recipe" >"$dir/absent.recipe"
nfz recipe run "$dir/absent.recipe" "$exp"
check "a tool that is not there is exit 5" [ "$status" = 5 ]
check "and says where and what" said \
	"left.*no-such-tool is not installed on this node"
sed -e 's/^program = .*/program = false/' -e '/^push/d' \
	"$dir/hostile.recipe" >"$dir/dies.recipe"
nfz recipe run "$dir/dies.recipe" "$exp"
check "a tool that dies at once is exit 5" [ "$status" = 5 ]
check "with its status" said "ended at once with status 1"
nfz snapshot "$exp" --against "$dir/snapshot"
check "what failed was taken back" [ "$status" = 0 ]
check "nothing is left on the disks" same_disks "$dir/before"
finish
