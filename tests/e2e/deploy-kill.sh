#!/bin/bash
# kill -9 of the controller, of the agents, at random moments of up and of
# strip: afterwards strip leaves the nodes as they were, or up converges, now and
# then on another machine, which knows nothing.
# ROUNDS of them; the seed is printed.
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/lib/deploy.bash"
stand_ins "$good_stand_in" 1
begin topologies/dumbbell.ns
disks >"$dir/before"
rounds=${ROUNDS:-6}
RANDOM=${SEED:-$$}
echo "seed ${SEED:-$$}, $rounds rounds"

# Starts COMMAND in the background; its process is in $dir/pid.
start() {
	rm -f "$dir/pid"
	# shellcheck disable=SC2016
	tb run --exp "$exp" -- sh -c '
		IDENTITY=$NETFLOWIZE_SSH_IDENTITY LOGIN=$NETFLOWIZE_SSH_USER
		export IDENTITY LOGIN
		echo $$ >"$1"; shift
		exec "$@"' sh "$dir/pid" "$build/tests/deploy-tool" "$1" \
		"$dir/topology.json" client1 >"$dir/out" 2>"$dir/err" &
	running=$!
	until [ -s "$dir/pid" ]; do sleep 0.005; done
}
pause() { sleep "$(printf '0.%03d' "$(($1))")"; }
kill_agents() {
	for node in client1 left right; do
		# by program file: /proc/PID/exe of our own directories only
		# shellcheck disable=SC2016
		on "$node" -- sh -c '
			for p in /proc/[0-9]*; do
				case $(readlink $p/exe) in
				*/lib/netflowize/*nfz-agent* | /memfd:nfz-agent*)
					kill -9 ${p#/proc/};;
				esac
			done'
	done
}

# shellcheck disable=SC2317 # called by eventually
is_stripped() {
	deploy strip
	[ "$status" = 0 ] || said NFZ-E103
}

row 14 19
for round in $(seq "$rounds"); do
	after=$((RANDOM % 600 + 60))
	what=$((round % 4)) # each of them, however few rounds
	case $what in
	0 | 1) # the controller, during up
		start up
		pause "$after"
		kill -9 "$(cat "$dir/pid")" 2>/dev/null
		wait "$running" 2>/dev/null
		;;
	2) # the agents, during up
		start up
		pause "$after"
		kill_agents
		wait "$running" 2>/dev/null
		;;
	3) # the controller, during strip
		deploy up client1
		[ "$status" = 0 ] || bad "round $round: up"
		start strip
		pause "$after"
		kill -9 "$(cat "$dir/pid")" 2>/dev/null
		wait "$running" 2>/dev/null
		;;
	esac
	how="round $round: kind $what after $after ms"
	if [ $((RANDOM % 2)) = 0 ]; then
		STATE=$dir/state.$round
		how="$how, then elsewhere"
	fi
	if [ $((RANDOM % 3)) = 0 ]; then
		# agents of a dead controller may still be finishing
		check "$how: up converges" eventually is_up
		deploy up client1
		check "$how: and then has nothing to do" \
			said "changed 0 bytes 0 failed 0"
	fi
	check "$how: strip" eventually is_stripped
	check "$how: same disks" same_disks "$dir/before"
	check "$how: no processes" no_processes
done
finish
