#!/bin/bash
# Heavy mode and the administrator's commands: up by a plan file, strip over
# several experiments with their data kept, --limit, and --restore when a node
# does not come clean.
# shellcheck disable=SC2317
set -u
. "$(dirname "$0")/lib/deploy.bash"
use_netflowize
need bin/nfz-query
mkdir "$dir/kept"
description() {
	tb run --exp "$exp" -- python3 -Ic '
import os, ssl, sys, xmlrpc.client
c = ssl.create_default_context(cafile=os.environ["NETFLOWIZE_CA"])
c.load_cert_chain(os.environ["NETFLOWIZE_CERTIFICATE"])
p = xmlrpc.client.ServerProxy("https://boss:3069/usr/testbed", context=c)
proj, exp = sys.argv[1].split("/")
sys.stdout.write(p.experiment.nsfile(0.1, {"proj": proj, "exp": exp})["value"])
' "$exp"
}
as_before() { description | cmp -s - "$dir/ns"; }
has_block() { description | grep -q nfz-collector; }

begin topologies/line.ns
description >"$dir/ns"
disks >"$dir/before"

nfz plan --heavy "$exp" --out "$dir/heavy.json"
check "a heavy plan" [ "$status" = 0 ]
nfz up --plan "$dir/heavy.json" --topology "$dir/topology.json"
check "is nothing for a file's nodes" [ "$status" = 2 ]
nfz up --plan "$dir/heavy.json" --dry-run "$exp"
check "a dry run of it" [ "$status" = 0 ]
check "shows the change" grep -q '^+.*nfz-collector' "$dir/out"
check "and makes none" as_before
nfz up --plan "$dir/heavy.json" --yes "$exp"
check "up by the plan" [ "$status" = 0 ]
check "the description has our block" has_block
nfz status "$exp"
check "coverage is complete" said "coverage 3 of 3 links"
nfz up --heavy --yes "$exp"
check "up --heavy has nothing to do then" said "no changes"
nfz up --plan "$dir/heavy.json" --yes "$exp"
check "the plan is for what was before" [ "$status" = 2 ]

nfz strip "$exp" --limit tbdelay0
check "strip of one node" [ "$status" = 0 ]
check "leaves the description" has_block
nfz up --heavy --yes "$exp"
check "and up repairs it" [ "$status" = 0 ]

# a node that does not come clean keeps the added ones, until told otherwise
fault left stop
nfz strip "$exp" --timeout 5s
check "strip with a hung node" [ "$status" = 5 ]
check "names it" said "left: "
check "the added nodes stay" has_block
nfz strip "$exp" --restore --timeout 5s
check "with --restore it is told as well" [ "$status" = 5 ]
check "but they go" as_before
fault left clear
nfz strip "$exp" --limit @failed
check "and later that node" [ "$status" = 0 ]
check "nothing is left" same_disks "$dir/before"

nfz up --heavy --yes "$exp"
check "up again" [ "$status" = 0 ]
fault boss modify-map
nfz strip "$exp"
check "strip where no machine is found" [ "$status" = 3 ]
check "says what stays" said "added to the description is still in it"
check "which is the description" has_block
nfz up --heavy --yes "$exp"
check "up after that" [ "$status" = 0 ]
on left -- ping -c 5 -i 0.01 -q right >/dev/null
# a light one beside it, on the two nodes of a link
python3 - "$dir" <<'EOF'
import json, sys
t = json.load(open(sys.argv[1] + "/topology.json"))
t["project"], t["experiment"] = "adm", "side"
t["nodes"] = [n for n in t["nodes"] if n["name"] in ("client", "left")]
t["links"] = [l for l in t["links"] if l["name"] == "access0"]
t["bridges"] = []
used = [m["iface"] for m in t["links"][0]["members"]]
t["interfaces"] = [t["interfaces"][i] for i in used]
for i, m in enumerate(t["links"][0]["members"]):
    m["iface"] = i
json.dump(t, open(sys.argv[1] + "/side.json", "w"))
EOF
nfz up --topology "$dir/side.json"
check "a light one beside the heavy one" [ "$status" = 0 ]
printf '%s\n' "$exp" "$dir/side.json" >"$dir/list"
nfz list --from-list "$dir/list" -o csv
check "list shows the heavy one" grep -q "^$exp,[0-9a-f]*,root,heavy," "$dir/out"
check "and the light one" grep -q '^adm/side,[0-9a-f]*,root,light,' "$dir/out"
nfz strip --from-list "$dir/list" --dry-run
check "a dry run over both" said "Would strip 2 experiments"
check "which names the added nodes" said "$exp"
check "changes nothing" has_block
nfz strip --from-list "$dir/list" --keep-data "$dir/kept" --yes \
	--report "$dir/report.json"
check "strip over a list" [ "$status" = 0 ]
check "restores the description" as_before
check "the report says so of both" python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
assert d["clean"], d
assert [e["state"] for e in d["experiments"]] == ["clean"] * 2, d' \
	"$dir/report.json"
nfz list --from-list "$dir/list" -o csv
check "list finds none any more" [ "$(grep -c ',root,' "$dir/out")" = 0 ]
store=$(echo "$dir"/kept/"${exp%/*}"-*.store)
check "the records were kept first" [ -f "$store/SHA256SUMS" ]
"$build/bin/nfz-query" "$store" --by link -o csv >"$dir/kept.csv"
check "and answer" [ "$(wc -l <"$dir/kept.csv")" -ge 2 ]
check "nothing is left in the end" same_disks "$dir/before"
check "nothing runs" no_processes
finish
