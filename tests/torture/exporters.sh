#!/bin/bash
# Real exporters feed the collector with every public capture there is.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
shopt -s nullglob
captures=(../shared/ref/pcaps/*.pcap ../shared/ref/pcaps/*.pcapng)
if [ ${#captures[@]} = 0 ]; then
	echo "SKIPPED: no public captures at ../shared/ref/pcaps"
	exit 77
fi
tests/support/exporters.py "$build/bin" "${captures[@]}"
