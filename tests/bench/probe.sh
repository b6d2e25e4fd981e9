#!/bin/sh
# CPU time per packet: file -> records, beside reading the file alone.
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD:-build}
file=$(mktemp)
trap 'rm -f "$file"' EXIT
echo "# $(uname -rm), $(nproc) CPUs, $(git describe --always --dirty)"
echo "flows,packets,touch_ns,meter_ns,ratio,bytes_per_flow"
for row in "1000 500000" "100000 1000000" "1000000 2000000"; do
	for _ in 1 2 3; do
		# shellcheck disable=SC2086
		"$build/tests/tool-benchprobe" "$file" $row
	done
done
