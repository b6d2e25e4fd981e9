#!/bin/sh
# CPU time per packet of file -> records, beside reading the file alone.
set -eu
cd "$(dirname "$0")/../.."
exec tests/bench/probe.py "$@"
