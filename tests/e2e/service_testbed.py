"""Run beside a testbed (nfz-testbed run): reads and changes its experiment.

    service_testbed.py NFZ_TESTBED PROJECT/EXPERIMENT"""
import os
import ssl
import subprocess
import sys
import time
import xmlrpc.client

TESTBED, EXP = sys.argv[1:3]
WHO = dict(zip(("proj", "exp"), EXP.split("/")))
failed = 0


def check(name, ok, detail=""):
    global failed
    failed += not ok
    print("%s: %s%s" % ("ok" if ok else "FAILED", name,
                        "" if ok else ": %r" % (detail,)))


context = ssl.create_default_context(cafile=os.environ["NETFLOWIZE_CA"])
context.load_cert_chain(os.environ["NETFLOWIZE_CERTIFICATE"])
p = xmlrpc.client.ServerProxy("https://boss:3069/usr/testbed",
                              context=context)


def info(aspect):
    return p.experiment.info(0.1, dict(WHO, aspect=aspect))["value"]


def on_node(node, *command):
    return subprocess.run([TESTBED, "exec", EXP, node, "--"] + list(command),
                          capture_output=True, timeout=30, text=True)


r = p.user.membership(0.1, {})
check("the certificate is accepted", r["code"] == 0, r)
r = p.experiment.state(0.1, WHO)
check("state", r["value"] == "active", r)
m = info("mapping")
check("mapping", sorted(m) == ["client", "server", "tbdelay0"], m)
check("every machine is up", all(v["status"] == "up" for v in m.values()), m)
macs = {i["mac"] for i in info("physical")["interfaces"]
        if i["node_id"] == m["client"]["node"]}
link = on_node("client", "cat", "/var/emulab/boot/ifmap").stdout
check("MACs are those of the nodes", link.split()[-1] in macs, (link, macs))
key = p.node.hostkeys(0.1, {"node": m["client"]["node"]})["value"]
file = on_node("client", "sh", "-c",
               "cat /etc/ssh/ssh_host_rsa_key.pub").stdout
check("host keys are those of the nodes",
      file.split()[:2] == key["sshrsa_v2"].split()[:2], (file, key))

text = p.experiment.nsfile(0.1, WHO)["value"]
new = text.replace("$ns rtproto", """set extra [$ns node]
set link1 [$ns duplex-link $extra $client 100Mb 0ms DropTail]
$link1 trace monitor
$ns rtproto""")
on_node("client", "sh", "-c", "echo kept > /root/mark")
r = p.experiment.modify(0.1, dict(WHO, nsfilestr=new))
check("modify answers at once", r == {"output": "", "code": 0, "value": 0}, r)
seen = []
end = time.monotonic() + 60
while time.monotonic() < end and (not seen or seen[-1] != "active"):
    state = p.experiment.state(0.1, WHO)["value"]
    if not seen or seen[-1] != state:
        seen.append(state)
    time.sleep(0.05)
# who asks seldom misses some
states = ["modify_reparse", "modify_reswap", "active"]
check("states", len(seen) > 1 and seen == [s for s in states if s in seen],
      seen)
m2 = info("mapping")
check("a machine more", set(m2) - set(m) == {"extra"}, m2)
check("survivors keep machine and disk",
      m2["client"]["node"] == m["client"]["node"] and
      on_node("client", "cat", "/root/mark").stdout == "kept\n", m2)
check("the bridge is named", {t["linkvname"] for t in info("traces")} ==
      {"link1"}, info("traces"))
r = on_node("extra", "ping", "-c", "2", "-W", "2", "client")
check("the new link carries packets", r.returncode == 0, r)

table = p.experiment.portstats(0.1, dict(WHO, nodeports=["extra"]))["output"]
row = table.splitlines()[3].split()
check("the switch has counted them", row[0] == "extra:1" and
      int(row[1]) >= 2 * 98 and int(row[2]) >= 2, table)

r = p.experiment.modify(0.1, dict(WHO, nsfilestr="oops", wait=True))
check("a bad text is refused", r["code"] == 2 and r["value"] == 1 and
      "old virtual state restored" in r["output"], r)
r = p.experiment.modify(0.1, dict(WHO, nsfilestr=text, wait=True))
check("modify and wait", r["code"] == 0, r)
check("as before", sorted(info("mapping")) == sorted(m), info("mapping"))
sys.exit(1 if failed else 0)
