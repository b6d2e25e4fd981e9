#!/bin/bash
# A live meter tells the collectors of others: NetFlow 5 and 9 and IPFIX, over
# UDP and TCP, copied and balanced, over the very link it watches. What they are
# told is what was counted, but for the export itself, which is in no record.
set -u
. "${0%/*}/lib/wire.bash"
need bin/nfz-meter tests/tool-sendudp
one_wire
cat >"$dir/setup" <<SETUP
netflowize-setup 1
deployment 00000000000000aa
module 7 meter
listen 0.0.0.0 0
active_ms 1000
idle_ms 500
fin_ms 0
lease_ms 0
cache_flows 4096
export nf5://10.9.0.2:2055
tap 5 va - core 1 1 - p2p 0 1 -
SETUP
cat >"$dir/receiver.py" <<'PY'
import json, select, signal, socket, sys
ports = {2055: "nf5", 2056: "nf9", 2057: "ipfix", 2058: "half", 2059: "half"}
got = {name: [] for name in (*ports.values(), "tcp")}
socks = {}
for port, name in ports.items():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind(("10.9.0.2", port))
    socks[s] = name
listener = socket.socket()
listener.bind(("10.9.0.2", 4739))
listener.listen()
end = []
signal.signal(signal.SIGTERM, lambda *_: end.append(1))
print("READY", flush=True)
stream = b""
streams = []
while True:
    ready = select.select([*socks, listener, *streams], [], [], 0.5)[0]
    if end and not ready:  # all that was sent has been read
        break
    for s in ready:
        if s is listener:
            streams.append(s.accept()[0])
        elif s in socks:
            got[socks[s]].append(s.recv(65536).hex())
        else:
            more = s.recv(65536)
            stream += more
            if not more:
                streams.remove(s)
json.dump({**got, "tcp": [stream.hex()]}, open(sys.argv[1], "w"))
PY
traffic() {
	in_a ping -q -c 20 -i 0.02 10.9.0.2 >/dev/null
	in_a "$build/tests/tool-sendudp" 10.9.0.2 9 2000 100 50 20000
	in_a "$build/tests/tool-sendudp" 10.9.0.2 10 50 1000 1 2000 1000
}
run() { # name, options...
	local name=$1
	shift
	ip netns exec "$id-b" python3 "$dir/receiver.py" "$dir/$name.got" \
		>"$dir/$name.ready" &
	local receiver=$!
	pids+=("$receiver")
	wait_for "$dir/$name.ready" READY
	ip netns exec "$id-a" "$bin/nfz-meter" --setup "$dir/setup" --print \
		-o json "$@" >"$dir/$name.out" 2>"$dir/$name.err" &
	local meter=$!
	pids+=("$meter")
	wait_for "$dir/$name.err" READY
	for thread in /proc/"$meter"/task/*; do
		awk '/^CapEff|^Seccomp:/ { print $2 }' "$thread/status"
	done | tr '\n' ' ' >"$dir/$name.locks"
	traffic
	sleep 1.5 # records leave while the tap still looks on
	kill -TERM "$meter"
	wait "$meter" || {
		echo "FAILED: exit $?"
		exit 1
	}
	kill -TERM "$receiver"
	wait "$receiver"
}
run copies -t nf9://10.9.0.2:2056 -t ipfix://10.9.0.2:2057 \
	-t ipfix+tcp://10.9.0.2:4739
run sampled -t nf5://10.9.0.2:2058 --sample 3
run balanced -t nf5://10.9.0.2:2058 -t nf5://10.9.0.2:2059 --balance
python3 - "$dir" <<'END'
import json, shutil, struct, sys

sys.path.insert(0, "tests/support")
from exports import as_pcap, fields_of, read_by_tshark

folder = sys.argv[1]
failed = 0

def expect(what, got, want):
    global failed
    failed += got != want
    print(f"ok: {what}" if got == want else f"FAILED: {what}: {got}, wanted {want}")

def load(name):
    lines = [json.loads(l) for l in open(f"{folder}/{name}.out")]
    got = {k: [bytes.fromhex(m) for m in v] for k, v in json.load(open(f"{folder}/{name}.got")).items()}
    counters = [l for l in lines if "counters_of" in l][-1]
    return [l for l in lines if "src" in l], counters, got

def v5(messages):
    rows = [m[24 + 48 * i:72 + 48 * i] for m in messages for i in range(struct.unpack(">H", m[2:4])[0])]
    return sum(struct.unpack(">I", r[16:20])[0] for r in rows), sum(struct.unpack(">I", r[20:24])[0] for r in rows)

records, counters, got = load("copies")
total = sum(r["packets"] for r in records), sum(r["bytes"] for r in records)
v4 = [r for r in records if ":" not in r["src"]]
total_v4 = sum(r["packets"] for r in v4), sum(r["bytes"] for r in v4)
expect("all that was counted is in records", counters["packets"], total[0])
expect("nothing unaccounted", (counters["unaccounted"], sum(counters["lost"].values())), (0, 0))
expect("the export itself is excluded", [r for r in records if {r["sport"], r["dport"]} & {2055, 2056, 2057, 4739}], [])
expect("and seen", counters["excluded"] > 0, True)
expect("NetFlow 5", v5(got["nf5"]), total_v4)
some, counters, more = load("sampled")
def scaled(messages):
    each = [(v5([m]), max(1, struct.unpack(">H", m[22:24])[0] & 0x3fff)) for m in messages]
    return sum(n[0] * x for n, x in each), sum(n[1] * x for n, x in each), max(x for n, x in each)
v4 = [r for r in some if ":" not in r["src"]]
expect("sampled counts are told as such, and how they were sampled", scaled([m for k in more for m in more[k] if k.startswith("nf5")]),
       (sum(r["packets"] for r in v4), sum(r["bytes"] for r in v4), 3))
expect("nothing unaccounted of a sample", (counters["unaccounted"], counters["unsampled"] > 0), (0, True))
words = open(f"{folder}/copies.locks").read().split()
expect("one thread has CAP_NET_RAW, the sender nothing; both are locked up",
       sorted(words), sorted(["0000000000002000", "2", "0000000000000000", "2"]))
if not shutil.which("tshark"):
    print("SKIPPED: tshark is not installed")
else:
    for kind in ("nf9", "ipfix"):
        as_pcap(f"{folder}/{kind}.pcap", got[kind])
        expect(kind, read_by_tshark(f"{folder}/{kind}.pcap"), (*total, []))
    open(f"{folder}/tcp.ipfix", "wb").write(got["tcp"][0])
    expect("IPFIX over TCP", read_by_tshark(f"{folder}/tcp.ipfix"), (*total, []))
    names = fields_of(f"{folder}/ipfix.pcap", "cflow.if_name", "cflow.notsent_flows", "cflow.od_id")
    expect("the interface's name", set(names["cflow.if_name"]), {"va"})
    expect("the ledger", set(names["cflow.notsent_flows"]), {"0"})
    expect("the domain is the module's number", set(names["cflow.od_id"]), {"7"})
records, counters, got = load("balanced")
v4 = [r for r in records if ":" not in r["src"]]
expect("balanced", v5(got["half"] + got["nf5"]), (sum(r["packets"] for r in v4), sum(r["bytes"] for r in v4)))
sys.exit(failed != 0)
END
