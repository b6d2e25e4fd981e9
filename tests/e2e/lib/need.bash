# shellcheck shell=bash
# Common to the tests with a testbed of their own: at the top of the checkout,
# $build the absolute directory of what is built, and BUILD for children.

cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 1
build=$(realpath "${BUILD:-build}")
export BUILD="$build" PYTHONDONTWRITEBYTECODE=1

# eventually COMMAND...: waits until it succeeds.  Long enough for a machine that
# has much else to do: only what never comes takes so long.
eventually() {
	local end=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# need PROGRAM...: these below $build, and root; else the test is skipped.
need() {
	local program
	if [ "$(id -u)" -ne 0 ]; then
		echo "SKIPPED: needs root for a testbed"
		exit 77
	fi
	for program; do
		[ -e "$build/$program" ] && continue
		echo "SKIPPED: $build/$program is not built"
		exit 77
	done
}
