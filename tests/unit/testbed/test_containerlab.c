/* Containerlab: every form of a link, bridges as LANs, deployed data. */
#include "unit/testbed/foreign.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "name: lab\ntopology:\n"
#define ABC                                                                    \
	"  nodes:\n    a: {kind: linux}\n    b: {kind: linux}\n"               \
	"    c: {kind: linux}\n"

Test(containerlab, what_a_node_does_not_say_comes_from_elsewhere)
{
	struct topology *t = foreign(
		HEAD "  defaults: {kind: linux, image: d}\n"
		     "  kinds: {linux: {image: k}, x: {}}\n"
		     "  groups: {g: {kind: x}, h: {image: i}}\n"
		     "  nodes:\n    a:\n    b: {group: g}\n    c: {group: h}\n"
		     "    d: {image: own, mgmt-ipv4: 172.20.20.5}\n");

	foreign_nodes(t, "a b c d");
	cr_expect_str_eq(t->experiment, "lab");
	cr_expect_str_eq(t->nodes[0].m->type, "linux");
	cr_expect_str_eq(t->nodes[0].m->os, "k");
	cr_expect_str_eq(t->nodes[1].m->type, "x");
	cr_expect_str_eq(t->nodes[1].m->os, "d");
	cr_expect_str_eq(t->nodes[2].m->os, "i");
	cr_expect_str_eq(t->nodes[3].m->os, "own");
	cr_expect_str_eq(t->nodes[3].m->address, "172.20.20.5");
	topology_free(t);
}

Test(containerlab, links_short_and_long)
{
	struct topology *t = foreign(HEAD ABC
		"  links:\n"
		"    - endpoints: [\"a:eth1\", \"b:1/1/c2\"]\n"
		"      ipv4: [192.168.0.1/24, \"\"]\n"
		"      ipv6: [\"\", 2001:db8::2/64]\n"
		"    - type: veth\n"
		"      endpoints:\n"
		"      - {node: a, interface: eth2, mac: 02:00:00:00:00:01}\n"
		"      - {node: b, interface: eth3, ipv4: 10.0.0.1/8}\n"
		"    - endpoints: [\"c:eth1\", \"c:eth2\"]\n");

	foreign_expect(t, "a--b: a b\na--b#2: a b\nc--c: c c\n");
	cr_expect_str_eq(t->ifaces[0].card->name, "eth1");
	cr_expect_eq(t->ifaces[0].card->prefix_len, 96 + 24);
	cr_expect_str_eq(t->ifaces[1].card->name, "1/1/c2");
	cr_expect_eq(t->ifaces[1].card->prefix_len, 64);
	cr_expect(t->ifaces[2].card->has_mac);
	cr_expect(t->ifaces[3].card->has_addr);
	topology_free(t);
}

Test(containerlab, bridges_are_lans)
{
	struct topology *t = foreign(HEAD
		"  nodes: {a: {}, b: {}, c: {}, d: {}, br: {kind: bridge}, "
		"o1: {kind: ovs-bridge}, o2: {kind: bridge}, no: {kind: "
		"bridge}}\n"
		"  links:\n"
		"    - endpoints: [\"a:eth1\", \"br:x1\"]\n"
		"    - endpoints: [\"br:x2\", \"b:eth1\"]\n"
		"    - endpoints: [\"c:eth1\", \"br:x3\"]\n"
		"    - endpoints: [\"a:eth2\", \"o1:x1\"]\n"
		"    - endpoints: [\"d:eth1\", \"o2:x1\"]\n"
		"    - endpoints: [\"o2:x2\", \"o1:x2\"]\n");

	foreign_nodes(t, "a b c d");
	foreign_expect(t, "br: a b c []\no1: a d\n");
	topology_free(t);
}

Test(containerlab, links_that_leave_the_lab)
{
	char *said;
	struct topology *t = foreign_warned(HEAD ABC
		"  links:\n"
		"    - endpoints: [\"a:eth1\", \"host:veth1\"]\n"
		"    - endpoints: [\"b:eth1\", \"host:veth2\"]\n"
		"    - {type: host, host-interface: v3, endpoint: {node: c, "
		"interface: eth1}}\n"
		"    - {type: vxlan, remote: 192.0.2.1, vni: 5, endpoint: "
		"{node: c, interface: eth2}}\n"
		"    - {type: macvlan, host-interface: eno1, endpoint: "
		"{node: c, interface: eth3}}\n"
		"    - {type: mgmt-net, host-interface: v4, endpoint: "
		"{node: c, interface: eth4}}\n"
		"    - {type: dummy, endpoint: {node: c, interface: eth5}}\n",
		&said);

	foreign_nodes(t, "a b c host vxlan:192.0.2.1 macvlan:eno1");
	foreign_expect(t, "a--host: a host\nb--host: b host\nc--host: c host\n"
			  "c--vxlan:192.0.2.1: c vxlan:192.0.2.1\n"
			  "c--macvlan:eno1: c macvlan:eno1\n");
	cr_expect_eq(t->nodes[3].role, ROLE_EXTERNAL);
	cr_expect_str_eq(said, "f:13: a link that leads to no other node was "
			       "left out\nf:14: a link that leads to no other "
			       "node was left out\n");
	free(said);
	topology_free(t);
}

#define DATA(nodes, links)                                                     \
	"{\"name\": \"lab\", \"type\": \"clab\", \"clab\": {},\n"              \
	"\"nodes\": " nodes ",\n\"links\": " links "}\n"

Test(containerlab, deployed_data_in_its_three_shapes)
{
	struct topology *t = foreign(DATA(
		"{\"r1\": {\"longname\": \"clab-lab-r1\", \"kind\": \"linux\", "
		"\"mgmt-ipv4-address\": \"172.20.20.2\"}, \"r2\": {}}",
		"[{\"endpoints\": {\"a\": {\"node\": \"r1\", \"interface\": "
		"\"eth1\", \"mac\": \"aa:c1:ab:42:15:d2\", \"peer\": \"z\"}, "
		"\"z\": {\"node\": \"r2\", \"interface\": \"eth1\"}}}]"));

	foreign_expect(t, "r1--r2: r1 r2\n");
	cr_expect_str_eq(t->nodes[0].m->hostname, "clab-lab-r1");
	cr_expect_str_eq(t->nodes[0].m->address, "172.20.20.2");
	cr_expect(t->ifaces[0].card->has_mac);
	topology_free(t);
	t = foreign(DATA("{\"r1\": {}, \"r2\": {}}",
		"[{\"a\": {\"node\": \"r1\", \"interface\": \"e\"}, \"z\": "
		"{\"node\": \"r2\", \"interface\": \"e\"}}, {\"a\": {\"node\": "
		"\"r1\", \"interface\": \"f\", \"peer\": \"dummy\"}}]"));
	foreign_expect(t, "r1--r2: r1 r2\n");
	topology_free(t);
	t = foreign(
		DATA("[{\"shortname\": \"r1\"}, {\"id\": \"r2\"}]", "null"));
	foreign_nodes(t, "r1 r2");
	topology_free(t);
}

Test(containerlab, refusals)
{
	foreign_refused(HEAD ABC "  links:\n  - endpoints: [\"a:eth1\", "
				 "\"zz:eth1\"]\n",
		"f:8: there is no node \"zz\"");
	foreign_refused(HEAD ABC "  links:\n  - endpoints: [\"a:eth1\", b]\n",
		"f:8: \"b\" is no end NODE:INTERFACE");
	foreign_refused(HEAD ABC "  links:\n  - endpoints: [\"a:eth1\"]\n",
		"f:8: a link of 1 ends: two are needed");
	foreign_refused(HEAD ABC "  links:\n  - endpoints: [\"a:e\", \"b:e\"]\n"
				 "  - endpoints: [\"c:e\", \"a:e\"]\n",
		"f:9: interface \"a:e\" is on a link already");
	foreign_refused(HEAD ABC "  links:\n  - mtu: 5\n",
		"f:8: a link without \"endpoints\"");
	foreign_refused(HEAD ABC "    a: {}\n", "f:7: \"a\" is given twice");
	foreign_refused(HEAD "  x: 1\n", "f:3: the topology has no \"nodes\"");
	foreign_refused(
		HEAD "  nodes: [1\n", "f:4: did not find expected ',' or ']'");
	foreign_refused(HEAD "  nodes: {}\n", "f: holds no node");
	foreign_refused(HEAD "  nodes: {a: text}\n",
		"f:3: node \"a\" must be a mapping");
}
