#!/bin/sh
# A hundred thousand small networks: plans against every set of nodes, and the
# checker's search against them, too.
set -eu
cd "$(dirname "$0")/../.."
case ${BUILD:=build} in
/*) program=$BUILD/tests/unit-check ;;
*) program=$PWD/$BUILD/tests/unit-check ;;
esac
NFZ_CASES=${CASES:-100000} "$program" --filter 'random/*' --jobs 2
