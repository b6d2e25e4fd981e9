#!/bin/bash
# What people do wrong or find broken, and what they are told: what happened,
# why, what to do, and an exit status that is true.
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize

begin topologies/line.ns
for node in client left right server; do # else some multicast now and then
	on $node -- sysctl -qw net.ipv6.conf.all.disable_ipv6=1
done
rows() { grep -c "$1" "$dir/out"; }

nfz list "$exp"
check "nothing there is said, not shown as an empty table" \
	said "no deployment was found"
nfz status "$exp"
check "not instrumented: status 2" [ "$status" = 2 ]
nfz capture "$exp" corr -w "$dir/x"
check "a near link" said "Did you mean core?"
nfz doctor "$exp"
check "doctor finds nothing" [ "$status" = 0 ]
fault server disk-full
nfz doctor "$exp"
check "doctor finds a full disk" [ "$status" = 5 ]
check "and says where" said "server: disk full"
fault server clear

# a node that cannot be used is not left out in silence
fault left no-sudo
nfz --light "$exp"
check "up without a node" [ "$status" = 0 ]
check "says so" said "left: .*sudo without a password.*planned without it"
fault left clear
nfz --light "$exp"
check "up with it" [ "$status" = 0 ]

nfz query "$exp"
check "no traffic yet" said "Nothing was recorded so far"
on client -- ping -q -c 5 -i 0.05 server >/dev/null
nfz query "$exp" 'port 4711'
check "no such traffic" said "No record is of this filter"
nfz query "$exp" 'packets >'
check "a wrong filter: status 2" [ "$status" = 2 ]
check "by the name that was typed" said "^netflowize: filter not understood"
nfz query "$exp" 'src client and dst host server' -o csv
check "a name where tcpdump has one" [ "$(rows ',client,server,')" = 1 ]
nfz analyse "$exp" symptoms
check "the experiment first" [ "$status" = 0 ]
for words in status query verify list; do
	tb run --exp "$exp" -- script -qec "stty cols 70
		$build/bin/netflowize $words $exp 2>/dev/null" /dev/null >"$dir/out"
	check "$words has no line wider than the terminal" [ "$(tr -d '\r' \
		<"$dir/out" | awk 'length > w { w = length } END { print (w > 30) + (w > 70) }')" = 1 ]
done
columns() { # WIDTH WORD...: as a terminal so wide shows it
	local width=$1
	shift
	tb run --exp "$exp" -- script -qec "stty cols $width
		$build/bin/netflowize $*" /dev/null >"$dir/out"
	tr -d '\r' <"$dir/out" >"$dir/seen"
}
columns 80 analyse hops "$exp"
check "80 columns have a line for each row" \
	grep -q "^ *access0  *left  *core  *left  .* -*[0-9][0-9]*$" "$dir/seen"
check "what there was no room for is named" \
	grep -q "^To fit 80 columns: without .*DELAY_P95_US" "$dir/seen"
columns 80 analyse hops "$exp" -o wide
check "or shown" grep -q " FLOWS .* DELAY_P95_US$" "$dir/seen"
columns 80 watch "$exp" icmp --for 1s
check "a flow that is watched is one line, too" [ "$(awk '
	length > 80 { exit }
	/^LAST / { heads++ }
	/ client  *server .* access0 .* access1$/ { rows++ }
	END { print heads + 0, rows + 0 }' "$dir/seen")" = "1 1" ]
fault server stop
columns 80 status "$exp" --timeout 5s
check "who is waited for is said on a terminal" \
	grep -q "^waiting for server ..." "$dir/seen"
fault server resume
nfz analyse "$exp" scans
check "nobody scans, in words" said "Nobody tried"
nfz analyse "$exp" resets
check "by whose filter there is nothing" said "No flow is of this kind"
nfz capture "$exp" core --for ever -w "$dir/x"
check "a wrong time is no missing probe" said "ever is not a time"
nfz capture "$exp" core --count 1 --for 1s -w /dev/full
check "a full disk of one's own is named" said "/dev/full: write: No space"
nfz analyse "$exp"
check "no question" said "which question about $exp"
nfz analyse hops "$exp"
check "where it was seen" grep -q "^ *access0  *left  *core  *left" "$dir/out"
check "and what cannot be" said "behind the last link"

# nobody may log in: then nothing is known, and nothing is claimed
ssh-keygen -q -t ed25519 -N '' -f "$dir/stranger"
for words in status query logs list; do
	nfz $words "$exp" -i "$dir/stranger"
	check "$words with a wrong key: status 7" [ "$status" = 7 ]
	check "$words does not say it is not there" \
		never said "is not instrumented"
done
nfz status "$exp" -i "$dir/stranger"
check "one line for all nodes" \
	[ "$(grep -c "login refused" "$dir/err")" = 1 ]
nfz strip "$exp" --limit left -i "$dir/stranger"
check "of one node, too: status 7" [ "$status" = 7 ]
nfz up "$exp" -i "$dir/no-such-key"
check "no such key" said "no-such-key: No such file"
check "and how to name one" said "--identity"

fault right stop
nfz status "$exp" --timeout 5s
check "a node that does not answer: status 5" [ "$status" = 5 ]
check "the others are shown" [ "$(rows '^ *meter  *left ')" = 1 ]
fault right clear

# a lease that ran out is no crash
nfz up "$exp" --lease 4s
for _ in $(seq 60); do
	nfz status "$exp"
	said "expired" && break
	sleep 0.5
done
check "the lease has run out" said "not running: the lease has run out"
check "status 5" [ "$status" = 5 ]
check "says how to go on" said "Go on.*netflowize up --light $exp"
nfz up "$exp"
check "up goes on without" [ "$status" = 0 ]

# ages have units; what is too young is not denied
nfz strip "$exp" --older-than 7
check "seven what?" [ "$status" = 2 ]
nfz strip "$exp" --older-than 1d
check "too young" said "no deployment of $exp is that old"
check "is one line" [ "$(grep -c "left alone" "$dir/err")" = 1 ]

# records that cannot be kept
nfz strip "$exp" --keep-data /dev/null/here
check "nothing is removed" said "cannot be kept, nothing was removed: /dev/null"
check "says how to go on" said "Measuring goes on; what may be missing: netflowize up $exp"

# somebody's file among ours: what is not so is not said
on server -- mkdir -p /var/lib/netflowize/deadbeef00000000
on server -- touch /var/lib/netflowize/deadbeef00000000/mine
nfz strip "$exp" --dry-run
check "files of nobody" said "left-over files of a deployment deadbeef"
nfz strip "$exp"
check "kept: status 8" [ "$status" = 8 ]
check "it is not gone" said "it is not so that .*deadbeef00000000 is gone"
check "and not among what holds" never said "^    kept"
nfz status "$exp"
check "files, and nothing runs: status 5" [ "$status" = 5 ]
check "says how to go on" said "netflowize strip $exp"
nfz strip "$exp" --force
check "strip" [ "$status" = 0 ]

# who failed is remembered, also where many experiments are stripped
nfz up "$exp"
echo "$exp" >"$dir/list"
fault right stop
nfz strip --from-list "$dir/list" --yes --timeout 5s --report "$dir/report"
check "strip of a list without a node: status 5" [ "$status" = 5 ]
fault right clear
nfz strip "$exp" --limit @failed
check "strip of the rest" [ "$status" = 0 ]
check "which is that node" said "right  *stripped"

# swapped out, or gone for good: nothing can be left on nodes
swap() { "$build/bin/nfz-testbed" swap "$exp" "$1" >/dev/null; }
nfz --light "$exp"
mkdir -p "$dir/state/netflowize/${exp%/*}/gone"
cp "$dir/state/netflowize/$exp/deployment" \
	"$dir/state/netflowize/${exp%/*}/gone"
swap out
nfz query "$exp"
check "no nodes, no query" [ "$status" = 6 ]
nfz list
check "list shows what was put there" said "$exp .*not active"
check "and what is gone" said "gone .*does not exist; strip forgets it"
nfz strip "$exp" --dry-run
check "strip of what is swapped out" [ "$status" = 0 ]
check "says what became of it" \
	said "is swapped out; the testbed took its nodes back"
nfz strip "$exp" --keep-data "$dir/nothing"
check "records cannot be had" [ "$status" = 6 ]
check "which is told" said "the records went with its nodes"
nfz list
check "both only look" said "$exp"
nfz strip "$exp" -o json
check "strip forgets it" said '"clean": true'
nfz strip "${exp%/*}/gone"
check "and what is gone" [ "$status" = 0 ]
nfz list
check "list shows neither any more" never said "${exp%/*}/"
nfz strip "${exp%/*}/gone"
check "what was never there is an error" [ "$status" != 0 ]
swap in
exit "$failed"
