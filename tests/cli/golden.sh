#!/bin/sh
# Exact stdout, stderr and exit status of commands that need no testbed.  Each
# tests/golden/NAME.cmd holds the words after "netflowize"; NAME.out what must
# come.  UPDATE=1 rewrites the .out files.
set -eu
. "${0%/*}/lib/own.sh"
n=0 bad=0
for cmd in tests/golden/*.cmd; do
	out=${cmd%.cmd}.out
	code=0
	# the file is ours: words are split on purpose
	# shellcheck disable=SC2046
	netflowize $(cat "$cmd") >"$dir/stdout" 2>"$dir/stderr" </dev/null ||
		code=$?
	{
		echo "exit $code"
		sed 's/^/1 /' "$dir/stdout"
		sed -e "s|$dir|HOME|g" -e 's/^/2 /' "$dir/stderr"
	} >"$dir/now"
	n=$((n + 1))
	if [ -n "${UPDATE:-}" ]; then
		cp "$dir/now" "$out"
	elif ! diff -u "$out" "$dir/now"; then
		echo "FAILED: netflowize $(cat "$cmd")"
		bad=$((bad + 1))
	fi
done
echo "$n commands, $bad differ"
[ "$bad" -eq 0 ] && [ "$n" -gt 0 ]
