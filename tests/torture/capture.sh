#!/bin/sh
# All that the meter is tested for on a wire, with flows added up in the kernel,
# at each place there is for it, and with several threads.
cd "$(dirname "$0")/../.." || exit 1
for backend in ebpf-tcx ebpf-clsact ebpf-socket; do
	BACKEND=$backend tests/e2e/meter.sh || exit
done
for threads in 2 4; do
	THREADS=$threads tests/e2e/meter.sh || exit
done
