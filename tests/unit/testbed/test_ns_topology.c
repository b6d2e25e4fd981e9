/* From NS to the planner's view: where shapers go and what they are called. */
#include "unit/testbed/ns_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES "foreach n {a b c d} {set $n [$ns node]}\n"
#define RUN "$ns run\n"

static struct topology *topology_of(const char *text)
{
	struct ns_experiment *e = ns_text(text);
	struct topology *t = NULL;
	struct err err;

	cr_assert_eq(ns_topology(e, &t, &err), 0, "%s", err.text);
	ns_free(e);
	return t;
}

/* "box@link/slot" of every shaper, "t" added where it only traces. */
static void expect_shapers(const struct topology *t, const char *want)
{
	char text[500] = "";
	size_t len = 0;

	for (size_t i = 0; i < t->n_bridges; i++) {
		const struct topo_bridge *b = &t->bridges[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"%s%s@%s/%d%s", i ? " " : "", t->nodes[b->node].name,
			t->links[b->link].name, b->slot, b->shapes ? "" : "t");
		cr_expect(b->inferred);
	}
	cr_expect_str_eq(text, want);
}

Test(ns_topology, shapers_are_numbered_as_the_testbed_does)
{
	/* Two to a box, links by name, members by node. */
	struct topology *t = topology_of(NS_HEAD NODES
		"set z [$ns duplex-link $a $b 10Mb 0ms DropTail]\n"
		"set n [$ns make-lan \"$d $c $b\" 100Mb 10ms]\n"
		"set m [$ns duplex-link $a $c 100Mb 0ms DropTail]\n"
		"$m trace monitor\n"
		"set k [$ns duplex-link $a $d 100Mb 0ms DropTail]\n" RUN);

	expect_shapers(t, "tbdelay0@m/-1t tbdelay0@n/2 tbdelay2@n/1 "
			  "tbdelay2@n/0 tbdelay4@z/-1");
	cr_expect_eq(t->n_nodes, 7);
	cr_expect_eq(t->links[topology_link(t, "n")].kind, LINK_LAN);
	cr_expect_eq(t->links[topology_link(t, "k")].kind, LINK_P2P);
	cr_expect(t->links[topology_link(t, "m")].traced);
	cr_expect_eq(t->nodes[topology_node(t, "a")].role, ROLE_ROUTER);
	topology_free(t);
}

Test(ns_topology, one_shaper_to_a_box_when_asked)
{
	struct topology *t = topology_of(NS_HEAD NODES
		"set x [$ns duplex-link $a $b 10Mb 0ms DropTail]\n"
		"set y [$ns duplex-link $c $d 10Mb 0ms DropTail]\n"
		"tb-set-delay-capacity 1\ntb-set-delay-os FBSD410-STD\n" RUN);

	expect_shapers(t, "tbdelay0@x/-1 tbdelay1@y/-1");
	cr_expect_str_eq(
		t->nodes[topology_node(t, "tbdelay1")].m->unusable, "os");
	topology_free(t);
}

Test(ns_topology, a_node_by_a_shapers_name_is_refused)
{
	struct ns_experiment *e = ns_text(NS_HEAD NODES
		"set tbdelay0 [$ns node]\n"
		"set x [$ns duplex-link $a $b 10Mb 0ms DropTail]\n" RUN);
	struct topology *t = NULL;
	struct err err;

	cr_expect_eq(ns_topology(e, &t, &err), -NFZ_E_NS);
	cr_expect_str_eq(err.text,
		"a node of the NS file is named tbdelay0, as the testbed names "
		"its shapers and bridges");
	cr_expect_null(t);
	ns_free(e);
}

Test(ns_topology, a_lan_of_two_is_a_link)
{
	struct topology *t = topology_of(
		NS_HEAD NODES "set n [$ns make-lan \"$a $b\" 10Mb 0ms]\n" RUN);

	expect_shapers(t, "tbdelay0@n/-1");
	cr_expect_eq(t->links[0].kind, LINK_P2P);
	topology_free(t);
}

Test(ns_topology, end_nodes_shape)
{
	static const char *const ways[] = {
		"tb-use-endnodeshaping 1\n",
		"tb-force-endnodeshaping 1\n",
		"tb-set-endnodeshaping $x 1\n",
		"tb-set-multiplexed $x 1\n",
		"tb-set-hardware $a pcvm\ntb-set-hardware $b pcvm\n",
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char text[500];
		struct topology *t;

		snprintf(text, sizeof(text),
			NS_HEAD NODES "set x [$ns duplex-link $a $b 10Mb 0ms "
				      "DropTail]\n%s" RUN,
			ways[i]);
		t = topology_of(text);
		expect_shapers(t, "");
		topology_free(t);
	}
}

Test(ns_topology, values_of_members)
{
	struct topology *t = topology_of(NS_HEAD NODES
		"set x [$ns duplex-link $a $b 30Mb 50ms DropTail]\n"
		"tb-set-link-loss $x 0.01\ntb-set-node-os $b FBSD-STD\n"
		"tb-fix-node $a pc7\ntb-set-hardware $a pc850\n" RUN);
	const struct topo_member *m = t->links[0].members;
	const struct topo_iface *i = &t->ifaces[m[1].iface];
	struct topo_shape s = topology_path_shaping(t, 0, 0, 1);
	char ip[NET_ADDR_TEXT];

	cr_expect_float_eq(
		t->ifaces[m[0].iface].card->shape.delay_ms, 25, 1e-9);
	cr_expect_float_eq(s.delay_ms, 50, 1e-9);
	cr_expect_float_eq(s.loss, 0.01, 1e-9);
	cr_expect_eq(s.bandwidth_kbps, 30000);
	cr_expect_str_eq(net_addr_print(&i->card->addr, ip), "10.1.1.3");
	cr_expect_eq(i->card->prefix_len, 120);
	cr_expect_str_eq(t->nodes[topology_node(t, "a")].m->phys, "pc7");
	cr_expect_str_eq(t->nodes[topology_node(t, "b")].m->unusable, "os");
	topology_free(t);
}
