/* The names of a run: nodes, links and who is on them, taps -- also those of an
 * earlier plan, whose records are in the store. */
#include "base/mem.h"
#include "deploy/rollout_private.h"
#include "format/crypto.h"
#include "store/catalog.h"

#include <stdio.h>
#include <string.h>

enum { PLAN_TEXT_MAX = 1 << 30 };

static const char *gap_of(const struct plan *plan, int link)
{
	for (size_t i = 0; i < plan->n_gaps; i++)
		if (plan->gaps[i].what.link == link)
			return plan->gaps[i].cause;
	for (size_t i = 0; i < plan->n_taps; i++)
		if (plan->taps[i].link == link)
			return NULL;
	return "not part of the plan";
}

/* The link-local address that an interface makes of its MAC (RFC 4291 app. A).
 * A system may choose another one; nobody else can have this one. */
static struct net_addr link_local(const uint8_t mac[6])
{
	return (struct net_addr){
		.b = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)(mac[0] ^ 2),
			mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]}};
}

static void catalog_links(
	const struct topology *t, const struct plan *plan, struct catalog *c)
{
	for (size_t i = 0; i < t->n_links; i++) {
		const struct topo_link *l = &t->links[i];
		int link = catalog_add_link(c, l->name, l->kind == LINK_LAN);

		for (size_t s = 0; s < l->n_members; s++) {
			const struct topo_iface *f =
				&t->ifaces[l->members[s].iface];

			catalog_add_member(c, link, f->node,
				f->card->has_addr ? &f->card->addr : NULL);
			catalog_set_speed(c, link, (int)s,
				topology_speed_kbps(t, (int)i, (int)s) * 1000);
			if (f->card->has_mac) {
				struct net_addr a = link_local(f->card->mac);

				catalog_add_addr(c, f->node, &a);
			}
		}
		catalog_set_gap(c, link, gap_of(plan, (int)i));
	}
}

/* What an earlier plan may have watched.  By what the topology itself says:
 * system names are known only of the nodes that were asked this time. */
static void catalog_idle(
	const struct topology *t, int iface, int slot, struct catalog *c)
{
	const struct topo_iface *f = iface < 0 ? NULL : &t->ifaces[iface];
	char mac[NET_MAC_TEXT];

	if (!f || catalog_tap(c, rollout_tap_id(iface)))
		return;
	catalog_add_tap(
		c, &(struct catalog_tap){.id = rollout_tap_id(iface),
			   .node = f->node,
			   .iface = f->card->name ? f->card->name
				    : f->card->has_mac
					    ? net_mac_print(f->card->mac, mac)
				    : f->card->os_name ? f->card->os_name
						       : "?",
			   .link = f->link,
			   .slot = (uint16_t)slot,
			   .module = rollout_meter_id(f->node),
			   .idle = true});
}

static void catalog_taps(const struct topology *t, const struct plan *plan,
	bool named, struct catalog *c)
{
	for (size_t i = 0; i < plan->n_taps; i++) {
		const struct plan_tap *p = &plan->taps[i];
		const struct topo_iface *f = &t->ifaces[p->iface];
		const char *os_name = named || !f->card->has_mac
					      ? plan_tap_os_name(plan, t, p)
					      : NULL;
		struct catalog_tap tap = {.id = rollout_tap_id(p->iface),
			.node = plan->probes[p->probe].node,
			.iface = os_name         ? os_name
				 : f->card->name ? f->card->name
						 : "?",
			.link = p->link,
			.slot = (uint16_t)p->slot,
			.module =
				rollout_meter_id(plan->probes[p->probe].node)};

		catalog_add_tap(c, &tap);
	}
	for (size_t i = 0; i < t->n_ifaces; i++)
		if (t->ifaces[i].link >= 0 && t->ifaces[i].slot >= 0)
			catalog_idle(t, (int)i, t->ifaces[i].slot, c);
	for (size_t i = 0; i < t->n_bridges; i++)
		for (int side = 0; side < 2; side++) {
			const struct topo_bridge *b = &t->bridges[i];

			catalog_idle(t, b->port[side],
				b->slot < 0 ? side : b->slot, c);
		}
}

void rollout_catalog(const struct topology *t, const struct plan *plan,
	const struct rollout *r, bool named, struct buf *out)
{
	struct catalog *c cleanup(catalog_free_at) = catalog_new();

	c->project = arena_strdup(&c->arena, t->project);
	c->experiment = arena_strdup(&c->arena, t->experiment);
	c->mode = arena_strdup(&c->arena, plan->mode);
	c->deployment = r->deployment;
	c->idle_ms = r->modules[0].setup.idle_ms;
	c->several = plan->demand.redundancy > 1 ||
		     strcmp(plan->demand.dedupe, "none") == 0;
	for (size_t i = 0; i < t->n_nodes; i++)
		catalog_add_node(c, t->nodes[i].name);
	c->collector = r->collector;
	for (size_t i = 0; i < r->n; i++)
		if (r->modules[i].role == MODULE_CACHE)
			c->nodes[r->modules[i].node].cache =
				r->modules[i].setup.id;
	catalog_links(t, plan, c);
	catalog_taps(t, plan, named, c);
	catalog_print(c, out);
}

/* Which plan it is, and its reasons: nothing a program would have to be started
 * again for.  The digest is that of the plan's file, with the names that
 * interfaces have on their nodes. */
static void explain(
	const struct topology *t, const struct plan *plan, struct rollout *r)
{
	struct catalog *c cleanup(catalog_free_at) = catalog_new();
	struct buf text = BUF_INIT(PLAN_TEXT_MAX);
	char hex[CRYPTO_SHA256_TEXT];

	plan_print(plan, t, &text);
	c->plan = arena_strdup(
		&c->arena, crypto_sha256_text(buf_str(&text), text.len, hex));
	buf_release(&text);
	for (size_t i = 0; i < t->n_nodes; i++)
		catalog_add_node(c, t->nodes[i].name);
	for (size_t i = 0; i < plan->n_probes; i++)
		c->nodes[plan->probes[i].node].why =
			arena_strdup(&c->arena, plan->probes[i].reason);
	catalog_print_plan(c, &r->catalog);
}

void rollout_name_all(
	const struct topology *t, const struct plan *plan, struct rollout *r)
{
	buf_reset(&r->catalog);
	rollout_catalog(t, plan, r, true, &r->catalog);
	explain(t, plan, r);
}

void rollout_name_taps(const struct topology *t, const struct plan *plan,
	int node, struct rollout *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct module *m = &r->modules[i];
		size_t k = 0;

		if (m->node != node || m->role != MODULE_METER)
			continue;
		for (size_t p = 0; p < plan->n_taps; p++) {
			const struct plan_tap *tap = &plan->taps[p];
			const char *name = plan_tap_os_name(plan, t, tap);

			if (plan->probes[tap->probe].node != node)
				continue;
			snprintf(m->setup.taps[k].ifname,
				sizeof(m->setup.taps[k].ifname), "%s",
				name ? name : "");
			k++;
		}
	}
}
