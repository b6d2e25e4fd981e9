# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # $build is of need.bash, $failed for tests
# For tests with one testbed, $exp, which the test names: a scratch directory
# $dir, and both gone at the end.

. "${BASH_SOURCE[0]%/*}/need.bash"
need bin/nfz-testbed
dir=$(mktemp -d)
failed=0

tb() { "$build/bin/nfz-testbed" "$@"; }
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	tb down "$exp" >/dev/null 2>&1
	rm -rf "$dir"
}
trap cleanup EXIT
ok() { echo "ok: $1"; }
bad() { # description; what the last command said may be anything
	echo "FAILED: $1"
	[ -f "$dir/out" ] &&
		head -q -c 20000 "$dir/out" "$dir/err" | cat -v | sed 's/^/    /'
	failed=1
}
check() { # description, command...
	local what=$1
	shift
	if "$@"; then ok "$what"; else bad "$what"; fi
}
