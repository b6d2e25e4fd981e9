#!/bin/bash
# up --set: timeouts, CPU limit and flows of meters, changed while traffic passes,
# with every packet counted; what cannot be set is refused; a limit by cgroup
# where a node has them; caches that come and go, and what they hold at the end.
# shellcheck disable=SC2016,SC2317
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize
begin topologies/dumbbell.ns
disks >"$dir/before"
meter() { on "$1" -- sh -c 'sed -n "s/^process \([0-9]*\) .*/\1/p" \
	/var/lib/netflowize/*/run/meter'; }
set_on() { on "$1" -- sh -c 'head -n 1 /var/lib/netflowize/*/run/meter.set' |
	sed 's/ *$//'; }

# shellcheck disable=SC2317 # called by eventually
room() { # flows, of all meters and caches
	nfz status "$exp" -o json
	[ "$(jq -c '[.. | .flows_room? // empty] | unique' "$dir/out")" = "[$1]" ]
}
nfz up "$exp" --set sampling=ten
check "a sampling of no number is refused" [ "$status" = 2 ]
check "with what there is" said "random:100, hash:100"
nfz up "$exp" --set flow-key=src
check "another flow key is refused" [ "$status" = 2 ]
check "with what to do instead" said "query --by"
nfz up "$exp" --set client1:idle=2s
check "a node without a probe is refused" [ "$status" = 2 ]
check "and those with one are named" said "Probes are on: left right"
nfz up "$exp" --set flow-key=5tuple,sampling=1,left:idle=3s
check "up with a setting" [ "$status" = 0 ]
check "it holds there" [ "$(set_on left)" = "idle=3000" ]
check "and not elsewhere" [ "$(set_on right)" = "" ]
left=$(meter left) right=$(meter right)

# 20 s of packets, of three flows of 500/s, while all is changed around them
for i in 1 2 3; do
	on client1 -- ping -i 0.01 -c 1500 -q client2 >"$dir/ping.$i" &
done
nfz capture "$exp" up1 --count 20 -w "$dir/sample.pcap"
check "a sample of a link" [ "$status" = 0 ]
check "as many frames as asked for, and whole" [ "$("$build/bin/nfz-meter" -r \
	"$dir/sample.pcap" -o none --stats json | jq -c '[.frames,
	.lost.truncated]')" = "[20,0]" ]
nfz capture "$exp" nowhere -w "$dir/none.pcap"
check "no such link" [ "$status" = 2 ]
check "no file then" [ ! -e "$dir/none.pcap" ]
changes=0
for set in idle=500ms active=1s left:idle=200ms right:active=30s flows=2k \
	idle=1s,active=2s left:idle=default flows=none; do
	nfz up "$exp" --set "$set"
	check "set $set" [ "$status" = 0 ]
	said "set:" && changes=$((changes + 1))
	[ "$set" != flows=2k ] ||
		check "there is room for so many" eventually room 2000
	sleep 1
done
wait
check "all were changes" [ "$changes" = 8 ]
check "no meter was restarted" [ "$(meter left) $(meter right)" = \
	"$left $right" ]
check "the meter says so" [ "$(on left -- sh -c \
	'grep -c "settings hold" /var/lib/netflowize/*/log/meter.log')" -ge 5 ]
nfz up "$exp"
check "up without --set keeps them" said "no changes"
check "as they were" [ "$(set_on left) $(set_on right)" = \
	"active=2000 active=2000 idle=1000" ]
nfz query "$exp" --events
check "the record says when which was set" said "mark.* set left:idle=200ms"
nfz status "$exp"
check "status shows them" said "active 2 s, idle 1 s"
check "status has no loss" [ "$status" = 0 ]
nfz list "$exp" -o json
check "list shows them" said '"settings": "active=2000 idle=1000"'
check "the tag has them" on right -- sh -c \
	'grep -q "^set active=2000 idle=1000" /var/lib/netflowize/*/tag'
sent=$(cat "$dir"/ping.? | awk '/transmitted/ { n += $1 } END { print n }')
back=$(cat "$dir"/ping.? | awk '/transmitted/ { n += $4 } END { print n }')
nfz query "$exp" 'proto icmp' --by src_node -o csv
check "every packet was counted ($sent there, $back back)" python3 -c '
import csv, sys
got = {r["src_node"]: int(r["packets"]) for r in csv.DictReader(open(sys.argv[1]))}
want = {"client1": int(sys.argv[2]), "client2": int(sys.argv[3])}
assert got == want, (got, want)' "$dir/out" "$sent" "$back"
nfz verify "$exp"
check "and the interfaces agree" [ "$status" = 0 ]

# one of so many, at both meters and back again
nfz up "$exp" --set sampling=random:4
check "sampling is set" [ "$status" = 0 ]
# of four frames three, as soon as the meters know
passed_over() {
	on client1 -- ping -i 0.005 -c 200 -q client2 >/dev/null
	nfz status "$exp" -o json
	[ "$(jq '.ledger.unsampled' "$dir/out")" -gt 800 ]
}
check "most frames are passed over" eventually passed_over
nfz status "$exp"
check "status shows it" said "sampling random:4"
nfz up "$exp" --set left:sampling=hash:4
by_hash() { nfz status "$exp" -o json && [ "$(jq -c '[.probes[] |
	{(.node): .backend | sub("-.*"; "")}] | add' "$dir/out")" = \
	'{"left":"ebpf+frames","right":"ebpf"}' ]; }
check "which of them the kernel does not do" eventually by_hash
nfz up "$exp" --set left:sampling=none,sampling=none
check "and is gone" [ "$(set_on left)" = "active=2000" ]
nfz verify "$exp"
check "the interfaces agree" [ "$status" = 0 ]
nfz status "$exp" -o json
check "what was passed over is known, and all accounted for" [ "$(jq -c '.ledger |
	[.unsampled > 800, .unaccounted, .packets - .packets_stored]' "$dir/out")" = \
	"[true,0,0]" ]

pings() { # that are stored
	nfz query "$exp" 'proto icmp' --by src_node -o json
	jq '[.groups[].packets] | add' "$dir/out" >"$dir/sum"
}
mac_towards() { # of client1's interface on the way there
	on client1 -- sh -c 'cat /sys/class/net/$(ip -o route get \
		$(getent ahostsv4 "$1" | sed "s/ .*//;q") |
		sed "s/.* dev \([^ ]*\).*/\1/")/address' sh "$1"
}
# other flows, at both meters and back again, while packets pass
pings
before=$(cat "$dir/sum")
on client1 -- ping -i 0.01 -c 300 -q client2 >"$dir/ping.6" &
pinging=$!
nfz up "$exp" --set flow-key=vlan+mac,biflow=yes,left:metrics=ttl+rtt
check "a flow is what it is told to be" [ "$status" = 0 ]
check "it holds there" [ "$(set_on left)" = \
	"active=2000 key=vlan+mac biflow=1 metrics=ttl+rtt" ]
frames() { nfz status "$exp" -o json && [ "$(jq -c '[.probes[].backend] |
	unique' "$dir/out")" = '["ebpf+frames"]' ]; }
check "what the kernel does not read comes frame by frame" eventually frames
wait $pinging
on client1 -- ping -i 0.005 -c 100 -q client2 >"$dir/ping.7"
# refused by a packet of TCP: an answer of ICMP would be counted with the pings
on client1 -- bash -c 'for i in 1 2 3; do echo >/dev/tcp/client2/9; done' \
	2>/dev/null
nfz query "$exp" 'proto tcp and dst port 9' --by src_mac -o json
check "the records tell whose frames they were" [ "$(jq -c '[.groups[] |
	[.src_mac, .packets]]' "$dir/out")" = "[[\"$(mac_towards client2)\",3]]" ]
nfz query "$exp" "src mac $(mac_towards client2) and dst port 9" --observations \
	-o json
check "and on which link" [ "$(jq -c '[.observations[].link]' "$dir/out")" = \
	'["up1","up1","up1"]' ]
nfz query "$exp" 'proto tcp and dst port 9' --observations --more -o json
check "and whose they were behind the router" [ "$(jq '[.observations[].src_mac |
	strings] | unique | length' "$dir/out")" = 2 ]
nfz up "$exp" --caches 1
check "flow caches are not told so much" [ "$status" != 0 ]
check "it is said why" said "no room for flows by MAC address"
check "and what to do" said "set flow-key=vlan,biflow=no,metrics=none"
check "before anything is done" [ "$(grep -c ready "$dir/out")" = 0 ]
nfz up "$exp" --set flow-key=5tuple,biflow=no,metrics=none
check "and flows are what they were" [ "$(set_on left)" = "active=2000" ]
pings
check "every packet was counted" [ $(($(cat "$dir/sum") - before)) = "$(cat \
	"$dir"/ping.[67] | awk '/transmitted/ { n += $1 + $4 } END { print n }')" ]
nfz verify "$exp"
check "the interfaces agree" [ "$status" = 0 ]

# flow caches of their own: from none to one, to two and back while it goes on
nfz up "$exp" --threads 2 --dry-run
check "threads are for rings" said "--threads is for --backend packet"
nfz up "$exp" --caches 9
check "nine caches are too many" [ "$status" = 2 ]
on client1 -- ping -i 0.01 -c 1000 -q client2 >"$dir/ping.4" &
pinging=$!
nfz up "$exp" --caches 1 --backend packet --threads 2
check "a flow cache" [ "$status" = 0 ]
meters="$(meter left) $(meter right)"
nfz up "$exp" --caches 2 --backend packet --threads 2 --set flows=3k
check "one more" [ "$status" = 0 ]
check "in meters and caches there is room for so many" eventually room 3000
nfz status "$exp" -o json
check "two threads read" [ "$(on left -- sh -c \
	"ls /proc/$(meter left)/task | wc -l")" = 2 ]
check "a packet ring, and two caches" [ "$(jq -c '[[.probes[].backend,
	.modules[].role] | group_by(.)[] | [.[0], length]]' "$dir/out")" = \
	'[["cache",2],["packet",2]]' ]
nfz up "$exp" --caches 1 --backend packet --threads 2
check "one less" [ "$status" = 0 ]
check "no meter was restarted" [ "$(meter left) $(meter right)" = "$meters" ]
nfz up "$exp" --caches 1 --backend packet --threads 2
check "nothing more to do" said "no changes"
wait $pinging
nfz verify "$exp"
check "the interfaces agree" [ "$status" = 0 ]
nfz status "$exp" -o json
check "what was metered is stored" [ "$(jq '.ledger.packets -
	.ledger.packets_stored' "$dir/out")" = 0 ]
nfz up "$exp"
check "and none again" [ "$status" = 0 ]
left=$(meter left) right=$(meter right)

# what only asks ends when it is interrupted; each look sends a frame
holds_frames() { # file
	on client1 -- ping -c 1 -W 1 -q client2
	[ "$(stat -c %s "$1")" -gt 24 ]
}
cut() { # file it comes to, standard output
	setsid "$build/bin/nfz-testbed" run --exp "$exp" -- \
		"$build/bin/netflowize" capture "$exp" up1 --count 1000000 \
		--for 1h -w "$1" >"$2" 2>"$dir/cut.err" &
	cutting=$!
}
cut "$dir/cut.pcap" "$dir/cut.out"
eventually holds_frames "$dir/cut.pcap"
kill -TERM -- -$cutting
wait $cutting
check "a sample that is interrupted ends at once" [ $? = 130 ]
check "behind a whole frame" "$build/bin/nfz-meter" -r "$dir/cut.pcap" -o none
cut - "$dir/said.pcap"
eventually holds_frames "$dir/said.pcap"
kill -TERM -- -$cutting
wait $cutting
check "what was said on standard output stays" [ "$(stat -c %s \
	"$dir/said.pcap")" -gt 24 ]

nfz up "$exp" --set cpu-limit=20%
check "a limit without cgroups is no failure" [ "$status" = 0 ]
check "but said aloud" said "the CPU limit does not hold: there is no cgroup"
# the machine's own groups, where they are of the old kind
if grep -q ' /sys/fs/cgroup/cpu .*[ ,]cpu' /proc/mounts; then
	on left -- sh -c 'mount -t tmpfs none /sys/fs/cgroup &&
		mkdir /sys/fs/cgroup/cpu &&
		mount -t cgroup -o cpu none /sys/fs/cgroup/cpu'
	nfz up "$exp" --set left:cpu-limit=30%
	check "with cgroups it is there" [ "$(on left -- sh -c \
		'cat /sys/fs/cgroup/cpu/netflowize-*-meter/cpu.cfs_quota_us')" \
		= 30000 ]
	check "and the meter is in it" [ "$(on left -- sh -c \
		'cat /sys/fs/cgroup/cpu/netflowize-*-meter/cgroup.procs')" = \
		"$(meter left)" ]
	check "which was not restarted" [ "$(meter left)" = "$left" ]
	on left -- sh -c "kill -9 $left"
	another() { [ "$(meter left)" != "$left" ]; }
	eventually another
	nfz up "$exp"
	# beside whom it has guard its filters
	check "a new meter is in it, too" [ "$(on left -- sh -c \
		'cat /sys/fs/cgroup/cpu/netflowize-*-meter/cgroup.procs' |
		grep -cx "$(meter left)")" = 1 ]
	nfz up "$exp" --set left:cpu-limit=none
	check "the limit can be taken away" [ "$(on left -- sh -c \
		'cat /sys/fs/cgroup/cpu/netflowize-*-meter/cpu.cfs_quota_us')" \
		= -1 ]
	nfz strip "$exp"
	check "strip removes the group" [ "$(on left -- sh -c \
		'ls /sys/fs/cgroup/cpu | grep -c netflowize')" = 0 ]
	on left -- sh -c 'umount /sys/fs/cgroup/cpu /sys/fs/cgroup'
else
	echo "SKIPPED: no cgroup of the old kind to lend to a node"
	nfz strip "$exp"
fi
check "strip" [ "$status" = 0 ]
check "nothing is left on the disks" same_disks "$dir/before"

# what is still on its way from a meter through a cache is kept, too
nfz up "$exp" --caches 2 --keep-flows 1h --keep-mb 100 --pack-after 2h
check "up with two caches" [ "$status" = 0 ]
check "the collector knows how much to keep" [ "$(for node in $(machines); do
	on "$node" -- sh -c \
		'grep -hs -e ^keep_ -e ^pack_ /var/lib/netflowize/*/etc/collector.setup'
done)" = "keep_ms 3600000
keep_bytes 100000000
pack_ms 7200000" ]
on client1 -- ping -i 0.005 -c 200 -q client2 >"$dir/ping.5"
nfz strip "$exp" --keep-data "$dir/kept"
check "strip with the records kept" [ "$status" = 0 ]
"$build/bin/nfz-query" "$dir"/kept/*.store 'proto icmp' --by src -o csv >"$dir/out" 2>&1
check "to the last packet" python3 -c '
import csv, re, sys
got = sorted(int(r["packets"]) for r in csv.DictReader(open(sys.argv[1])))
sent, back = re.search(r"(\d+) packets transmitted, (\d+)", open(sys.argv[2]).read()).groups()
assert got == sorted((int(sent), int(back))), (got, sent, back)' "$dir/out" "$dir/ping.5"
finish
