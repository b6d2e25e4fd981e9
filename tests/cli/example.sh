#!/bin/bash
# The recorded example opens for anybody: no root, no testbed, nothing written
# beside it; and says what happened in it.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
example=examples/ddos.nfz
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
check() { # description, command...
	local what=$1
	shift
	"$@" && return
	echo "FAILED: $what"
	failed=1
}
as=()
if [ "$(id -u)" -eq 0 ]; then
	chmod 1777 "$dir"
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	if ! "${as[@]}" test -r "$example/catalog" -a -x "$build/bin/netflowize"; then
		echo "not as nobody, who may not read this directory"
		as=()
	fi
fi
export HOME=$dir XDG_STATE_HOME=$dir
nfz() { "${as[@]}" "$build/bin/netflowize" "$@" </dev/null; }
# shellcheck disable=SC2317
says() { grep -q -- "$1" "$dir/page.html" || { echo "no \"$1\""; false; }; }

sums=$(find "$example" -type f -exec sha256sum {} + | sort)
check "report" nfz report -q "$example" -o "$dir/page.html"
check "the flood is found" says '3 hosts flooded victim with UDP'
check "so are those who did it" \
	says 'flood[123], flood[123] and flood[123] sent up to'
check "nothing else is called a flood" \
	test "$(grep -o 'hosts flooded' "$dir/page.html" | sort | uniq -c |
		awk '{print $1}')" = 2 # as text and as data
check "so is the link where packets die" \
	says 'Packets die between left and down'
check "the marks are there" says '"text":"attack on"'
check "no other way lost packets" \
	test "$(grep -o 'Packets die between [a-z0-9]* and [a-z0-9]*' \
		"$dir/page.html" | sort -u | wc -l)" = 1
check "report --anonymise" nfz report --anonymise -q "$example" \
	-o "$dir/other.html" 'net 10.1.0.0/16'
check "other addresses, as near to each other, of the same traffic" python3 - \
	"$dir/page.html" "$dir/other.html" "$PWD" <<'PY'
import ipaddress, json, re, sys
text = [open(f).read() for f in sys.argv[1:3]]
data = [json.loads(re.search(r'id="data">(.*?)</script>', t, re.S)[1]) for t in text]
real, other = (d["summary"] for d in data)
def rows(s):
    return sorted(((r["packets"], r["bytes"], r["first_ms"], s["ends"][r["src_end"]], s["ends"][r["dst_end"]]), r["src"], r["dst"]) for r in s["rows"])
pairs = set()
for r, o in zip(rows(real), rows(other)):
    assert r[0] == o[0], (r, o)
    pairs |= {(r[1], o[1]), (r[2], o[2])}
def common(a, b):
    return 32 - (int(ipaddress.ip_address(a)) ^ int(ipaddress.ip_address(b))).bit_length()
for a, x in pairs:
    for b, y in pairs:
        assert common(a, b) == common(x, y), (a, b, x, y)
assert len(pairs) > 5 and not {a for a, _ in pairs} & {x for _, x in pairs}, pairs
assert not [a for a, _ in pairs if a in text[1]] and sys.argv[3] not in text[1]
assert [other[k] for k in ("flows", "packets", "bytes", "links")] == [real[k] for k in ("flows", "packets", "bytes", "links")]
assert other["filter"] == "net %s/16" % re.search(r"net ([0-9.]+)/16", other["filter"])[1] != "net 10.1.0.0/16"
PY
check "a report is a source, too" nfz report -q "$dir/page.html" -o "$dir/again.html"
check "and says the same again" cmp "$dir/page.html" "$dir/again.html"
nfz view "$dir/page.html" proto udp >/dev/null 2>"$dir/err"
check "but for its own filter only" grep -q "own time and filter" "$dir/err"
check "top" test -n "$(nfz top --once "$example")"

"${as[@]}" timeout 120 "$build/bin/netflowize" view "$example" >"$dir/url" 2>/dev/null &
pid=$!
for _ in $(seq 600); do
	[ -s "$dir/url" ] && break
	sleep 0.1
done
check "view shows it to who has the address" python3 - "$(cat "$dir/url")" <<'PY'
import sys, urllib.request as web
url, token = sys.argv[1].split("#t=")
enter = web.Request(url + "enter", headers={"X-Token": token})
cookie = web.urlopen(enter).headers["Set-Cookie"].split(";")[0]
page = web.urlopen(web.Request(url, headers={"Cookie": cookie})).read()
sys.exit(b"3 hosts flooded victim" not in page)
PY
kill "$pid"

if [ "$("${as[@]}" id -u)" -ne 0 ]; then
	nfz mark "$example" not mine >/dev/null 2>"$dir/err"
	check "who may not write cannot mark" grep -q 'events' "$dir/err"
fi
check "nothing was changed" test "$sums" = \
	"$(find "$example" -type f -exec sha256sum {} + | sort)"
exit $failed
