#!/bin/bash
# How nodes are logged into: as the user's own ssh would, by its configuration,
# known hosts, agent, certificates and jump hosts.
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/lib/deploy.bash"
stand_ins "$good_stand_in" 1
begin topologies/dumbbell.ns
key=$(tb run --exp "$exp" -- sh -c 'echo "$NETFLOWIZE_SSH_IDENTITY"')
cp "$dir/topology.json" "$dir/pinned.json"
# what a plain inventory knows: neither login names nor host keys
jq 'del(.nodes[].user, .nodes[].host_keys)' "$dir/pinned.json" \
	>"$dir/topology.json"
address() { jq -r ".nodes[] | select(.name == \"$1\") | .address" \
	"$dir/topology.json"; }
keys() { # kind: known_hosts lines of all nodes
	jq -r --arg kind "$1" '.nodes[] | select(.host_keys) | .address as $a
		| .host_keys[] | select(contains($kind)) | "\($a) " +
		(if startswith($kind) then . else sub("^[^ ]* "; "") end)' \
		"$dir/pinned.json"
}
export HOME=$dir/home CONFIG=$dir/config
mkdir -p "$HOME/.ssh"
unset SSH_AUTH_SOCK
config() { # lines for all hosts
	printf 'Host *\n\tIdentityFile %s\n\tUser user\n' "$key"
	printf '\tUserKnownHostsFile %s/known\n' "$dir"
	printf '\tGlobalKnownHostsFile /dev/null\n'
	for line; do printf '\t%s\n' "$line"; done
}
known() { check "$1: status" [ "$status" = "$2" ]; }

# shellcheck disable=SC2046
tb run --exp "$exp" -- ssh-keyscan -t ed25519 $(jq -r '.nodes[].address' \
	"$dir/topology.json") 2>/dev/null >"$dir/ed25519"
keys ssh-rsa >"$dir/rsa"
check "all keys are there" [ "$(wc -l <"$dir/ed25519")" = "$(wc -l <"$dir/rsa")" ]
cp "$dir/ed25519" "$dir/known"
config 'StrictHostKeyChecking yes' >"$CONFIG"
deploy up client1
known "user, key and known hosts of the configuration" 0
deploy strip
known "strip" 0
LOGIN=root deploy up client1
known "root's own login, without sudo" 0
LOGIN=root deploy strip
known "strip as root" 0

: >"$dir/known"
deploy status
known "an unknown host, strictly" 5
check "it says so" said "accepts no new ones"
check "and what to do" said "hint Put it into your known hosts"
config >"$CONFIG"
deploy status
known "an unknown host is taken once" 0
check "and remembered" grep -q "^$(address left) " "$dir/known"

cp "$dir/rsa" "$dir/known"
config 'StrictHostKeyChecking yes' >"$CONFIG"
deploy status
known "known by another kind of key: that one is asked for" 0
awk -v left="$(address left)" -v key="$(ssh-keygen -y -f "$key")" \
	'$1 == left { $0 = left " " key } { print }' "$dir/ed25519" >"$dir/known"
config >"$CONFIG"
deploy status
known "a changed key" 5
check "only that node is refused" node_line left failed
check "it says why" said "left: its host key has changed"
check "the others are reached" node_line right ok
remedy=$(grep -o 'ssh-keygen -f .*' "$dir/out")
check "it says what forgets the old one" [ -n "$remedy" ]
sh -c "$remedy" >"$dir/forgot" 2>&1
deploy status
known "and so it is" 0
{ cat "$dir/ed25519"; sed -n "s/^$(address left) /@revoked * /p" \
	"$dir/ed25519"; } >"$dir/known"
deploy status
check "a revoked key is refused" said "left: its host key is revoked"

# 10,000 hashed lines of others, and ours among them
{
	head -c 400000 /dev/urandom | od -An -v -tx1 -w40 | tr -d ' ' |
		awk -v key="$(awk 'NR == 1 { print $3 }' "$dir/ed25519")" '
		NR <= 10000 { print "host" NR ".example.net ssh-ed25519 " \
			"AAAAC3NzaC1lZDI1NTE5AAAAI" substr($1, 1, 43) }'
	cat "$dir/ed25519"
} >"$dir/known"
ssh-keygen -H -f "$dir/known" >/dev/null 2>&1
check "the file is hashed" grep -q '^|1|' "$dir/known"
check "and long" [ "$(wc -l <"$dir/known")" -gt 10000 ]
config 'StrictHostKeyChecking yes' >"$CONFIG"
deploy status
known "10,000 hashed lines" 0

# an agent with eight keys, ours the last of them
cp "$dir/ed25519" "$dir/known"
eval "$(ssh-agent -s)" >/dev/null
for i in 1 2 3 4 5 6 7; do
	ssh-keygen -q -t ed25519 -N '' -f "$dir/key$i"
	ssh-add -q "$dir/key$i"
done
ssh-add -q "$key"
config | sed '/IdentityFile/d' >"$CONFIG"
began=$(date +%s)
deploy status
check "many keys: the node is not reached" node_line left failed
check "many keys: it says what was tried" \
	said "login refused (tried 5 of 8 keys of the SSH agent"
check "many keys: at once" [ $(($(date +%s) - began)) -lt 10 ]
# a named key goes first; its private half only the agent has
mkdir "$dir/only"
ssh-keygen -y -f "$key" >"$dir/only/id.pub"
config 'IdentitiesOnly yes' | sed "s|IdentityFile .*|IdentityFile $dir/only/id|" \
	>"$CONFIG"
deploy status
known "many keys: only the named one" 0
config | sed "s|IdentityFile .*|IdentityFile $dir/only/id|" >"$CONFIG"
deploy status
known "many keys: the named one first" 0

# the user's own command ends, with whoever showed it the keys
ssh-add -q -D
ssh-add -q "$key"
tb run --exp "$exp" -- env -u NETFLOWIZE_SSH_IDENTITY timeout -s KILL 60 \
	"$build/bin/netflowize" status "$exp" >"$dir/out" 2>"$dir/err"
check "an agent: the command ends" [ $? = 2 ]
check "an agent: its key is taken" said "is not instrumented"
# nor does that stay when the command is killed
# shellcheck disable=SC2317 # called by eventually
shown() { # while it is made, and once it has been taken away, it is none
	socket=$(grep -o '/tmp/nfz-agent.*' "/proc/$pid/net/unix" | sort -u)
	[ -S "$socket" ]
}
# shellcheck disable=SC2317 # called by eventually
stopped() { # while there is a socket: it makes more than one
	kill -STOP "$pid"
	shown && shower=$(pgrep -P "$pid" -x nfz-ssh-agent) && return
	kill -CONT "$pid"
	return 1
}
# shellcheck disable=SC2317 # called by eventually
gone() { ! ls "${socket%/*}"; }
fault left stop
# not through a function: that would be a subshell's pid
"$build/bin/nfz-testbed" run --exp "$exp" -- env -u NETFLOWIZE_SSH_IDENTITY \
	"$build/bin/netflowize" status "$exp" >"$dir/out" 2>"$dir/err" &
pid=$!
check "an agent: there is a socket for its keys" eventually shown
kill -KILL "$pid"
check "an agent: it goes when the command is killed" eventually gone
wait "$pid"
# and when what shows it is, too, with the next command
"$build/bin/nfz-testbed" run --exp "$exp" -- env -u NETFLOWIZE_SSH_IDENTITY \
	"$build/bin/netflowize" status "$exp" >"$dir/out" 2>"$dir/err" &
pid=$!
check "an agent: again a socket" eventually stopped
kill -KILL "$shower" "$pid"
wait "$pid"
check "an agent: the socket stays when both are killed" [ -S "$socket" ]
touch -d '2 minutes ago' "${socket%/*}"
fault left clear
tb run --exp "$exp" -- env -u NETFLOWIZE_SSH_IDENTITY \
	"$build/bin/netflowize" status "$exp" >"$dir/out" 2>"$dir/err"
check "an agent: the next command removes it" [ ! -e "${socket%/*}" ]
kill "$SSH_AGENT_PID"
unset SSH_AUTH_SOCK SSH_AGENT_PID

# a certificate instead of a key that the nodes know
ssh-keygen -q -t ed25519 -N '' -f "$dir/ca"
ssh-keygen -q -t ed25519 -N '' -f "$dir/signed"
ssh-keygen -q -s "$dir/ca" -I test -n user "$dir/signed.pub"
on left -- sh -c "echo '$(cat "$dir/ca.pub")' >/etc/ssh/ca.pub
	echo TrustedUserCAKeys /etc/ssh/ca.pub >>/etc/ssh/sshd_config"
fault left refuse
fault left serve
config | sed "s|IdentityFile .*|IdentityFile $dir/signed|" >"$CONFIG"
deploy status
check "a certificate lets us in" node_line left ok
check "where its authority is trusted" node_line right failed

# through one of the nodes, through two, through a command
through() { # what, lines
	local what=$1
	shift
	{ printf 'Host client*\n'; printf '\t%s\n' "$@"; config; } >"$CONFIG"
	deploy status
	known "$what" 0
}
through "through a jump host" "ProxyJump user@$(address left)"
through "through two" "ProxyJump user@$(address right),user@$(address left)"
through "through a port that is told" "ProxyJump user@$(address left):22"
through "through a command" \
	"ProxyCommand ssh -F $CONFIG -W %h:%p user@$(address left)"
fault left refuse
through_fails() {
	deploy status
	check "a jump host that refuses: $1 is not reached" node_line "$1" unreachable
}
{ printf 'Host client*\n\tProxyJump user@%s\n' "$(address left)"; config; } \
	>"$CONFIG"
TIMEOUT=5000 through_fails client1
check "it says why" said "client1: through .*refused"
finish
