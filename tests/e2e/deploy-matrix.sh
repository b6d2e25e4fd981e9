#!/bin/bash
# The rest of the failure matrix (deploy-faults.sh has its first part): what
# happens in the middle of things, to processes and to tools.  Each: the node is
# named, the others are unaffected, the run ends, a rerun converges, strip
# leaves nothing.
# shellcheck disable=SC2016,SC2317
set -u
. "$(dirname "$0")/lib/deploy.bash"
stand_ins "$good_stand_in" 1
begin topologies/dumbbell.ns
disks >"$dir/before"
IGNORE=' /(etc/ssh|root/.ssh|users/user|usr/local/bin|etc/passwd-?)(/|$)'

# What serves a lost connection may take a while to learn of it, and is busy.
up_again() { eventually is_up; }
# A connection that was lost goes on when the link is back, until what was on
# its way has come: that is not the next transfer.
served() { # node
	on "$1" -- sh -c 'grep -qE "^sshd: [^/]" /proc/[0-9]*/cmdline'
}
not_served() { ! served "$1"; }
converges() { # what
	up_again
	check "$1: up converges afterwards" [ "$status" = 0 ]
	deploy strip
	check "$1: strip" [ "$status" = 0 ]
	check "$1: same disks" soon_same_disks "$dir/before"
	check "$1: no processes" no_processes
	check "$1: nobody is served" eventually not_served left
}
# Starts "up" in the background; wait_up gets its output and status.
start_up() {
	( deploy up client1; echo "$status" >"$dir/up.status" ) &
	upping=$!
}
wait_up() {
	wait "$upping"
	status=$(cat "$dir/up.status")
}
# Waits until the agent's program is on its way to a node.
wait_transfer() { # node
	eventually on "$1" -- sh -c 'grep -q "^.netflowize" /proc/[0-9]*/comm'
}
# What serves a login on a node, but not this very command.
sessions() { # node, signal
	on "$1" -- sh -c 'for p in /proc/[0-9]*; do
		case $(cat $p/comm) in
		sshd | .netflowize.*) kill -'"$2"' ${p#/proc/};; esac
	done' 2>/dev/null
}

row 10
# the link is lost while programs are on their way
export TIMEOUT=5000
fault left slow
start_up
check "link lost: the transfer has begun" wait_transfer left
fault left down
wait_up
check "link lost: exit status" [ "$status" = 5 ]
check "link lost: it says when" node_line left timed-out
check "link lost: in the transfer" said "left.*timed out (transfer)"
check "link lost: others are unaffected" node_line right ok
fault left clear
converges "link lost"

# and in the middle of a new program: the old one goes on
deploy up client1
check "link lost later: up" [ "$status" = 0 ]
there() { on left -- sh -c 'ls /var/lib/netflowize; cat \
	/var/lib/netflowize/*/run/meter'; }
there >"$dir/old"
{ echo exit; head -c 150000 /dev/urandom | base64 | sed 's/^/# /'; } \
	>>"$dir/programs/nfz-meter"
scripts/make-payload x86_64 "$dir/payload/x86_64.nfzp" "$dir"/programs/nfz-*
received() { on left -- awk '{ n += $2 } END { print n }' /proc/net/dev; }
begun=$(($(received) + 40000)) # some of 110,000; logging in takes 10,000
fault left slow
start_up
passing() { [ "$(received)" -gt "$begun" ]; }
check "link lost later: the transfer has begun" eventually passing
fault left down
wait_up
check "link lost later: exit status" [ "$status" = 5 ]
check "link lost later: it says when" node_line left timed-out
check "link lost later: others are unaffected" node_line right ok
check "link lost later: they have the new one" said "changed [1-9]"
there >"$dir/new"
check "link lost later: what ran goes on" cmp "$dir/old" "$dir/new"
fault left clear
up_again
check "link lost later: up goes on" [ "$status" = 0 ]
there >"$dir/new"
check "link lost later: with the same deployment" \
	[ "$(head -1 "$dir/old")" = "$(head -1 "$dir/new")" ]
check "link lost later: and the new program" never cmp -s "$dir/old" "$dir/new"
check "link lost later: no half of it is left" \
	never on left -- sh -c 'ls /var/lib/netflowize/*/bin/*.new.*'
stand_ins "$good_stand_in" 1
converges "link lost later"

row 11
# the node stops, its TCP does not
fault left slow
start_up
check "stopped node: the transfer has begun" wait_transfer left
sessions left STOP
wait_up
check "stopped node: exit status" [ "$status" = 5 ]
check "stopped node: the progress deadline" said "left.*timed out (transfer)"
check "stopped node: others are unaffected" node_line right ok
sessions left CONT
fault left clear
converges "stopped node"
unset TIMEOUT

row 18
# a node got a new disk: what was on it is gone, and that is clean
deploy up client1
check "re-imaged: up" [ "$status" = 0 ]
fault left reimage
fetch_topology
deploy status
check "re-imaged: nothing is there any more" node_line left "ok none"
deploy strip
check "re-imaged: strip counts it as clean" [ "$status" = 0 ]
check "re-imaged: and says so" said "no trace of us is there"
for node in client1 right; do
	check "re-imaged: $node is stripped" node_line $node ok
done
disks >"$dir/before" # another disk
converges "re-imaged"

row 21
# a stranger has the number of a process of ours
deploy up client1
old=$(on left -- sh -c 'sed -n "s/^process \([0-9]*\) .*/\1/p" \
	/var/lib/netflowize/*/run/meter')
on left -- sh -c '
	for p in /proc/[0-9]*; do # its keeper first: it would tell
		case $(readlink $p/exe) in
		*/lib/netflowize/*) kill -9 ${p#/proc/};; esac
	done
	for p in /proc/[0-9]*; do
		case $(readlink $p/cwd) in
		*/lib/netflowize/*) kill -9 ${p#/proc/};; esac
	done
	sleep 0.3
	i=0
	until [ "$new" = '"$old"' ] || [ $i = 50 ]; do
		echo $(('"$old"' - 1)) >/proc/sys/kernel/ns_last_pid
		setsid sleep 987 </dev/null >/dev/null 2>&1 &
		new=$! i=$((i + 1))
		[ "$new" = '"$old"' ] || kill $new
	done
	[ "$new" = '"$old"' ]'
check "reused number: a stranger has it" [ $? = 0 ]
deploy status
check "reused number: it is not taken for ours" never said "running pid $old\$"
deploy strip
check "reused number: strip" [ "$status" = 0 ]
check "reused number: the stranger lives" \
	on left -- sh -c "grep -q sleep /proc/$old/comm"
on left -- kill "$old"
converges "reused number"

row 22
# the controller's clock is an hour ahead in one run, right in the next
if command -v faketime >/dev/null; then
	FAKETIME=+1h LD_PRELOAD=$(faketime -f +1h sh -c 'echo "$LD_PRELOAD"') \
		deploy up client1
	check "clock: up with an hour too much" [ "$status" = 0 ]
	deploy up client1
	check "clock: and then nothing to do" said "changed 0 bytes 0 failed 0"
	FAKETIME=-1h LD_PRELOAD=$(faketime -f -1h sh -c 'echo "$LD_PRELOAD"') \
		deploy clocks
	check "clock: the offset is told" \
		grep -q '^  clock +3[56][0-9][0-9]\.' "$dir/out"
	converges clock
else
	echo "SKIPPED: clock: faketime is not installed"
fi

row 27
# Ctrl-C once: what runs is brought to an end, nothing new begins; twice:
# at once; the journal knows what to undo
interrupt() { # times, while it starts for so many seconds
	stand_ins "case \$0 in *collector) sleep $2;; esac$good_stand_in" "7$1"
	rm -f "$dir/pid"
	tb run --exp "$exp" -- sh -c '
		IDENTITY=$NETFLOWIZE_SSH_IDENTITY LOGIN=$NETFLOWIZE_SSH_USER
		export IDENTITY LOGIN
		echo $$ >"$1"; shift
		exec "$@"' sh "$dir/pid" "$build/tests/deploy-tool" up \
		"$dir/topology.json" client1 >"$dir/out" 2>"$dir/err" &
	running=$!
	eventually on client1 -- sh -c 'ls /var/lib/netflowize/*/run/collector'
	began=$(date +%s%3N)
	for _ in $(seq "$1"); do
		kill -INT "$(cat "$dir/pid")"
		sleep 0.2
	done
	wait "$running"
	status=$?
	took=$(($(date +%s%3N) - began))
	stand_ins "$good_stand_in" "8$1"
}
interrupt 1 2
check "Ctrl-C: status" [ "$status" = 130 ]
check "Ctrl-C: what was running is finished" said "client1 .*collector stand-in"
check "Ctrl-C: there is a table" grep -q "^node left" "$dir/out"
converges Ctrl-C
interrupt 2 8
check "Ctrl-C twice: status" [ "$status" = 130 ]
check "Ctrl-C twice: at once" [ "$took" -lt 6000 ]
converges "Ctrl-C twice"

row 28
# a login shell of the other kind (the banner is in deploy-faults.sh)
if on left -- test -x /bin/tcsh; then
	on left -- sed -i '/^user:/s|[^:]*$|/bin/tcsh|' /etc/passwd
	on left -- sh -c 'echo "echo hello from csh; set x = 1" >/users/user/.cshrc'
	disks >"$dir/before"
	converges "csh"
	on left -- rm -f /users/user/.cshrc
	disks >"$dir/before"
else
	echo "SKIPPED: csh: tcsh is not installed"
fi

row 29
# no tools but the shell's own and cat
for tool in tar gzip head sha256sum flock setsid dd; do
	on left -- mount --bind /dev/null "/usr/bin/$tool" 2>/dev/null
done
check "no tools: they are gone" never on left -- sha256sum /dev/null
deploy up client1
if [ "$status" = 0 ]; then
	deploy strip
	check "no tools: strip" [ "$status" = 0 ]
	check "no tools: no processes" no_processes
else
	bad "no tools: up"
fi
on left -- sh -c 'for t in tar gzip head sha256sum flock setsid dd
	do umount /usr/bin/$t; done'
check "no tools: same disks" same_disks "$dir/before"
finish
