#!/bin/bash
# --limit: up, status and strip on some of the nodes, and on those that failed
# before; what many nodes say alike is one line.
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize

rows() { grep -c "^ *$1  *h[0-9]*  *ok" "$dir/out"; } # role

# a probe on all nodes but one
tests/support/gentopo.py lan 18 >"$dir/lan.ns"
begin "$dir/lan.ns"
disks >"$dir/before"
nfz up "$exp" --limit h1
check "no run to go on with" [ "$status" = 2 ]
check "which is said" said "none of $exp is known on this machine"
nfz up "$exp" --limit 'h[1-,3]'
check "no list of nodes" [ "$status" = 2 ]
nfz up "$exp" --limit h1,h77
check "no such node" said "there is no node h77"

for node in h2 h3 h4 h7; do fault $node stop; done
nfz up "$exp" --timeout 5s --collector h0 --ssh-config /dev/null
check "up with four hung nodes" [ "$status" = 5 ]
check "they are one line" said 'h\[2-4,7\]: .*timed out (banner)'
check "the others' progress is few lines" \
	[ "$(grep -c 'meter ready' "$dir/err")" -le 4 ]
check "it says how to go on, with the same logins" \
	said "netflowize up $exp --ssh-config /dev/null --limit @failed"

for node in h2 h3; do fault $node clear; done
fault h5 stop # nobody is to ask it
nfz up "$exp" --limit 'h[2-3]' --timeout 5s
check "up on two of them" [ "$status" = 0 ]
check "and no other" never said h5
nfz up "$exp" --limit @failed --timeout 5s --dry-run
check "a dry run on the rest" [ "$status" = 5 ]
check "only those" said 'h\[4,7\]: .*timed out'
for node in h4 h7; do fault $node clear; done
nfz up "$exp" --limit @failed
check "up on the rest" [ "$status" = 0 ]
nfz up "$exp" --limit @failed
check "then none is left" [ "$status" = 0 ]
check "which is said" said "nothing to do"
fault h5 clear
nfz up "$exp"
check "all of it is as planned" said "no changes"
check "0 bytes sent" said " 0 bytes of binary"

nfz status "$exp" --limit 'h[1-3]'
check "status of three nodes" [ "$status" = 0 ]
check "has three rows" [ "$(rows meter)" = 3 ]
check "and no ledger" never said Accounting
nfz status "$exp" --limit h1 -o json
check "the ledger is of all nodes" [ "$status" = 2 ]
nfz up "$exp" --limit h1 --avoid h2
check "another plan cannot be asked for" [ "$status" = 2 ]

# from elsewhere: no key, nothing to go on with
XDG_STATE_HOME=$dir/other nfz plan "$exp" --collector h0 --out "$dir/plan.json"
on h6 -- sh -c 'kill -9 $(sed -n \
	"s/^process \([0-9]*\) [0-9]* \([0-9]*\) .*/\2 \1/p" \
	/var/lib/netflowize/*/run/meter)'
XDG_STATE_HOME=$dir/other nfz up "$exp" --plan "$dir/plan.json" --limit h6
check "without the key no node can be added" [ "$status" = 2 ]
check "and it says so" said "key of deployment .* is not known on this machine"
nfz up "$exp" --limit h6
check "with it, it can" [ "$status" = 0 ]
nfz status "$exp" --limit h6
check "and runs again" [ "$(rows meter)" = 1 ]

fault h9 down
nfz strip "$exp" --limit 'h[8-10]' --timeout 5s
check "strip of three, one of them down" [ "$status" = 5 ]
check "says which" said "h9: "
fault h9 clear
nfz strip "$exp" --limit @failed
check "strip of that one" [ "$status" = 0 ]
nfz list "$exp" -o csv
check "the others are still there" [ "$(grep -c "^h" "$dir/out")" -ge 14 ]
check "and those are not" never grep -q '^h\(8\|9\|10\),' "$dir/out"
nfz strip "$exp"
check "strip" [ "$status" = 0 ]
check "nothing is left" same_disks "$dir/before"
check "nothing runs" no_processes
nfz strip "$exp" --limit @failed
check "nothing is remembered then" said "nothing to do"
finish
