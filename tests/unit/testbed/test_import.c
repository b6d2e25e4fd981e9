#include "base/mem.h"
#include "support/replies.h"
#include "testbed/import.h"
#include "testbed/nodefile.h"
#include "topology/topofile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct err err;

/* A testbed that answers from recordings. */
struct played {
	const char *state;      /* instead of the recorded one */
	const char *links_fail; /* "fault": the list of links fails */
	size_t calls;
};

static bool add_recording(struct buf *reply, const char *exp, const char *what)
{
	char name[200];
	char *text;
	size_t len;

	snprintf(name, sizeof(name), "%s-%s.response.xml", exp, what);
	text = replies_read(name, &len);
	if (!text)
		return false;
	buf_add(reply, text, len);
	free(text);
	return true;
}

static void add_result(struct buf *reply, int code, const char *text)
{
	struct value *v = value_new(VALUE_STRUCT);

	value_set(v, "output", value_string(text));
	value_set(v, "code", value_int(code));
	value_set(v, "value", code ? value_int(0) : value_string(text));
	xmlrpc_print_response(v, reply);
	value_free(v);
}

static bool add_info(struct played *p, struct buf *reply, const char *exp,
	const char *aspect)
{
	char what[100];

	if (p->links_fail && strcmp(aspect, "links") == 0) {
		xmlrpc_print_fault(
			1, "<type 'exceptions.KeyError'>:'nodeB:1'", reply);
		return true;
	}
	snprintf(what, sizeof(what), "info-%s", aspect);
	return add_recording(reply, exp, what);
}

static bool add_one_of(
	struct buf *reply, const char *exp, const char *const *names)
{
	while (*names && !add_recording(reply, exp, *names))
		names++;
	return *names != NULL;
}

static bool add_answer(struct played *p, struct buf *reply, const char *method,
	const struct value *args)
{
	static const char *const vtopo[] = {
		"vtopo-tables", "vtopo-lans", "vtopo-lan_lans", "vtopo", NULL};
	static const char *const expinfo[] = {
		"expinfo-shaping", "expinfo-all", "expinfo", NULL};
	const char *exp = value_get_text(args, "exp");
	char what[100];

	cr_assert_not_null(value_get_text(args, "proj"), "%s", method);
	if (strcmp(method, "experiment.state") == 0) {
		add_result(reply, 0, p->state ? p->state : "active");
		return true;
	}
	if (strcmp(method, "experiment.info") == 0)
		return add_info(p, reply, exp, value_get_text(args, "aspect"));
	if (strcmp(method, "experiment.virtual_topology") == 0)
		return add_one_of(reply, exp, vtopo);
	if (strcmp(method, "experiment.expinfo") == 0)
		return add_one_of(reply, exp, expinfo);
	if (strcmp(method, "node.sshdescription") == 0)
		return add_recording(reply, exp, "ssh");
	cr_assert_str_eq(method, "node.hostkeys");
	snprintf(what, sizeof(what), "hostkeys-%s",
		value_get_text(args, "node"));
	if (!add_recording(reply, exp, what))
		add_result(reply, 2, "No such node: x");
	return true;
}

static int play(void *ctx, const char *request, size_t len, int64_t timeout_ms,
	struct buf *reply, struct err *e)
{
	struct xmlrpc_request r;

	(void)timeout_ms;
	((struct played *)ctx)->calls++;
	cr_assert_eq(xmlrpc_parse_request(request, len, &r, e), 0);
	if (!add_answer(ctx, reply, r.method, r.params[1]))
		xmlrpc_print_fault(1, "not recorded", reply);
	xmlrpc_request_release(&r);
	return 0;
}

static int import(struct played *p, const char *proj, const char *exp,
	const struct import_options *options, struct topology **ret)
{
	struct client *c = client_over(play, p);
	struct client_exp e = {proj, exp};
	int rc;

	err_clear(&err);
	rc = import_experiment(c, &e, options, ret, &err);
	client_close(c);
	return rc;
}

/* What holds of every import; also that its file form reads back. */
static void check_invariants(const struct topology *t)
{
	struct buf first = BUF_INIT(16 << 20), second = BUF_INIT(16 << 20);
	struct topology *again = NULL;

	for (size_t i = 0; i < t->n_bridges; i++) {
		const struct topo_bridge *b = &t->bridges[i];

		cr_assert_eq(t->nodes[b->node].role, ROLE_SHAPER);
		cr_assert(b->port[0] >= 0 && b->port[1] >= 0);
	}
	topofile_print(t, &first);
	cr_assert_eq(
		topofile_parse(buf_str(&first), first.len, "t", &again, &err),
		0, "%s", err.text);
	topofile_print(again, &second);
	cr_assert_str_eq(buf_str(&first), buf_str(&second));
	cr_assert_null(strstr(buf_str(&first), "eventkey"));
	topology_free(again);
	buf_release(&first);
	buf_release(&second);
}

static struct topology *imported(
	const char *proj, const char *exp, const struct import_options *options)
{
	struct played p = {0};
	struct topology *t = NULL;

	cr_assert_eq(import(&p, proj, exp, options, &t), 0, "%s", err.text);
	check_invariants(t);
	return t;
}

static const struct topo_node *node(const struct topology *t, const char *name)
{
	int i = topology_node(t, name);

	cr_assert_geq(i, 0, "no node %s", name);
	return &t->nodes[i];
}

/* The interface of a node on a link. */
static const struct topo_iface *member(
	const struct topology *t, const char *link, const char *name)
{
	const struct topo_link *l = &t->links[topology_link(t, link)];

	for (size_t i = 0; i < l->n_members; i++) {
		const struct topo_iface *f = &t->ifaces[l->members[i].iface];

		if (strcmp(t->nodes[f->node].name, name) == 0)
			return f;
	}
	cr_assert_fail("%s is not on %s", name, link);
	return NULL;
}

static const struct topo_bridge *bridge(
	const struct topology *t, const char *link, const char *name)
{
	int i = topology_bridge_of(
		t, topology_link(t, link), member(t, link, name)->slot);

	return i < 0 ? NULL : &t->bridges[i];
}

static void check_port(const struct topology *t, const struct topo_bridge *b,
	const char *node_name, const char *port0, const char *port1)
{
	cr_assert_not_null(b);
	cr_assert_str_eq(t->nodes[b->node].name, node_name);
	cr_assert_str_eq(t->ifaces[b->port[0]].card->name, port0);
	cr_assert_str_eq(t->ifaces[b->port[1]].card->name, port1);
}

Test(import, lan3_without_asking_the_shapers)
{
	struct topology *t;
	const struct topo_node *n;
	const struct topo_iface *f;
	struct topo_shape s;
	char text[NET_ADDR_TEXT];

	if (!replies_present())
		return;
	t = imported("nfexp", "lan3", NULL);
	cr_assert_eq(t->n_nodes, 5);
	cr_assert_eq(t->n_links, 1);
	cr_assert_eq(t->links[0].kind, LINK_LAN);
	cr_assert_eq(t->links[0].n_members, 3);
	n = node(t, "client");
	cr_assert_eq(n->role, ROLE_HOST);
	cr_assert_str_eq(n->m->phys, "pc164");
	cr_assert_str_eq(n->m->hostname, "client.lan3.nfexp.example.net");
	cr_assert(n->m->address && strncmp(n->m->address, "198.18.", 7) == 0);
	cr_assert_not_null(n->m->host_keys);
	cr_assert(strncmp(n->m->host_keys[0], "ssh-", 4) == 0);
	cr_assert_null(n->m->unusable);
	cr_assert_str_eq(node(t, "tbdelay0")->m->unusable, "os");
	f = member(t, "lan0", "server");
	cr_assert_eq(f->slot, 1); /* order of the NS file */
	cr_assert_str_eq(net_addr_print(&f->card->addr, text), "10.1.1.3");
	cr_assert_eq(f->card->prefix_len, 120);
	cr_assert(f->card->has_mac);
	cr_assert_str_eq(f->card->name, "eth1");
	cr_assert_eq(f->card->speed_kbps, 100000);
	s = topology_path_shaping(t, 0, 0, 1);
	cr_assert_eq(s.delay_ms, 10);
	cr_assert_eq(s.bandwidth_kbps, 10000);
	cr_assert_eq(t->n_bridges, 3);
	cr_assert(bridge(t, "lan0", "client")->inferred);
	check_port(t, bridge(t, "lan0", "client"), "tbdelay0", "eth1", "eth4");
	check_port(t, bridge(t, "lan0", "monitor"), "tbdelay0", "eth2", "eth3");
	check_port(t, bridge(t, "lan0", "server"), "tbdelay2", "eth1", "eth2");
	topology_free(t);
}

/* The files of the machines in the published example. */
static int lan3_files(void *ctx, const struct topo_node *n, const char *path,
	struct buf *out, struct err *e)
{
	bool first = strcmp(n->m->phys, "pc93") == 0;

	(void)ctx;
	cr_assert_not_null(n->m->hostname);
	if (strcmp(path, IMPORT_IFMAP) == 0) {
		for (int i = 1; i <= 4; i++)
			buf_addf(out, "fxp%d  00d0b713f4%d%d\n", i, first, i);
		return 0;
	}
	if (strcmp(path, IMPORT_DELAY_MAPPING) != 0)
		return err_set(e, NFZ_E_REMOTE, "no such file");
	buf_adds(out,
		first ? "lan0 duplex client client fxp1 fxp4 60110 60120\n"
			"lan0 duplex monitor monitor fxp2 fxp3 60130 60140\n"
		      : "lan0 duplex server server fxp1 fxp2 60110 60120\n");
	return 0;
}

Test(import, lan3_with_the_files_of_its_shapers)
{
	struct import_options options = {.node_file = lan3_files};
	const struct topo_bridge *b;
	const struct topo_iface *f;
	struct topology *t;

	if (!replies_present())
		return;
	t = imported("nfexp", "lan3", &options);
	cr_assert_eq(t->n_bridges, 3);
	b = bridge(t, "lan0", "monitor");
	cr_assert_not(b->inferred);
	cr_assert(b->shapes);
	check_port(t, b, "tbdelay0", "eth2", "eth3");
	f = &t->ifaces[b->port[1]];
	cr_assert_str_eq(f->card->os_name, "fxp3");
	cr_assert(f->card->has_mac && f->card->mac[5] == 0x13);
	cr_assert_not(f->inferred);
	topology_free(t);
}

static int nobody_home(void *ctx, const struct topo_node *n, const char *path,
	struct buf *out, struct err *e)
{
	(void)ctx;
	(void)path;
	(void)out;
	return err_set(e, NFZ_E_UNREACHABLE, "%s: nobody is home", n->name);
}

Test(import, an_unreachable_shaper_is_inferred_and_noted)
{
	struct buf notes = BUF_INIT(4096);
	struct import_options options = {
		.node_file = nobody_home, .notes = &notes};
	struct topology *t;

	if (!replies_present())
		return;
	t = imported("nfexp", "lan3", &options);
	cr_assert_eq(t->n_bridges, 3);
	cr_assert(t->bridges[0].inferred);
	cr_assert(strstr(buf_str(&notes), "cannot be read: nobody is home"));
	cr_assert(strstr(buf_str(&notes), "3 shapers are concluded"));
	buf_release(&notes);
	topology_free(t);
}

Test(import, tutbasic_one_shaped_link_one_plain_lan)
{
	struct topology *t;
	int shaped = 0;

	if (!replies_present())
		return;
	t = imported("nfexp", "tutbasic", NULL);
	cr_assert_eq(t->n_links, 2);
	cr_assert_eq(t->n_bridges, 1);
	cr_assert_eq(t->bridges[0].slot, -1);
	for (size_t i = 0; i < t->n_links; i++)
		shaped += t->links[i].kind == LINK_P2P;
	cr_assert_eq(shaped, 1);
	cr_assert_eq(t->links[t->bridges[0].link].kind, LINK_P2P);
	topology_free(t);
}

Test(import, dumbbell_27_nodes_nothing_shaped)
{
	struct topology *t;
	int lans = 0;

	if (!replies_present())
		return;
	t = imported("deter1", "dumbbell", NULL);
	cr_assert_eq(t->n_nodes, 27);
	cr_assert_eq(t->n_links, 3);
	cr_assert_eq(t->n_bridges, 0);
	for (size_t i = 0; i < t->n_links; i++)
		lans += t->links[i].kind == LINK_LAN;
	cr_assert_eq(lans, 2);
	topology_free(t);
}

Test(import, tracebr_bridges_come_from_the_list_of_traces)
{
	const struct topo_bridge *b;
	struct topology *t;

	if (!replies_present())
		return;
	t = imported("nfexp", "tracebr", NULL);
	cr_assert_eq(t->n_bridges, 5);
	for (size_t i = 0; i < t->n_bridges; i++)
		cr_assert_not(t->bridges[i].inferred);
	b = bridge(t, "link0", "left");
	cr_assert_eq(t->links[b->link].kind, LINK_P2P);
	cr_assert_not(b->shapes);
	check_port(t, b, "tbdelay2", "eth3", "eth4");
	b = bridge(t, "link1", "right");
	cr_assert(b->shapes);
	/* member 0 of link1 is router (vindex): its side is port 0 */
	check_port(t, b, "tbdelay4", "eth2", "eth1");
	check_port(t, bridge(t, "lanx", "router"), "tbdelay2", "eth1", "eth2");
	cr_assert_not(bridge(t, "lanx", "extra")->shapes);
	cr_assert(t->links[topology_link(t, "lanx")].traced);
	topology_free(t);
}

/* On the machine, bridges that only trace are in no delay_mapping. */
static int tracebr_files(void *ctx, const struct topo_node *n, const char *path,
	struct buf *out, struct err *e)
{
	(void)ctx;
	(void)e;
	if (strcmp(path, IMPORT_IFMAP) == 0)
		buf_adds(out, "em1  0000000000a1\nem2  0000000000a2\n"
			      "em3  0000000000a3\nem4  0000000000a4\n");
	if (strcmp(path, IMPORT_DELAY_MAPPING) == 0 &&
		strcmp(n->name, "tbdelay4") == 0)
		buf_adds(out, "link1 duplex right router em1 em2 110 120\n");
	if (strcmp(path, IMPORT_TMCC_DELAY) == 0 &&
		strcmp(n->name, "tbdelay2") == 0)
		buf_adds(out,
			"DELAY INT0=0000000000A1 INT1=0000000000A2 PIPE0=110 "
			"LINKNAME=lanx VNODE0=router VNODE1=router "
			"NOSHAPING=1\n"
			"DELAY INT0=0000000000A3 INT1=0000000000A4 PIPE0=130 "
			"LINKNAME=link0 VNODE0=left VNODE1=router "
			"NOSHAPING=1\n");
	return 0;
}

Test(import, tracebr_ports_are_joined_by_mac)
{
	struct import_options options = {.node_file = tracebr_files};
	const struct topo_bridge *b;
	struct topology *t;

	if (!replies_present())
		return;
	t = imported("nfexp", "tracebr", &options);
	cr_assert_eq(t->n_bridges, 5);
	b = bridge(t, "link0", "left");
	check_port(t, b, "tbdelay2", "eth3", "eth4");
	cr_assert_str_eq(t->ifaces[b->port[0]].card->os_name, "em3");
	cr_assert_not(b->shapes);
	b = bridge(t, "link1", "right");
	cr_assert(b->shapes);
	cr_assert_str_eq(t->ifaces[b->port[0]].card->os_name, "em2");
	topology_free(t);
}

Test(import, vmshare_virtual_nodes_on_foreign_hosts)
{
	const struct topo_node *n;
	struct topology *t;

	if (!replies_present())
		return;
	t = imported("nfexp", "vmshare", NULL);
	n = node(t, "vn-0");
	cr_assert_eq(n->role, ROLE_VIRTUAL);
	cr_assert_str_eq(n->m->phys, "pcvm340-1");
	cr_assert_str_eq(n->m->host, "pc340");
	cr_assert(n->m->host_shared);
	cr_assert_str_eq(n->m->gateway, "users.example.net");
	cr_assert_null(n->m->address);
	cr_assert(member(t, "vlan0", "vn-2")->card->has_addr);
	cr_assert_not(member(t, "vlan0", "vn-2")->card->has_mac);
	/* the one shaper; pipes on the virtual nodes are none */
	cr_assert_eq(t->n_bridges, 1);
	check_port(t, bridge(t, "up0", "gw"), "tbdelay0", "eth1", "eth2");
	cr_assert_not(t->links[topology_link(t, "vlan0")].trivial);
	topology_free(t);
}

Test(import, big200)
{
	struct topology *t;
	const struct topo_iface *f;

	if (!replies_present())
		return;
	t = imported("nfexp", "big200", NULL);
	cr_assert_eq(t->n_nodes, 212);
	cr_assert_eq(t->n_links, 16);
	cr_assert_eq(t->n_bridges, 24);
	f = member(t, "up6", "core");
	cr_assert(f->card->has_mac);
	cr_assert(strstr(f->card->name, "."), "%s",
		f->card->name); /* a VLAN device */
	cr_assert(bridge(t, "edge7", "agg7")->shapes);
	topology_free(t);
}

Test(import, links_may_come_from_the_virtual_topology)
{
	struct played p = {.links_fail = "fault"};
	struct buf notes = BUF_INIT(4096), a = BUF_INIT(1 << 20),
		   b = BUF_INIT(1 << 20);
	struct import_options options = {.notes = &notes};
	struct topology *t = NULL, *usual;

	if (!replies_present())
		return;
	cr_assert_eq(
		import(&p, "nfexp", "lan3", &options, &t), 0, "%s", err.text);
	cr_assert(strstr(buf_str(&notes), "virtual topology is used"));
	usual = imported("nfexp", "lan3", NULL);
	topofile_print(t, &a);
	topofile_print(usual, &b);
	cr_assert_str_eq(buf_str(&a), buf_str(&b));
	topology_free(t);
	topology_free(usual);
	buf_release(&notes);
	buf_release(&a);
	buf_release(&b);
}

Test(import, what_is_not_active_is_said_before_anything_else)
{
	struct played p = {.state = "swapped"};
	struct topology *t = NULL;

	cr_assert_eq(import(&p, "nfexp", "parked", NULL, &t), -NFZ_E_SWAPPED);
	cr_assert_str_eq(err.text, "experiment nfexp/parked is swapped out");
	cr_assert_eq(p.calls, 1);
	p.state = "modify_reswap";
	cr_assert_eq(import(&p, "nfexp", "modding", NULL, &t), -NFZ_E_SWAPPED);
	cr_assert(strstr(err.text, "being modified"), "%s", err.text);
}

Test(import, faults_of_the_testbed_are_named)
{
	struct played p = {0};
	struct topology *t = NULL;

	if (!replies_present())
		return;
	cr_assert_eq(import(&p, "nfexp", "oddos", NULL, &t), -NFZ_E_FAULT);
	cr_assert(strstr(err.text, "tuple index out of range"), "%s", err.text);
}

Test(import, a_member_without_address_spoils_only_the_list_of_links)
{
	struct topology *t;

	if (!replies_present())
		return;
	t = imported("nfexp", "oddip", NULL); /* physical is not recorded */
	cr_assert_eq(t->n_links, 2);
	cr_assert(member(t, "lan0", "nodeB")->card->has_addr);
	cr_assert_eq(member(t, "link0", "nodeA")->card->prefix_len, 120);
	topology_free(t);
}

Test(import, other_odd_experiments)
{
	static const char *const faults[] = {"oddname", "oddbig"};
	struct played p = {0};
	struct topology *t = NULL;

	if (!replies_present())
		return;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		cr_assert_eq(import(&p, "nfexp", faults[i], NULL, &t),
			-NFZ_E_FAULT, "%s: %s", faults[i], err.text);
}

/* A testbed that lies: names with odd characters. */
static int hostile(void *ctx, const char *request, size_t len,
	int64_t timeout_ms, struct buf *reply, struct err *e)
{
	struct value *v = value_new(VALUE_STRUCT), *st = NULL, *entry;
	const char *name = ctx;

	(void)timeout_ms;
	(void)e;
	(void)len;
	if (strstr(request, "experiment.state")) {
		st = value_string("active");
	} else {
		st = value_new(VALUE_STRUCT);
		entry = value_set(st, name, value_new(VALUE_STRUCT));
		value_set(entry, "node", value_string("pc1"));
	}
	if (strstr(request, "<string>traces")) {
		value_free(st);
		st = value_new(VALUE_ARRAY);
	}
	value_set(v, "code", value_int(0));
	value_set(v, "output", value_string(""));
	value_set(v, "value", st);
	xmlrpc_print_response(v, reply);
	value_free(v);
	return 0;
}

Test(import, hostile_names_are_refused)
{
	static const char *const names[] = {
		"a;reboot", "$(x)", "../x", "a b", "", "\x1b[2J"};
	struct client_exp e = {"p", "e"};
	struct topology *t = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[40];
		struct client *c;

		snprintf(name, sizeof(name), "%s", names[i]);
		c = client_over(hostile, name);
		cr_assert_eq(import_experiment(c, &e, NULL, &t, &err),
			-NFZ_E_REPLY, "%s", names[i]);
		client_close(c);
	}
}

Test(import, images_without_our_programs)
{
	cr_assert(import_os_unusable("FBSD410-STD"));
	cr_assert(import_os_unusable("FreeBSD-11"));
	cr_assert(import_os_unusable("WINXP-UPDATE"));
	cr_assert_not(import_os_unusable("RHL90-STD"));
	cr_assert_not(import_os_unusable("UBUNTU20-64-STD"));
	cr_assert_not(import_os_unusable(NULL));
}

Test(nodefile, odd_lines_are_passed_over)
{
	static const char mapping[] =
		"link0 simplex a eth1 110\n"
		"link0 duplex a b eth1 eth2 110\n"
		"li;nk duplex a b eth1 eth2 110 120\n"
		"link0 duplex a b e$h1 eth2 110 120\n"
		"link0 duplex a b eth1 eth2 110 120"; /* no newline */
	static const char ifmap[] = "eth2 10.1.1.2 000347db1f1e\n"
				    "eth3  000347db1f1f\neth4\nx y z w\n";
	struct nodefile_shapers s = {0};
	struct nodefile_ifaces f = {0};

	nodefile_delay_mapping(mapping, strlen(mapping), &s);
	cr_assert_eq(s.n, 1);
	cr_assert_str_eq(s.items[0].port[1].os_name, "eth2");
	nodefile_ifmap(ifmap, strlen(ifmap), &f);
	cr_assert_eq(f.n, 2);
	cr_assert_str_eq(f.items[1].os_name, "eth3");
	nodefile_shapers_release(&s);
	nodefile_ifaces_release(&f);
}
