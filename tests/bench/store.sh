#!/bin/sh
# The flow store beside nfdump on the same flows.
set -eu
cd "$(dirname "$0")/../.."
exec tests/bench/store.py "$@"
