#!/bin/sh
# The fleet beside ssh + tar, parallel-ssh and ansible: ratios and targets.
exec "$(dirname "$0")/deploy.py" "$@"
