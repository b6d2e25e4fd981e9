#!/bin/sh
# What rollups tell is what the records tell, and it is said how many were told.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
fail() {
	echo "FAILED: $*"
	failed=1
}
query() {
	"$build/bin/netflowize" query "$dir/run" "$@" 2>"$dir/said"
}

# An hour of flows to a few ports, as nfdump tells them.
awk 'BEGIN {
	print "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt"
	for (i = 0; i < 20000; i++) {
		m = int(i / 400); s = i % 58; port = i % 3 ? 80 + i % 5 : 1024 + i
		printf "2026-09-21 14:%02d:%02d,2026-09-21 14:%02d:%02d,1,10.0.%d.%d,10.1.0.%d,%d,%d,%s,...,0,0,%d,%d\n", \
			m, s, m, s + i % 2, i % 7, i % 200, i % 3, 40000 + i % 999, port, \
			i % 4 ? "TCP" : "UDP", 1 + i % 9, 60 * (1 + i % 9) + i % 31
	}
}' >"$dir/flows.csv"
"$build/bin/netflowize" import "$dir/flows.csv" --into "$dir/run" \
	>"$dir/said" 2>&1 || fail "import: $(cat "$dir/said")"

for words in '--by proto' '--by time:300,proto' \
	'dst port in [80 82] --by time:600' 'not dst port 81 --by proto' \
	'dst host 10.1.0.1 --by time:600' \
	'--by time:600 --from 2026-09-21T14:00:00Z --to 2026-09-21T15:00:00Z'; do
	# shellcheck disable=SC2086 # words
	query $words -o csv >"$dir/quick" || fail "$words: $(cat "$dir/said")"
	# shellcheck disable=SC2086
	query $words --no-rollups -o csv >"$dir/read"
	[ "$(wc -l <"$dir/read")" -gt 1 ] || fail "$words: no rows"
	cmp -s "$dir/quick" "$dir/read" || fail "$words: not the same"
	# shellcheck disable=SC2086
	query $words >"$dir/table"
	grep -q 'of them told by rollups' "$dir/said" || fail "$words: was read"
	# shellcheck disable=SC2086
	query $words --no-rollups >"$dir/table"
	grep -q 'told by rollups' "$dir/said" && fail "$words: was not read"
done
for words in '--by src' 'dst port 1025 --by proto' '--by time:7' \
	'--by proto --to 2026-09-21T14:10:00Z'; do
	# shellcheck disable=SC2086
	query $words >"$dir/table"
	grep -q 'told by rollups' "$dir/said" && fail "$words: was not read"
done
exit $failed
