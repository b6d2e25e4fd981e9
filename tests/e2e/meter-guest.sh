#!/bin/bash
# Frames as a virtual machine hands them over: super-frames of UDP that the
# kernel can describe to the ring, and of IP fragments (UFO) that it cannot.
# The first count as their segments; the second are lost, by name, and disturb
# nothing, also when the ring goes round over what it held before.
set -u
. "${0%/*}/lib/wire.bash"
need bin/nfz-meter
if [ ! -c /dev/net/tun ]; then
	echo "SKIPPED: needs /dev/net/tun"
	exit 77
fi
namespaces a
cat >"$dir/guest.py" <<'END'
import fcntl, os, struct, sys, time
TUNSETIFF, TAP, NO_PI, VNET_HDR = 0x400454ca, 2, 0x1000, 0x4000
NEEDS_CSUM, UFO, UDP_L4 = 1, 3, 5
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", b"tap0", TAP | NO_PI | VNET_HDR))
os.system("ip link set tap0 up")
print("up", flush=True)
meter = sys.stdin.readline().strip()
def frame(gso, size, port, payload):
    head = struct.pack("<BBHHHH", NEEDS_CSUM if gso else 0, gso, 42 if gso else 0,
                       size, 34 if gso else 0, 6 if gso else 0)
    udp = struct.pack(">HHHH", 1000, port, 8 + payload, 0) + bytes(payload)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0,
                     bytes([10, 9, 9, 1]), bytes([10, 9, 9, 2]))
    return head + b"\xff" * 6 + bytes.fromhex("020000000009") + b"\x08\0" + ip + udp
frames = [frame(UFO, 1480, 2000, 2952), frame(0, 0, 2001, 100),
          frame(UDP_L4, 1000, 2002, 3000)]
def waits():
    """Has the meter read all that is in blocks, and sleeps?"""
    with open(f"/proc/{meter}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "S"
for i in range(15000):
    for f in frames:
        os.write(tap, f)
    if i % 300 == 0:  # less than its ring holds
        time.sleep(0.01)
        while not waits():
            time.sleep(0.001)
print("sent", flush=True)
sys.stdin.readline()
END
mkfifo "$dir/go"
ip netns exec "$id-a" python3 "$dir/guest.py" <"$dir/go" >"$dir/guest.out" 2>&1 &
pids+=($!)
exec 3>"$dir/go"
wait_for "$dir/guest.out" up
cat >"$dir/setup" <<'END'
netflowize-setup 1
deployment 00000000000000cc
module 1 meter
listen 0.0.0.0 0
idle_ms 15000
active_ms 60000
cache_flows 1000
tap 5 tap0 - guest 1 1 - p2p 0 1 -
END
ip netns exec "$id-a" "$bin/nfz-meter" --setup "$dir/setup" --print -o json \
	--ring-mib 4 >"$dir/out" 2>"$dir/err" &
meter=$!
pids+=("$meter")
wait_for "$dir/err" READY
echo "$meter" >&3
wait_for "$dir/guest.out" sent
kill -TERM "$meter"
wait "$meter"
code=$?
got=$(jq -s -r '([.[] | select(.dport == 2001) | .packets] | add) as $plain |
	([.[] | select(.dport == 2002)] | "\(map(.packets) | add) \(map(.bytes) |
	add)") as $cut | [.[] | select(.counters_of)] | last |
	"\($plain) \($cut) \(.lost.ring) \(.unaccounted)"' "$dir/out")
want="15000 45000 $((45000 * 1028)) 15000 0"
echo "plain, segments, their octets, lost, unaccounted: $got"
if [ "$got" != "$want" ] || [ "$code" -ne 0 ]; then
	echo "FAILED: exit $code, wanted $want"
	cat "$dir/err"
	exit 1
fi
