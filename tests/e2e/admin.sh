#!/bin/bash
# The administrator's side: list and strip over several experiments, leftovers,
# keeping data, ages, reports, snapshots before and after, and a lease that
# cleans by itself.
# shellcheck disable=SC2016
set -u
. "$(dirname "$0")/lib/deploy.bash"
need bin/nfz-query
use_netflowize
begin topologies/dumbbell.ns
disks >"$dir/before"
# Two experiments of one topology each on nodes of their own.
nfz fetch "$exp"
cp "$dir/out" "$dir/whole.json"
python3 - "$dir" <<'EOF'
import json, sys
whole = json.load(open(sys.argv[1] + "/whole.json"))
for name, nodes in (("west", {"client1", "client2", "left"}),
                    ("east", {"server1", "server2", "right"})):
    t = json.loads(json.dumps(whole))
    t["project"], t["experiment"] = "adm", name
    t["nodes"] = [n for n in t["nodes"] if n["name"] in nodes]
    t["links"] = [l for l in t["links"]
                  if all(m["node"] in nodes for m in l["members"])]
    t["bridges"] = []
    used = [m["iface"] for l in t["links"] for m in l["members"]]
    t["interfaces"] = [t["interfaces"][i] for i in used]
    for l in t["links"]:
        for m in l["members"]:
            m["iface"] = used.index(m["iface"])
    json.dump(t, open(f"{sys.argv[1]}/{name}.json", "w"))
EOF
west=$dir/west.json east=$dir/east.json
printf '# both\n%s\n%s  # the other\n' "$west" "$east" >"$dir/list"
ping() { on client1 -- ping -c 20 -i 0.01 -q client2 >/dev/null; }

nfz snapshot "$exp"
cp "$dir/out" "$dir/snapshot"
nfz doctor --topology "$west" --certificate /nonexistent
check "doctor looks at the nodes of a file, at no certificate" \
	said "login, sudo and disk will do on"
check "and finds nothing" [ "$status" = 0 ]
nfz up --topology "$west"
check "west is up" [ "$status" = 0 ]
nfz up --topology "$east"
check "east is up" [ "$status" = 0 ]
ping

nfz list "$exp" -o csv
check "list finds what others made" [ "$(grep -c adm/west "$dir/out")" -ge 2 ]
nfz list --from-list "$dir/list" -o csv
check "a row for each experiment of a list" \
	[ "$(grep -c '^adm/[we][a-z]*,[0-9a-f]*,root,light,' "$dir/out")" = 2 ]
nfz list --project "${exp%/*}" -o json
check "list of a project" [ "$status" = 0 ]
check "says whom it cannot see" said "others are not seen here"
check "and finds deployments there" python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))["deployments"]
assert {x["experiment"] for x in d} == {"adm/west", "adm/east"}, d
assert all(0 <= x["age_s"] < 300 and not x["left_over"] for x in d)
assert any(x["data_bytes"] for x in d)' "$dir/out"
nfz list
check "own experiments need no word" said adm/west
# names that other runs may have had, with other keys: without what root knows
nodes_only() {
	# shellcheck disable=SC2317
	unshare -m sh -c '[ ! -d /root/.ssh ] || mount -t tmpfs none /root/.ssh
		exec "$@"' sh "$build/bin/nfz-testbed" run --exp "$exp" -- \
		"$build/bin/netflowize" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}
nodes_only list --nodes left,right -o csv
check "a list of nodes is enough" [ "$(grep -c '^adm/' "$dir/out")" = 2 ]
nfz list --project "${exp%/*}" --older-than 1h -o csv
check "nothing is so old" never said adm/
nfz list --project "${exp%/*}x"
check "a slip is not a project with nothing in it" said \
	"no experiment that you head in ${exp%/*}x; did you mean ${exp%/*}?"
nfz list --project p --from-list "$dir/list"
check "scopes exclude each other" [ "$status" = 2 ]

nfz strip --from-list "$dir/list" --older-than 1h --dry-run
check "strip finds nothing so old" said "Would strip 0 experiments, 0 nodes"
nfz strip --from-list "$dir/list" --dry-run
check "a dry run over both" said "Would strip 2 experiments, [4-6] nodes"
check "tells of the data" said "of data would be deleted"
check "and changes nothing" said "Nothing was changed"
nfz strip --from-list "$dir/list"
check "without a terminal it wants --yes" [ "$status" = 2 ]
nfz strip --nodes left,right
check "nodes alone are not enough to strip" [ "$status" = 2 ]
nfz list --from-list "$dir/list" -o csv
check "nothing was stripped so far" [ "$(grep -c '^adm/' "$dir/out")" = 2 ]

# Something of nobody on a node of east, and an installation cut off on west.
on server2 -- sh -c 'd=/var/lib/netflowize/00000000000000aa
	touch -r /var/lib /tmp/time; mkdir -p $d/bin; touch -r /tmp/time /var/lib
	rm /tmp/time; echo x >$d/bin/what; echo y >$d/notes'
nfz list --topology "$east"
check "list shows what has no manifest" said "00000000000000aa"
mkdir "$dir/kept"
cd "$dir" || exit 1
nfz query --topology "$west" --by link -o csv
check "west has flows" said "^up1,"
cp "$dir/out" "$dir/flows"
nfz strip --from-list "$dir/list" --keep-data "$dir/kept" --yes
check "what is nobody's makes it exit 8" [ "$status" = 8 ]
check "west is clean" said "west.json *[0-9]/[0-9] nodes clean"
check "what is nobody's is named" said "is not a file of ours"
report=$(echo strip-many-*.json)
check "there is a report" [ -s "$report" ]
check "which says the same" python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema"] == "netflowize.strip-many/1" and not d["clean"], d
assert [e["state"] for e in d["experiments"]] == ["clean", "left"], d
assert all(e["data"].startswith(sys.argv[2]) for e in d["experiments"])
assert any(n["kept"] for n in d["experiments"][1]["nodes"])' \
	"$report" "$dir/kept"
store=$(echo "$dir"/kept/adm-west-*.store)
check "the data was kept" [ -f "$store/SHA256SUMS" ]
check "with right checksums" sh -c \
	"cd '$store' && sha256sum --quiet -c SHA256SUMS"
"$build/bin/nfz-query" "$store" --by link -o csv >"$dir/kept.csv"
check "and answers as before" grep -q '^up1,' "$dir/kept.csv"
check "with the same counts" python3 -c '
import csv, sys
def rows(path):
    return {r["link"]: (r["packets"], r["bytes"]) for r in csv.DictReader(open(path))}
a, b = rows(sys.argv[1]), rows(sys.argv[2])
assert a and all(int(b[k][0]) >= int(a[k][0]) for k in a), (a, b)' \
	"$dir/flows" "$dir/kept.csv"
nfz strip --topology "$east" --force --yes --report "$dir/forced.json"
check "--force removes it" [ "$status" = 0 ]
check "a report of one experiment" grep -q '"clean": true' "$dir/forced.json"
check "nothing is left on the disks" same_disks "$dir/before"
nfz strip --from-list "$dir/list" --yes -o json
check "a second strip finds nothing" [ "$status" = 0 ]
check "and says so" said '"state": "nothing"'

nfz snapshot "$exp" --against "$dir/snapshot"
check "the nodes are as they were" [ "$status" = 0 ]
on left -- touch /tmp/something
nfz snapshot "$exp" --against "$dir/snapshot"
check "a difference is exit 8" [ "$status" = 8 ]
check "and is named" said "^+ left: file /tmp/something"
on left -- rm /tmp/something

nfz up --topology "$west" --lease 2s
check "up with a lease" [ "$status" = 0 ]
check "it tells of it" said "over in 2 s unless this is run again"
for _ in $(seq 60); do
	nfz list --topology "$west" -o csv
	said "adm/west" || break
	sleep 1
done
check "the lease cleans by itself" never said "adm/west"
check "nothing is left then" same_disks "$dir/before"
check "and nothing runs" no_processes
nfz snapshot "$exp" --against "$dir/snapshot"
check "the snapshot agrees" [ "$status" = 0 ]
finish
