#!/bin/bash
# The local testbed with real nodes: wires, shapers, logins, changes while it
# runs, faults, two side by side, and nothing left when its launcher is killed.
set -u
. "${0%/*}/lib/need.bash"
need bin/nfz-testbed
# "the machine's own network" is one that nobody else changes meanwhile
[ -n "${ALONE:-}" ] || ALONE=1 exec unshare -n -- "tests/e2e/${0##*/}"
ip link set lo up
T=$build/bin/nfz-testbed
export NFZ_TESTBED_DIR=/run/nfz-testbed-test.$$
dir=$(mktemp -d)
exp=e2e/lab
# shellcheck disable=SC2317
cleanup() {
	"$T" down --all >/dev/null 2>&1
	rm -rf "$dir" "$NFZ_TESTBED_DIR"
}
trap cleanup EXIT
failed=0
ok() { # what, command...
	local what=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok: $what"
	else
		echo "FAILED: $what: $* (status $?)"
		sed 's/^/    /' "$dir/out" | tail -n 15
		failed=1
	fi
}
fails() { # what, status, words in the output, command...
	local what=$1 status=$2 words=$3 got
	shift 3
	"$@" >"$dir/out" 2>&1
	got=$?
	if [ $got -eq "$status" ] &&
		{ [ -z "$words" ] || grep -q -- "$words" "$dir/out"; }; then
		echo "ok: $what"
	else
		echo "FAILED: $what: status $got, wanted $status and '$words'"
		sed 's/^/    /' "$dir/out" | tail -n 15
		failed=1
	fi
}
on() { # node, command...
	local node=$1
	shift
	"$T" exec "$exp" "$node" -- "$@"
}
# shellcheck disable=SC2317
ping_between() { on "$1" ping -q -c 2 -i 0.05 -W 2 "$2"; }
# shellcheck disable=SC2317
login() { timeout "${patience:-20}" "$T" login "$exp" "$1" "$2"; }
# shellcheck disable=SC2317
hangs() { patience=2 login "$@"; }
born() { # start time of each node's first process
	for n in "$@"; do
		pid=$("$T" show "$exp" -o json | python3 -c '
import json, sys
for n in json.load(sys.stdin)["nodes"]:
    if n["name"] == sys.argv[1]: print(n["pid"])' "$n")
		echo "$n $pid $(cut -d" " -f22 "/proc/$pid/stat")"
	done
}

cat >"$dir/lab.ns" <<'NS'
source tb_compat.tcl
set ns [new Simulator]
foreach n {a b c d e} { set $n [$ns node] }
set shaped [$ns duplex-link $a $b 10Mb 0ms DropTail]
set plain [$ns duplex-link $b $e 100Mb 0ms DropTail]
set lan [$ns make-lan "$b $c $d" 100Mb 0ms]
$ns rtproto Static
$ns run
NS
cat >"$dir/hub.ns" <<'NS'
source tb_compat.tcl
set ns [new Simulator]
set hub [$ns node]
foreach i {1 2 3 4 5} {
	set n$i [$ns node]
	set l$i [$ns duplex-link $hub [set n$i] 100Mb 0ms DropTail]
}
$ns run
NS
ip -o link | wc -l >"$dir/links.before"

fails "too many links are refused before anything is touched" 3 \
	"Too many links of type ethernet! (5 requested, 4 found)" \
	"$T" up "$dir/hub.ns"
fails "an unknown file" 2 "No such file" "$T" up "$dir/nowhere.ns"
umask 077 # of who calls, not of nodes
ok "up" "$T" up "$dir/lab.ns" --exp $exp
if ! grep -q "^up in" "$dir/out"; then exit 1; fi
fails "a program that is not there" 127 "No such file" on a nfz-no-such
fails "a second one of the same name" 5 "is up already" \
	"$T" up "$dir/lab.ns" --exp $exp
cmp -s "$dir/links.before" <(ip -o link | wc -l) ||
	{ echo "FAILED: the machine's own network was touched"; failed=1; }

ok "a link" ping_between b e
ok "a LAN" ping_between c d
ok "through the shaper" ping_between a b
ok "over two routers' hops" ping_between a d
ok "and back" ping_between e a
fails "names mean the nearest interface" 0 "b-lan" on c getent hosts b

port=$(on tbdelay0 cut -d' ' -f1 /var/emulab/boot/ifmap | head -n 1)
rx() { on tbdelay0 cat "/sys/class/net/$port/statistics/rx_packets"; }
before=$(rx)
on a ping -q -c 20 -i 0.01 b >/dev/null
[ $(($(rx) - before)) -ge 20 ] ||
	{ echo "FAILED: the shaper's port did not see the packets"; failed=1; }
on b iperf3 -s -1 >/dev/null &
# shellcheck disable=SC2317
serves() { on b ss -Hltn | grep -q :5201; }
eventually serves
rate=$(on a iperf3 -c b -n 1M -J | python3 -c 'import json, sys
print(int(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"]))')
wait $!
{ [ "$rate" -gt 200000 ] && [ "$rate" -lt 12000000 ] &&
	echo "ok: 10 Mb/s are 10 Mb/s ($rate)"; } ||
	{ echo "FAILED: $rate bit/s through a 10 Mb/s shaper"; failed=1; }

fails "a node's own umask" 0 "^0022" on c sh -c umask
umask 022
ok "login with sudo" login c 'sudo -n test -r /etc/shadow'
ok "the exit status passes" on c sh -c 'hostname -s | grep -qx c'
fails "of a failure as well" 3 "" on c sh -c 'exit 3'
fails "no node sees the testbed's keys" 2 "" \
	on c sh -c "ls $NFZ_TESTBED_DIR/*/certs /root/.ssh/id_* 2>/dev/null"
fails "tmcc wants root" 1 "Must be root" \
	"$T" exec --user $exp a -- /usr/local/etc/emulab/tmcc ifconfig
fails "tmcc ifconfig" 0 "LAN=shaped" on a /usr/local/etc/emulab/tmcc ifconfig

# what a user of the service sees, and changes
cat >"$dir/call.py" <<'PY'
import os, ssl, sys, time, xmlrpc.client
c = ssl.create_default_context(cafile=os.environ["NETFLOWIZE_CA"])
c.load_cert_chain(os.environ["NETFLOWIZE_CERTIFICATE"])
p = xmlrpc.client.ServerProxy(
    "https://" + os.environ["NETFLOWIZE_SERVER"] + "/usr/testbed", context=c)
proj, exp = os.environ["NFZ_TESTBED"].split("/")
def call(method, **args):
    r = getattr(p, method)(0.1, dict(args, proj=proj, exp=exp))
    assert r["code"] == 0, r
    return r["value"]
text = call("experiment.nsfile")
new = (text.replace("$ns run", "$lan trace monitor\nset x [$ns node]\n$ns run")
       if sys.argv[1] == "add" else
       text.replace("$lan trace monitor\nset x [$ns node]\n", ""))
assert new != text
call("experiment.modify", nsfilestr=new, wait=True)
assert call("experiment.state") == "active"
print(sorted(call("experiment.info", aspect="mapping")))
PY
for n in a c; do "$T" snapshot $exp $n >"$dir/before.$n"; done
born a b c d e >"$dir/born.before"
fails "a link is traced while it runs" 0 "'tbdelay2', 'x'" \
	"$T" run --exp $exp -- python3 "$dir/call.py" add
born a b c d e >"$dir/born.after"
ok "survivors did not notice" cmp "$dir/born.before" "$dir/born.after"
ok "the LAN still works, through its bridges" ping_between c d
fails "three bridges before the shaper" 0 "bridge2" \
	on tbdelay0 ip -br link show type bridge
ok "the shaped link moved to another box" ping_between a b
fails "the change is undone" 0 "'tbdelay0']" \
	"$T" run --exp $exp -- python3 "$dir/call.py" remove
ok "as before" ping_between c d
ok "and the way through the shaper" ping_between a c
for n in a c; do
	"$T" snapshot $exp $n >"$dir/after.$n"
	ok "nothing is left on $n" diff "$dir/before.$n" "$dir/after.$n"
done

fails "an unknown fault" 2 'did you mean "stop"' "$T" fault $exp a stopp
ok "sshd hangs" "$T" fault $exp a stop
fails "no banner" 124 "" hangs a true
ok "sshd runs again" "$T" fault $exp a clear
ok "login" login a true
"$T" fault $exp a refuse
fails "refused" 255 "refused" login a true
"$T" fault $exp a clear
"$T" fault $exp a down
fails "no answer" 124 "" hangs a true
"$T" fault $exp a clear
"$T" fault $exp a disk-full
fails "no space" 1 "No space left" on a dd if=/dev/zero of=/var/tmp/x bs=64k count=1
"$T" fault $exp a clear
"$T" fault $exp a noexec
on a cp /bin/true /var/lib/true
fails "not executable" 126 "Permission denied" on a /var/lib/true
"$T" fault $exp a clear
ok "executable again" on a /var/lib/true
"$T" fault $exp a no-sudo
fails "no sudo" 1 "password is required" login a 'sudo -n true'
"$T" fault $exp a clear
key() { on a cat /etc/ssh/ssh_host_ed25519_key.pub; }
"$T" fault $exp b crash
fails "a machine that is off" 6 "not running" on b true
ok "others start all the same" "$T" fault $exp d reboot
ok "and see each other" ping_between c d
ok "the dead one comes back" "$T" fault $exp b clear
ok "with all its wires" ping_between a e
old=$(key)
"$T" fault $exp a reboot
ok "a reboot keeps the disk" on a test -e /var/lib/true
ok "and the wires" ping_between a d
[ "$old" = "$(key)" ] || { echo "FAILED: another key after a reboot"; failed=1; }
"$T" fault $exp a reimage
fails "a new image has an empty disk" 1 "" on a test -e /var/lib/true
[ "$old" != "$(key)" ] || { echo "FAILED: the old key on a new image"; failed=1; }
ok "and works" ping_between a d

ok "swap out" "$T" swap $exp out
fails "nothing runs" 6 "is swapped out" on a true
ok "swap in" "$T" swap $exp in
ok "all is there again" ping_between a d

ok "a second testbed" "$T" up "$dir/lab.ns" --exp e2e/two --seed 9
fails "run must be told which" 2 "choose with --exp" "$T" run -- true
exp=e2e/two
ok "it works" ping_between a d
launcher=$("$T" list -o json | python3 -c 'import json, sys
for t in json.load(sys.stdin)["testbeds"]:
    if t["experiment"] == "e2e/two": print(t["launcher"])')
pids=$("$T" show e2e/two -o json | python3 -c 'import json, sys
print(*[n["pid"] for n in json.load(sys.stdin)["nodes"]])')
kill -9 "$launcher"
# shellcheck disable=SC2317
dead() {
	for p in $pids; do
		grep -qs "^State:[[:space:]][^ZX]" "/proc/$p/status" && return 1
	done
	return 0
}
ok "nodes do not outlive their launcher" eventually dead
fails "the other lives" 0 "^e2e/lab" "$T" list
[ ! -e "$NFZ_TESTBED_DIR/e2e+two" ] ||
	{ echo "FAILED: the dead one was not swept"; failed=1; }
exp=e2e/lab
ok "and works" ping_between a d
ok "down" "$T" down $exp
# where the root is no mount, and nothing there to mount our names on
# shellcheck disable=SC2016
ok "in a chroot without /etc/hosts" unshare -m --propagation private sh -ec '
	T=$1 ns=$2 c=$3
	mkdir "$c"
	mount -t tmpfs tmpfs "$c"
	mkdir "$c/root" "$c/up" "$c/work"
	mount --rbind / "$c/root"
	mount -t overlay -o "lowerdir=/etc,upperdir=$c/up,workdir=$c/work" \
		overlay "$c/root/etc"
	rm -f "$c/root/etc/hosts"
	exec chroot "$c/root" sh -exc "
		$T up $ns --exp e2e/root
		$T exec e2e/root a -- ping -q -c 1 -W 2 d-lan
		cd /usr
		$T run --exp e2e/root -- getent hosts boss | grep boss
		[ \"\$($T run --exp e2e/root -- pwd)\" = /usr ]
		$T down e2e/root
		[ ! -e /etc/hosts ]"' - "$T" "$dir/lab.ns" "$dir/chroot"
[ -z "$("$T" list)" ] || { echo "FAILED: something is still up"; failed=1; }
cmp -s "$dir/links.before" <(ip -o link | wc -l) ||
	{ echo "FAILED: the machine's own network was touched"; failed=1; }
exit $failed
