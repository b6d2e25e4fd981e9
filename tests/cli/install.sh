#!/bin/bash
# What `make install` put somewhere works from there, and `make uninstall`
# leaves no file of it.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
check() { # description, command...
	"${@:2}" >"$dir/out" 2>&1 && return
	echo "FAILED: $1"
	cat "$dir/out"
	failed=1
}
with() { make -s BUILD="$build" DESTDIR="$dir" PREFIX=/usr "$@"; }

with install >"$dir/out" 2>&1 || { cat "$dir/out"; exit 1; }
cmp "$dir/usr/bin/netflowize" "$build/bin/netflowize" || exit 1
export PATH=$dir/usr/bin:$PATH HOME=$dir
unset NETFLOWIZE_PAYLOAD NETFLOWIZE_RECIPES
cd / || exit 1
for recipe in softflowd fprobe-nfcapd tcpdump; do
	check "recipe $recipe is found" sh -c "netflowize recipe list | grep $recipe"
done
check "the programs for nodes are found" sh -c \
	'netflowize doctor 2>&1 | grep -i x86_64'
check "a topology of the examples is planned" netflowize plan \
	--topology "$dir/usr/share/netflowize/topologies/dumbbell.ns"
for page in netflowize.1 nfz-testbed.8 netflowize-plan.5; do
	check "man $page" test -s "$dir/usr/share/man/man${page##*.}/$page"
done
check "the licence" test -s "$dir/usr/share/doc/netflowize/LICENSE"
check "completion loads" bash -uec \
	". $dir/usr/share/bash-completion/completions/netflowize"
cd - >/dev/null || exit 1
check "uninstall" with uninstall
if git rev-parse -q --verify HEAD >/dev/null 2>&1; then
	check "an archive" make -s BUILD="$dir/dist" dist
	check "says which version it is" sh -c "tar -xzOf $dir/dist/*.tar.gz \
		--wildcards '*/VERSION' | grep -qx '[0-9a-z.-]*'"
fi
left=$(find "$dir/usr" ! -type d)
check "nothing is left: $left" test -z "$left"
exit $failed
