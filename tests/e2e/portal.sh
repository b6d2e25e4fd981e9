#!/bin/bash
# Experiments of the portal: the whole way on manifest-shaped topologies with a
# truth of its own, on one site and on two; then what such a service says when
# an experiment is not there, not ours, not ready; names that NS files cannot
# hold; and the same nodes again without any service, from the manifest as a
# file and from an inventory written by hand.
set -u
exp=portal/p$$
. "$(dirname "$0")/lib/testbed.bash"
need bin/netflowize payload/x86_64.nfzp
check=tests/support/flowcheck.py
export XDG_STATE_HOME=$dir/state HOME=$dir

# nf WORD...: netflowize beside the boss; output in out and err, $status
nf() {
	timeout 120 "$build/bin/nfz-testbed" run --exp "$exp" -- \
		"$build/bin/netflowize" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
# says WHAT STATUS TEXT: how the last one ended
says() {
	if [ "$status" = "$2" ] && grep -qF -- "$3" "$dir/out" "$dir/err"; then
		ok "$1"
	else
		bad "$1: exit $status, not $2 with \"$3\""
	fi
}

# --- the whole way, with truth
$check topologies/manifest.rspec portal/a$$ --quick --portal=1 &
one=$!
$check topologies/bridge.rspec portal/b$$ --quick --portal=2 || failed=1
wait $one || failed=1
$check topologies/dumbbell.ns portal/c$$ --quick --portal=2 || failed=1

# --- names as manifests have them, a virtual node behind another's port
cat >"$dir/odd.xml" <<'EOF'
<rspec xmlns="http://www.geni.net/resources/rspec/3" type="request">
  <node client_id="sw_origin" exclusive="true"><sliver_type name="raw-pc"/>
    <interface client_id="interface-0"/><interface client_id="interface-1"/>
  </node>
  <node client_id="$(reboot)" exclusive="true"><sliver_type name="raw-pc"/>
    <interface client_id="interface-2"/></node>
  <node client_id="env" exclusive="false"><sliver_type name="emulab-xen"/>
    <interface client_id="interface-3"/></node>
  <link client_id="link_a"><interface_ref client_id="interface-0"/>
    <interface_ref client_id="interface-2"/></link>
  <link client_id="link b"><interface_ref client_id="interface-1"/>
    <interface_ref client_id="interface-3"/></link>
</rspec>
EOF
if ! tb up --portal --answers output --exp "$exp" "$dir/odd.xml" \
	>"$dir/out" 2>"$dir/err"; then
	bad "an RSpec with odd names comes up"
	exit 1
fi
ok "an RSpec with odd names comes up"
nf plan --light "${exp/\//,}"
says "PROJ,EXP is planned" 0 'sw_origin'
nf --light "$exp"
says "and instrumented" 0 'is instrumented'
tb exec "$exp" sw_origin -- ping -c 3 -i 0.2 10.10.1.2 >"$dir/out" 2>&1 ||
	bad "nodes answer to the RSpec's names"
nf query "$exp" proto icmp
says "flows carry the RSpec's names" 0 '$(reboot)'
says "and the links'" 0 'link_a'
nf status "$exp"
says "status covers all links" 0 'coverage 2 of 2 links'
nf strip "$exp" --yes
says "strip proves it" 0 'nothing left'

# --- what a portal says
nf fetch "${exp%/*}/nothing"
says "an experiment that is not there" 2 'no experiment'
nf fetch --api portal "${exp%/*}/nothing"
says "nor at the portal" 2 'No such experiment'
nf fetch --api classic "$exp"
says "nor at the classic interface" 2 'no experiment'
status=0
tb run --exp "$exp" --as other -- "$build/bin/netflowize" fetch "$exp" \
	>"$dir/out" 2>"$dir/err" || status=$?
says "somebody else's" 7 'may not access'
for how in value both; do
	tb serve --portal --answers $how "$exp" >/dev/null
	nf fetch "$exp"
	says "answers in $how" 0 '"source": "portal"'
done
for word in provisioning booting failed; do
	tb serve --portal --status $word "$exp"
	nf --light "$exp"
	says "it is $word" 6 "($word)"
done
uuid=$(grep -o 'uuid=[0-9a-f-]*' "$dir/err")
tb serve --portal "$exp"
nf fetch "${uuid#uuid=}"
says "its UUID names it, too" 0 "\"experiment\": \"${exp#*/}\""
nf up --heavy "$exp" --yes
if [ "$status" -eq 0 ]; then
	bad "heavy is refused"
else
	says "heavy is refused with the reason" 3 'made of a profile'
	says "and what to do" 3 'BridgedLink'
fi
nf plan --heavy "$exp"
says "its plan promises nothing" 3 'no bridge can be put into a link'

# --- the manifest as a file, no service at all
nf fetch "$exp"
cp "$dir/out" "$dir/fetched.json"
python3 - "$dir" <<'EOF'
import json, sys
t = json.load(open(sys.argv[1] + "/fetched.json"))
# what somebody would write by hand: names, logins, links
hosts = {"experiment": "byhand", "project": "local", "nodes": [
    {"name": n["name"], "hostname": n["hostname"], "port": n["port"],
     "user": n["user"]} for n in t["nodes"]],
    "links": [{"name": l["name"], "nodes": [m["node"] for m in l["members"]]}
              for l in t["links"]]}
json.dump(hosts, open(sys.argv[1] + "/hosts.json", "w"))
EOF
# nf, but with a server that is none
offline() {
	timeout 120 "$build/bin/nfz-testbed" run --exp "$exp" -- env \
		NETFLOWIZE_SERVER=nowhere.invalid:1 \
		NETFLOWIZE_CERTIFICATE=/nonexistent \
		"$build/bin/netflowize" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
offline up --light --topology "$dir/hosts.json"
says "an inventory is instrumented without a service" 0 'is instrumented'
tb exec "$exp" sw_origin -- ping -c 3 -i 0.2 10.10.1.2 >"$dir/out" 2>&1
offline query --topology "$dir/hosts.json" proto icmp
says "its flows are there" 0 'link_a'
offline status --topology "$dir/hosts.json"
says "and its status" 0 'coverage 2 of 2 links'
mv "$dir/hosts.json" "$dir/other-name.json"
offline strip --topology "$dir/other-name.json" --yes
says "strip finds it from a file of another name" 0 'nothing left'

# --- the manifest as the portal sends it, read by another client into a file
tb run --exp "$exp" -- python3 -I - >"$dir/answer.json" 2>"$dir/err" <<'EOF'
import os, ssl, xmlrpc.client
context = ssl.create_default_context(cafile=os.environ["NETFLOWIZE_CA"])
context.check_hostname = False
context.load_cert_chain(os.environ["NETFLOWIZE_CERTIFICATE"])
server = xmlrpc.client.ServerProxy(
    "https://" + os.environ["NETFLOWIZE_SERVER"] + "/usr/testbed",
    context=context)
said = server.portal.experimentManifests(
    0.1, {"experiment": os.environ["NFZ_TESTBED"].replace("/", ",")})
assert said["code"] == 0 and said["value"] == said["output"], said
print(said["value"])
EOF
python3 - "$dir" <<'EOF' || bad "another client reads the manifest"
import json, sys
said = json.load(open(sys.argv[1] + "/answer.json"))
(text,) = said.values()
open(sys.argv[1] + "/manifest.xml", "w").write(text)
EOF
for file in answer.json manifest.xml; do
	offline up --light --topology "$dir/$file"
	says "$file is instrumented" 0 'is instrumented'
	offline strip --topology "$dir/$file" --yes
	says "and stripped" 0 'nothing left'
done

# --- a list of hosts: links are found
python3 - "$dir" <<'EOF'
import json, sys
t = json.load(open(sys.argv[1] + "/fetched.json"))
with open(sys.argv[1] + "/hosts.txt", "w") as f:
    print("# name login", file=f)
    for i, n in enumerate(t["nodes"]):
        print(f"h{i} {n['user']}@{n['hostname']}:{n['port']}", file=f)
EOF
offline up --light --topology "$dir/hosts.txt"
says "a list of hosts is instrumented" 0 'is instrumented'
says "its links are found" 0 '10.10.1.0/24: found on 2 nodes'
offline up --light --topology "$dir/hosts.txt"
says "and found again" 0 'no changes'
tb exec "$exp" sw_origin -- ping -c 3 -i 0.2 10.10.1.2 >"$dir/out" 2>&1
offline query --topology "$dir/hosts.txt" proto icmp
says "flows carry their names" 0 '10.10.1.0/24'
offline strip --topology "$dir/hosts.txt" --yes
says "and stripped" 0 'nothing left'
exit $failed
