#!/bin/bash
# What foreign exporters lost on the way is reported to the flow: gaps,
# duplicates, disorder, restarts, wraps of numbers and of uptimes.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec tests/support/losses.py "$(realpath "${BUILD:-build}")/bin"
