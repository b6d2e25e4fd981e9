#!/bin/bash
# Heavy mode when the testbed refuses or fails at each stage, when somebody
# edits the description, when it is interrupted or killed.
# KILLS=N kills that often and does nothing else.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
if [ "$(id -u)" -ne 0 ]; then
	echo "SKIPPED: needs root for a testbed"
	exit 77
fi
for program in bin/nfz-testbed bin/netflowize payload/x86_64.nfzp; do
	[ -e "$build/$program" ] && continue
	echo "SKIPPED: $build/$program is not built"
	exit 77
done
export BUILD="$build" PYTHONDONTWRITEBYTECODE=1
HOME=$(mktemp -d)
export HOME
trap 'rm -rf "$HOME"' EXIT
failed=0

if [ -z "${KILLS:-}" ]; then
	tests/support/heavyfaults.py topologies/line.ns heavy/f$$ || failed=1
fi
tests/support/heavykills.py topologies/line.ns heavy/k$$ "${KILLS:-1}" ||
	failed=1
exit $failed
