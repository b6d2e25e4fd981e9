#!/bin/bash
# A node that was taken over attacks who asks it: endless words and frames,
# lengths that lie, answers of which nothing is true, control characters in all
# of them, files that want out.  The command ends soon and in little memory, the
# other nodes are served, nothing is run or written elsewhere, and no terminal
# gets what the node said as it said it.
set -u
exp=hostile/n$$
. "$(dirname "$0")/lib/testbed.bash"
need bin/netflowize payload/x86_64.nfzp
export HOME=$dir XDG_STATE_HOME=$dir/state

limit="prlimit --as=400000000"
[ -z "${SANITIZE:-}" ] || limit= # they map terabytes
# nf WORD...: with so much $patience, within two minutes, 400 MB of addresses and no core file
nf() {
	# shellcheck disable=SC2086
	timeout -s KILL 120 "$build/bin/nfz-testbed" run --exp "$exp" -- \
		${limit:-} "$build/bin/netflowize" "$@" $patience \
		>"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	case $status in
	1 | 126 | 127 | 134 | 137 | 139) bad "$lie: $1 ends with $status" ;;
	esac
	if grep -q -a -P '\x1b|\x07|\x00|\xc2\x9b|\xe2\x80\xae' \
		"$dir/out" "$dir/err"; then
		bad "$lie: $1 prints what the node sent"
	fi
	[ "$(cat "$dir/out" "$dir/err" | wc -c)" -lt 2000000 ] ||
		bad "$lie: $1 has no end"
}
lie=none patience=
tb up topologies/line.ns --exp "$exp" >"$dir/out" 2>"$dir/err" ||
	{ bad "the testbed comes up"; exit 1; }
nf plan --light "$exp" -o json
node=$(jq -r '.probes[0].node' "$dir/out")
other=$(tb show "$exp" -o json | jq -r --arg n "$node" \
	'[.nodes[].name | select(. != $n)][0]')
tb exec "$exp" "$node" -- sh -c 'cat >/liar && chmod 755 /liar
	sed -i "/^user:/s|:[^:]*\$|:/liar|" /etc/passwd' \
	<tests/support/lyingnode.py
patience="--timeout 3s"
for lie in words endless packed huge notes drips ended output errors answers \
	nothing recipes many; do
	before=$failed
	tb exec "$exp" "$node" -- sh -c "echo $lie $exp >/lies; chmod 644 /lies"
	nf list "$exp"
	case $lie in endless | packed | output | answers)
		nf up --light "$exp" --collector "$other"
		[ "$status" != 0 ] || bad "$lie: up believes it"
		;;
	esac
	if [ "$lie" = answers ]; then
		for words in "list $exp -o json" "list $exp -o csv" \
			"logs $exp" "snapshot $exp" "status $exp" \
			"query $exp" "report $exp -o $dir/page.html"; do
			# shellcheck disable=SC2086
			nf $words
		done
		! grep -q '<script>alert' "$dir/page.html" 2>/dev/null ||
			bad "$lie: the page has its script"
	fi
	[ "$lie" != nothing ] || nf snapshot "$exp"
	case $lie in output | answers | recipes | many)
		nf strip "$exp" --yes --keep-data "$dir/kept" ;;
	esac
	[ "$lie" != many ] ||
		grep -q 'more than 16 recipes, nothing was removed' "$dir/err" ||
		bad "$lie: it is not said that there are too many"
	[ "$lie" != ended ] ||
		grep -q "$node: Eve.* removes deployment 1111" "$dir/err" ||
		bad "$lie: it is not said what happened"
	[ "$failed" != "$before" ] || ok "$lie"
done
# the collector's own node: what answers there is not our program any more
lie=answers-of-a-collector patience=
tb exec "$exp" "$node" -- sed -i '/^user:/s|:[^:]*$|:/bin/sh|' /etc/passwd
nf up --light "$exp" --collector "$other"
[ "$status" = 0 ] || bad "$lie: up"
tb exec "$exp" "$other" -- sh -c 'cd /var/lib/netflowize/*/bin
	rm nfz-query; cat >nfz-query; chmod 700 nfz-query' <<'XEOF'
#!/bin/sh
printf '{"a": "\033]0;owned\007\302\233\342\200\256\r\0"}\302'
case $* in *--ledger*json*) printf '}' ;; esac
printf '\033[31m\n' >&2
XEOF
for words in "query $exp -o json" "status $exp" "status $exp -o json" \
	"analyse hops $exp"; do
	# shellcheck disable=SC2086
	nf $words
done
tb exec "$exp" "$node" -- sh -c 'cd /var/lib/netflowize/*/bin
	rm nfz-meter; cat >nfz-meter; chmod 700 nfz-meter' <<'XEOF'
#!/bin/sh
printf '\033]0;owned\007\302\233\n' >&2
[ "$6" = 2 ]
XEOF
link=$(tb show "$exp" -o json | jq -r --arg n "$node" \
	'[.links[] | select(.members[].node == $n).name][0]')
for count in 1 2; do
	nf capture "$exp" "$link" --count $count --for 1s -w "$dir/frames"
	[ "$status $count" = "2 1" ] || [ "$status $count" = "0 2" ] ||
		bad "$lie: capture"
done
nf query "$exp"
grep -q '{"a": "?]0;owned????' "$dir/out" || bad "$lie: what it said is shown"
tb exec "$exp" "$other" -- sh -c 'cd /var/lib/netflowize/*/bin
	rm nfz-query; cat >nfz-query; chmod 700 nfz-query' <<'XEOF'
#!/bin/sh
. /answer
XEOF
answers() { # what the collector's node says when it is asked
	echo "$1" | tb exec "$exp" "$other" -- sh -c 'cat >/answer'
	nf status "$exp" -o json
}
answers "echo '{ }'"
[ "$(jq -r '[.programs[].role] | sort | unique | join(" ")' "$dir/out")" = \
	"collector meter" ] || bad "$lie: an answer of nothing is no document"
for answer in "echo '{\"a\": 1,}'" "echo '{} {}'" "echo '[0]'" "echo" \
	"echo '{\"}'" "echo '{\"a\\\"}'" "echo '{]'" "echo '}{'" \
	"yes '{' | head -c 60000000" \
	"yes '[0],' | head -c 70000000" "yes '[0],'"; do
	answers "$answer"
	[ "$status" = 5 ] || [ "$status" = 2 ] || bad "$lie: status after $answer"
	[ ! -s "$dir/out" ] || bad "$lie: status prints $answer"
done
grep -q 'answer is larger than 64 MiB' "$dir/err" || bad "$lie: what is too large"
nf strip "$exp" --yes --force
[ "$status" = 0 ] || bad "$lie: strip"
escaped=$(find /tmp/canary /tmp/escaped "$dir" -maxdepth 1 \
	\( -name escaped -o -name canary \) 2>/dev/null)
[ -z "$escaped" ] || bad "written elsewhere: $escaped"
tb exec "$exp" "$other" -- test ! -e /var/lib/netflowize ||
	bad "the other node is not clean"
exit $failed
