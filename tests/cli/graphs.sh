#!/bin/sh
# Every stored graph with a known optimum: the plan says so, proves it, and
# nfz-plan-check, which shares no code with the planner, agrees.
set -eu
. "${0%/*}/lib/own.sh"
graphs=../shared/ref/graphs
if [ ! -f "$graphs/INDEX.md" ]; then
	echo "no $graphs/INDEX.md here"
	exit 77
fi

# FILE OPTIMUM, from the tables and from the list of generated ones
{
	sed -n 's/^| [^|]* | \([^ |]*\.gr\) | [0-9]* | [0-9]* | \([0-9]*\) |.*/\1 \2/p' \
		"$graphs/INDEX.md"
	sed -n 's|^- \([a-z0-9_]*\.gr\): \([0-9]*\)$|derived/\1 \2|p' \
		"$graphs/INDEX.md"
} >"$dir/list"
# PART: one line for each wrong answer, and "." for each graph.
look() {
	while read -r file optimum; do
		case " ${SKIP_GRAPHS:-} " in
		*" $file "*) continue ;;
		esac
		[ -f "$graphs/$file" ] || continue
		echo .
		plan=$dir/plan.$1
		netflowize plan --light --topology "$graphs/$file" \
			--objective count -o json >"$plan" \
			2>"$dir/messages.$1" </dev/null || true
		said=$(jq -r '[.status, .objective.probes, .objective.cost,
			.lower_bound] | join(" ")' "$plan")
		[ "$said" = "optimal $optimum $optimum $optimum" ] ||
			echo "$file: the optimum is $optimum, the plan says: $said"
		nfz-plan-check "$graphs/$file" "$plan" >"$dir/check.$1" ||
			echo "$file: $(grep -v '✔' "$dir/check.$1" | head -n 3)"
	done <"$dir/list.$1"
}

split -n r/2 "$dir/list" "$dir/list."
look aa >"$dir/out.aa" &
look ab >"$dir/out.ab"
wait
n=$(cat "$dir"/out.* | grep -cFx .) || true
bad=$(cat "$dir"/out.* | grep -cvFx .) || true
cat "$dir"/out.* | grep -vFx . || true
echo "$n graphs, $bad answers wrong"
[ "$bad" -eq 0 ] && [ "$n" -gt 0 ]
