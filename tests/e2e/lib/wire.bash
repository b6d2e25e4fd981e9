# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # $build is of need.bash, $bin for others
# For tests of the node programs on wires of their own: a scratch directory
# $dir, names that begin with $id, and all of it gone at the end, with what
# $pids holds.

. "${BASH_SOURCE[0]%/*}/need.bash"
bin=${NODE_BIN:-$build/bin}
dir=$(mktemp -d)
id=nfz$$
pids=()
failed=0

# shellcheck disable=SC2317 # called by the trap
cleanup() {
	local ns
	for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null; done
	wait 2>/dev/null
	for ns in $(ip netns list | grep -o "^$id-[^ ]*"); do
		ip netns del "$ns"
	done
	rm -rf "$dir"
}
trap cleanup EXIT

check() { # description, left, comparison, right
	if test "$2" "$3" "$4" 2>/dev/null; then
		echo "ok: $1 ($2)"
	else
		echo "FAILED: $1: $2, wanted $3 $4"
		failed=1
	fi
}

# Namespaces that say nothing of their own accord: $id-NAME for each.
namespaces() { # name...
	local n
	for n; do
		ip netns add "$id-$n" || exit 1
		ip netns exec "$id-$n" sysctl -qw \
			net.ipv6.conf.default.disable_ipv6=1 \
			net.ipv6.conf.all.disable_ipv6=1
		ip -n "$id-$n" link set lo up
	done
}

# One wire with two ends: va (10.9.0.1) in namespace a, vb (10.9.0.2) in b.
one_wire() {
	namespaces a b
	ip -n "$id-a" link add va type veth peer name vb netns "$id-b"
	ip -n "$id-a" link set va up
	ip -n "$id-b" link set vb up
	ip -n "$id-a" addr add 10.9.0.1/24 dev va
	ip -n "$id-b" addr add 10.9.0.2/24 dev vb
}
in_a() { ip netns exec "$id-a" "$@"; }
in_b() { ip netns exec "$id-b" "$@"; }

wait_for() { # file, text
	eventually grep -q "$2" "$1" && return
	check "$2 in $1" never = seen
	cat "$1"
	exit $failed
}

# shellcheck disable=SC2317 # called by eventually
is_open() { # namespace, port: does a program listen there?
	ip netns exec "$id-$1" ss -Hltun | grep -q ":$2 "
}
# shellcheck disable=SC2317
no_streams() { # between a and b; what is lost on a connection ends with it
	[ -z "$(in_a ss -Htan exclude listening exclude time-wait)$(in_b \
		ss -Htan exclude listening exclude time-wait)" ]
}
# A transfer from a to b by iperf3 with these options; then all of it is over.
transfer() {
	local server
	ip netns exec "$id-b" iperf3 -s -1 >"$dir/iperf" 2>&1 &
	server=$!
	pids+=("$server")
	eventually is_open b 5201
	in_a iperf3 "$@" >>"$dir/iperf" 2>&1 || kill "$server"
	wait "$server"
	check "a transfer ($*)" $? -eq 0
	eventually no_streams
}
