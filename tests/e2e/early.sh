#!/bin/bash
# Up goes on before all nodes have answered, where nothing is known of an earlier
# deployment: a node that hangs holds nobody up; what a late one tells, an earlier
# deployment or that it cannot be used, changes what is done.
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize
# what the fault no-sudo changes itself
IGNORE=' /etc/sudoers.d(/|$)'

found() { # the deployment's id on each node that has one
	nfz list "$exp" -o csv
	sed -n 's/^h[0-9]*,\([0-9a-f]\{16\}\),.*/\1/p' "$dir/out"
}
elsewhere() { XDG_STATE_HOME=$dir/other nfz "$@"; }
# shellcheck disable=SC2016
meter_runs() { on h1 -- sh -c 'test -s /var/lib/netflowize/*/run/meter'; }

# A probe on all nodes but the last, which is asked first, then the others as
# they stand there: with one at a time h17 comes when the sixteen that are a
# sample have answered.
tests/support/gentopo.py lan 19 >"$dir/lan.ns"
begin "$dir/lan.ns"
disks >"$dir/before"
others='h[0-16,18]'

# Well before it is given up (10 s without a banner); where all of it took longer
# than that, nothing can be said of who waited for whom.
fault h3 stop
began=$SECONDS
(nfz up "$exp" --timeout 60s; exit "$status") &
up=$!
while kill -0 $up && ! meter_runs; do
	sleep 0.2
done
kill -0 $up
waits=$?
took=$((SECONDS - began))
fault h3 clear
check "a hung node: the others' meters run" meter_runs
[ $took -ge 8 ] || check "while it is waited for" [ $waits = 0 ]
wait $up
up=$?
nfz up "$exp"
check "up again" [ "$status" = 0 ]
[ $up != 0 ] || check "it was through with all of them" said "no changes"

catalog() { on h18 -- sh -c 'cat /var/lib/netflowize/*/store/catalog'; }
catalog >"$dir/names"
check "names are in the catalog" grep -q ' eth' "$dir/names"
# the collector began with these, and up was interrupted
on h18 -- sh -c 'sed -i "s/ eth[0-9]*/ ?/" /var/lib/netflowize/*/store/catalog'
check "and then are not" [ "$(catalog | grep -c ' eth')" = 0 ]
nfz up "$exp"
check "the next up enters them" [ "$(catalog)" = "$(cat "$dir/names")" ]
nfz strip "$exp"
check "all of it goes" [ "$status" = 0 ]

elsewhere up "$exp"
check "somebody else's deployment" [ "$status" = 0 ]
first=$(found | sort -u)
check "has one id" [ ${#first} = 16 ]
elsewhere strip "$exp" --limit "$others"
check "is on one node only" [ "$(found)" = "$first" ]
nfz up "$exp" --parallel 1
check "late news of it: up" [ "$status" = 0 ]
check "says that it begins again" said "an earlier deployment was found"
check "and goes on with that one" [ "$(found | sort -u)" = "$first" ]
check "on all nodes" [ "$(found | wc -l)" = 19 ]
nfz up "$exp"
check "up again" said "no changes"
nfz strip "$exp"
check "one strip is enough" [ "$status" = 0 ]

# ended before it could hear of it: the records of neither go without a word
# shellcheck disable=SC2016
store() { on h17 -- sh -c 'stat -c %i /var/lib/netflowize/*/store'; }
# shellcheck disable=SC2016
has_records() { on "$1" -- sh -c ': >"$(echo /var/lib/netflowize/*/store)/seg-0000009999"'; }
elsewhere up "$exp" --collector h17
first=$(found | sort -u)
inode=$(store)
elsewhere strip "$exp" --limit "$others"
has_records h17
check "somebody else's records are on one node" [ "$(found)" = "$first" ]
fault h17 stop
# not through a function: the pid would be a subshell's
"$build/bin/nfz-testbed" run --exp "$exp" -- "$build/bin/netflowize" \
	up "$exp" >"$dir/out" 2>"$dir/err" </dev/null &
up=$!
for _ in $(seq 200); do
	meter_runs && break
	sleep 0.2
done
kill "$up"
wait "$up"
fault h17 clear
has_records h18
nfz up "$exp"
check "ended before it heard of them: up again is refused" [ "$status" = 5 ]
check "says where the others are" said "h17 has records of another deployment"
check "they are there" [ "$(store)" = "$inode" ]
second=$(found | grep -v "$first" | sort -u)
nfz strip "$exp" --deployment "$second" --limit h18
check "the records of the new one are stripped" [ "$status" = 0 ]
nfz up "$exp"
check "up goes on with the other" [ "$(found | sort -u)" = "$first" ]
check "on all nodes with a probe" [ "$(found | wc -l)" = 18 ]
check "and its records" [ "$(store)" = "$inode" ]
nfz strip "$exp"

fault h17 no-sudo
nfz up "$exp" --parallel 1 --require h17
check "late news that the wish cannot be met: up is refused" [ "$status" != 0 ]
check "says what becomes of it" said "what was begun without asking all is taken back"
check "no node has anything of it" [ -z "$(found)" ]
nfz up "$exp" --parallel 1
check "late news of a node without sudo: up" [ "$status" = 0 ]
check "says so" said "h17: .*sudo without a password.*planned without it"
check "others watch for it" said "h[^ ]*  *meter ready"
nfz up "$exp"
check "up again without it" said "no changes"
nfz strip "$exp" --limit "$others"
XDG_STATE_HOME=$dir/third nfz up "$exp" --parallel 1 --avoid h17 --collector h18
check "late news of a node outside the plan: up" [ "$status" = 0 ]
check "the next would be made without it" said "h17: .*planned without it"
check "what was done before counts" said "is instrumented (deployment"
nfz strip "$exp" --limit "$others"
fault h17 clear
nfz strip "$exp"
check "same disks" same_disks "$dir/before"
exit "$failed"
