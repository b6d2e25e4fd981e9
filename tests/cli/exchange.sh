#!/bin/bash
# netflowize import and export: what goes in comes out, by every way, with the
# same packets and bytes; nfdump, where it is installed, is one of them.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/cli/exchange.py "$(realpath "${BUILD:-build}")"
