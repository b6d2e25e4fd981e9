#!/bin/bash
# Heavy mode there and back on every NS file that can be realised: those of
# topologies and tests/torture/ns (other ways to write them), the reference files
# beside the checkout, or the files given; then --mixed.
set -u
. "$(dirname "$0")/../e2e/lib/need.bash"
need
HOME=$(mktemp -d)
export HOME
trap 'rm -rf "$HOME"' EXIT
check=tests/support/heavycheck.py
reference=../shared/ref/topologies/ns
failed=0

[ -d "$reference" ] || echo "no $reference: its files are left out"
[ $# -gt 0 ] || set -- topologies/*.ns tests/torture/ns/*.ns "$reference"/*.ns
for mode in ${MODES:---heavy --mixed}; do
	for file; do
		[ -e "$file" ] || continue
		name=$(basename "$file" .ns | tr -cd 'a-z0-9-' | cut -c 1-18)
		timeout 900 $check "$file" "heavy/$name" "$mode" --realisable ||
			failed=$((failed + 1))
	done
done
$check topologies/dumbbell.ns heavy/foreign --foreign || failed=$((failed + 1))
echo "$failed files failed"
[ "$failed" -eq 0 ]
