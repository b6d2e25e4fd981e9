/* A plan document for one small topology (three hosts, a router, one
 * link and one LAN): whatever is accepted refers only to what is there, and is
 * printed, read again and printed the same. */
#include "topology/plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int node(struct topology *t, const char *name, enum node_role role)
{
	int index;

	if (topology_add_node(t,
		    &(struct topo_node){.name = name, .role = role}, &index,
		    NULL) < 0)
		abort();
	return index;
}

static void member(struct topology *t, int at, int link, const char *name)
{
	const struct topo_card card = {.name = name};
	const struct topo_iface iface = {
		.card = &card, .node = at, .link = link};
	const struct topo_shape none = {0};
	int index;

	if (topology_add_member(t, &iface, &none, &index, NULL) < 0)
		abort();
}

/* The corpus carries the digest of just this topology. */
static struct topology *small(void)
{
	struct topology *t = topology_new();
	const int a = node(t, "a", ROLE_HOST), b = node(t, "b", ROLE_HOST),
		  c = node(t, "c", ROLE_HOST), r = node(t, "r", ROLE_HOST);
	int core, lan;

	if (topology_add_link(t, "core", LINK_P2P, &core, NULL) < 0 ||
		topology_add_link(t, "lan0", LINK_LAN, &lan, NULL) < 0)
		abort();
	member(t, a, core, "eth0");
	member(t, r, core, "eth0");
	member(t, r, lan, "eth1");
	member(t, b, lan, "eth0");
	member(t, c, lan, NULL);
	topology_finish(t);
	return t;
}

static void look(const struct plan *p, const struct topology *t)
{
	for (size_t i = 0; i < p->n_probes; i++)
		if (p->probes[i].node < 0 ||
			(size_t)p->probes[i].node >= t->n_nodes)
			abort();
	for (size_t i = 0; i < p->n_taps; i++) {
		const struct plan_tap *tap = &p->taps[i];

		if (tap->probe < 0 || (size_t)tap->probe >= p->n_probes ||
			t->ifaces[tap->iface].link != tap->link ||
			t->ifaces[tap->iface].node !=
				p->probes[tap->probe].node)
			abort();
	}
	if (p->n_covered > p->n_links || p->n_links > t->n_links)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = BUF_INIT(64 << 20), second = BUF_INIT(64 << 20);
	static struct topology *t;
	struct plan *plan = NULL, *again = NULL;
	struct err err;

	if (!t)
		t = small();
	if (plan_parse((const char *)data, size, "fuzz", t, &plan, &err) == 0) {
		look(plan, t);
		plan_print(plan, t, &first);
		if (plan_parse(buf_str(&first), first.len, "again", t, &again,
			    &err) < 0)
			abort();
		plan_print(again, t, &second);
		if (first.len != second.len ||
			memcmp(first.data, second.data, first.len) != 0)
			abort();
	}
	plan_free(plan);
	plan_free(again);
	buf_release(&first);
	buf_release(&second);
	return 0;
}
