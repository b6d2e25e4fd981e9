#!/bin/bash
# Heavy mode there and back, with connections held meanwhile: a dumbbell, a LAN,
# and a LAN with one shaped member, whose machine then holds a bridge beside its
# shaper, in a description that runs in a procedure, with a node of the user's
# called as ours could be; --mixed where two nodes must not be used.
set -u
. "$(dirname "$0")/lib/need.bash"
need bin/nfz-testbed bin/netflowize payload/x86_64.nfzp
HOME=$(mktemp -d)
export HOME
trap 'rm -rf "$HOME"' EXIT
check=tests/support/heavycheck.py
failed=0

$check topologies/dumbbell.ns heavy/a$$ &
one=$!
$check topologies/star-lan.ns heavy/b$$ || failed=1
wait $one || failed=1
cat >"$HOME/mixed.ns" <<'NS'
source tb_compat.tcl
set sim [new Simulator]
foreach i {1 2 3} {
    set n($i) [$sim node]
}
set nfz-own [$sim node]
set lan(0) [$sim make-lan "$n(1) $n(2) $n(3) ${nfz-own}" 100Mb 0ms]
tb-set-node-lan-params $n(1) $lan(0) 10ms 10Mb 0
$sim duplex-link $n(1) $n(3) 100Mb 0ms DropTail
proc finish {} { global sim; $sim rtproto Static; $sim run }
set p [$n(1) program-agent -command "true"]
set all [$sim event-sequence {
    $p run
}]
finish
NS
$check "$HOME/mixed.ns" heavy/c$$ || failed=1
$check topologies/line.ns heavy/d$$ --mixed --avoid=left,right || failed=1
exit $failed
