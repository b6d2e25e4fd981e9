#!/bin/sh
# Topology files of others: what is imported is what Python counts.  Our own
# samples always; the collections beside the checkout where there are any.
set -eu
. "${0%/*}/lib/own.sh"
set -- topologies/bridge.rspec topologies/manifest.rspec topologies/*.graphml \
	topologies/petersen.gr topologies/*.sndlib topologies/*.weights
shared=../shared/ref
if [ -d $shared ]; then
	set -- "$@" $shared/topologies/manifests/* $shared/topologies/requests/* \
		$shared/graphs/orig/* $shared/graphs/zoo/* $shared/graphs/as/* \
		$shared/graphs/sndlib/* $shared/graphs/rocketfuel/* \
		$shared/topologies/modern/containerlab/*topology-data*.json
else
	echo "no collections in $shared: our own samples only"
fi
tests/cli/topologies.py "$@" >"$dir/want"
"$build/tests/tool-topo" "$@" >"$dir/got"
diff -u "$dir/want" "$dir/got"
echo "$# files as Python counts them"
[ -d $shared ] || exit 0
# the others import or say line and cause
"$build/tests/tool-topo" $shared/topologies/ns/* \
	$shared/topologies/modern/containerlab/*.y*ml >"$dir/got"
if grep ': error' "$dir/got" | grep -vE 'error [^ ]+:[0-9]+:'; then
	echo "refused without a line" >&2
	exit 1
fi
grep -c 'nodes' "$dir/got"
