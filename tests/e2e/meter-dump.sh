#!/bin/bash
# Frames of a link as a capture file: as they were sent, with their VLAN tags,
# as many or as long as asked for, and whole when it is interrupted.
set -u
. "${0%/*}/lib/wire.bash"
need bin/nfz-meter
one_wire
printf '%s\n' 'netflowize-setup 1' 'deployment 00000000000000aa' \
	'module 7 meter' 'listen 0.0.0.0 0' 'active_ms 5000' 'idle_ms 2000' \
	'fin_ms 0' 'lease_ms 0' 'cache_flows 4096' \
	'tap 5 va - core 1 1 - p2p 0 1 -' >"$dir/setup"
cat >"$dir/frames.py" <<'PY'
# To and fro for ever: numbered frames with no tag, one, and two.
import socket, struct, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
tags = [b"", struct.pack(">HH", 0x8100, 0x6005), struct.pack(">HHHH", 0x88a8, 100, 0x8100, 7)]
n = 0
while True:
    for tag in tags:
        udp = struct.pack(">HHHHI", 7, 9, 40, 0, n) + bytes(28)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 60, 0, 0, 64, 17, 0, bytes([10, 9, 5, 1]), bytes([10, 9, 5, 2]))
        s.send(bytes([2, 0, 0, 0, 0, 2]) + bytes([2, 0, 0, 0, 0, 1]) + tag + b"\x08\0" + ip + udp)
        n += 1
    time.sleep(0.001)
PY
dump() { # file, options...
	local file=$1
	shift
	exec ip netns exec "$id-a" "$bin/nfz-meter" --setup "$dir/setup" \
		--dump core "$@" >"$dir/$file" 2>"$dir/$file.err"
}
as_sent() { # file: how many, or what is wrong
	python3 - "$dir/$1" <<'PY'
import struct, sys
b = open(sys.argv[1], "rb").read()
at, kinds = 24, []
if b[:4] != struct.pack("<I", 0xa1b23c4d):
    sys.exit("no header")
while at < len(b):
    got, wire = struct.unpack("<II", b[at + 8:at + 16])
    f = b[at + 16:at + 16 + got]
    at += 16 + got
    if at > len(b) or got != wire:
        sys.exit("breaks off")
    if f[6:12] == bytes([2, 0, 0, 0, 0, 1]):
        n = struct.unpack(">I", f[-32:-28])[0]
        kinds.append((n % 3, len(f), f[12:-62].hex()))
want = {(0, 74, ""), (1, 78, "81006005"), (2, 82, "88a800648100 0007".replace(" ", ""))}
if set(kinds) != want:
    sys.exit("not as sent: %s" % (set(kinds) - want))
print(len(kinds))
PY
}
for side in a b; do
	ip netns exec "$id-$side" python3 "$dir/frames.py" "v$side" &
	sender=$!
	pids+=($!)
	(dump "count-$side" --count 300 --for 60s)
	check "$side: as many frames as asked for, as they were sent" \
		"$(as_sent "count-$side")" -ge 250
	check "$side: it says how many" "$(cat "$dir/count-$side.err")" = \
		"300 frames"
	if [ $side = a ]; then
		kill $sender
		wait $sender 2>/dev/null
	fi
done
SECONDS=0
(dump "time" --count 100000 --for 1s)
check "no longer than asked for" $SECONDS -lt 60
check "whole by time" "$(as_sent "time")" -gt 0
for signal in INT TERM; do
	(dump "$signal" --count 1000000 --for 60s) &
	dumping=$!
	pids+=("$dumping")
	eventually test -s "$dir/$signal"
	kill -$signal $dumping
	wait $dumping
	check "SIG$signal ends it in order" $? -eq 0
	check "and behind a whole frame" "$(as_sent $signal)" -gt 0
	check "it says how many then" \
		"$(grep -c '[0-9] frames' "$dir/$signal.err")" -eq 1
done
exit $failed
