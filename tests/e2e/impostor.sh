#!/bin/bash
# Root on one node acts as others with the keys that node has: as another's flow
# cache, as the meter of a node that is planned and silent, and as the collector
# who wants all to stop.  Keys are of pairs: nobody believes it, it is counted as
# "tag", and everybody goes on.
# shellcheck disable=SC2317 # called by eventually
set -u
. "${0%/*}/lib/wire.bash"
. "${0%/*}/lib/modules.bash"
need bin/nfz-meter bin/nfz-cache bin/nfz-collector tests/tool-sendudp
one_wire
modules b k c2

of() { # module, what of it
	ask status | jq -r ".modules[] | select(.module == $1) | $2"
}
lives() { ask status | jq -c '[.modules[] | select(.state == "up") | [.module, .life]]'; }
both_up() { [ "$(lives | jq length)" = 2 ]; }
by_tag() { ask status | jq .refused.tag; }
more_by_tag() { [ "$(by_tag)" -gt "$1" ]; }
cache_refused() { [ "$(of 2 .auth_failed)" -gt "$1" ]; }

# What stands on node b: the keys of its meter, 1.
setups "$dir/store" 2
key 3 9 && spare=$key
echo "peer 3 meter 10.8.0.4 9003 $spare $spare" >>"$dir/9"
start 9 k "$bin/nfz-collector" --setup "$dir/9"
start_caches 2
start_meter b
check "meter and cache are known" "$(eventually both_up; echo $?)" = 0
before=$(lives)

# impostor NAME MODULE ROLE PEER-LINE: the start of its setup
impostor() {
	printf 'netflowize-setup 1\ndeployment 00000000000000aa\n'
	printf 'module %s %s\nlisten 10.8.0.1 91%02d\n' "$1" "$2" "$1"
	printf 'store %s\n%s\n' "$dir/theirs" "$3"
}
key 1 9 && send=$key
key 9 1 && receive=$key
to_collector="peer 9 collector 10.8.0.2 9009 $send $receive"
impostor 2 cache "$to_collector" >"$dir/false2"
impostor 3 meter "$to_collector" >"$dir/false3"
echo "tap 6 lo - core 1 1 - p2p 0 1 -" >>"$dir/false3"
key 1 2 && send=$key
key 2 1 && receive=$key
impostor 9 collector "peer 2 cache 10.8.0.3 9002 $send $receive" >"$dir/false9"

start false2 b "$bin/nfz-cache" --setup "$dir/false2"
n=$(by_tag)
check "a false cache is refused" "$(eventually more_by_tag "$n"; echo $?)" = 0
wait_for "$dir/false2.out" "READY cache"
check "and hears nothing" "$(grep -c collector=up "$dir/false2.out")" = 0
kill -9 "${pid[false2]}"
wait "${pid[false2]}" 2>/dev/null
n=$(by_tag)
start false3 b "$bin/nfz-meter" --setup "$dir/false3" --backend packet
check "so is a false meter" "$(eventually more_by_tag "$n"; echo $?)" = 0
wait_for "$dir/false3.out" "READY meter"
check "that nobody has heard of" "$(of 3 .state)" = unheard
kill -9 "${pid[false3]}"
wait "${pid[false3]}" 2>/dev/null
n=$(of 2 .auth_failed)
start false9 b "$bin/nfz-collector" --setup "$dir/false9"
wait_for "$dir/false9.out" READY
check "a false collector aborts" "$(store=$dir/theirs; ask abort)" = ""
check "the cache refuses it" "$(eventually cache_refused "$n"; echo $?)" = 0

check "everybody lives on" "$(lives)" = "$before"
in_a "$build/tests/tool-sendudp" 10.9.0.2 11 10 100 1 0 >/dev/null
counted() { [ "$(awk '$1 == "digests" { print $2 }' "$dir/2.status")" -gt 0 ]; }
check "and works" "$(eventually counted; echo $?)" = 0
stop 9 2 1
exit $failed
