#!/bin/sh
# All that the meter is tested for on a wire, with flows added up in the kernel.
cd "$(dirname "$0")/../.." || exit 1
BACKEND=ebpf exec tests/e2e/meter.sh
