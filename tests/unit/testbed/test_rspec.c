/* RSpecs: nodes and logins of manifests, shaping, bridges, what is refused. */
#include "unit/testbed/foreign.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define V3 "http://www.geni.net/resources/rspec/3"
#define URN "urn:publicid:IDN+site.example.net+"
#define HEAD                                                                   \
	"<?xml version='1.0'?>\n"                                              \
	"<rspec type='request' xmlns='" V3 "' xmlns:em='http://"               \
	"www.protogeni.net/resources/rspec/ext/emulab/1'>\n"
#define NODE(id)                                                               \
	"<node client_id='" id "'><interface client_id='" id ":if0'/>"         \
	"<interface client_id='" id ":if1'/></node>\n"
#define BRIDGE(id, pipes)                                                      \
	"<node client_id='" id "'><sliver_type name='delay'>"                  \
	"<d:sliver_type_shaping xmlns:d='http://www.protogeni.net/resources/"  \
	"rspec/ext/delay/1'>" pipes "</d:sliver_type_shaping></sliver_type>"   \
	"<interface client_id='" id ":l'/><interface client_id='" id           \
	":r'/></node>\n"
#define REF(id) "<interface_ref client_id='" id "'/>"
#define LINK(id, a, b) "<link client_id='" id "'>" REF(a) REF(b) "</link>\n"
#define TAIL "</rspec>\n"

Test(rspec, a_manifest_tells_machine_image_and_login)
{
	struct topology *t = foreign(HEAD
		"<node client_id='n_0' exclusive='true' component_id='" URN
		"node+pc12' sliver_id='" URN "sliver+1'>"
		"<sliver_type name='raw-pc'><disk_image name='" URN
		"image+emulab-ops//UBUNTU22-64-STD'/></sliver_type>"
		"<hardware_type name='d430'/>"
		"<interface client_id='n_0:eth1' component_id='" URN
		"interface+pc12:eth3' mac_address='0c42a18b3178'>"
		"<ip address='10.1.1.1' netmask='255.255.255.0' type='ipv4'/>"
		"</interface>"
		"<host name='n_0.e.p.site' ipv4='192.0.2.1'/>"
		"<services><login authentication='ssh-keys' "
		"hostname='pc12.site'"
		" port='22' username='u1'/><login hostname='x' username='u2'/>"
		"</services></node>\n"
		"<node client_id='vm' component_id='" URN
		"node+pc3' sliver_id='"
		"s' exclusive='false'><sliver_type name='emulab-xen'/>"
		"<interface client_id='vm:0' component_id='" URN
		"interface+pc3:lo0' mac_address='02cf3a1b697f'/>"
		"<em:vnode name='pcvm3-6' hardware_type='pcvm' "
		"disk_image='emulab-ops/UBUNTU18-64-STD:0'/>"
		"<host name='vm.e.p.site' ipv4='192.0.2.9'/>"
		"<services><login hostname='pc3.site' port='26412' "
		"username='u1'/></services></node>\n"
		"<node client_id='shy' component_id='" URN "node+pc4' "
		"sliver_id='t'/>\n"
		"<link client_id='l'>" REF("vm:0")
			REF("n_0:eth1") "<link_type name='lan'/></link>"
					"<em:portal project='p' "
					"experiment='e'/>" TAIL);
	const struct topo_node *n = t->nodes;

	foreign_nodes(t, "n_0 vm shy");
	foreign_expect(t, "l: vm n_0\n");
	cr_expect_str_eq(t->project, "p");
	cr_expect_str_eq(t->experiment, "e");
	cr_expect_eq(n[0].role, ROLE_HOST);
	cr_expect_str_eq(n[0].m->phys, "pc12");
	cr_expect_str_eq(n[0].m->type, "d430");
	cr_expect_str_eq(n[0].m->os, "UBUNTU22-64-STD");
	cr_expect_str_eq(n[0].m->hostname, "pc12.site");
	cr_expect_str_eq(n[0].m->user, "u1");
	cr_expect_str_eq(n[0].m->address, "192.0.2.1");
	cr_expect_eq(n[0].m->port, 22);
	cr_expect_eq(n[1].role, ROLE_VIRTUAL);
	cr_expect_str_eq(n[1].m->phys, "pcvm3-6");
	cr_expect_str_eq(n[1].m->host, "pc3");
	cr_expect(n[1].m->host_shared);
	cr_expect_str_eq(n[1].m->os, "UBUNTU18-64-STD");
	cr_expect_null(n[1].m->address, "the login is on the machine below");
	cr_expect_eq(n[1].m->port, 26412);
	cr_expect_str_eq(n[2].m->unusable, "no-login");
	cr_expect_null(t->ifaces[0].card->name, "lo0 is no card");
	cr_expect(t->ifaces[0].card->has_mac);
	cr_expect_str_eq(t->ifaces[1].card->name, "eth3");
	cr_expect_eq(t->ifaces[1].card->prefix_len, 96 + 24);
	topology_free(t);
}

/* Port 22 of a shared host is another machine. */
Test(rspec, a_login_at_no_port_is_not_used)
{
	char *said;
	struct topology *t = foreign_warned(HEAD
		"<node client_id='a' sliver_id='s'><services>"
		"<login hostname='pc3.site' port='99999' username='u1'/>"
		"<login hostname='pc3.site' port='0' username='u1'/>"
		"<login hostname='pc3.site' port='22x' username='u1'/>"
		"<login hostname='pc3.site' port='2022' username='u1'/>"
		"</services></node>\n" TAIL,
		&said);

	cr_expect(strstr(said, "port \"99999\""), "%s", said);
	cr_expect_eq(t->nodes[0].m->port, 2022);
	free(said);
	topology_free(t);
}

Test(rspec, a_rented_switch_and_a_link_inside_one_machine)
{
	struct topology *t = foreign(HEAD
		"<node client_id='sw'><interface client_id='p' "
		"component_id='" URN
		"interface+dell1:1%2F25' mac_address='000000000000'/></node>"
		"<node client_id='a'><interface client_id='a0' "
		"component_id='" URN
		"interface+pc3:lo0'/><interface client_id='a1'/></node>"
		"<node client_id='b'><interface client_id='b0' "
		"component_id='" URN "interface+pc3:lo0'/></node>" LINK(
			"l", "p", "a1") LINK("m", "a0", "b0") TAIL);

	cr_expect_eq(t->nodes[0].role, ROLE_SWITCH);
	cr_expect_str_eq(t->ifaces[0].card->name, "1/25");
	cr_expect_not(t->ifaces[0].card->has_mac);
	cr_expect_not(t->links[0].trivial);
	cr_expect(t->links[1].trivial);
	topology_free(t);
}

Test(rspec, shaping_keeps_each_direction)
{
	struct topology *t = foreign(HEAD NODE("a") NODE("b") NODE(
		"c") "<link client_id='l'>" REF("a:if0")
			REF("b:if0") "<property source_id='a:if0' "
				     "dest_id='b:if0' capacity='10000' "
				     "latency='20' packet_loss='0.01'/>"
				     "<property source_id='b:if0' "
				     "dest_id='a:if0' capacity='2000' "
				     "latency='50'/></link>\n"
				     "<link client_id='lan'>" REF("a:if1") REF(
					     "b:if1")
					     REF("c:if1") "<property "
							  "source_id='a:if1' "
							  "dest_id='lan' "
							  "latency='5'/>"
							  "<property "
							  "source_id='lan' "
							  "dest_id='a:if1' "
							  "latency='7'/>"
							  "</link>\n" TAIL);
	struct topo_shape s = topology_path_shaping(t, 0, 0, 1);

	cr_expect_eq(s.delay_ms, 20);
	cr_expect_eq(s.r_delay_ms, 50);
	cr_expect_eq(s.bandwidth_kbps, 10000);
	cr_expect_eq(s.r_bandwidth_kbps, 2000);
	cr_expect_float_eq(s.loss, 0.01, 1e-12);
	cr_expect_eq(s.r_loss, 0);
	s = topology_path_shaping(t, 1, 1, 0);
	cr_expect_eq(s.delay_ms, 7);
	cr_expect_eq(s.r_delay_ms, 5);
	topology_free(t);
}

Test(rspec, a_bridge_becomes_a_shaper_of_one_link)
{
	struct topology *t = foreign(HEAD NODE("a") NODE("b") BRIDGE("br",
		"<d:pipe source='br:l' dest='br:r' capacity='1000' "
		"latency='50'/>"
		"<d:pipe source='br:r' dest='br:l' latency='25' "
		"packet_loss='0.5'/>") "<link client_id='left'>" REF("br:l")
			REF("a:if0") "<property source_id='a:if0' "
				     "dest_id='br:l' latency='1'/>"
				     "</link>\n" LINK("right", "b:if0", "br:r")
					     TAIL);
	struct topo_shape s = topology_path_shaping(t, 0, 0, 1);
	const struct topo_bridge *b = &t->bridges[0];
	int a = t->ifaces[t->links[0].members[0].iface].node == 0 ? 0 : 1;

	cr_assert_eq(t->n_links, 1);
	cr_assert_eq(t->n_bridges, 1);
	cr_expect_str_eq(t->links[0].name, "br");
	cr_expect_eq(t->nodes[2].role, ROLE_SHAPER);
	cr_expect(b->shapes);
	cr_expect_eq(b->slot, -1);
	cr_expect_str_eq(
		t->ifaces[b->port[a]].card->name, "l", "towards node a");
	if (a)
		s = topology_path_shaping(t, 0, 1, 0);
	cr_expect_eq(s.delay_ms, 51);
	cr_expect_eq(s.bandwidth_kbps, 1000);
	cr_expect_eq(s.r_delay_ms, 25);
	cr_expect_float_eq(s.r_loss, 0.5, 1e-12);
	topology_free(t);
}

Test(rspec, a_bridge_before_a_lan_serves_one_member)
{
	struct topology *t = foreign(HEAD NODE("a") NODE("b") NODE("c") BRIDGE(
		"br", "<d:pipe source='br:l' dest='br:r' latency='3'/>")
			LINK("stub", "a:if0",
				"br:l") "<link client_id='lan'>" REF("b:if0")
				REF("br:r") REF("c:if0") "</link>\n" TAIL);
	const struct topo_bridge *b = &t->bridges[0];

	foreign_expect(t, "lan: b a c []\n");
	cr_assert_eq(t->n_bridges, 1);
	cr_expect_eq(b->slot, 1);
	cr_expect_str_eq(t->ifaces[b->port[0]].card->name, "l");
	cr_expect_eq(topology_path_shaping(t, 0, 1, 0).delay_ms, 3);
	cr_expect_eq(topology_path_shaping(t, 0, 0, 1).delay_ms, 0);
	topology_free(t);
}

Test(rspec, bridges_that_do_not_fit_stay_nodes)
{
	char *said;
	struct topology *t = foreign_warned(
		HEAD NODE("a") NODE("b") BRIDGE("b1", "") BRIDGE("b2", "")
			LINK("l1", "a:if0", "b1:l") LINK("l2", "b1:r", "b2:l")
				LINK("l3", "b2:r", "b:if0") TAIL,
		&said);

	foreign_expect(t, "b1: a b2\nl3: b2 b\n");
	cr_expect_not(t->bridges[0].shapes, "no pipe does anything");
	cr_expect(strstr(said, "bridge \"b2\" does not stand"), "%s", said);
	free(said);
	topology_free(t);
}

Test(rspec, names_missing_or_given_twice)
{
	char *said;
	struct topology *t = foreign_warned(HEAD
		"<node client_id='a'><interface client_id='i' sliver_id='1'/>"
		"</node>\n"
		"<node client_id='a'><interface client_id='i' sliver_id='2'/>"
		"</node>\n<node><interface client_id='k'/></node>\n"
		"<node client_id='d'><interface client_id='d0'/></node>\n"
		"<link><interface_ref client_id='i' sliver_id='2'/>" REF(
			"k") "</link>\n"
			     "<link><interface_ref client_id='i' "
			     "sliver_id='1'/>" REF("d0") "</link>" TAIL,
		&said);

	foreign_nodes(t, "a a#2 node d");
	foreign_expect(t, "a#2--node: a#2 node\na--d: a d\n");
	cr_expect_str_eq(said, "f:4: node \"a\" is called \"a#2\"\n"
			       "f:5: a node without client_id is called "
			       "\"node\"\n");
	free(said);
	topology_free(t);
}

Test(rspec, loose_ends)
{
	char *said;
	struct topology *t = foreign_warned(
		HEAD NODE("a") "<link client_id='none'/>\n<link "
			       "client_id='l'>" REF("a:if0")
				       REF("far:if0") "<component_manager "
						      "name='x'/>"
						      "<component_manager "
						      "name='y'/></link>" TAIL,
		&said);

	foreign_expect(t, "l: a far:if0\n");
	cr_expect_eq(t->nodes[1].role, ROLE_EXTERNAL);
	cr_expect(strstr(said, "f:4: link \"none\" has no ends: left out"));
	cr_expect(strstr(said, "f:5: \"far:if0\" is at another site"));
	cr_expect(strstr(said, "interface \"a:if1\" of \"a\" is on no link"));
	free(said);
	topology_free(t);
	foreign_refused(HEAD NODE("a") LINK("l", "a:if0", "zz") TAIL,
		"f:4: there is no interface \"zz\"");
}

Test(rspec, refusals)
{
	foreign_refused(HEAD NODE("a") NODE("b") LINK("l", "a:if0", "b:if0")
				LINK("m", "a:if0", "b:if1") TAIL,
		"f:6: interface \"a:if0\" is on a link already (line 5)");
	foreign_refused(HEAD NODE("a") LINK("l", "a:if0", "a:if0") TAIL,
		"f:4: interface \"a:if0\" is on a link already (line 4)");
	foreign_refused(HEAD NODE("a") "<link><interface_ref/></link>" TAIL,
		"f:4: an interface_ref without client_id");
	foreign_refused(
		HEAD NODE("a") NODE("b") "<link client_id='l'>" REF("a:if0")
			REF("b:if0") "\n<property source_id='a:if0' "
				     "dest_id='b:if0' "
				     "packet_loss='7'/></link>" TAIL,
		"f:6: \"7\" cannot be a packet_loss");
	foreign_refused(
		HEAD NODE("a") NODE("b") "<link client_id='l'>" REF("a:if0")
			REF("b:if0") "\n<property source_id='a:if0' "
				     "dest_id='b:if0' "
				     "capacity='1e300'/></link>" TAIL,
		"f:6: \"1e300\" cannot be a capacity");
	foreign_refused(HEAD TAIL, "f: holds no node");
	foreign_refused(HEAD "<node client_id='a'><interface client_id='i'/>"
			     "<interface client_id='i'/></node>\n<link>" REF(
				     "i") "</link>" TAIL,
		"f:4: several interfaces are called \"i\"");
}
