#!/bin/sh
# The page in the distribution's Chromium: what it shows, how fast, what it asks
# for, who may look.  Without Chromium or Node it is skipped; make check-browser
# installs them.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
for program in "${CHROMIUM:-chromium}" node; do
	command -v "$program" >/dev/null && continue
	echo "SKIPPED: $program is not installed (make check-browser)"
	exit 77
done
for program in bin/netflowize bin/nfz-query tests/tool-genstore; do
	[ -x "$build/$program" ] && continue
	echo "SKIPPED: $build/$program is not built"
	exit 77
done
export AXE="${AXE:-$build/axe.min.js}"
scripts/axe "$AXE" || true
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
node tests/browser/check.js "$build/bin" "$build/tests" "$dir" ${SHOTS:+"$SHOTS"}
