#!/bin/bash
# The programs for aarch64 nodes, run by qemu: what the meter reads in captures
# of every form is what that of x86_64 reads, byte for byte.  Rings and jails
# need a real machine.
set -u
. "${0%/*}/lib/wire.bash"
cross=$build/node-aarch64/bin
qemu=$(command -v qemu-aarch64-static) || {
	echo "SKIPPED: qemu-user-static is not installed"
	exit 77
}
[ -x "$cross/nfz-meter" ] || {
	echo "SKIPPED: not built (make aarch64)"
	exit 77
}

for program in agent meter cache collector query; do
	file=$cross/nfz-$program
	check "nfz-$program is for aarch64" \
		"$(od -An -tx2 -j18 -N2 "$file" | tr -d ' ')" = 00b7
	check "nfz-$program is small" "$(stat -c %s "$file")" -le 1500000
	check "nfz-$program starts" "$("$qemu" "$file" --version)" = \
		"$("$build/bin/nfz-$program" --version)"
done

meter() { # program and what runs it; status and all it says
	"$@" --read "$capture" --print -o ndjson --stats json 2>&1 |
		sed 's/^[-0-9T:.]*Z //'
	echo "status ${PIPESTATUS[0]}"
}
tests/support/gencaptures.py "$dir" >/dev/null || exit 1
for capture in "$dir"/*.pcap*; do
	meter "$build/bin/nfz-meter" >"$dir/here"
	meter "$qemu" "$cross/nfz-meter" >"$dir/there"
	check "${capture##*/}: lines" "$(wc -l <"$dir/here")" -ge 2
	cmp "$dir/here" "$dir/there"
	check "${capture##*/}: the same bytes" $? -eq 0
done
exit $failed
