#!/bin/sh
# Every stored graph with a known optimum: the plan says so, proves it, and
# nfz-plan-check, which shares no code with the planner, agrees.
set -eu
cd "$(dirname "$0")/../.."
graphs=../shared/ref/graphs
if [ ! -f "$graphs/INDEX.md" ]; then
	echo "no $graphs/INDEX.md here"
	exit 77
fi
case ${BUILD:=build} in
/*) PATH=$BUILD/bin:$PATH ;;
*) PATH=$PWD/$BUILD/bin:$PATH ;;
esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export HOME="$dir" LC_ALL=C.UTF-8

# FILE OPTIMUM, from the tables and from the list of generated ones
{
	sed -n 's/^| [^|]* | \([^ |]*\.gr\) | [0-9]* | [0-9]* | \([0-9]*\) |.*/\1 \2/p' \
		"$graphs/INDEX.md"
	sed -n 's|^- \([a-z0-9_]*\.gr\): \([0-9]*\)$|derived/\1 \2|p' \
		"$graphs/INDEX.md"
} >"$dir/list"
n=0 bad=0
while read -r file optimum; do
	case " ${SKIP_GRAPHS:-} " in
	*" $file "*) continue ;;
	esac
	[ -f "$graphs/$file" ] || continue
	n=$((n + 1))
	netflowize plan --light --topology "$graphs/$file" --objective count \
		-o json >"$dir/plan" 2>"$dir/messages" </dev/null || true
	said=$(jq -r '[.status, .objective.probes, .objective.cost,
		.lower_bound] | @tsv' "$dir/plan" | tr '\t' ' ')
	if [ "$said" != "optimal $optimum $optimum $optimum" ]; then
		echo "$file: the optimum is $optimum, the plan says: $said"
		bad=$((bad + 1))
	fi
	if ! nfz-plan-check "$graphs/$file" "$dir/plan" >"$dir/check"; then
		echo "$file: $(grep -v '✔' "$dir/check" | head -n 3)"
		bad=$((bad + 1))
	fi
done <"$dir/list"
echo "$n graphs, $bad answers wrong"
[ "$bad" -eq 0 ] && [ "$n" -gt 0 ]
