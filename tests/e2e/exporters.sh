#!/bin/bash
# Real exporters (softflowd, fprobe, pmacctd, nfreplay) feed the collector:
# what it stores is what they exported.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
capture=../shared/ref/pcaps/nDPI__1kxun.pcap
if [ ! -e "$capture" ]; then
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	tests/support/gencaptures.py "$dir" >/dev/null || exit 1
	capture=$dir/ethernet-le.pcap
	echo "SKIPPED: no public captures at ../shared/ref/pcaps"
fi
tests/support/exporters.py "$build/bin" "$capture"
