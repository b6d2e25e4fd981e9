#!/bin/bash
# Marks, and the events of the experiment's own event system: fetched with the
# times the testbed tells, told once, the same in answers, report and store.
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize
cat >"$dir/events.ns" <<'NS'
source tb_compat.tcl
set ns [new Simulator]
set a [$ns node]
set b [$ns node]
set link0 [$ns duplex-link $a $b 10Mb 0ms DropTail]
set later [$ns event-sequence {
	$link0 down
	$link0 up
}]
$ns at 1 "$link0 bandwidth 5Mb duplex"
$ns at 2.5 "$link0 down"
$ns at 4000 "$later start"
$ns rtproto Static
$ns run
NS
zero=$(date +%s)
begin "$dir/events.ns"
events() { nfz query "$exp" --events -o json && jq -r --arg k "$1" '.events[] |
	select(.kind == $k) | .text' "$dir/out"; }
# seconds between time 0 and each, as the record has them
after() { jq -r --arg zero "$1" '.events[] | select(.kind == "testbed") |
	.at | sub("\\.(?<ms>[0-9]{3}).*"; "") as $s | ((. |
	capture("\\.(?<us>[0-9]+)Z").us | tonumber) / 1000000) + ($s + "Z" |
	fromdate) - ($zero | fromdate)' "$dir/out"; }
three='link0 modify BANDWIDTH=5000
link0 down
later start'

nfz --light "$exp"
check "up" [ "$status" = 0 ]
nfz mark --events "$exp"
check "the experiment's events are fetched" [ "$status" = 0 ]
check "all are new" said "3 new of the testbed's 3 events"
check "whose time 0 that is is said" said "as the testbed says"
check "those without a time of their own are told" said "left out: 2 of"
told=$(sed -n 's/.*time 0 was \(.*\)\.000Z.*/\1Z/p' "$dir/err")
check "time 0 is when it came up" [ "$(date -d "$told" +%s)" -ge "$zero" ]
check "they are in the record" [ "$(events testbed)" = "$three" ]
check "at their times" [ "$(after "$told" | tr '\n' ' ')" = "1 2.5 4000 " ]
nfz mark --events "$exp"
check "told again they are passed over" said "0 new of the testbed's 3 events"
check "and are there once" [ "$(events testbed)" = "$three" ]
nfz mark "$exp" attack on
check "a mark is another kind" [ "$(events mark)" = "attack on" ]

nfz report "$exp" -o "$dir/page.html"
check "the report has them" [ "$(sed -n \
	's/.*id="data">\(.*\)<\/script>.*/\1/p' "$dir/page.html" |
	jq -r '.summary.events[] | select(.kind == "testbed") | .text' |
	head -n 2)" = "$(head -n 2 <<<"$three")" ]
check "and says them without scripts" grep -q '<td>link0 down</td>' "$dir/page.html"

nfz mark --events "$exp" link0 down
check "events have no words" [ "$status" = 2 ]
nfz mark --events --topology "$dir/events.ns"
check "a file has no event system" [ "$status" = 2 ]

nfz strip "$exp" --yes --keep-data "$dir/kept"
store=$(echo "$dir"/kept/*.store)
nfz mark --events --at 2026-11-21T14:00:00Z --store "$store" "$exp"
check "into a store, with a time 0 of one's own" said "3 new.*as you say"
check "which is what it has" [ "$("$build/bin/nfz-query" "$store" --events -o \
	csv | grep -c '^2026-11-21T14:00:0[12].*,testbed,link0 ')" = 2 ]

tb down "$exp" >/dev/null
tb up --portal topologies/manifest.rspec --exp "$exp" >/dev/null
nfz mark --events "$exp"
check "an experiment of a profile has no events" said "started from a profile"
exit "$failed"
