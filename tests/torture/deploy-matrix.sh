#!/bin/bash
# Rows of the failure matrix that take their time: a clock that is an hour off,
# one of many that hangs, a jump host that takes few logins at once, a slow node.
# NODES of them (40).
# shellcheck disable=SC2016,SC2317
set -u
. "$(dirname "$0")/../e2e/lib/deploy.bash"
stand_ins "$good_stand_in" 1
nodes=${NODES:-40}
tests/support/gentopo.py lan "$nodes" >"$dir/lan.ns"
begin "$dir/lan.ns"
disks >"$dir/before"
last=h$((nodes - 1))
clean() {
	deploy strip
	check "$1: strip" [ "$status" = 0 ]
	check "$1: same disks" same_disks "$dir/before"
}

# 22: the controller's clock is an hour ahead in one run, right in the next
if command -v faketime >/dev/null; then
	FAKETIME=+1h LD_PRELOAD=$(faketime +1h sh -c 'echo "$LD_PRELOAD"') \
		deploy up $last
	check "clock: up with an hour too much" [ "$status" = 0 ]
	deploy up $last
	check "clock: and then nothing to do" said "changed 0 bytes 0 failed 0"
	clean clock
else
	echo "SKIPPED: clock: faketime is not installed"
fi

# 24: one of many hangs
fault h1 stop
TIMEOUT=5000 deploy up $last
check "one hangs: exit status" [ "$status" = 5 ]
check "one hangs: it is named" node_line h1 timed-out
check "one hangs: all others are done" \
	[ "$(grep -c '^node h[0-9]* ok' "$dir/out")" = $((nodes - 1)) ]
fault h1 clear
deploy up $last
check "one hangs: up converges" [ "$status" = 0 ]
clean "one hangs"

# 25: a jump host that drops logins when ten are waiting
address=$(jq -r '.nodes[] | select(.name == "h0") | .address' "$dir/topology.json")
key=$(tb run --exp "$exp" -- sh -c 'echo "$NETFLOWIZE_SSH_IDENTITY"')
on h0 -- sh -c 'echo "MaxStartups 10:30:100" >>/etc/ssh/sshd_config'
fault h0 refuse
fault h0 serve
disks >"$dir/before"
{
	printf 'Host h0.* %s\n\tProxyJump none\nHost *\n\tProxyJump user@%s\n' \
		"$address" "$address"
	printf '\tIdentityFile %s\n\tUser user\n' "$key"
	printf '\tUserKnownHostsFile %s/known\n' "$dir"
} >"$dir/config"
mkdir -p "$dir/home"
HOME=$dir/home CONFIG=$dir/config deploy up $last
check "jump host: none is lost" [ "$status" = 0 ]
check "jump host: all of them are there" \
	[ "$(grep -c '^node h[0-9]* ok' "$dir/out")" = "$nodes" ]
clean "jump host"

# 23: slow, but moving
fault h1 slow
deploy up $last
check "slow node: up" [ "$status" = 0 ]
check "slow node: it is among them" node_line h1 ok
fault h1 fast
clean "slow node"
finish
