#!/bin/bash
# Heavy mode when the testbed refuses or fails at each stage, when somebody
# edits the description, when it is interrupted or killed.
# KILLS=N kills that often and does nothing else.
set -u
. "$(dirname "$0")/../e2e/lib/need.bash"
need bin/nfz-testbed bin/netflowize payload/x86_64.nfzp
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
