#!/bin/sh
# Forged and repeated datagrams, RATE (100,000) a second for TIME (60) seconds:
# none of our own is lost.  On a machine that does nothing else.
cd "$(dirname "$0")/../.." || exit 1
RATE=${RATE:-100000} TIME=${TIME:-60} EXACT=${EXACT-1} exec tests/e2e/forged.sh
