#!/bin/sh
# 50 kills over up --heavy and 50 over strip.
KILLS=${KILLS:-50} exec "$(dirname "$0")/heavy-faults.sh"
