#!/bin/bash
# Heavy mode there and back, with connections held meanwhile: a dumbbell, a LAN,
# a shaped LAN.
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
check=tests/support/heavycheck.py
failed=0

$check topologies/dumbbell.ns heavy/a$$ &
one=$!
$check topologies/star-lan.ns heavy/b$$ || failed=1
wait $one || failed=1
$check topologies/shaped-lan.ns heavy/c$$ || failed=1
exit $failed
