# shellcheck shell=bash disable=SC2034,SC2016
# Common to tests/e2e/deploy*.sh: a testbed of our own, a payload with stand-in
# programs, and the comparison of the nodes' disks before and after.

exp=dep/t$$
. "${BASH_SOURCE[0]%/*}/testbed.bash"
need tests/deploy-tool
if [ "$build/libdeploy.a" -nt "$build/tests/deploy-tool" ]; then
	echo "FAILED: tests/deploy-tool is not of this build: make unit-build"
	exit 1
fi
agent=${NODE_BIN:-$build/node/bin}/nfz-agent
if [ ! -x "$agent" ]; then
	echo "SKIPPED: $agent is not built"
	exit 77
fi

export STATE=$dir/state NETFLOWIZE_PAYLOAD=$dir/payload

# What follows is about these rows of the failure matrix (failures.md).
row() { echo "row $*"; }
fault() { tb fault "$exp" "$@" >/dev/null; }
on() { tb exec "$exp" "$@"; }

# deploy COMMAND WORD...: output in $dir/out and $dir/err, status in $status
deploy() {
	local command=$1
	shift
	# shellcheck disable=SC2016
	timeout 120 "$build/bin/nfz-testbed" run --exp "$exp" -- sh -c '
		if [ -z "${CONFIG:-}" ]; then
			IDENTITY=${KEY-$NETFLOWIZE_SSH_IDENTITY}
			LOGIN=$NETFLOWIZE_SSH_USER
			export IDENTITY LOGIN
		fi
		exec "$@"' sh "$build/tests/deploy-tool" "$command" \
		"$dir/topology.json" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
# The user's own command instead of deploy-tool, with
# the real payload and a home of its own.
use_netflowize() {
	need bin/netflowize payload/x86_64.nfzp
	unset NETFLOWIZE_PAYLOAD
	export XDG_STATE_HOME=$dir/state HOME=$dir/home
	mkdir "$HOME"
}
nfz() { # words...: output in $dir/out and $dir/err, status in $status
	timeout 240 "$build/bin/nfz-testbed" run --exp "$exp" -- \
		"$build/bin/netflowize" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}
# Once the agents of a controller that is gone have finished.
# shellcheck disable=SC2317 # called by eventually
is_up() { deploy up client1 && [ "$status" = 0 ]; }
said() { grep -q -- "$1" "$dir/out" "$dir/err"; }
never() { ! "$@"; }
# shellcheck disable=SC2317 # called by eventually
status_says() { # words that one of a node's processes is to have
	deploy status
	said "$1"
}
node_line() { grep -q "^node $1 $2" "$dir/out"; }

# A payload whose meter and collector are shell scripts: $1 is what they do
# when their setup is there.
stand_ins() {
	mkdir -p "$dir/programs" "$dir/payload"
	rm -f "$dir"/payload/*
	cp "$agent" "${agent%agent}unpack" "$dir/programs/"
	for program in nfz-meter nfz-collector nfz-query; do
		printf '#!/bin/sh\n# %s\n%s\n' "$2" "$1" \
			>"$dir/programs/$program"
	done
	scripts/make-payload x86_64 "$dir/payload/x86_64.nfzp" \
		"$dir"/programs/nfz-*
}
good_stand_in='
case $0 in *query) for a; do echo "word <$a>"; done; echo no >&2; exit 4;; esac
read -r first <"$2" || exit 3
echo data >>run/output
echo "READY stand-in"
trap "echo bye; kill $!; exit 0" TERM
sleep 1000 &
trap "kill $!; echo bye; exit 0" TERM
wait'

begin() { # NS file
	tb up "$1" --exp "$exp" >"$dir/up" || { cat "$dir/up"; exit 1; }
	fetch_topology
}
fetch_topology() {
	# shellcheck disable=SC2016
	tb run --exp "$exp" -- sh -c '
		IDENTITY=$NETFLOWIZE_SSH_IDENTITY LOGIN=$NETFLOWIZE_SSH_USER \
		exec "$@"' sh "$build/tests/deploy-tool" fetch "$exp" \
		>"$dir/topology.json" || exit 1
}

# What the nodes' disks hold, one line a file.
disks() {
	for node in $(machines); do
		tb snapshot "$exp" "$node" | sed "s/^/$node /"
	done
}
machines() {
	if [ -n "${ONLY:-}" ]; then echo "$ONLY"; return; fi
	awk '$3 == "node" || $3 == "delaynode" { print $1 }' "$dir/up"
}

# The same as before, but for directories that were copied up unchanged: they
# look just as in the file system below.  sshd and sudo own their own files.
same_disks() { # before
	disks >"$dir/after"
	# what the testbed's own faults rewrite, when a test uses them
	diff <(grep -v -E "${IGNORE-none}" "$1") \
		<(grep -v -E "${IGNORE-none}" "$dir/after") >"$dir/diff"
	grep '^<' "$dir/diff" && return 1
	sed -n 's/^> //p' "$dir/diff" |
		grep -v -E ' /var/(log|run|lib/sudo)(/|$)' |
		while read -r node type mode uid gid time path; do
			[ "$type" = d ] &&
				[ "$(stat -c '%a %u %g %.9Y' "$path")" = \
					"$(echo "$mode $uid $gid $time" |
						sed 's/^0//')" ] && continue
			echo "$node: $type $mode $time $path"
			stat -c '    was %a %u %g %.9Y' "$path"
		done >"$dir/left"
	if [ -s "$dir/left" ]; then cat "$dir/left"; return 1; fi
}
same_disk() { # node, before
	grep "^$1 " "$2" >"$dir/before.one"
	ONLY=$1 same_disks "$dir/before.one"
}
# The same: what serves a lost connection may take a while to learn of it.
soon_same_disks() {
	eventually same_disks "$1" || same_disks "$1"
}
# No process of a program in one of our directories on any node.
no_processes() {
	for node in $(machines); do
		# shellcheck disable=SC2016
		on "$node" -- sh -c 'ls -l /proc/[0-9]*/exe /proc/[0-9]*/cwd \
			2>/dev/null' | grep /var/lib/netflowize/ && return 1
	done
	return 0
}
quiet_no_processes() { no_processes >/dev/null; }
finish() {
	[ "$failed" = 0 ] && echo "all good"
	exit "$failed"
}
