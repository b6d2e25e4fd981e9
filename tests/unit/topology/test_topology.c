#include "topology/topofile.h"
#include "topology/topology.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct topology *parse(const char *text)
{
	struct topology *t = NULL;
	struct err err = ERR_INIT;

	cr_assert_eq(topofile_parse(text, strlen(text), "f", &t, &err), 0, "%s",
		err.text);
	return t;
}

Test(topology, names_are_found_exactly_first)
{
	struct topology *t = parse("{\"nodes\":[\"Lan\",\"lan\",\"x\"]}");

	cr_assert_eq(topology_node(t, "lan"), 1);
	cr_assert_eq(topology_node(t, "Lan"), 0);
	cr_assert_eq(topology_node(t, "X"), 2);
	cr_assert_eq(topology_node(t, "y"), -1);
	cr_assert_eq(topology_link(t, "lan"), -1);
	topology_free(t);
}

/* Numbered in a row or not, each name is found, none twice, no other. */
Test(topology, numbered_names_are_found)
{
	enum { ALL = 4000 };
	struct topology *t = topology_new();
	char name[32];
	int index;

	for (int i = 0; i < ALL; i++) {
		/* long rows, short ones, gaps, leading zeros, none at all */
		static const struct {
			const char *before;
			int digits;
			const char *after;
		} how[] = {{"n", 0, ""}, {"", 0, ""}, {"r", 3, ""},
			{"x", 0, "-y"}, {"n", 0, ""}, {"s", 0, ""},
			{"s", 0, ""}, {"a", 0, ""}};
		int kind = i % 500 < 300 ? i / 500 : i % 8;

		snprintf(name, sizeof(name), "%s%0*d%s", how[kind].before,
			how[kind].digits,
			kind == 3  ? i
			: kind < 2 ? i % 7 * 500 + i
				   : i * 3,
			how[kind].after);
		if (i % 500 == 499)
			snprintf(name, sizeof(name), "n1%08d", i);
		index = topology_node_exact(t, name);
		cr_assert_eq(
			topology_add_node(t, &(struct topo_node){.name = name},
				NULL, NULL) == 0,
			index < 0, "%s", name);
	}
	cr_assert_gt(t->n_nodes, 3000);
	for (size_t i = 0; i < t->n_nodes; i++) {
		const char *is = t->nodes[i].name;

		cr_assert_eq(topology_node_exact(t, is), (int)i, "%s", is);
		snprintf(name, sizeof(name), "0%s", is);
		index = topology_node_exact(t, name);
		cr_assert(index < 0 || strcmp(t->nodes[index].name, name) == 0,
			"%s", name);
		snprintf(name, sizeof(name), "%s0", is);
		index = topology_node_exact(t, name);
		cr_assert(index < 0 || strcmp(t->nodes[index].name, name) == 0,
			"%s", name);
	}
	topology_free(t);
}

Test(topology, refuses_what_does_not_fit)
{
	struct topology *t =
		parse("{\"nodes\":[\"a\",\"b\"],\"links\":["
		      "{\"name\":\"l\",\"nodes\":[\"a\",\"b\"]}]}");
	struct topo_bridge b = {
		.node = 0, .link = 0, .slot = 0, .port = {-1, -1}};
	struct topo_iface i = {.node = 2, .link = 0};

	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), -NFZ_E_INPUT);
	b.slot = -1;
	b.port[0] = 0; /* a member's interface */
	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), -NFZ_E_INPUT);
	b.port[0] = 77;
	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), -NFZ_E_INPUT);
	b.port[0] = -1;
	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), 0);
	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), -NFZ_E_INPUT);
	cr_assert_eq(topology_bridge_of(t, 0, 1), 0);
	cr_assert_eq(topology_add_port(t, &i, NULL, NULL), -NFZ_E_INPUT);
	i.node = 0;
	i.link = 9;
	cr_assert_eq(
		topology_add_member(t, &i, NULL, NULL, NULL), -NFZ_E_INPUT);
	topology_free(t);
}

Test(topology, rejoins_the_halves)
{
	struct topology *t = parse(
		"{\"nodes\":[\"a\",\"b\"],\"interfaces\":["
		"{\"node\":\"a\",\"addr\":\"10.0.0.1/24\"},{\"node\":\"b\"}],"
		"\"links\":[{\"name\":\"l\",\"members\":["
		"{\"iface\":0,\"delay_ms\":25,\"r_delay_ms\":1,\"loss\":0.1,"
		"\"bandwidth_kbps\":30000},"
		"{\"iface\":1,\"delay_ms\":2,\"r_delay_ms\":25,\"r_loss\":0.1,"
		"\"r_bandwidth_kbps\":20000}]}]}");
	struct topo_shape s = topology_path_shaping(t, 0, 0, 1);

	cr_assert_eq(s.delay_ms, 50);
	cr_assert_eq(s.r_delay_ms, 3);
	cr_assert_float_eq(s.loss, 0.19, 1e-9);
	cr_assert_eq(s.bandwidth_kbps, 20000);
	cr_assert_eq(s.r_bandwidth_kbps, 0);
	topology_free(t);
}
