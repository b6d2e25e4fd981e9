#!/bin/sh
# A hundred thousand small networks: plans against every set of nodes, and the
# checker's search against them, too.
set -eu
cd "$(dirname "$0")/../.."
NFZ_CASES=${CASES:-100000} "$(realpath "${BUILD:-build}")/tests/unit-check" \
	--filter 'random/*' --jobs 2
