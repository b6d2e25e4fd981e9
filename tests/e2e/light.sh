#!/bin/bash
# The whole way on two topologies side by side, each with its own netflowize;
# then a node that is dead during up; then files that cannot be realised.
set -u
. "$(dirname "$0")/lib/need.bash"
need bin/nfz-testbed bin/netflowize payload/x86_64.nfzp
check=tests/support/flowcheck.py
failed=0
wait_for() {
	for pid in "$@"; do
		wait "$pid" || failed=1
	done
}

$check topologies/dumbbell.ns light/a$$ --quick --load=100000 &
one=$!
$check topologies/shaped-lan.ns light/b$$ --quick &
wait_for $one $!
$check topologies/line.ns light/c$$ --dead &
one=$!
$check topologies/broken-variable.ns light/d$$ --refused=2 \
	--says='broken-variable.ns:7: can'"'"'t read "sever"' || failed=1
$check topologies/broken-macro.ns light/d$$ --refused=2 \
	--says='is a macro that nobody replaced' || failed=1
$check topologies/broken-delay.ns light/d$$ --refused=2 \
	--says='broken-delay.ns:7: The delay of 1.0ms is invalid' || failed=1
wait_for $one
exit $failed
