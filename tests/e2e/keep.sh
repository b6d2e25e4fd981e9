#!/bin/bash
# strip --keep-data while probes hold something: it comes into the copy to the
# last packet, or nothing is ended and it is said what to do, or it is said whose
# records are lost.  And status, of programs that are there and do nothing.
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize
begin topologies/dumbbell.ns
disks >"$dir/before"
pings() { # from, to, how many
	on "$1" -- ping -q -c "$3" -i 0.01 "$2" >/dev/null
}
pid() { # node, role
	on "$1" -- pgrep -f "^nfz-$2 --setup" | head -n 1
}
hang() { on "$1" -- kill -STOP "$(pid "$@")"; }
up() {
	nfz up "$exp" --collector server1
	check "$1" [ "$status" = 0 ]
}
strip() { # words...
	rm -rf "$dir/kept"
	nfz strip "$exp" --yes --keep-data "$dir/kept" "$@"
	store=$(echo "$dir"/kept/*.store)
}
refused() { # what, why
	check "$1: refused" [ "$status" = 5 ]
	check "$1: why" said "$2"
	check "$1: and what to do" said "netflowize strip --force --keep-data"
	check "$1: nothing is copied" [ ! -d "$store" ]
}
on_link() { # of pings in the copy
	"$build/bin/nfz-query" "$store" proto icmp --by link -o csv |
		awk -F, -v l="$1" '$1 == l { print $3 }'
}
# shellcheck disable=SC2317 # called by check
balanced() {
	"$build/bin/nfz-query" "$store" --ledger -o json |
		jq -e >/dev/null '.ledger.packets == .ledger.packets_stored and
			.ledger.unaccounted == 0 and .ledger.packets > 0'
}

up "up"
pings client1 server1 50
fault server1 disk-full
pings client1 server1 50
strip
refused "disk full" "the store cannot be written"
pings client1 server1 50
fault server1 clear
pings client2 server2 100
strip
check "there is room again" [ "$status" = 0 ]
check "all of it is there" [ "$(on_link up1) $(on_link up2)" = "300 200" ]

up "up before a flood"
on client1 -- touch /tmp/flood
on client1 -- sh -c 'while [ -e /tmp/flood ]; do
	ping -q -c 20 -i 0.01 server1; done' >/dev/null &
flood=$!
pings client2 server2 100
strip
check "stripped under traffic" [ "$status" = 0 ]
check "every packet that was metered is there" balanced
on client1 -- rm /tmp/flood
wait $flood
check "same disks" same_disks "$dir/before"

# what an up left that was cut off is beside it, on any node
left_over() { # node
	# shellcheck disable=SC2016
	on "$1" -- sh -c 'for i in 1 2 3 4 5 6 7 8; do
		mkdir -m 700 /var/lib/netflowize/"$i$i$i$i"feedfacebee"$i"; done'
}
up "up beside what others left"
pings client1 server1 50
left_over server1
left_over left
nfz query "$exp" --by link
check "beside left-overs: asked" [ "$status" = 0 ]
nfz up "$exp" --collector client1
check "a collector elsewhere" [ "$status" = 2 ]
check "a collector elsewhere: why" \
	said "would remove the flows that are recorded on server1"
on left -- sh -c 'cd /var/lib/netflowize/1111* && mkdir -m 700 store &&
	echo flows >store/seg-1'
strip
check "records of two deployments" said "keep them one by one with --deployment"
check "records of two deployments: nothing was ended" \
	[ "$(pid left meter | wc -l)$(pid server1 collector | wc -l)" = 11 ]
on left -- sh -c 'rm -r /var/lib/netflowize/1111*/store'
strip
check "beside left-overs: stripped" [ "$status" = 0 ]
check "beside left-overs: all of it is there" [ "$(on_link up1)" = 100 ]
check "beside left-overs: same disks" same_disks "$dir/before"

up "up with a meter that hangs"
nfz status "$exp"
check "all is well" [ "$status" = 0 ]
hang left meter
nfz status "$exp"
check "status tells" [ "$status" = 5 ]
check "status tells which" said "^ *meter *left *does not answer"
nfz status "$exp" -o json
check "status -o json tells" [ "$status" = 5 ]
check "status -o json tells which" [ "$(jq -r '.programs[] |
	select(.state != "running") | [.role, .node, .state] | join(" ")' \
	"$dir/out")" = "meter left does not answer" ]
check "and all others" [ "$(jq '.programs | length' "$dir/out")" = \
	"$(jq '[.probes, .modules, [0]] | add | length' "$dir/out")" ]
pings client1 server1 20
(
	trap '' XFSZ
	ulimit -f 2 # KiB: there is no room here
	strip
	exit "$status"
)
check "a copy that fails: nothing is removed" said "nothing was removed"
check "a copy that fails: what is lost" said "not in the copy: left: the meter"
strip
check "what it holds is given up with a word" [ "$status" = 5 ]
check "whose that is" said "not in the copy: left: the meter ended"
check "what others hold is there" [ "$(on_link down1)" = 40 ]
check "and it is stripped" same_disks "$dir/before"

up "up with a collector that ends"
pings client1 server1 20
on server1 -- sh -c "kill -9 \$(pgrep -f '^nfz-agent --keep collector')
	kill -9 $(pid server1 collector)"
strip
refused "no collector" "the collector does not run"
up "up once more"
strip
check "and it takes what they hold" [ "$(on_link up1)" = 40 ]

up "up with a collector that hangs"
hang server1 collector
nfz status "$exp"
check "status tells" [ "$status" = 5 ]
check "status tells which" said "^ *collector *server1 *does not answer"
strip
refused "a hung collector" "the collector does not answer"
strip --force
check "with --force" [ "$status" = 0 ]
check "what is there is copied" [ -f "$store/SHA256SUMS" ]
check "same disks once more" same_disks "$dir/before"

# what a recipe's programs wrote is on their nodes only: one that does not answer
# when it is to be copied, and does when it would be removed
cat >"$dir/words" <<'EOF'
#!/bin/sh
echo "$1" >"$2/words"
trap 'exit 0' TERM
while :; do sleep 1 & wait $!; done
EOF
cat >"$dir/words.recipe" <<'EOF'
[recipe]
name = words
[probe]
each = node
program = words
push = words
argument = {node}
argument = {directory}
EOF
run_words() {
	nfz recipe run "$dir/words.recipe" "$exp"
	check "a recipe: runs" [ "$status" = 0 ]
}
written() { on "$1" -- sh -c 'cat /var/lib/netflowize/*/data/*/words' 2>&1; }
# shellcheck disable=SC2317 # called by check
copied() { # nodes
	for node; do
		[ "$(cat "$dir/kept"/*.words/"$node"/*/words)" = "$node" ] ||
			return 1
	done
}
unreadable() { # node
	on "$1" -- sh -c 'cd /var/lib/netflowize/*/data && cd .. &&
		mv data there && ln -s there data'
}
up "up beside a recipe"
run_words
fault right stop
nfz logs "$exp" --timeout 3s
check "logs: a node that does not answer" [ "$status" = 5 ]
check "logs: which" said "right: timed out"
check "logs: those of the others" grep -q "^server1: " "$dir/out"
(
	eventually grep -q "words wrote" "$dir/out" "$dir/err"
	fault right resume
) &
resume=$!
strip --timeout 3s
wait $resume
check "a recipe's data that do not come: refused" [ "$status" = 5 ]
check "a recipe's data that do not come: whose, why" said \
	"words wrote cannot be kept, nothing was removed:.* right: timed out"
check "a recipe's data that do not come: and what to do" \
	said "netflowize strip --force --keep-data"
check "and they are still there" \
	[ "$(written left) $(written right)" = "left right" ]
up "up once more beside a recipe"
unreadable right
strip
check "a recipe's data that cannot be read: refused" [ "$status" = 5 ]
check "a recipe's data that cannot be read: whose, why" said \
	"nothing was removed: 1 of 7 nodes did not send it: right: the recorded"
check "a recipe's data that cannot be read: not even those of others" \
	[ ! -e "$(echo "$dir"/kept/*.words)" ]
strip --force
check "with --force: gone on" [ "$status" = 0 ]
check "with --force: the others'" copied left
check "with --force: stripped" same_disks "$dir/before"
run_words
unreadable right
nfz recipe collect "$dir/words.recipe" "$exp" --into "$dir/collected"
check "recipe collect without a node's: exit status 5" [ "$status" = 5 ]
check "recipe collect without a node's: which" said "not all is there: right: "
check "recipe collect without a node's: the others'" \
	[ "$(cat "$(cat "$dir/out")"/left/*/words)" = left ]
nfz recipe strip "$dir/words.recipe" "$exp" --yes --force
check "recipe collect: stripped" [ "$status" = 0 ]
(
	eventually written right >/dev/null
	unreadable right
) &
nfz recipe run "$dir/words.recipe" "$exp" --for 5s --into "$dir/collected"
wait $!
check "recipe run --for without a node's: exit status 5" [ "$status" = 5 ]
check "recipe run --for without a node's: and what to do" \
	said "nothing was stripped:.*1 node"
check "recipe run --for without a node's: it is still there" \
	[ "$(on right -- sh -c 'cat /var/lib/netflowize/*/there/*/words')" = \
		right ]
nfz recipe run "$dir/words.recipe" "$exp" --for 1s --into "$dir/collected" \
	--force
check "recipe run --for --force: stripped" same_disks "$dir/before"
up "up beside a recipe of many directories"
run_words
in_data() { on left -- sh -c "cd /var/lib/netflowize/*/data && $1"; }
in_data "mkdir -p 1/2/3/4/5/6/7/8/9 && echo deep >1/2/3/4/5/6/7/8/9/words"
strip
check "a file that cannot be sent: refused" [ "$status" = 5 ]
check "a file that cannot be sent: which, why" said \
	"nothing was removed:.* left: 1/2/3/.* cannot be sent: more than 8"
check "a file that cannot be sent: it is still there" \
	[ "$(in_data "cat 1/2/3/4/5/6/7/8/9/words")" = deep ]
in_data "rm -r 1"
up "up beside a recipe at last"
strip
check "what a recipe wrote: kept" [ "$status" = 0 ]
check "what a recipe wrote: of all nodes" copied left right
check "same disks at last" same_disks "$dir/before"
check "no processes" no_processes
finish
