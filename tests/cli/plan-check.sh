#!/bin/sh
# nfz-plan-check takes a right plan, and refuses it after any one change, in the
# words of the check that has to notice.
set -eu
. "${0%/*}/lib/own.sh"
cat >"$dir/net" <<'END'
{"nodes": ["client1", "client2", "r1", "r2", "server1", "a", "b",
           {"name": "phone", "unusable": "no-login"},
           {"name": "tb0", "role": "shaper"}],
 "interfaces": [
  {"node": "r1", "link": "core"}, {"node": "r2", "link": "core"},
  {"node": "tb0", "link": "core"}, {"node": "tb0", "link": "core"},
  {"node": "client1", "link": "c1"}, {"node": "r1", "link": "c1"},
  {"node": "client2", "link": "c2"}, {"node": "r1", "link": "c2"},
  {"node": "r2", "link": "s1"}, {"node": "server1", "link": "s1"},
  {"node": "r2", "link": "lan0"}, {"node": "a", "link": "lan0"},
  {"node": "b", "link": "lan0"},
  {"node": "phone", "link": "air"}, {"node": "b", "link": "air"}],
 "links": [
  {"name": "core", "kind": "p2p", "members": [{"iface": 0}, {"iface": 1}]},
  {"name": "c1", "kind": "p2p", "members": [{"iface": 4}, {"iface": 5}]},
  {"name": "c2", "kind": "p2p", "members": [{"iface": 6}, {"iface": 7}]},
  {"name": "s1", "kind": "p2p", "members": [{"iface": 8}, {"iface": 9}]},
  {"name": "lan0", "kind": "lan",
   "members": [{"iface": 10}, {"iface": 11}, {"iface": 12}]},
  {"name": "air", "kind": "p2p", "members": [{"iface": 13}, {"iface": 14}]}],
 "bridges": [{"node": "tb0", "link": "core", "ports": [2, 3]}]}
END
netflowize plan --light --topology "$dir/net" --avoid client1 -o json \
	>"$dir/plan" 2>"$dir/messages" || cat "$dir/messages"
n=0 bad=0

# say WHAT EXIT WORDS: the last check must have ended so, with these words.
say() {
	n=$((n + 1))
	if [ "$code" -ne "$2" ] || ! grep -qF -e "$3" "$dir/out"; then
		bad=$((bad + 1))
		echo "$1: exit $code instead of $2, or no word of \"$3\":"
		cat "$dir/out"
	fi
}

check() {
	code=0
	nfz-plan-check "$@" >"$dir/out" 2>&1 || code=$?
}

# wrong CHECK WORDS FILTER: the plan changed by that jq filter.
wrong() {
	jq "$3" "$dir/plan" >"$dir/changed"
	if jq -e --slurpfile was "$dir/plan" '. == $was[0]' "$dir/changed" \
		>"$dir/same"; then
		echo "$3 changes nothing"
		bad=$((bad + 1))
	fi
	check "$dir/net" "$dir/changed"
	say "$3" 8 "$2"
	grep -q "^✘ $1 " "$dir/out" || {
		echo "$3: the check \"$1\" did not notice:"
		cat "$dir/out"
		bad=$((bad + 1))
	}
}

check "$dir/net" "$dir/plan"
say "the plan as it is" 0 accepted
[ "$bad" -eq 0 ] || exit 1
check -o json "$dir/net" "$dir/plan"
say "as JSON" 0 '"verdict": "accepted"'
jq -e '.checks | length > 8' "$dir/out" >"$dir/same" || bad=$((bad + 1))

wrong schema "this checker knows" '.schema = "netflowize.plan/2"'
wrong topology "made for another" '.topology_sha256 |= sub("^."; "x")'
wrong form "status is missing" 'del(.status)'
wrong form "not in the topology" '.probes[0].node = "nobody"'
wrong form "is unknown" '.cover = "clouds"'
wrong form "slot" '.owners[0].slot = 9'
wrong probes "listed twice" '.probes += [.probes[0]]'
wrong probes "cannot carry a probe (no-login)" \
	'.probes[0].node = "phone" | .probes[0].role = "host"'
wrong probes "to be avoided" \
	'.probes[0].node = "client1" | .probes[0].role = "host"'
wrong probes "was required" '.demand.require = ["server1"]'
wrong probes "is a router" '(.probes[] | select(.node == "r1")).role = "host"'
wrong coverage "no probe covers c1" 'del(.probes[] | select(.node == "r1"))'
wrong coverage "is covered without" \
	'(.probes[] | select(.node == "r1")).only += ["core"]'
wrong coverage "the plan says 5" '.coverage.covered = 5'
wrong coverage "have no tap there" '.probes[0].covers += ["s1"]'
wrong coverage "not in its list" '.probes[0].covers = []'
wrong coverage "duplicate factor" '.duplicate_factor += 1'
wrong uncovered "could be covered" 'del(.probes[] | select(.node == "r1")) |
	.uncovered += [{"link": "c1", "cause": "bad weather"}]'
wrong uncovered "covered all the same" \
	'.uncovered += [{"link": "c1", "cause": "bad weather"}]'
wrong owners "c1 has no owner" 'del(.owners[] | select(.link == "c1"))'
wrong owners "c1: frames sent by client1 are not counted exactly once" \
	'.owners += [.owners[] | select(.link == "c1")]'
wrong owners "not counted exactly once" \
	'(.owners[] | select(.link == "c1")).sent = "none"'
wrong owners "lan0: frames to the group from" \
	'(.owners[] | select(.link == "lan0")).lowest = true'
wrong owners "lan0: frames sent by" \
	'(.owners[] | select(.link == "lan0")).received = "all"'
wrong owners "is no probe" '(.owners[] | select(.link == "c1")).probe = "client2"'
wrong owners "is not one that" '(.owners[] | select(.link == "c1")).iface = 1'
wrong minimal "can be left out" '.probes += [{"node": "server1", "role": "host",
	"covers": [], "only": [], "cost": 5000, "reason": "why not"}] |
	.objective.probes += 1 | .objective.cost += 5000 | .lower_bound += 5000'
wrong cost "together, the plan says" '.objective.cost -= 1'
wrong cost "costs 1000, the plan says 1" \
	'(.probes[] | select(.node == "r1")).cost = 1'
wrong cost "probes, the plan says" '.objective.probes += 1'
wrong status "and the cost" '.lower_bound -= 1'
wrong bound "a placement costs" '.lower_bound += 1'
wrong bound "a placement costs" '.certificate.weights = {} |
	.lower_bound += 1'
wrong status "above the cost" '.status = "feasible" | .lower_bound += 1'

# a plan that wastes a host, and says it is the best
jq '(.probes[] | select(.node == "r1")) |= (.node = "client2" | .role = "host")' \
	"$dir/plan" >"$dir/changed"
check "$dir/net" "$dir/changed"
say "another node" 8 "no probe covers c1"

# without weights the checker searches by itself
jq '.certificate.weights = {}' "$dir/plan" >"$dir/changed"
check "$dir/net" "$dir/changed"
say "no weights" 0 "the checker's own search"

# what is answered beside the placement
netflowize plan --light --topology "$dir/net" --avoid client1,r1 --forced \
	--what-if +avoid server1 --what-if "+require a -avoid r1" -o json \
	>"$dir/plan" 2>"$dir/messages" || true
check "$dir/net" "$dir/plan"
say "further answers" 0 "accepted: 15 checks"
wrong forced "they cost no more" '.forced.always += .forced.never |
	.forced.never = []'
wrong forced "they cost more" '.forced.sometimes += .forced.always |
	.forced.always = []'
wrong forced "is told to be sometimes" '.forced.sometimes += .forced.never |
	.forced.never = []'
wrong forced "nothing is said of" '.forced.never = []'
wrong what_if "the cheapest placement costs" '.what_if[1].cost += 1 |
	.what_if[1].cost_change += 1'
wrong what_if "is not" '.what_if[0].cost_change += 1'
wrong what_if "elements" '.what_if[1].satisfied -= 1'
wrong what_if "makes no sense" '.what_if[1].change = "+avoid nobody"'
wrong without "elements" '.without[1].status = "infeasible"'
wrong repair "is not excluded" '.repair.lift = ["r2"]'
wrong repair "elements can be covered then" '.repair.lift = []'
wrong repair "exclusions less would do" '.repair.lift = ["r1", "client1"]'
wrong repair "elements more" '.repair.hopeless += 1'
netflowize plan --light --topology "$dir/net" --avoid client1 --budget 2 \
	-o json >"$dir/plan" 2>"$dir/messages" || true
check "$dir/net" "$dir/plan"
say "under a budget" 0 "1 answers not verified"

netflowize plan --light --topology "$dir/net" --max-pps 2 -o json \
	>"$dir/plan" 2>"$dir/messages" || cat "$dir/messages"
check "$dir/net" "$dir/plan"
say "with limits" 0 "the checker's own search"
netflowize plan --light --topology "$dir/net" --dedupe none --max-ifaces 2 \
	-o json >"$dir/plan" 2>"$dir/messages" || cat "$dir/messages"
check "$dir/net" "$dir/plan"
say "taps where there is a record" 0 "none beyond what its probe may"
wrong capacity "r1 watches 3 interfaces, it may 2" '.owners += [.owners[2] |
	.link = "core" | .slot = 0 | .iface = 0]'
printf '%s\n' "core 0" "c1 2" "c2 3" "s1 0" "lan0 0" >"$dir/loads"
netflowize plan --light --topology "$dir/net" --max-pps 3 \
	--loads "$dir/loads" -o json >"$dir/plan" 2>"$dir/messages" ||
	cat "$dir/messages"
check "$dir/net" "$dir/plan"
say "links that carry nothing" 0 "nothing costs less"
netflowize plan --light --topology "$dir/net" --cover paths --max-ifaces 1 \
	-o json >"$dir/plan" 2>"$dir/messages" || true
check "$dir/net" "$dir/plan"
say "no room for all paths" 0 "elements need"

# a proof by steps: odd cycles
cp topologies/petersen.gr "$dir/net"
netflowize plan --light --topology "$dir/net" --objective count -o json \
	>"$dir/plan"
check "$dir/net" "$dir/plan"
say "odd cycles" 0 "steps prove it"
lines=.certificate.steps.lines
wrong bound "the steps do not prove 7: " '.lower_bound = 7 |
	.status = "feasible"'
wrong bound "is shown; 0 choices" "$lines |= .[:-1]"
wrong bound "is shown; 1 choices" "${lines}[0] |= sub(\"6\"; \"7\")"
wrong bound "is shown; 1 choices" "${lines}[-2] |= sub(\"[0-9]+\$\"; \"1\")"
wrong bound "is shown; 2 choices" "$lines |= .[:1] + [\"spare 0\"] + .[1:]"
wrong bound "nothing is open any more" "$lines += [\"weigh 1\"]"
wrong bound "step 2: there is no row 99" "${lines}[1] = \"half 0 99\""
wrong bound "there is no row -4" "${lines}[-2] += \" -4 1\""
wrong bound "a weight below 0" "${lines}[-2] |= sub(\"[0-9]+\$\"; \"-1\")"
wrong bound "there is no node 10" "$lines |= [\"buy 10\"] + ."
wrong bound "is decided already" "$lines |= [\"buy 1\", \"buy 1\"] + ."
wrong bound "2 does not do all that 1 does" "$lines |= [\"drop 0 1\"] + ."
wrong bound "does not see both rows" "$lines |= [\"idle 0 1\"] + ."
wrong bound "guess 1 is no step" "$lines |= [\"guess 1\"] + ."
wrong bound "too many words" "$lines |= [\"take 1 2\"] + ."
wrong bound "a number is missing" "${lines}[0] = \"part\""
wrong bound "a scale below 1" "${lines}[-1] = \"weigh 0\""
wrong bound "is no link that was asked for" \
	'.certificate.steps.rows[0] = "nowhere"'
wrong bound "has no such row" '.certificate.steps.rows[0] = ["1--2", 1]'
wrong bound "nodes: nobody is none" '.certificate.steps.nodes[0] = "nobody"'
jq 'del(.certificate.steps)' "$dir/plan" >"$dir/changed"
check "$dir/net" "$dir/changed"
say "no steps" 0 "the checker's own search"

# and with choices: what is left of the proof without one, the other way round
awk 'BEGIN {
	print "p td 70 280"
	for (x = 1; m < 280; m++) {
		a = (x = x * 16807 % 2147483647) % 70
		b = (x = x * 16807 % 2147483647) % 70
		print a + 1, (a == b ? (b + 1) % 70 : b) + 1
	}
}' >"$dir/net"
netflowize plan --light --topology "$dir/net" --objective count -o json \
	>"$dir/plan"
check "$dir/net" "$dir/plan"
say "choices" 0 "steps prove it"
jq -e "$lines | any(test(\"^(buy|spare) \"))" "$dir/plan" >"$dir/same" ||
	bad=$((bad + 1))
# no line makes a row that nothing uses
jq -e "$lines | map(select(startswith(\"half\"))) as \$made |
	(\$made | length) > 0 and
	([.[] | scan(\"-[0-9]+\")] | unique | length) == (\$made | length)" \
	"$dir/plan" >"$dir/same" || {
	echo "rows that nothing uses"
	bad=$((bad + 1))
}
wrong bound "the steps do not prove" "$lines |= map(select(test(
	\"^(buy|spare) \") | not))"
wrong bound "the steps do not prove" "$lines |= (([.[] | select(test(
	\"^(buy|spare) \"))] | last) as \$c | index(\$c) as \$i |
	.[:\$i + 1] + .[\$i + 2:])"

echo "no plan" >"$dir/changed"
check "$dir/net" "$dir/changed"
say "no JSON" 2 "NFZ-E012"
check "$dir/net" "$dir/absent"
say "no file" 2 "the plan cannot be read"
check "$dir/net"
say "one file" 2 "two files are wanted"
echo "$n cases, $bad wrong"
[ "$bad" -eq 0 ]
