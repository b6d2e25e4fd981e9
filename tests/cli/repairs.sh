#!/bin/bash
# Demands that cannot be met: what plan says would do, does.  And a time limit
# is one for every question.
set -eu
. "${0%/*}/lib/own.sh"
tests/cli/repairs.py "${CASES:-120}" "$dir"

# hard ones: without a limit each would take minutes
"$build/tests/tool-gengraph" er5 3000 --as json >"$dir/net"
# limited SECONDS OPTIONS: so much processor time, exit 3, and an answer.
limited() {
	code=0
	seconds=$1
	shift
	(
		ulimit -t "$seconds"
		exec netflowize plan --light --topology "$dir/net" \
			--time-limit 500ms -o json "$@"
	) >"$dir/plan" 2>"$dir/messages" || code=$?
	if [ "$code" -ne 3 ] || ! grep -q '"status"' "$dir/plan"; then
		echo "$*: exit $code"
		cat "$dir/messages"
		exit 1
	fi
}
limited 6
limited 6 --forced
jq -e '.forced.unknown | length > 0' "$dir/plan" >"$dir/null"
limited 6 --what-if +avoid n1 --what-if +avoid n2 --what-if +avoid n3
jq -e '[.what_if[].status] | index("timeout")' "$dir/plan" >"$dir/null"
limited 6 --coverage 70
limited 6 --budget 60
limited 6 --coverage 70 --budget 40
limited 6 --max-ifaces 3
limited 6 --max-ifaces 4 --max-pps 1000
limited 6 --budget 3 --require n1,n2,n3,n4,n5,n6
limited 6 --avoid n1,n2,n3,n4,n5,n6,n7,n8
"$build/tests/tool-gengraph" ts 10000 --shaped 50 --as json >"$dir/net"
limited 10 --max-ifaces 2
if jq -e '.status == "timeout" and (.uncovered | map(.cause) |
	any(test("no room")))' "$dir/plan" >"$dir/null"; then
	echo "half a second is not enough to say so:"
	cat "$dir/messages"
	exit 1
fi
