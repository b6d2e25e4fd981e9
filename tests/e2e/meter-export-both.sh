#!/bin/bash
# A live meter tells the collectors of others all that a flow is: VLAN and MAC
# addresses, ToS, both directions (RFC 5103), and metrics, also when what a flow is changes
# under way.  nfcapd, nfacctd and Wireshark's dissector read it; totals are
# what was counted.
set -u
. "${0%/*}/lib/wire.bash"
. "${0%/*}/lib/modules.bash"
need bin/netflowize bin/nfz-meter bin/nfz-collector tests/tool-sendudp
for tool in nfcapd nfdump nfacctd tshark; do
	command -v $tool >/dev/null || {
		echo "SKIPPED: $tool is not installed"
		exit 0
	}
done
one_wire
cat >"$dir/tagged.py" <<'PY'
# n frames of VLAN 5 with a ToS: from 10.9.5.$1 to 10.9.5.$2, out of $3.
import socket, struct, sys
me, to, dev, n = sys.argv[1:]
ip = lambda last: bytes([10, 9, 5, int(last)])
udp = struct.pack(">HHHH", 7, 7, 28, 0) + bytes(20)
packet = struct.pack(">BBHHHBBH", 0x45, 0x28, 20 + len(udp), 0, 0, 64, 17, 0) + ip(me) + ip(to) + udp
mac = lambda last: bytes([2, 0, 0, 0, 0, int(last)])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((dev, 0))
for _ in range(int(n)):
    s.send(mac(to) + mac(me) + struct.pack(">HHH", 0x8100, 5, 0x800) + packet)
PY

nfcapds() { # name: IPFIX at 2060, NetFlow 9 at 2061
	local port
	collectors=()
	for port in 2060 2061; do
		mkdir -p "$dir/$1-$port"
		ip netns exec "$id-b" nfcapd -w "$dir/$1-$port" -b 10.9.0.2 \
			-p $port -t 3600 >"$dir/nfcapd.log" 2>&1 &
		collectors+=($!)
		pids+=($!)
		eventually is_open b $port
	done
}
# shellcheck disable=SC2317 # called by eventually
idle() { # the collectors: nothing is in sockets, and they and their children wait
	local p all
	[ -z "$(in_b ss -Hun state unconnected | awk '$1 > 0')" ] || return 1
	all=$(for p in "${collectors[@]}"; do
		echo "$p $(cat "/proc/$p/task/$p/children")"
	done)
	for p in $all; do
		grep -q '^State:.S' "/proc/$p/status" || return 1
	done
}
end_collectors() {
	local p
	sleep 0.3 # what the kernel has not put there yet
	for _ in 1 2 3 4 5; do eventually idle; done
	for p in "${collectors[@]}"; do kill -INT "$p"; done
	for p in "${collectors[@]}"; do wait "$p"; done
}
traffic() {
	in_a python3 "$dir/tagged.py" 1 2 va 600
	in_b python3 "$dir/tagged.py" 2 1 vb 400
	in_b ping -q -c 10 -i 0.02 10.9.0.1 >/dev/null
	in_a "$build/tests/tool-sendudp" 10.9.0.2 10 50 1000 1 2000 1000 >/dev/null
}

# --- all there is of each record --------------------------------------------
printf '%s\n' 'netflowize-setup 1' 'deployment 00000000000000aa' \
	'module 7 meter' 'listen 0.0.0.0 0' 'active_ms 5000' 'idle_ms 2000' \
	'fin_ms 0' 'lease_ms 0' 'cache_flows 4096' \
	'tap 5 va - core 1 1 - p2p 0 1 -' >"$dir/print"
nfcapds all
cat >"$dir/nfacctd.conf" <<CONF
daemonize: false
nfacctd_ip: 10.9.0.2
nfacctd_port: 2062
nfacctd_time_new: true
plugins: print[p]
aggregate[p]: src_host, dst_host, proto, vlan, src_mac, dst_mac, tos
print_output[p]: json
print_output_file[p]: $dir/nfacctd.json
print_refresh_time[p]: 3600
plugin_buffer_size: 1024
plugin_pipe_size: 1024000
CONF
ip netns exec "$id-b" nfacctd -f "$dir/nfacctd.conf" >"$dir/nfacctd.log" 2>&1 &
collectors+=($!)
pids+=($!)
eventually is_open b 2062
ip netns exec "$id-b" python3 - "$dir/datagrams" <<'PY' &
import json, signal, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.9.0.2", 2063))
got = []
signal.signal(signal.SIGINT, lambda *_: (json.dump(got, open(sys.argv[1], "w")), sys.exit()))
while True:
    got.append(s.recv(65536).hex())
PY
collectors+=($!)
pids+=($!)
eventually is_open b 2063
ip netns exec "$id-a" "$bin/nfz-meter" --setup "$dir/print" --print \
	-o ndjson --biflow --key vlan,mac,tos --metrics all -t ipfix://10.9.0.2:2060 \
	-t nf9://10.9.0.2:2061 -t nf9://10.9.0.2:2062 \
	-t ipfix://10.9.0.2:2063 >"$dir/print.out" 2>"$dir/print.err" &
meter=$!
pids+=("$meter")
wait_for "$dir/print.err" READY
traffic
sleep 2.5
kill -TERM "$meter"
wait "$meter"
check "the meter's exit" $? = 0
end_collectors
python3 - "$dir" "$build/bin/netflowize" <<'PY' || failed=1
import collections, json, subprocess, sys
sys.path.insert(0, "tests/support")
from exports import as_pcap, read_by_tshark, objects

folder = sys.argv[1]
failed = 0
def expect(what, got, want):
    global failed
    failed += got != want
    print(f"ok: {what}" if got == want else f"FAILED: {what}: {got}, wanted {want}")

def stored(port):
    return [r for r in objects(subprocess.run(["nfdump", "-N", "-R", f"{folder}/all-{port}", "-o", "json"],
                                              capture_output=True, text=True).stdout) if "first" in r]

records = [r for r in map(json.loads, open(folder + "/print.out")) if "src" in r]
both = collections.Counter((r["src"], r["dst"], r["proto"], r["vlan"], r["src_mac"], r["dst_mac"], r["tos"],
                            r["packets"], r["bytes"], r["reverse_packets"], r["reverse_bytes"]) for r in records)
expect("flows of a VLAN and of none", {r["vlan"] for r in records}, {0, 5})
expect("a ToS of its own", 0x28 in {r["tos"] for r in records}, True)
expect("both ways", sum(r["reverse_packets"] for r in records) > 0, True)
got = collections.Counter((r["src4_addr"], r["dst4_addr"], r["proto"], r["src_vlan"], r["in_src_mac"],
                           r["in_dst_mac"], r["src_tos"], r["in_packets"], r["in_bytes"], r.get("out_packets", 0),
                           r.get("out_bytes", 0)) for r in stored(2060))
expect("nfcapd, IPFIX: every record", list((got - both).items()) + list((both - got).items()), [])

ways = collections.Counter()
total = collections.Counter()
for r in records:
    one = (r["src"], r["dst"], r["proto"], r["vlan"], r["src_mac"], r["dst_mac"])
    back = (r["dst"], r["src"], r["proto"], r["vlan"], r["dst_mac"], r["src_mac"])
    ways[one + (r["packets"], r["bytes"])] += 1
    total[one] += r["packets"]
    if r["reverse_packets"]:
        ways[back + (r["reverse_packets"], r["reverse_bytes"])] += 1
        total[back] += r["reverse_packets"]
got = collections.Counter((r["src4_addr"], r["dst4_addr"], r["proto"], r["src_vlan"], r["in_src_mac"],
                           r["in_dst_mac"], r["in_packets"], r["in_bytes"]) for r in stored(2061))
expect("nfcapd, NetFlow 9: each way", list((got - ways).items()) + list((ways - got).items()), [])
PROTO = {"icmp": 1, "udp": 17}
got = collections.Counter()
for r in map(json.loads, open(folder + "/nfacctd.json")):
    got[(r["ip_src"], r["ip_dst"], PROTO[r["ip_proto"]], int(r["vlan"]), r["mac_src"], r["mac_dst"])] += r["packets"]
expect("nfacctd, NetFlow 9: each way", dict(got), dict(total))
messages = [bytes.fromhex(m) for m in json.load(open(folder + "/datagrams"))]
as_pcap(folder + "/ipfix.pcap", messages)
expect("Wireshark has no complaint", read_by_tshark(folder + "/ipfix.pcap")[2], [])

# metrics, as a reader of the elements knows them by name
MEASURED = ("min_ttl", "max_ttl", "max_octets", "sizes", "longest_gap_us", "jitter_us", "rtt_us", "retransmissions",
            "min_window", "zero_windows", "fingerprint")
def plain(v):
    return " ".join(map(str, v)) if isinstance(v, list) else str(v)
measured = collections.Counter()
for r in records:
    measured[(r["src"], r["dst"], r["proto"], r["packets"]) + tuple(plain(r[k]) for k in MEASURED)] += 1
    if r["reverse_packets"]:
        measured[(r["dst"], r["src"], r["proto"], r["reverse_packets"]) +
                 tuple(plain(r["reverse_" + k]) for k in MEASURED)] += 1
open(folder + "/flows.ipfix", "wb").write(b"".join(messages))
subprocess.run([sys.argv[2], "import", folder + "/flows.ipfix", "--into", folder + "/read"], check=True)
got = collections.Counter((f["src"], f["dst"], f["proto"], f["packets"]) + tuple(str(f.get(k)) for k in MEASURED)
                          for f in json.loads(subprocess.run(
                              [sys.argv[2], "query", folder + "/read", "--more", "-o", "json", "-n", "1000"],
                              capture_output=True, text=True).stdout)["flows"])
expect("metrics of every record", list((got - measured).items()) + list((measured - got).items()), [])
sys.exit(failed != 0)
PY

# --- what a flow is changes under way ----------------------------------------
times='active_ms 1000 idle_ms 500 fin_ms 0 lease_ms 600000'
store=$dir/store
{
	head_of 1 meter 7301
	peer 1 9 collector 7309
	for to in ipfix://10.9.0.2:2060 nf9://10.9.0.2:2061; do
		echo "export $to"
	done
	echo "tap 5 va - core 1 1 - p2p 0 1 -"
} >"$dir/meter"
{
	head_of 9 collector 7309 "$store"
	peer 9 1 meter 7301
} >"$dir/collector"
nfcapds change
echo >"$dir/settings"
for m in collector meter; do
	more=()
	[ $m = meter ] && more=(--settings "$dir/settings" --status "$dir/status")
	ip netns exec "$id-a" "$bin/nfz-$m" --setup "$dir/$m" "${more[@]}" \
		>"$dir/$m.out" 2>"$dir/$m.err" &
	pid[$m]=$!
	pids+=($!)
done
wait_for "$dir/meter.out" READY
for set in "" "key=vlan+mac biflow=1" "key=mac" "metrics=ttl biflow=1" \
	"metrics=all key=vlan" "metrics=ttl" ""; do
	set_meter "$set"
	traffic
done
sleep 1
late=$(ask "flush 30000")
check "nobody is late" "$late" = ""
counted=$(ask status | jq '[.taps[] | select(.tap == 5) | .packets] | add')
check "packets counted" "$counted" -gt 4000
check "and stored" "$(ask status |
	jq '[.taps[] | select(.tap == 5) | .packets_stored] | add')" -eq "$counted"
check "stop" "$(ask stop)" = ""
wait "${pid[meter]}" "${pid[collector]}"
check "none unsent" "$(awk '$1 == "export_unsent" { print $2 }' \
	"$dir/status")" = 0
end_collectors
total() { # port: packets, each way; are those of VLAN 5 told as such
	nfdump -N -q -R "$dir/change-$1" -o json | python3 -c '
import sys
sys.path.insert(0, "tests/support")
from exports import objects
rows = [r for r in objects(sys.stdin.read()) if "first" in r]
count = lambda rows: sum(r["in_packets"] + r.get("out_packets", 0) for r in rows)
print(count(rows), count(r for r in rows if r.get("src_vlan") == 5))'
}
for port in 2060 2061; do
	check "nfcapd at $port has all, and the VLAN while it was asked for" \
		"$(total $port)" = "$counted 2000"
done
if [ $failed -ne 0 ]; then
	tail -n 20 "$dir"/*.err
fi
exit $failed
