# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what this makes is for tests; wire.bash
# For tests of modules that speak with each other: a question to a collector
# and, for those that want them apart, a control network over namespaces with
# one meter (module 1, tap 5 on vb), caches (2...) and a collector (9).

# The answer to one line, without the last "ok"; $store is the collector's.
ask() { # line
	python3 - "$store" "$1" <<'PY'
import os, socket, sys, time
end = time.time() + 60
while True:
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect(os.path.join(sys.argv[1], "control"))
        break
    except OSError as e:
        if time.time() > end:
            sys.exit(str(e))
        time.sleep(0.05)
s.sendall(sys.argv[2].encode() + b"\n")
lines = s.makefile().read().splitlines()
if not lines or lines[-1] != "ok":
    sys.exit("answer: %r" % lines)
print("\n".join(lines[:-1]))
PY
}

declare -A pid keys
active_ms=2000

# The meter reads other settings, and packets are counted by them.
set_meter() { # words
	local before
	before=$(grep -c "settings hold" "$dir/meter.err")
	echo "$1" >"$dir/settings"
	kill -HUP "${pid[meter]}"
	eventually holds_again "$before"
	check "set: $1" $? -eq 0
}
# shellcheck disable=SC2317 # called by eventually
holds_again() { [ "$(grep -c "settings hold" "$dir/meter.err")" -gt "$1" ]; }

# Setups of modules in one namespace; $times are the words of their times.
head_of() { # module, role, port, store
	printf '%s\n' 'netflowize-setup 1' 'deployment 00000000000000aa' \
		"module $1 $2" "listen 127.0.0.1 $3" 'cache_flows 4096' \
		"store ${4:--}"
	# shellcheck disable=SC2086 # words
	printf '%s %s\n' $times
}
peer() { # self, id, role, port
	local send
	key "$1" "$2"
	send=$key
	key "$2" "$1"
	echo "peer $2 $3 127.0.0.1 $4 $send $key"
}

# Of the meter, the collector, then caches 2, 3, ...: one bridge joins them.
modules() { # namespace...
	local ns n=0
	members=("$@")
	namespaces hub
	ip -n "$id-hub" link add br0 type bridge
	ip -n "$id-hub" link set br0 up
	for ns; do
		n=$((n + 1))
		ip netns list | grep -q "^$id-$ns\b" || namespaces "$ns"
		ip -n "$id-$ns" link add ctl type veth peer name "h$n" \
			netns "$id-hub"
		ip -n "$id-hub" link set "h$n" master br0 up
		ip -n "$id-$ns" addr add "10.8.0.$n/24" dev ctl
		ip -n "$id-$ns" link set ctl up
	done
}
key() { # from, to
	[ -n "${keys[$1-$2]:-}" ] ||
		keys[$1-$2]=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
	key=${keys[$1-$2]}
}
role() { # module
	case $1 in 1) role=meter ;; 9) role=collector ;; *) role=cache ;; esac
	addr=10.8.0.$(case $1 in 1) echo 1 ;; 9) echo 2 ;; *) echo $(($1 + 1)) ;; esac)
}
setup() { # module, peers...
	local m=$1 p send
	shift
	role "$m"
	printf 'netflowize-setup 1\ndeployment 00000000000000aa\n'
	printf 'module %s %s\nlisten %s 900%s\n' "$m" "$role" "$addr" "$m"
	printf 'active_ms %s\nidle_ms 15000\nfin_ms 0\nlease_ms 0\n' $active_ms
	printf 'cache_flows 65536\nstore %s\n' "$([ "$m" = 9 ] && echo "$store")"
	for p; do
		role "$p"
		key "$m" "$p"
		send=$key
		key "$p" "$m"
		echo "peer $p $role $addr 900$p $send $key"
	done
	[ "$m" = 1 ] && echo "tap 5 vb - core 1 1 - p2p 0 1 -"
}
setups() { # the collector's store or -, caches...
	local c
	store=$1
	shift
	setup 1 "$@" 9 >"$dir/1"
	for c; do setup "$c" 1 9 >"$dir/$c"; done
	setup 9 1 "$@" >"$dir/9"
}
start() { # module, namespace, program, options...
	local m=$1 ns=$2
	shift 2
	ip netns exec "$id-$ns" "$@" >"$dir/$m.out" 2>"$dir/$m.err" &
	pid[$m]=$!
	pids+=($!)
}
start_caches() { # caches...
	local c
	for c; do
		start "$c" "c$c" "$bin/nfz-cache" --setup "$dir/$c" \
			--status "$dir/$c.status"
		wait_for "$dir/$c.out" "READY cache"
	done
}
# And waits until it speaks with the caches there are.
start_meter() { # namespace
	local m

	start 1 "$1" "$bin/nfz-meter" --setup "$dir/1" --status "$dir/1.status"
	wait_for "$dir/1.out" "READY meter"
	for m in "${!pid[@]}"; do
		case $m in
		1 | 9) ;;
		*) wait_for "$dir/1.err" "module $m is up" ;;
		esac
	done
}
# By the collector's word; each ends well, or it is said what they said.
stop() { # modules...
	local m
	check "stop" "$(ask stop)" = ""
	for m; do
		wait "${pid[$m]}"
		check "module $m: exit" $? -eq 0
	done
	[ $failed -eq 0 ] || tail -n 20 "$dir"/*.err
}
