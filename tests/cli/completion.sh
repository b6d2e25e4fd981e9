#!/bin/bash
# bash completes commands, options and values; what it offers is what --help
# shows, no more and no less.
set -u
cd "$(dirname "$0")/../.." || exit 1
PATH=$(realpath "${BUILD:-build}")/bin:$PATH
failed=0

eval "$(netflowize completion)" || exit 1

# What is offered after these words, on one line.
offered() { # words... the last one is being typed
	COMP_WORDS=(netflowize "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_netflowize
	echo "${COMPREPLY[*]}"
}

expect() { # wanted, words...
	local got
	got=$(offered "${@:2}")
	[ "$got" = "$1" ] && return
	echo "FAILED: ${*:2} gave \"$got\", wanted \"$1\""
	failed=1
}

# The options of a command by its help, sorted.
in_help() {
	netflowize "$1" --help | sed -nE 's/^ {2,6}(-., )?(--[a-z0-9-]+).*/\2/p' |
		sort
}

expect "status strip" st
expect "--objective" plan --obj
expect "impact count cost" plan --objective ""
expect "count cost" plan --light --objective co
expect "table wide json ndjson csv" query -o ""
expect "json" status x/y --output j
expect "" plan --topology ""
expect "--light" --lig

# experiments that up was run for here, what else a word may be
XDG_STATE_HOME=$(mktemp -d)
export XDG_STATE_HOME
mkdir -p "$XDG_STATE_HOME/netflowize/lab/one" \
	"$XDG_STATE_HOME/netflowize/lab/\$(x)"
expect "lab/one" status ""
expect "lab/one" query -n 5 la
expect "lab/one" analyse symptoms ""
rm -r "$XDG_STATE_HOME"
expect "scans scanners scanned" analyse sc
expect "show" recipe sh
expect "NFZ-E101 NFZ-E102 NFZ-E103" explain NFZ-E1
expect "src_node src_as src_mac" query --by src_
expect "flows first" query --sort f

commands=$(netflowize --help | sed -nE 's/^  ([a-z]+) +.*/\1/p')
for command in $commands; do
	wanted=$(in_help "$command")
	got=$(offered "$command" -- | tr ' ' '\n' | sort)
	[ "$got" = "$wanted" ] && continue
	echo "FAILED: options of $command"
	diff <(echo "$wanted") <(echo "$got")
	failed=1
done
[ "$(offered "" | wc -w)" -eq "$(echo "$commands" | wc -w)" ] || {
	echo "FAILED: not every command is offered"
	failed=1
}
exit $failed
