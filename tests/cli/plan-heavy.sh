#!/bin/sh
# plan --heavy and --mixed: the numbers they have to find, a checker that
# accepts them, and one that refuses them when they are changed.
set -eu
. "${0%/*}/lib/own.sh"
n=0

fail() {
	echo "$*"
	exit 1
}

# expected exit status, topology, options
plan() {
	want=$1 t=$2 code=0
	shift 2
	netflowize plan --topology "$t" "$@" -o json >"$dir/plan.json" \
		2>"$dir/stderr" || code=$?
	[ "$code" -eq "$want" ] || fail "$t $*: exit status $code"
	nfz-plan-check "$t" "$dir/plan.json" >"$dir/check" ||
		fail "$t $*: $(cat "$dir/check")"
	n=$((n + 1))
}

is() {
	jq -e "$1" "$dir/plan.json" >/dev/null || fail "$t: not $1"
}

plan 0 topologies/dumbbell.ns --heavy
is '.status == "optimal" and (.heavy.nodes | length) == 2'
is '.heavy.links == ["down1", "down2", "up1", "up2"]'
is '.probes[0].node == "tbdelay0" and .coverage.covered == 5'
plan 0 topologies/dumbbell.ns --heavy --collector client1
is '.heavy.collector == null and .collector.node == "client1"'
plan 0 topologies/dumbbell.ns --heavy --free pc3000=19,pc850=11:2
is '.heavy.resources[0] == {"resource": "nodes", "need": 3, "have": 30,
	"short": 0}'
plan 3 topologies/dumbbell.ns --heavy --free pc3000=2
is '.status == "budget_limited" and .coverage.covered == 3'
is '.heavy.resources[0].short == 1'
grep -q "NFZ-E202" "$dir/stderr"
plan 0 topologies/star-lan.ns --heavy
is '.heavy.bridges == 5 and (.heavy.nodes | length) == 3'
plan 0 topologies/shaped-lan.ns --heavy
is '.heavy.bridges == 0 and (.probes | length) > 0'
# what the ends shape gets no bridge: up --heavy says so, and this does
sed 's/^\$ns run/tb-use-endnodeshaping 1\n&/' topologies/dumbbell.ns \
	>"$dir/ends.ns"
plan 0 "$dir/ends.ns" --heavy
is '.heavy.unbridged == ["bottleneck"]'
said="bottleneck gets no bridge (its ends shape or trace it themselves)"
grep -qF "$said" "$dir/stderr" || fail "plan --heavy does not tell: $said"
netflowize plan --topology "$dir/ends.ns" --heavy --diff >"$dir/diff" 2>&1
grep -q '^+up1 trace monitor' "$dir/diff" || fail "no trace in the change"
! grep -q '^+bottleneck trace' "$dir/diff" || fail "plan and change differ"
# what fetch made of an NS file is no description that could be changed
netflowize fetch --topology topologies/dumbbell.ns >"$dir/saved.json"
plan 0 "$dir/saved.json" --heavy
! grep -q "NS file" "$dir/stderr" || fail "JSON is read as an NS file"
# nor is a pipe, which cannot be read twice
mkfifo "$dir/pipe.ns"
cat topologies/dumbbell.ns >"$dir/pipe.ns" &
timeout -s KILL 60 netflowize plan --topology "$dir/pipe.ns" --heavy \
	>"$dir/piped" 2>"$dir/stderr" || fail "of a pipe: exit status $?"
! grep -q "NS file" "$dir/stderr" || fail "a pipe is read twice"
plan 3 topologies/virtual.json --heavy
is '.heavy.uncovered | length > 0'
grep -q "up --heavy watches them on the nodes you have" "$dir/stderr"
plan 0 topologies/dumbbell.ns --mixed
is '(.heavy.nodes | length) == 0'
plan 0 topologies/dumbbell.ns --mixed --avoid left,client1
is '.heavy.links == ["up1"] and .status == "optimal"'

# what the user has the testbed capture stays as it is
netflowize plan --heavy --diff --topology topologies/traced-link.ns \
	>"$dir/diff" 2>"$dir/stderr"
for node in left right; do
	grep -qF "+[[\$ns lanlink lan0 $node] queue] trace monitor" "$dir/diff" ||
		fail "lan0 gets no bridge at $node: $(cat "$dir/diff")"
done
if grep -q -e '+lan0 trace' -e '+.*lan0 beside.* trace' "$dir/diff"; then
	fail "a capture of the user's is replaced: $(cat "$dir/diff")"
fi

# 895 links: four ports, two links a node
kdl=../shared/ref/graphs/zoo/Kdl.gr
if [ -e "$kdl" ]; then
	plan 0 "$kdl" --heavy
	is '(.heavy.nodes | length) == 448 and .heavy.lower_bound == 448'
	plan 3 "$kdl" --heavy --free pc=101
	is '.heavy.most_links == 200 and (.heavy.links | length) == 200'
else
	echo "skipped: $kdl is not there"
fi

# changed plans are refused
refused() {
	jq "$1" "$dir/good.json" >"$dir/bad.json"
	code=0
	nfz-plan-check topologies/star-lan.ns "$dir/bad.json" >"$dir/check" ||
		code=$?
	[ "$code" -eq 8 ] || fail "accepted: $1 ($code)"
	n=$((n + 1))
}
plan 0 topologies/star-lan.ns --heavy --free pc=4
cp "$dir/plan.json" "$dir/good.json"
refused 'del(.heavy.nodes[1])'
refused '.heavy.nodes[0].bridges[0].slot = 1'
refused '.heavy.nodes[0].ifaces = 2'
refused '.heavy.lower_bound = 4'
refused '.heavy.lower_bound = 2'
refused '.heavy.nodes[0].name = "host-0"'
refused '.heavy.nodes[0].bridges[0].link = "nowhere"'
refused '.heavy.pool[0].have = 3'
refused '.heavy.links = []'
refused '.coverage.covered = 0'
refused '.heavy.uncovered = [{"link": "lan0", "cause": "?"}] | .heavy.links = []
	| .heavy.nodes = []'
echo "$n plans"
