#!/bin/bash
# The whole way on every NS file there is: topologies/*.ns and the reference
# files beside the checkout, or the files given.  Those that cannot be realised
# must say why.
set -u
. "$(dirname "$0")/../e2e/lib/need.bash"
need
check=tests/support/flowcheck.py
reference=../shared/ref/topologies
failed=0

# Too much for the machines here, though the text is right.
too_much() {
	case $1 in
	ts-toomanylinks | deter-dumbbell-p2p-big) echo "Too many links" ;;
	esac
}
# What Emulab's own parser said first, nothing if it took the file.
first_message() {
	python3 -c 'import json, sys
truth = json.load(open(sys.argv[1]))
if truth["exit"]:
    print(" ".join(truth["messages"][0].split()))' "$1"
}
one() { # file
	local name exp says
	name=$(basename "$1" .ns)
	exp=all/$(echo "$name" | tr -cd 'a-z0-9-' | cut -c 1-18)
	says=$(too_much "$name")
	if [ -n "$says" ]; then
		$check "$1" "$exp" --refused=3 --says="$says"
		return
	fi
	if [ -e "$reference/ns-truth/$name.json" ]; then
		says=$(first_message "$reference/ns-truth/$name.json")
	elif [ "${name#broken-}" != "$name" ]; then
		says=$name.ns:
	fi
	grep -v '^ *#' "$1" | grep -q '@[A-Z]*@' &&
		says="is a macro that nobody replaced"
	if [ -n "$says" ]; then
		$check "$1" "$exp" --refused=2 --says="$says"
		return
	fi
	timeout 600 $check "$1" "$exp" --load=100000
}

[ -d "$reference/ns" ] || echo "no $reference/ns: its files are left out"
[ $# -gt 0 ] || set -- topologies/*.ns "$reference"/ns/*.ns
for file; do
	[ -e "$file" ] || continue
	one "$file" || failed=$((failed + 1))
done
echo "$failed files failed"
[ "$failed" -eq 0 ]
