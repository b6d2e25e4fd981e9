#!/bin/bash
# The failure matrix on real nodes: each fault is named with its node, the
# others are unaffected, a rerun converges, strip leaves nothing.
# shellcheck disable=SC2016,SC2030,SC2031,SC2317
set -u
. "$(dirname "$0")/lib/deploy.bash"
stand_ins "$good_stand_in" 1
begin topologies/dumbbell.ns
disks >"$dir/before"
export TIMEOUT=6000 # without progress, of nodes that have much else to do
IGNORE=' /(etc/sudoers.d|etc/ssh|root/.ssh|users/user|usr/local/bin)(/|$)'

# fault, node, status word, text of the error, [deploy's exit status]
with() {
	fault "$2" "$1"
	began=$(date +%s)
	deploy up client1
	check "$1: the run ends" [ $(($(date +%s) - began)) -lt 90 ]
	cp "$dir/out" "$dir/faulty"
	check "$1: exit status ${5:-5}" [ "$status" = "${5:-5}" ]
	check "$1: the node is $3" node_line "$2" "$3"
	check "$1: it says $4" said "$2.*$4"
	check "$1: and what to do" grep -q "^  hint ." "$dir/out"
	[ "$2" = left ] && check "$1: others are unaffected" \
		grep -q 'node right \(ok\|unchanged\)' "$dir/out"
	fault "$2" clear
	check "$1: nothing of it is left there" same_disk "$2" "$dir/before"
}
converges() {
	check "$1: up converges afterwards" eventually is_up
	deploy strip
	check "$1: strip" [ "$status" = 0 ]
	check "$1: same disks" same_disks "$dir/before"
	check "$1: no processes" no_processes
}

row 1
with down left unreachable "no answer (connection, 2 tries)"
converges down
row 3
with stop left timed-out "timed out (banner)"
converges stop
# the others are done at once, and then there is nothing to do but to wait
fault left stop
busy_ms=$(
	TIMEFORMAT='%U %S'
	{ time deploy status; } 2>&1 >/dev/null |
		awk '{ print int(($1 + $2) * 1000) }'
)
check "stop: waiting takes no processor ($busy_ms ms)" [ "$busy_ms" -lt 1500 ]
fault left clear
row 4
with key left failed "host key is not the one"
check "key: no file of the user's is blamed" never \
	grep -q ssh-keygen "$dir/faulty"
# the testbed reports the new keys
fetch_topology
converges key
row 5
with auth left failed "login refused (tried"
converges auth
row 6
with no-sudo left failed "sudo without a password does not work"
check "no-sudo: nothing was copied" never said "left.*fact"
converges no-sudo
row 7 # seen before, and in the middle of the installation
with disk-full left failed "disk full"
converges disk-full
with disk-fills left failed ": No space left"
check "disk-fills: the code" grep -q "error NFZ-E303 left" "$dir/faulty"
converges disk-fills
row 9
with arch left failed "there is no program for"
converges arch
row 8
with noexec-all left failed "no place to install to"
converges noexec-all

for kind in read-only noexec; do
	fault left $kind
	deploy up client1
	check "$kind: up finds another place" [ "$status" = 0 ]
	deploy status
	check "$kind: and finds it again" said "meter running"
	deploy strip
	check "$kind: strip" [ "$status" = 0 ]
	fault left clear
	check "$kind: same disks" same_disks "$dir/before"
done

# where nothing runs in /dev/shm either, the agent begins where it stays
on left -- mount -o remount,noexec /dev/shm
with disk-full left failed "disk full: no room"
with noexec-all left failed "no directory of /var/lib"
fault left noexec
converges "no scratch"
on left -- mount -o remount,exec /dev/shm

row 28 # a shell that talks (csh is in deploy-matrix.sh)
fault left banner
deploy up client1
check "banner: up" [ "$status" = 0 ]
deploy strip
check "banner: strip" [ "$status" = 0 ]
fault left clear
check "banner: same disks" same_disks "$dir/before"
# nor does one that never stops hold anybody up
on left -- sh -c 'echo "yes talking >&2" >/users/user/.bashrc'
deploy up client1
check "endless words: exit status" [ "$status" = 5 ]
check "endless words: the node is named" node_line left timed-out
for node in client1 right; do
	check "endless words: $node is done" node_line $node ok
done
fault left clear

row 2
fault left refuse
(sleep 1; fault left clear) &
TIMEOUT=60000 deploy up client1
wait $!
check "refuse: up waits for the node" [ "$status" = 0 ]
fault left refuse
deploy strip
check "refuse: not for ever" [ "$status" = 5 ]
check "refuse: it is named" node_line left unreachable
check "refuse: others are unaffected" node_line right ok
fault left clear
converges refuse
deploy up client1
fault left crash
deploy strip
check "crash: strip names the node that is down" [ "$status" = 5 ]
check "crash: it is unreachable" node_line left unreachable
fault left clear
converges crash

row 12 13 # programs that fail
stand_ins 'case $0 in *meter) echo "cannot open tap" >&2; exit 3;; esac
'"$good_stand_in" 2
deploy up client1
check "crashing meter: exit status" [ "$status" = 5 ]
check "crashing meter: says how" said "meter: ended at once with status 3"
check "crashing meter: and its last words" said "cannot open tap"
check "crashing meter: the collector is unaffected" node_line client1 ok
stand_ins 'case $0 in *meter) sleep 1000;; esac'"$good_stand_in" 3
began=$(date +%s)
TIMEOUT=36000 deploy up client1
check "silent meter: the run ends" [ $(($(date +%s) - began)) -lt 90 ]
check "silent meter: exit status" [ "$status" = 5 ]
check "silent meter: says so" said "meter: not ready after 12 s"
check "silent meter: the collector is unaffected" node_line client1 ok
ONLY=left check "silent meter: its processes are ended" no_processes
stand_ins "$good_stand_in" 4
converges "bad meters"

row 15 # two controllers, of two people and of one
# A collector that is not ready before it is told, for half a minute: so long
# is its "up" at work.
slow='case $0 in *collector)
	touch /run/begun
	for i in 0 1 2; do for k in 0 1 2 3 4 5 6 7 8 9; do
		[ -e /run/go ] || sleep 1; done; done;;
esac'
begun() { on client1 -- test -e /run/begun; }
go() { on client1 -- sh -c 'touch /run/go'; }
again() { on client1 -- rm -f /run/go /run/begun; }
begin_up() { # with a place of its own for what it says
	mkdir -p "$dir/first"
	cp "$dir/topology.json" "$dir/first"
	(dir=$dir/first; TIMEOUT=120000 deploy up client1; exit "$status") &
	first=$!
	eventually begun
}
stand_ins "$slow$good_stand_in" 5
begin_up
other=$dir/other
mkdir -p "$other"
STATE=$other deploy strip
check "two controllers: the second is told who" said "busy: .* is working on"
go
wait "$first"
again
deploy strip # or the first's setup would be taken for the next one's
stand_ins "$slow$good_stand_in" 6
begin_up
deploy strip
check "two of one: the second is told" said "another netflowize is working on"
go
wait "$first"
check "two of one: the first is not disturbed" [ $? = 0 ]
again
converges "two controllers"
finish
