#!/bin/bash
# Nodes that the testbed calls down, and a shaper that tells nothing of its
# ports, carry no new probe; but an older one may be there, and nobody says that
# nothing is left before they were asked.
set -u
. "$(dirname "$0")/lib/deploy.bash"
IGNORE=' (/var/emulab/boot|/users/.*|/root/.ssh.*)$'
row 1 2
begin topologies/shaped-lan.ns
disks >"$dir/before"
use_netflowize
probes() { # of the last deployment
	jq -r '.nodes[] | select(.step | startswith("meter")) | .node' "$dir/out"
}

nfz up "$exp" --require client,tbdelay2 -o json
check "up" [ "$status" = 0 ]
check "probes on both" [ "$(probes | grep -c '^client$\|^tbdelay2$')" = 2 ]
fault client crash
fault tbdelay2 refuse
nfz strip "$exp" --timeout 6s
check "strip does not succeed" [ "$status" = 5 ]
check "strip names what is down" said "✘ client: no answer"
check "strip names what is silent" said "✘ tbdelay2 .*Connection refused"
check "strip does not say that nothing is left" never said "nothing left"
fault client clear
fault tbdelay2 clear
mapping=/var/emulab/boot/delay_mapping
on tbdelay2 -- mv $mapping $mapping.away
nfz up "$exp" -o json
check "a shaper without its list is planned without" [ "$status" = 0 ]
check "and has no probe, either" never grep -q tbdelay2 <(probes)
on tbdelay2 -- mv $mapping.away $mapping
fault tbdelay2 auth
nfz up "$exp"
check "nor does it keep from anything when nobody can log in" [ "$status" = 0 ]
check "it is named with the reason" said "^! tbdelay2 could .*login refused"
fault tbdelay2 clear
fault tbdelay2 stop
planned() { # words...: in so many seconds
	local began=$SECONDS
	nfz plan --light "$exp" "$@"
	took=$((SECONDS - began))
}
planned
all=$took
planned --timeout 3s
check "nobody who waits for 3 s waits for longer ($took, else $all)" \
	[ $((took + 6)) -lt "$all" ]
check "it is named, too" said "^! tbdelay2: .*timed out"
"$build/bin/nfz-testbed" run --exp "$exp" -- timeout --preserve-status -s INT 4 \
	"$build/bin/netflowize" plan --light "$exp" >"$dir/out" 2>"$dir/err"
check "an interrupt ends it" [ $? = 130 ]
check "and it is not named for that" never said "timed out"
fault tbdelay2 clear
nfz strip "$exp"
check "strip finds what stayed" [ "$status" = 0 ]
nfz list "$exp"
check "and then there is no table" [ "$(cat "$dir/out")" = "" ]
check "same disks" same_disks "$dir/before"
check "no processes" no_processes
finish
