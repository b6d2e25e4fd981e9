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

# As a shell on a node starts it: what comes out is FILE, which it then becomes
# (here, where qemu runs it, it cannot).
python3 - "$cross/nfz-agent" >"$dir/block" <<'END'
import sys
plain = open(sys.argv[1], "rb").read()
more = len(plain) - 15
sys.stdout.buffer.write(b"\xf0" + b"\xff" * (more // 255) +
                        bytes([more % 255]) + plain)
END
size=$(stat -c %s "$cross/nfz-agent")
unpack() { # bytes of the block, bytes of the file
	"$qemu" "$cross/nfz-unpack" "$1" "$2" "$dir/made" --version \
		<"$dir/block" 2>&1
	echo "status $?"
}
unpack "$(stat -c %s "$dir/block")" "$size" >"$dir/said"
check "nfz-unpack asks" "$(head -n 1 "$dir/said")" = "NFZ 1 packed"
check "nfz-unpack makes the agent" \
	"$(sha256sum <"$dir/made")" = "$(sha256sum <"$cross/nfz-agent")"
check "nfz-unpack makes it runnable" "$(stat -c %a "$dir/made")" = 700
check "nfz-unpack refuses half a block" \
	"$(unpack 1000 "$size" | tail -n 1)" = "status 1"

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
