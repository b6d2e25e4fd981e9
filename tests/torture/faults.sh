#!/bin/bash
# One meter, two flow caches, one collector in simulated time: a cache is added or
# removed, all are ended or aborted, and each single datagram of that is lost,
# repeated, exchanged with the next, or the moment somebody is killed and started
# again (tests/unit/flow/test_faults.c, which `make check` runs for one in 24).
# Some 9,000 runs in two minutes.
set -u
. "${0%/*}/../e2e/lib/need.bash"
need tests/unit-flow
EXPLORE=1 exec "$build/tests/unit-flow" --filter 'faults/*'
