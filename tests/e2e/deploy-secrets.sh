#!/bin/bash
# After a whole session no key is in arguments, environments, logs, core files,
# reports, records brought home or the testbed's answers: not the user's SSH key,
# not the certificate's, not its passphrase, not the deployment's.
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/lib/deploy.bash"
stand_ins 'case $0 in *collector) sleep 2;; esac'"$good_stand_in" 1
begin topologies/dumbbell.ns
export XDG_STATE_HOME=$dir/xdg HOME=$dir/home
mkdir -p "$HOME" "$dir/seen" "$dir/work" "$dir/kept"
env_of() { tb run --exp "$exp" -- sh -c "echo \$$1"; }
# the certificate's key behind a passphrase
passphrase=correct-horse-$RANDOM-battery-$RANDOM-staple
echo $passphrase >"$dir/passphrase"
certificate=$(env_of NETFLOWIZE_CERTIFICATE)
openssl pkey -in "$certificate" -aes256 -passout "file:$dir/passphrase" \
	>"$dir/locked.pem" 2>"$dir/err"
openssl x509 -in "$certificate" >>"$dir/locked.pem"
chmod 600 "$dir/locked.pem" "$dir/passphrase"
run() { # name, words of netflowize...
	local name=$1
	shift
	tb run --exp "$exp" -- sh -c 'exec 3<"$1"; echo $$ >"$2"; cd "$3"
		ulimit -c unlimited; shift 3; exec "$@"' sh "$dir/passphrase" \
		"$dir/pid" "$dir/work" "$build/bin/netflowize" "$@" \
		--certificate "$dir/locked.pem" --passphrase-fd 3 \
		>"$dir/seen/$name.out" 2>"$dir/seen/$name.err" </dev/null
}
# shellcheck disable=SC2317 # called by eventually
controls() { # is it the controller itself by now, that leaves no core file?
	grep -q netflowize "/proc/$(cat "$dir/pid")/comm" &&
		grep -q 'Max core file size *0 ' "/proc/$(cat "$dir/pid")/limits"
}
# arguments and environments of the controller and what it has started
look() {
	local pid children
	pid=$(cat "$dir/pid" 2>/dev/null) || return
	children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
	for pid in $pid $children; do
		for file in cmdline environ; do
			tr '\0' '\n' <"/proc/$pid/$file" >>"$dir/seen/controller"
		done
	done 2>/dev/null
}
if [ ! -x "$build/bin/netflowize" ]; then
	echo "SKIPPED: $build/bin/netflowize is not built"
	exit 77
fi
on_nodes() { # what to keep it as, shell commands
	for node in client1 client2 left right; do
		timeout 20 "$build/bin/nfz-testbed" exec "$exp" "$node" -- \
			sh -c "$2" >>"$dir/seen/$1" 2>/dev/null </dev/null
	done
}
run up up --light "$exp" --collector client1 -v &
running=$!
check "the controller leaves no core file" eventually controls
for _ in $(seq 10); do
	look
	sleep 0.05
done
on_nodes processes 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr "\0" "\n"'
wait "$running"
check "up" grep -q "is instrumented" "$dir/seen/up.err" "$dir/seen/up.out"
on_nodes processes 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr "\0" "\n"'
on_nodes limits 'for p in /proc/[0-9]*; do
	case $(readlink $p/exe) in */lib/netflowize/*)
		grep "Max core file size" $p/limits;; esac; done'
check "programs on nodes leave none" [ "$(sort -u "$dir/seen/limits" |
	awk '{ print $5, $6 }')" = "0 0" ]
on_nodes logs 'cat /var/lib/netflowize/*/log/* /var/lib/netflowize/*/journal \
	/var/lib/netflowize/*/tag /var/lib/netflowize/*/manifest
	find /var/log -maxdepth 1 -type f -exec cat {} +'
on client1 -- sh -c 'cat /var/lib/netflowize/*/etc/*.setup' >"$dir/setup"
for command in status verify list plan fetch logs snapshot "up --dry-run" "doctor"; do
	# shellcheck disable=SC2086
	run "${command%% *}2" $command "$exp" -o json
done
# one that ends badly in the middle
rm "$dir/pid"
run crash up --light "$exp" --collector client2 -v &
running=$!
eventually controls
for _ in $(seq 8); do
	look
	sleep 0.05
done
kill -ABRT "$(cat "$dir/pid")"
wait "$running" 2>/dev/null
ls -la "$dir/work" >"$dir/out"
check "the controller has left none" [ -z "$(ls "$dir/work")" ]
unset NETFLOWIZE_PAYLOAD # real programs, with records
run again up --light "$exp" --collector client1 -v
check "up again" grep -q "is instrumented" "$dir/seen/again.err"
on client1 -- sh -c 'cat /var/lib/netflowize/*/etc/*.setup' >>"$dir/setup"
run strip strip "$exp" -v --keep-data "$dir/kept" --report "$dir/seen/report"
cp -r "$dir/kept" "$dir/seen"
check "records were kept" [ -n "$(ls "$dir"/kept/*/SHA256SUMS)" ]
cat "$dir/seen/strip.err" >"$dir/err"
check "strip" grep -q "nothing left" "$dir/seen/strip.err"
on_nodes logs 'find /var/log -maxdepth 1 -type f -exec cat {} +'
check "there is something to look through" [ "$(cat "$dir"/seen/*.* | wc -l)" -gt 100 ]

# what must not be there: key material, line by line
{
	cat "$dir/passphrase"
	sed -n '2,3p' "$(env_of NETFLOWIZE_SSH_IDENTITY)"
	sed -n '/PRIVATE KEY/,/PRIVATE KEY/p' "$(env_of NETFLOWIZE_CERTIFICATE)" |
		sed -n '2,4p'
	awk '/^peer/ { print $6; print $7 }' "$dir/setup"
} | grep -E '.{24}' >"$dir/secrets"
check "there are secrets to look for" [ "$(wc -l <"$dir/secrets")" -ge 6 ]
check "none of them is anywhere" \
	never grep -r -q -a -F -f "$dir/secrets" "$dir/seen"
cp "$dir/setup" "$dir/seen/setup"
check "the search would find one" grep -r -q -a -F -f "$dir/secrets" "$dir/seen"
rm "$dir/seen/setup"
disks >"$dir/after"
check "no core file is on a node" never grep -E '/core(\.[0-9]+)?$' "$dir/after"
check "the state is the user's own" [ "$(find "$dir/xdg" -type f \
	-perm /077 | wc -l)" = 0 ]
finish
