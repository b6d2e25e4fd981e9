#!/bin/sh
# 50 kills over up and 50 over strip.
KILLS=${KILLS:-50} exec "$(dirname "$0")/../e2e/kill.sh"
