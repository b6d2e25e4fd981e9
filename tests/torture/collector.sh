#!/bin/sh
# The collector among strangers, and killed: KILLS (1000), RATE (50000 records a
# second), COUNT (200000 datagrams of junk).
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
export BUILD
tests/support/collectorjunk.py && tests/support/collectorkills.py
