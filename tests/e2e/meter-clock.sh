#!/bin/bash
# The clock of a meter's node is set while it runs: what eBPF adds up is dated by
# the clock that only counts and the distance of the other, so a meter whose wall
# clock is another one (and only its own) is on such a node.  Frames that come
# through a ring have stamps of the kernel's clock, which no test may set.
set -u
. "${0%/*}/lib/wire.bash"
need bin/nfz-meter tests/tool-sendudp
one_wire

# The wall clock, ahead by as many seconds as the file says now; mapped, as the
# meter is locked up and opens nothing.
cat >"$dir/clock.c" <<'C'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static volatile long long *ahead;
__attribute__((constructor)) static void begin(void)
{
	int fd = open(getenv("CLOCK_AHEAD"), O_RDONLY);
	void *at = mmap(0, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		abort();
	ahead = at;
	close(fd);
}
int clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, clock, t);

	if (r == 0 && clock == CLOCK_REALTIME)
		t->tv_sec += *ahead;
	return r;
}
C
cc -shared -fPIC -O1 -o "$dir/clock.so" "$dir/clock.c" || exit 1
set_clock() { # seconds ahead
	python3 -c 'import struct, sys
with open(sys.argv[1], "r+b") as f:
    f.write(struct.pack("<q", int(sys.argv[2])))' "$dir/ahead" "$1"
}
head -c 8 /dev/zero >"$dir/ahead"
chmod 644 "$dir/ahead" "$dir/clock.so"
chmod 755 "$dir"

printf '%s\n' 'netflowize-setup 1' 'deployment 00000000000000aa' 'module 1 meter' \
	'listen 0.0.0.0 0' 'active_ms 900000' 'idle_ms 600000' 'fin_ms 0' \
	'lease_ms 0' 'cache_flows 4096' 'tap 5 va - core 1 1 - p2p 0 1 -' >"$dir/setup"
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 \
	CLOCK_AHEAD="$dir/ahead" LD_PRELOAD="$dir/clock.so" \
	ip netns exec "$id-a" "$build/bin/nfz-meter" --backend ebpf --setup "$dir/setup" \
	--print -o json >"$dir/out" 2>"$dir/err" &
meter=$!
pids+=("$meter")
wait_for "$dir/err" READY

sent=0
# shellcheck disable=SC2317 # called by eventually
are_told() {
	kill -USR1 "$meter"
	[ "$(jq -n '[inputs | select(.dport == 9) | .packets] | add' \
		"$dir/out")" = "$sent" ]
}
send() { in_a "$build/tests/tool-sendudp" 10.9.0.2 "$1" 100 100 1 1000 >/dev/null; }
# All that is in the kernel is collected, and dated, before the clock is set.
hour() { # seconds ahead
	set_clock "$1"
	send 9
	sent=$((sent + 100))
	eventually are_told || check "packets told of" never = "$sent"
}
hour 0
hour 3600
hour 7200
hour 0 # back by two hours
hour -86400
hour 0
# While counts wait in the flow cache; those in the kernel may be of either time.
for ahead in 0 -3600 3600 0 -86400; do
	set_clock "$ahead"
	send 10
	sleep 0.5
done
now=$(date +%s)
kill -TERM "$meter"
wait "$meter"
check "it ends in order" $? -eq 0
records='[inputs | select(.dport)] | map(. + {s: (.first_ns / 1e9 | floor)})'
check "no frame unaccounted" "$(jq -n '[inputs | .unaccounted // empty] |
	last' "$dir/out")" -eq 0
check "no record spans a step" "$(jq -n "$records"'
	| map(.last_ns - .first_ns) | max / 1e9 | floor' "$dir/out")" -lt 60
check "none ends before it began" "$(jq -n "$records"'
	| map(select(.last_ns < .first_ns)) | length' "$dir/out")" -eq 0
check "each packet is told of once" "$(jq -n "$records"'
	| map(select(.dport == 10) | .packets) | add' "$dir/out")" -eq 500
for ahead in -86400:100 0:300 3600:100 7200:100; do
	check "packets when it was ahead by ${ahead%:*} s" "$(jq -n "$records"'
		| map(select(.dport == 9) | select(.s - '$((now + ${ahead%:*}))' | fabs < 1500)
			| .packets) | add' "$dir/out")" = "${ahead#*:}"
done
[ "$failed" -eq 0 ] || { cat "$dir/err"; cat "$dir/out"; }
exit "$failed"
