#!/bin/bash
# What our programs may still do once they run, seen from outside: user,
# capabilities, seccomp, Landlock; that logs stay within their quota; and that
# a meter works on behind it all when an interface goes and comes back.
# shellcheck disable=SC2016,SC2317
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize
begin topologies/dumbbell.ns
disks >"$dir/before"
nfz up "$exp" --collector client1
check "up" [ "$status" = 0 ]

# NODE ROLE: /proc/PID/status of a program of ours
proc() {
	on "$1" -- sh -c "cat /proc/\$(sed -n 's/^process \([0-9]*\) .*/\1/p' \
		/var/lib/netflowize/*/run/$2)/status" >"$dir/out"
	: >"$dir/err"
}
# shellcheck disable=SC2317
field() { [ "$(sed -n "s/^$1:[[:space:]]*//p" "$dir/out" | tr '\t' ' ')" = "$2" ]; }
# The kernel's own answer: is there Landlock?
landlock=$(python3 -c '
import ctypes
print(max(0, ctypes.CDLL(None).syscall(444, None, 0, 1)))')

proc left meter
check "a meter is nobody" field Uid "65534 65534 65534 65534"
check "in no group of root's" field Groups ""
check "with CAP_NET_RAW alone" field CapEff 0000000000002000
check "and nothing to gain" field CapBnd 0000000000000000
check "ever" field NoNewPrivs 1
check "in a seccomp filter" field Seccomp 2
proc client1 collector
check "a collector has no capability" field CapEff 0000000000000000
check "and none to gain" field CapBnd 0000000000000000
check "nor new privileges" field NoNewPrivs 1
check "it is in a seccomp filter" field Seccomp 2
on left -- sh -c 'grep jailed /var/lib/netflowize/*/log/meter.log' >"$dir/out"
check "a meter's log says what holds (Landlock $landlock)" \
	said "uid=65534 seccomp=on landlock=$landlock"
on client1 -- sh -c 'grep jailed /var/lib/netflowize/*/log/collector.log' \
	>"$dir/out"
check "a collector's log as well" \
	said "capabilities=none seccomp=on landlock=$landlock"

# It works on in there: an interface goes down and up, and one goes and
# another of its name and address comes.
card=$(on left -- ip -br link | awk '$1 ~ /^e/ { sub("@.*", "", $1); print $1; exit }')
on left -- sh -c "ip link set $card down; sleep 1; ip link set $card up"
well() { nfz status "$exp" && [ "$status" = 0 ]; }
eventually well
on client1 -- ping -i 0.01 -c 100 -q client2 >/dev/null
nfz query "$exp" 'proto icmp' --by link -o csv
check "meters count on" said "^up1,2,200,"
nfz verify "$exp"
check "and agree with the interfaces" [ "$status" = 0 ]
nfz status "$exp"
check "status finds all well" [ "$status" = 0 ]
check "clocks of one machine are one" [ "$(awk '$1 == "meter" ||
	$1 == "collector" { n += $4 ~ /^(within|reference)$/ } END { print n }' "$dir/out")" = 3 ]
nfz strip "$exp"
check "strip" [ "$status" = 0 ]
check "nothing is left on the disks" same_disks "$dir/before"

# Kernels before tcx: what would outlive a meter is removed by a guard, which
# holds the right to do that alone.  When it is killed, too, and the keeper that
# would start the meter again, the node's journal is left.
filters() {
	nfz snapshot "$exp"
	grep -c "filter .* nfz-meter/" "$dir/out"
}
nfz snapshot "$exp"
cp "$dir/out" "$dir/snapshot"
nfz up "$exp" --collector client1 --backend ebpf-clsact
check "a meter with filters" [ "$status" = 0 ]
check "they are seen, for each direction" [ "$(filters)" -ge 2 ]
on left -- sh -c 'set -- $(sed -n "s/^process //p" \
	/var/lib/netflowize/*/run/meter)
	cat /proc/$(pgrep -P $1)/status
	kill -9 $3 $(pgrep -P $1) $1' >"$dir/out"
check "a guard is nobody" field Uid "65534 65534 65534 65534"
check "with CAP_NET_ADMIN alone" field CapEff 0000000000001000
check "in a seccomp filter as well" field Seccomp 2
check "killed with its meter: they are left" [ "$(filters)" -ge 2 ]
nfz strip "$exp"
check "strip" [ "$status" = 0 ]
nfz snapshot "$exp" --against "$dir/snapshot"
check "no filter is left, nor the discipline" [ "$status" = 0 ]

# A program that talks without end
export NETFLOWIZE_PAYLOAD=$dir/payload
stand_ins 'case $0 in *query) exit 0;; esac
echo "READY stand-in"
yes "a line of a log that nobody will ever read to its end" & y=$!
trap "kill $y; exit 0" TERM
wait' 1
deploy up client1
check "a talkative program is up" [ "$status" = 0 ]
# for a moment there is only the older of its two files
two_files() {
	files=$(on client1 -- sh -c 'ls /var/lib/netflowize/*/log' | tr '\n' ' ')
	size=$(on client1 -- sh -c 'cat /var/lib/netflowize/*/log/* | wc -c')
	[ "$files" = "collector.log collector.log.1 " ] &&
		[ "$size" -gt 4194304 ]
}
eventually two_files
oldest() { on client1 -- sh -c 'stat -c %i /var/lib/netflowize/*/log/*.1'; }
first=$(oldest)
went_round() { [ "$(oldest)" != "$first" ] && two_files; }
check "its log goes round" eventually went_round
check "its log is a ring ($((size >> 20)) MiB)" [ "$size" -gt 4194304 ]
check "of 8 MiB" [ "$size" -le 8388608 ]
check "of two files" [ "$files" = "collector.log collector.log.1 " ]
deploy strip
check "strip of it" [ "$status" = 0 ]
check "nothing is left of it" same_disks "$dir/before"
finish
