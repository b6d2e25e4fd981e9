#!/bin/bash
# netflowize analyse and the figures of query, on stores whose truth was worked
# out by hand; every table says what its JSON says; rows chain and pipe.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/cli/analyse.py "$(realpath "${BUILD:-build}")"
