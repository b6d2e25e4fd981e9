#!/bin/bash
# Rows of the failure matrix (tests/e2e/failures.md) that take many nodes or
# their time: one that hangs (ROUNDS times, 5), a jump host that takes few logins
# at once, known hosts of others, a slow node.  NODES of them (200).
# shellcheck disable=SC2016,SC2317
set -u
. "$(dirname "$0")/../e2e/lib/deploy.bash"
stand_ins "$good_stand_in" 1
nodes=${NODES:-200}
tests/support/gentopo.py lan "$nodes" >"$dir/lan.ns"
begin "$dir/lan.ns"
disks >"$dir/before"
last=h$((nodes - 1))
clean() {
	deploy strip
	check "$1: strip" [ "$status" = 0 ]
	check "$1: same disks" same_disks "$dir/before"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# When the last of the others was through, in ms.
others() { sed -n 's/^ *h[0-9]* *ok .*(\([0-9]*\) ms)$/\1/p' "$dir/err" |
	sort -n | tail -1; }
within() { # a, percent, b: is a at most so much of b?
	[ $(($1 * 100)) -le $(($2 * $3)) ]
}

row 24
# with and without it by turns: the others must not notice
for _ in $(seq "${ROUNDS:-5}"); do
	deploy up $last
	check "none hangs: up" [ "$status" = 0 ]
	others >>"$dir/all"
	clean "none hangs"
	fault h1 stop
	TIMEOUT=5000 deploy up $last
	check "one hangs: exit status" [ "$status" = 5 ]
	check "one hangs: it is named" node_line h1 timed-out
	check "one hangs: all others are done" \
		[ "$(grep -c '^node h[0-9]* ok' "$dir/out")" = $((nodes - 1)) ]
	others >>"$dir/hung"
	fault h1 clear
	deploy up $last
	check "one hangs: up converges" [ "$status" = 0 ]
	clean "one hangs"
done
echo "others are through after $(median <"$dir/hung") ms, without it" \
	"$(median <"$dir/all") ms (medians of ${ROUNDS:-5})"
check "one hangs: the others are as fast" \
	within "$(median <"$dir/hung")" 110 "$(median <"$dir/all")"

row 25
# a jump host that drops logins when ten are waiting
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

row 26
# 10,000 hashed lines of others among the known hosts, and none
cpu() ( # of one look at all nodes, in ms
	export HOME=$dir/home CONFIG=$dir/config
	TIMEFORMAT='%U %S'
	{ time deploy status; } 2>&1 >/dev/null |
		awk '{ print int(($1 + $2) * 1000) }'
)
jq 'del(.nodes[].user, .nodes[].host_keys)' "$dir/topology.json" >"$dir/bare"
cp "$dir/topology.json" "$dir/whole"
cp "$dir/bare" "$dir/topology.json"
# shellcheck disable=SC2046
tb run --exp "$exp" -- ssh-keyscan -t ed25519 $(jq -r '.nodes[].address' \
	"$dir/topology.json") 2>/dev/null >"$dir/few"
check "known hosts: all keys are there" [ "$(wc -l <"$dir/few")" = "$nodes" ]
{
	head -c 400000 /dev/urandom | od -An -v -tx1 -w40 | tr -d ' ' |
		awk -v key="$(awk 'NR == 1 { print $3 }' "$dir/few")" '{
			print "host" NR ".example.net ssh-ed25519 " \
			"AAAAC3NzaC1lZDI1NTE5AAAAI" substr($1, 1, 43) }'
	cat "$dir/few"
} >"$dir/many"
ssh-keygen -H -f "$dir/few" >/dev/null 2>&1
ssh-keygen -H -f "$dir/many" >/dev/null 2>&1
for _ in 1 2 3 4 5; do
	for what in few many; do
		{
			printf 'Host *\n\tIdentityFile %s\n\tUser user\n' "$key"
			printf '\tStrictHostKeyChecking yes\n'
			printf '\tUserKnownHostsFile %s\n' "$dir/$what"
		} >"$dir/config"
		cpu >>"$dir/cpu.$what"
		grep -q "failed 0" "$dir/out" || bad "known hosts: $what"
	done
done
cp "$dir/whole" "$dir/topology.json"
echo "processor time: $(median <"$dir/cpu.many") ms with 10,000 lines," \
	"$(median <"$dir/cpu.few") ms without (medians of 5)"
check "known hosts: 10,000 lines more" \
	within "$(median <"$dir/cpu.many")" 110 "$(median <"$dir/cpu.few")"

row 23
# slow, but moving
fault h1 slow
deploy up $last
check "slow node: up" [ "$status" = 0 ]
check "slow node: it is among them" node_line h1 ok
fault h1 fast
clean "slow node"
finish
