#!/bin/sh
# The planner beside greedy, GLPK and CBC: the short run (planner.py --full is
# the long one).
set -eu
cd "$(dirname "$0")/../.."
exec tests/bench/planner.py
