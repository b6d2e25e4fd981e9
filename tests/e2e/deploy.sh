#!/bin/bash
# Deploy on a real testbed: up, again, look, change, strip; the nodes' disks
# are the same afterwards.
# shellcheck disable=SC2016,SC2317
set -u
. "$(dirname "$0")/lib/deploy.bash"
stand_ins "$good_stand_in" 1
begin topologies/dumbbell.ns
disks >"$dir/before"

deploy status
check "nothing is there at first" [ "$status" = 0 ]
check "and nothing was sent to see that" said "bytes 0 "
check "a look leaves no trace" same_disks "$dir/before"

deploy dry-up
check "a dry run succeeds" [ "$status" = 0 ]
check "a dry run lists the steps" said "start    meter"
check "a dry run leaves no trace" same_disks "$dir/before"

deploy up client1
check "up succeeds" [ "$status" = 0 ]
check "the collector runs" said "collector stand-in"
check "the meters run" said "meter stand-in"
on client1 -- sh -c 'cat /var/lib/netflowize/*/etc/collector.setup' \
	>"$dir/setup" </dev/null
check "the collector has a setup" grep -q '^peer [0-9]* meter' "$dir/setup"
check "only root can read it" [ "$(on client1 -- sh -c \
	'stat -c %a /var/lib/netflowize/*/etc/collector.setup')" = 600 ]
secret=$(awk '/^peer/ { print $6; exit }' "$dir/setup")
on client1 -- sh -c 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ \
	/var/lib/netflowize/*/log/* /var/lib/netflowize/*/journal \
	/var/lib/netflowize/*/tag' >"$dir/public"
check "keys are in no argument, environment or log" \
	never grep -q -a "$secret" "$dir/public"
check "the search would find one" [ -s "$dir/public" ]

row 16 # unchanged; changed follows
deploy up client1
check "a second up succeeds" [ "$status" = 0 ]
check "a second up changes nothing and sends nothing" \
	said "changed 0 bytes 0 failed 0"
mv "$STATE" "$STATE.away"
deploy up client1
check "so it is without local state" said "changed 0 bytes 0 failed 0"
deploy status
check "the deployment is found without local state" said "found .* $exp by"
deploy run nfz-query 'a b' '$(id);`id`'
check "words arrive as they are" said 'word <$(id);`id`>'
check "the status of a query arrives" said "status 4"
mv "$STATE.away" "$STATE"
deploy logs
check "logs can be read" said "READY stand-in"

stand_ins "$good_stand_in" 2
deploy up client1
check "a new program is installed" [ "$status" = 0 ]
check "and started" said "changed 1 bytes [1-9]"
deploy up client2
check "another collector converges" [ "$status" = 0 ]
deploy status
check "the old one is gone" node_line client1 "ok none"
deploy up client2
check "then there is nothing to do" said "changed 0 bytes 0 failed 0"
check "processes run" never quiet_no_processes

lease() { on left -- sh -c 'cut -d" " -f1 /var/lib/netflowize/*/run/lease'; }
LEASE=60000 deploy up client2
check "a lease can be given to what runs" said "changed 0 bytes 0 failed 0"
check "the node knows" [ "$(lease)" -gt 0 ]
deploy up client2
check "and be given up" [ "$(lease)" = 0 ]
LEASE=1000 deploy up client2
meters_ended() { status_says "meter expired" && never said "meter running"; }
check "meters end when it runs out" eventually meters_ended
check "the collector waits for what they send" said "collector running"
deploy up client2
check "up starts them again" said "changed 1 bytes 0 failed 0"

was=$(on left -- sh -c 'cat /var/lib/netflowize/*/run/meter')
on left -- sh -c 'kill -9 $(sed -n "s/^process \([0-9]*\) .*/\1/p" \
	/var/lib/netflowize/*/run/meter)'
another_runs() {
	deploy status
	[ "$(awk '$1 == "node" { here = $2 == "left" }
		here && $1 == "meter" { print $2 }' "$dir/out")" = running ] &&
		[ "$was" != "$(on left -- sh -c \
			'cat /var/lib/netflowize/*/run/meter')" ]
}
check "a killed meter is started again, another one" eventually another_runs
deploy up client2
check "there is nothing to do" said "changed 0 bytes 0 failed 0"
on left -- sh -c 'kill -9 $(sed -n \
	"s/^process \([0-9]*\) [0-9]* \([0-9]*\) .*/\2 \1/p" \
	/var/lib/netflowize/*/run/meter)'
deploy status
check "one killed with its keeper is seen" said "meter killed"
deploy up client2
check "up starts it again" [ "$status" = 0 ]
check "and only it" said "changed 1 bytes 0 failed 0"

row 17
fault left reboot
deploy status
check "a reboot is seen" said "meter rebooted"
check "the others were not rebooted" said "meter running"
deploy up client2
check "up after a reboot converges" [ "$status" = 0 ]
check "the meter runs again" said "left .*meter stand-in"

fault right reboot
deploy strip
check "strip after a reboot" [ "$status" = 0 ]
check "leaves nothing" same_disks "$dir/before"
deploy up client2
check "up again" [ "$status" = 0 ]

row 20
on left -- sh -c 'echo x >>$(echo /var/lib/netflowize/*/bin/nfz-meter)'
on right -- sh -c 'echo mine >$(echo /var/lib/netflowize/*)/notes'
deploy strip
check "strip refuses to remove a changed file" [ "$status" = 8 ]
check "and names it" said "kept bin/nfz-meter: it was modified"
check "an unknown file is kept as well" said "kept notes: it is not a file"
check "processes are gone nevertheless" no_processes
deploy status
check "what is left is still known" said "found .* $exp by"
deploy force-strip
check "force removes it" [ "$status" = 0 ]
check "with a proof" said "ok no process runs a program of the deployment"
check "nothing is left on the disks" same_disks "$dir/before"
check "nothing runs" no_processes
deploy strip
check "a second strip finds nothing" said "NFZ-E103"
finish
