#!/bin/bash
# Metrics of live flows: transfers over a link that loses packets, what their
# senders sent again as their kernels count it, and what the store then says:
# of flows and groups, by filters and analyses, and in other programs' files.
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize
sed 's/^\$ns rtproto/tb-set-link-loss $bottleneck 0.05\n&/' \
	topologies/dumbbell.ns >"$dir/lossy.ns"
begin "$dir/lossy.ns"

nfz up "$exp" --set metrics=sequence+rtt+ttl+jitter,active=1s
check "up with metrics" [ "$status" = 0 ]
again() { on "$1" -- sh -c 'grep "^Tcp:" /proc/net/snmp' | python3 -c '
import sys
names, values = (l.split() for l in sys.stdin)
print(values[names.index("RetransSegs")])'; }
serve() { # node, port
	on "$1" -- timeout 60 python3 -c '
import socket, sys
c = socket.create_server(("", int(sys.argv[1]))).accept()[0]
n = 0
while d := c.recv(65536): n += len(d)
print(n)' "$2" >"$dir/served.$2" &
	# a connection refused would be a flow of its own
	eventually on "$1" -- grep -q "$(printf ':%X 0*:0000 0A' "$2")" /proc/net/tcp
}
send() { # node, server, port, bytes: these, and on until some were lost
	on "$1" -- timeout 50 python3 -c '
import socket, sys, time
def again():
    names, values = (l.split() for l in open("/proc/net/snmp")
                     if l.startswith("Tcp:"))
    return int(values[names.index("RetransSegs")])
before, sent, some = again(), 0, bytes(20000)
c = socket.create_connection((sys.argv[1], int(sys.argv[2])))
while sent < int(sys.argv[3]) or again() == before:
    c.sendall(some)
    sent += len(some)
    time.sleep(0.01) # 16 Mb/s: one alone is more than the 10 of the bottleneck
print(sent)' "$2" "$3" "$4" >"$dir/sent.$3"
}
before1=$(again client1) before2=$(again client2)
serve server1 5001
serve server2 5002
send client1 server1 5001 1500000 &
send client2 server2 5002 900000
wait
again1=$(($(again client1) - before1)) again2=$(($(again client2) - before2))
check "all arrived" [ "$(cat "$dir"/served.*)" = "$(cat "$dir"/sent.*)" ]
check "packets were lost ($again1 and $again2 sent again)" \
	[ $((again1 * again2)) -gt 0 ]

data='dst port in [5001 5002]'
nfz query "$exp" "$data" --more -o json
check "two flows" [ "$(jq '.flows | length' \
	"$dir/out")" = 2 ]
check "what was sent again is what their kernels say" [ "$(jq -cS \
	'[.flows[] | {(.src_node): .retransmissions}] | add' "$dir/out")" = \
	"{\"client1\":$again1,\"client2\":$again2}" ]
check "round trips are known" [ "$(jq '[.flows[] | select(.rtt_us > 0 and
	.min_ttl == 64 and .jitter_us > 0 and .sizes == null)] | length' \
	"$dir/out")" = 2 ]
nfz query "$exp" "$data" --by dport --show sum:retransmissions,max:rtt_us \
	-o json
check "in groups" [ "$(jq -cS '[.groups[] | select(.max_rtt_us > 0) |
	{"\(.dport)": .sum_retransmissions}] | add' "$dir/out")" = \
	"{\"5001\":$again1,\"5002\":$again2}" ]
nfz query "$exp" "$data and retransmissions > $again1" -o json
check "asked for" [ "$(jq .found "$dir/out")" = $((again2 > again1)) ]
nfz analyse retransmissions "$exp" "$data" -o json
check "an analysis names them" [ "$(jq '[.. | .retransmissions? // empty] |
	add' "$dir/out")" = $((again1 + again2)) ]
nfz up "$exp" --set metrics=none
check "off again" [ "$status" = 0 ]
nfz verify "$exp"
check "the interfaces agree" [ "$status" = 0 ]

nfz strip "$exp" --keep-data "$dir/kept"
check "strip with the records kept" [ "$status" = 0 ]
run() { "$build/bin/netflowize" "$@"; }
sums() { run query "$1" "$data" --by dport --show \
	retransmissions,retransmitted_bytes,mean:rtt_us -o csv | sort; }
run export "$dir"/kept/*.store --into "ipfix:$dir/flows.ipfix" >/dev/null 2>&1
run import "$dir/flows.ipfix" --into "$dir/again" >/dev/null 2>&1
check "through IPFIX, nothing is lost" [ "$(sums "$dir"/kept/*.store)" = \
	"$(sums "$dir/again")" ]
finish
