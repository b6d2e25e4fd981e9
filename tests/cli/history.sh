#!/bin/sh
# What a store keeps no more: by link, protocol and time it carried what the
# same question said while it was there, and that it is gone is said.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
dir=$(mktemp -d)
pid=
trap 'kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
failed=0
same() {
	cmp -s "$2" "$3" && return
	echo "FAILED: $1"
	diff "$2" "$3" | head
	failed=1
}
# Without flows, which are not told apart any more.
query() {
	"$build/bin/nfz-query" "$dir/run" "$@" -o csv --sort key \
		2>"$dir/said" | tr -d '\r' | sed 's/,[0-9]*,\([0-9]*,[0-9]*\)$/,\1/' | tail -n +2
}
# A collector of the store whose setup says that, too.
collector_with() {
	cat >"$dir/setup" <<EOF
netflowize-setup 1
deployment 00000000000000aa
module 9 collector
listen 127.0.0.1 0
active_ms 60000
idle_ms 15000
fin_ms 5000
lease_ms 60000
cache_flows 4096
store $dir/run
$1
EOF
	mkfifo "$dir/out"
	"$build/bin/nfz-collector" --setup "$dir/setup" >"$dir/out" 2>&1 &
	pid=$!
	grep -q -m 1 '^READY' "$dir/out" || {
		echo "FAILED: the collector did not begin"
		failed=1
	}
	rm "$dir/out"
}
collector_ends() {
	kill "$pid"
	wait "$pid"
	pid=
}
# Opens the store with room for so many bytes, and closes it.
retire() {
	collector_with "keep_bytes $1"
	collector_ends
}
unpacked() {
	for segment in "$dir"/run/seg-*[0-9]; do
		[ "$(head -c 7 "$segment")" = NFZSEG4 ] || echo "$segment"
	done
}

"$build/tests/tool-genstore" "$dir/run" 30 3600 mesh >/dev/null || exit 1
query --history --by link >"$dir/none"
same "nothing is gone" "$dir/none" /dev/null
"$build/bin/nfz-query" "$dir/run" --history 2>&1 >/dev/null |
	grep -v '^Nothing of that time is gone' >"$dir/said"
same "that is all that is said" "$dir/said" /dev/null
query --by link >"$dir/links"
query --by time:3600,link,proto >"$dir/times"
query --by link,proto --from 2026-09-21T14:00:00Z \
	--to 2026-09-21T15:00:00Z --within >"$dir/hour"
[ -s "$dir/times" ] || { echo "FAILED: no flows" && failed=1; }

# What is old takes less room, and says the same.
collector_with "pack_ms 1"
ls "$dir"/run/seg-* >/dev/null || { echo "FAILED: nothing is sealed" && failed=1; }
for _ in $(seq 600); do
	[ -n "$(unpacked)" ] || break
	sleep 0.1
done
collector_ends
unpacked >"$dir/left"
same "all is packed" "$dir/left" /dev/null
query --by link >"$dir/links.now"
same "links are the same" "$dir/links" "$dir/links.now"
query --by time:3600,link,proto >"$dir/times.now"
same "and times" "$dir/times" "$dir/times.now"

retire 1
query >"$dir/left"
same "all flows are gone" "$dir/left" /dev/null
for said in 'Not there any more' '--history'; do
	grep -q -e "$said" "$dir/said" && continue
	echo "FAILED: not said: $said"
	failed=1
done
query --history --by link >"$dir/links.now"
same "links carried what they carried" "$dir/links" "$dir/links.now"
query --history --by time:3600,link,proto >"$dir/times.now"
same "and when" "$dir/times" "$dir/times.now"
query --history --by link,proto --from 2026-09-21T14:00:00Z \
	--to 2026-09-21T15:00:00Z >"$dir/hour.now"
same "and in an hour" "$dir/hour" "$dir/hour.now"

"$build/bin/nfz-query" "$dir/run" --history >/dev/null 2>"$dir/said"
grep -q Nothing "$dir/said" && echo "FAILED: nothing is gone?" && failed=1

# The next start goes on from there, and what cannot be told is refused.
retire 1
query --history --by link >"$dir/links.again"
same "it stays" "$dir/links" "$dir/links.again"
for by in proto src time:7,link; do
	query --history --by $by >/dev/null
	grep -q NFZ-E010 "$dir/said" && continue
	echo "FAILED: --by $by is answered"
	failed=1
done
# One question at a time, and nothing that would be passed over.
for words in '--history --summary' '--ledger --events' '--ledger tcp' \
	'--verify --last 5m' '--summary --by src' '--events tcp'; do
	# shellcheck disable=SC2086 # words
	query $words >/dev/null
	grep -q NFZ-E010 "$dir/said" && continue
	echo "FAILED: $words is answered"
	failed=1
done
exit $failed
