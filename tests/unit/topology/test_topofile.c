#include "topology/topofile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct err err;

static struct topology *parse(const char *text)
{
	struct topology *t = NULL;

	err_clear(&err);
	cr_assert_eq(topofile_parse(text, strlen(text), "f", &t, &err), 0, "%s",
		err.text);
	return t;
}

static void refused(const char *text, const char *expected)
{
	struct topology *t = NULL;

	err_clear(&err);
	cr_assert_eq(topofile_parse(text, strlen(text), "f", &t, &err),
		-NFZ_E_INPUT, "%s", text);
	cr_assert_null(t);
	cr_assert(strncmp(err.text, expected, strlen(expected)) == 0,
		"\"%s\" is not \"%s...\"", err.text, expected);
}

static const char by_hand[] =
	"{\"nodes\": [\"a\", \"r\", {\"name\": \"c\", \"os\": \"X\"}],\n"
	" \"links\": [{\"name\": \"l1\", \"nodes\": [\"a\", \"r\"]},\n"
	"             {\"name\": \"l2\", \"nodes\": [\"r\", \"c\"], "
	"\"lan\": true}]}";

Test(topofile, takes_the_short_form)
{
	struct topology *t = parse(by_hand);

	cr_assert_eq(t->n_nodes, 3);
	cr_assert_eq(t->n_links, 2);
	cr_assert_eq(t->links[0].kind, LINK_P2P);
	cr_assert_eq(t->links[1].kind, LINK_LAN);
	cr_assert_eq(t->nodes[topology_node(t, "r")].role, ROLE_ROUTER);
	cr_assert_eq(t->nodes[topology_node(t, "a")].role, ROLE_HOST);
	cr_assert_str_eq(t->nodes[2].m->os, "X");
	topology_free(t);
}

Test(topofile, links_without_names_stay_apart)
{
	static const char *const names[] = {
		"a--b#2", "a--b", "a--b#3", "a--b#4", "b--a"};
	struct topology *t = parse("{\"nodes\": [\"a\", \"b\"], \"links\": ["
				   "{\"name\": \"a--b#2\", "
				   "\"nodes\": [\"a\", \"b\"]},"
				   "{\"nodes\": [\"a\", \"b\"]},"
				   "{\"nodes\": [\"a\", \"b\"]},"
				   "{\"nodes\": [\"a\", \"b\"]},"
				   "{\"nodes\": [\"b\", \"a\"]}]}");

	cr_assert_eq(t->n_links, 5);
	for (size_t i = 0; i < 5; i++)
		cr_expect_str_eq(t->links[i].name, names[i]);
	topology_free(t);
}

/* What is made must be what a file may say. */
Test(topofile, a_made_name_is_no_longer_than_a_name_may_be)
{
	char text[1000], a[100], b[100];
	int n;

	memset(a, 'a', 99);
	memset(b, 'b', 99);
	a[99] = b[99] = '\0';
	n = snprintf(text, sizeof(text),
		"{\"nodes\": [\"%s\", \"%s\"], \"links\": ["
		"{\"nodes\": [\"%s\", \"%s\"]}",
		a, b, a, b);
	snprintf(text + n, sizeof(text) - (size_t)n, "]}");
	topology_free(parse(text));
	snprintf(text + n, sizeof(text) - (size_t)n,
		",{\"nodes\": [\"%s\", \"%s\"]}]}", a, b);
	refused(text, "f:1: a link has no name");
}

/* Everything a topology can hold. */
static struct topology *full(void)
{
	static const char *const keys[] = {"ssh-rsa AAAA", "x", NULL};
	struct topology *t = topology_new();
	const struct topo_machine am = {.phys = "pc1",
		.host = "pc1",
		.type = "pc850",
		.os = "RHL",
		.status = "up",
		.address = "198.18.0.1",
		.hostname = "a.e.p",
		.port = 2222,
		.user = "ada",
		.gateway = "users",
		.host_keys = keys};
	const struct topo_machine dm = {.unusable = "os"};
	const struct topo_machine bm = {.host_shared = true, .status = "down"};
	const struct topo_node a = {.name = "a", .m = &am};
	const struct topo_node d = {.name = "tbdelay0",
		.m = &dm,
		.role = ROLE_SHAPER,
		.inferred = true};
	const struct topo_node b = {
		.name = "b", .m = &bm, .role = ROLE_VIRTUAL};
	struct topo_card eth0 = {.name = "eth0"};
	struct topo_card eth1 = {.name = "eth1",
		.os_name = "em2",
		.has_mac = true,
		.mac = {0, 4, 0x23, 1, 2, 3},
		.has_addr = true,
		.prefix_len = 120,
		.speed_kbps = 100000};
	struct topo_card bare = {.has_addr = true};
	struct topo_shape s = {5, 4.5, 10000, 9000, 0.1, 0.2};
	struct topo_bridge bridge = {
		.slot = 0, .shapes = true, .inferred = true};
	struct topo_iface i = {.card = &eth0, .link = -1};
	int na, nb, nd, lan, p2p;

	t->project = arena_strdup(&t->arena, "p");
	t->experiment = arena_strdup(&t->arena, "e");
	t->source = arena_strdup(&t->arena, "emulab");
	cr_assert_eq(topology_add_node(t, &a, &na, NULL), 0);
	cr_assert_eq(topology_add_node(t, &d, &nd, NULL), 0);
	cr_assert_eq(topology_add_node(t, &b, &nb, NULL), 0);
	cr_assert_eq(topology_add_link(t, "lan0", LINK_LAN, &lan, NULL), 0);
	cr_assert_eq(topology_add_link(t, "p", LINK_P2P, &p2p, NULL), 0);
	t->links[0].traced = t->links[0].floods = true;
	t->links[1].trivial = t->links[1].inferred = true;
	i.node = na;
	cr_assert_eq(topology_add_member(t, &i, NULL, NULL, NULL), 0);
	i = (struct topo_iface){.card = &eth1, .node = na, .link = lan};
	cr_assert(net_addr_parse("10.1.1.2", &eth1.addr));
	cr_assert_eq(topology_add_member(t, &i, &s, NULL, NULL), 0);
	i = (struct topo_iface){.node = nd, .link = lan, .inferred = true};
	cr_assert_eq(topology_add_port(t, &i, &bridge.port[0], NULL), 0);
	bridge.port[1] = -1;
	i = (struct topo_iface){.card = &bare, .node = nb, .link = p2p};
	cr_assert(net_addr_parse("fd00::1", &bare.addr));
	cr_assert_eq(topology_add_member(t, &i, NULL, NULL, NULL), 0);
	i = (struct topo_iface){.node = nb, .link = lan};
	cr_assert_eq(topology_add_member(t, &i, NULL, NULL, NULL), 0);
	bridge.node = nd;
	bridge.link = lan;
	cr_assert_eq(
		topology_add_bridge(t, &bridge, NULL, &err), 0, "%s", err.text);
	topology_finish(t);
	return t;
}

Test(topofile, round_trip_is_exact)
{
	struct topology *t = full(), *again;
	struct buf first = BUF_INIT(1 << 20), second = BUF_INIT(1 << 20);
	const struct topo_iface *i;

	topofile_print(t, &first);
	again = parse(buf_str(&first));
	topofile_print(again, &second);
	cr_assert_str_eq(buf_str(&first), buf_str(&second));
	/* not only as text */
	cr_assert_eq(again->n_ifaces, t->n_ifaces);
	i = &again->ifaces[1];
	cr_assert(i->card->has_mac && i->card->mac[5] == 3 &&
		  i->card->prefix_len == 120);
	cr_assert_eq(memcmp(&i->card->addr, &t->ifaces[1].card->addr, 16), 0);
	cr_assert_eq(again->links[0].members[1].iface, 4);
	cr_assert_eq(again->ifaces[4].slot, 1);
	cr_assert_eq(again->ifaces[2].slot, -1);
	cr_assert_eq(again->ifaces[1].card->shape.r_loss, 0.2);
	cr_assert_eq(again->bridges[0].port[0], 2);
	cr_assert_eq(again->bridges[0].port[1], -1);
	cr_assert_eq(again->bridges[0].slot, 0);
	cr_assert_str_eq(again->nodes[0].m->host_keys[1], "x");
	cr_assert_null(again->nodes[0].m->host_keys[2]);
	cr_assert_eq(again->nodes[0].m->port, 2222);
	topology_free(t);
	topology_free(again);
	buf_release(&first);
	buf_release(&second);
}

Test(topofile, errors_name_line_and_cause)
{
	refused("{\"nodes\": [\"a\",]}", "f:1:");
	refused("[]", "f:1: a topology must be an object");
	refused("{}", "f:1: no \"nodes\"");
	refused("{\"nodes\":[\"a\"],\n\"links\":[\n{\"name\":\"l3\","
		"\"nodes\":[\"a\",\"r9\"]}]}",
		"f:3: unknown node \"r9\"");
	refused("{\"nodes\":[\"a\",\n\"b\",\n\"a\"]}",
		"f:3: two nodes are named \"a\"");
	refused("{\"nodes\":[\"a\",\"b\"],\n\"links\":["
		"{\"name\":\"l\",\"nodes\":[\"a\",\"b\"]},\n"
		"{\"name\":\"l\",\"nodes\":[\"a\",\"b\"]}]}",
		"f:3: two links are named \"l\"");
	refused("{\"nodes\":[{\"name\":\"a\",\n\"port\":\n70000}]}",
		"f:3: \"port\" must be");
	refused("{\"nodes\":[{\"name\":\"a\",\n\"role\": \"king\"}]}",
		"f:2: \"role\" must be host, router");
	refused("{\"nodes\":[\"a\\nb\"]}", "f:1: a node must have a name");
	refused("{\"nodes\":[\"\"]}", "f:1: a node must have a name");
	refused("{\"nodes\":[7]}", "f:1: a node must be a name or an object");
	refused("{\"nodes\":[\"a\"],\"links\":[{\"nodes\":[\"a\"]}]}",
		"f:1: a link has no name");
	refused("{\"nodes\":[\"a\"],\"links\":[{\"name\":\"l\","
		"\"nodes\":[\"a\",\"a\",\"a\"],\"lan\":false}]}",
		"f:1: link \"l\" has more than two members");
	refused("{\"nodes\":[\"a\"],\"links\":[{\"name\":\"l\","
		"\"members\":[{\"iface\":0}]}]}",
		"f:1: member 0 of link \"l\" names no interface");
	refused("{\"nodes\":[\"a\"],\"interfaces\":[{\"node\":\"a\","
		"\"mac\":\"xx\"}]}",
		"f:1: \"mac\" must be");
	refused("{\"nodes\":[\"a\"],\"bridges\":[{\"node\":\"a\","
		"\"link\":\"l\"}]}",
		"f:1: unknown link \"l\"");
}

Test(topofile, refuses_a_newer_version)
{
	refused("{\"schema\":\"netflowize.topology/2\",\"nodes\":[]}",
		"f:1: the topology is of version 2");
	cr_assert_str_not_empty(err.hint);
	refused("{\"schema\":\"netflowize.plan/1\",\"nodes\":[]}",
		"f:1: this is \"netflowize.plan/1\", not a topology");
}

/* Both ways round, the same bytes. */
static void round_trip(const char *text, const char *printed)
{
	struct buf first = BUF_INIT(1 << 16), second = BUF_INIT(1 << 16);
	struct topology *t = parse(text), *again;

	topofile_print(t, &first);
	if (printed)
		cr_assert_str_eq(buf_str(&first), printed);
	again = parse(buf_str(&first));
	topofile_print(again, &second);
	cr_assert_str_eq(buf_str(&first), buf_str(&second));
	cr_assert_eq(again->n_ifaces, t->n_ifaces);
	for (size_t i = 0; i < t->n_ifaces; i++)
		cr_assert_eq(again->ifaces[i].node, t->ifaces[i].node);
	topology_free(t);
	topology_free(again);
	buf_release(&first);
	buf_release(&second);
}

Test(topofile, a_bare_graph_is_written_short)
{
	round_trip("{\"nodes\": [\"a\", \"b\", \"c\"], \"links\": ["
		   "{\"nodes\": [\"a\", \"b\"]}, {\"name\": \"x\", \"nodes\": "
		   "[\"b\", \"c\"]}, {\"name\": \"y\", \"nodes\": [\"a\", "
		   "\"b\", \"c\"]}, {\"name\": \"z\", \"nodes\": [\"a\", "
		   "\"b\"], \"lan\": true}]}",
		"{\n  \"schema\": \"netflowize.topology/1\",\n"
		"  \"source\": \"json\",\n"
		"  \"nodes\": [\n    \"a\",\n    \"b\",\n    \"c\"\n  ],\n"
		"  \"links\": [\n    {\"nodes\": [\"a\", \"b\"]},\n"
		"    {\"name\": \"x\", \"nodes\": [\"b\", \"c\"]},\n"
		"    {\"name\": \"y\", \"nodes\": [\"a\", \"b\", \"c\"]},\n"
		"    {\"name\": \"z\", \"nodes\": [\"a\", \"b\"], "
		"\"lan\": true}\n  ]\n}\n");
}

Test(topofile, anything_more_is_written_in_full)
{
	round_trip("{\"nodes\": [{\"name\": \"a\", \"role\": \"router\"}, "
		   "\"b\"], \"links\": [{\"nodes\": [\"a\", \"b\"]}]}",
		NULL);
	round_trip(by_hand, NULL);
	refused("{\"nodes\": [\"a\"], \"links\": [{\"nodes\": [\"a\"]}]}",
		"f:1: a link has no name");
}
