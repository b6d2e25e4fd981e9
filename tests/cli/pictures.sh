#!/bin/sh
# plan --svg and --dot: well-formed, nothing from outside, the same every time;
# and the README's picture is what the program draws today.  UPDATE=1 draws it
# again.
set -eu
. "${0%/*}/lib/own.sh"

# igraph and all it needs is for this alone: no other command waits for it
if readelf -d "$(command -v netflowize)" | grep -E 'NEEDED.*igraph'; then
	echo "FAILED: netflowize begins with igraph"
	exit 1
fi

draw() { # topology name
	netflowize plan --topology "$1" --svg "$dir/$2.svg" --dot "$dir/$2.dot" \
		>/dev/null 2>"$dir/stderr" || [ $? -eq 3 ]
}

n=0
for t in topologies/*.ns topologies/*.json; do
	case $t in *broken*) continue ;; esac
	draw "$t" first
	draw "$t" second
	cmp "$dir/first.svg" "$dir/second.svg"
	cmp "$dir/first.dot" "$dir/second.dot"
	python3 - "$dir/first.svg" <<'EOF'
import re
import sys
import xml.dom.minidom
text = open(sys.argv[1], encoding="utf-8").read()
svg = xml.dom.minidom.parseString(text)
assert not svg.getElementsByTagName("script")
assert "prefers-color-scheme" in text
assert not re.search(r"href|url\(|@import|\bon\w+=", text), "refers outside"
EOF
	n=$((n + 1))
done

# to standard output, and nothing else there
netflowize plan --topology topologies/line.ns --svg - 2>/dev/null >"$dir/out"
draw topologies/line.ns file
cmp "$dir/out" "$dir/file.svg"
# both cannot go there
code=0
netflowize plan --topology topologies/line.ns --svg - --dot - \
	>/dev/null 2>"$dir/stderr" || code=$?
[ "$code" -eq 2 ] && grep -q "cannot both" "$dir/stderr"

draw topologies/fat-tree.ns plan
if [ -n "${UPDATE:-}" ]; then
	cp "$dir/plan.svg" examples/plan.svg
elif ! cmp "$dir/plan.svg" examples/plan.svg; then
	echo "examples/plan.svg is not what is drawn; UPDATE=1 $0 draws it again"
	exit 1
fi
# Graphviz takes all of them without a word, hostile names included
cat >"$dir/hostile.json" <<'END'
{"nodes": ["a\"b\\", "<b>&amp;", "graph", "{x|y}", "node -- n1;", "\\N", "é☃"],
 "interfaces": [{"node": "a\"b\\", "link": "]; n0"},
  {"node": "<b>&amp;", "link": "]; n0"},
  {"node": "graph", "link": "\\l\\G"}, {"node": "{x|y}", "link": "\\l\\G"},
  {"node": "node -- n1;", "link": "\\l\\G"}, {"node": "\\N", "link": "/*"},
  {"node": "é☃", "link": "/*"}],
 "links": [
  {"name": "]; n0", "kind": "p2p", "members": [{"iface": 0}, {"iface": 1}]},
  {"name": "\\l\\G", "kind": "lan",
   "members": [{"iface": 2}, {"iface": 3}, {"iface": 4}]},
  {"name": "/*", "kind": "p2p", "members": [{"iface": 5}, {"iface": 6}]}]}
END
if command -v dot >/dev/null; then
	for t in topologies/*.* "$dir/hostile.json"; do
		case $t in *broken* | *.md) continue ;; esac
		draw "$t" plan
		for program in dot neato; do
			$program -Tsvg "$dir/plan.dot" >"$dir/drawn" \
				2>"$dir/words"
			if [ -s "$dir/words" ] || ! grep -q "</svg>" "$dir/drawn"
			then
				echo "$program: $t:"
				cat "$dir/words"
				exit 1
			fi
		done
	done
else
	echo "there is no Graphviz here: its reading of --dot is not tested"
fi
echo "$n pictures"
[ "$n" -gt 5 ]
