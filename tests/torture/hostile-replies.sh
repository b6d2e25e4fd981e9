#!/bin/sh
# Three hostile texts in every place of every answer of the testbed's.
HOSTILE=all exec "$(dirname "$0")/../e2e/hostile-replies.sh"
