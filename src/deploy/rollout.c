/* Setups and catalog from topology and plan.
 *
 * Module 1 is the collector.  A meter's number comes from its node's place in
 * the topology, so does a cache's, counted down; a tap's from its interface's: records of an earlier plan of the
 * same deployment keep their meaning in the store. */
#include "deploy/rollout_private.h"
#include "base/mem.h"
#include "format/checksum.h"
#include "format/crypto.h"
#include "store/catalog.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	COLLECTOR_ID = 1,
	PORT_FIRST = 20000, /* below the ephemeral ports of Linux */
	PORT_COUNT = 10000,
	CACHE_FLOWS = 4 * 65536, /* of many meters */
	STAMP_SETUP = 16         /* hex digits of a setup's checksum */
};

/* Nodes that may have a cache, in this order. */
struct hosts {
	int nodes[ROLLOUT_CACHES_MAX];
	size_t n;
};

bool rollout_address(const struct topo_node *n, struct net_addr *ret)
{
	return n->m->address && net_addr_parse(n->m->address, ret);
}

void rollout_keyid(const uint8_t key[static SETUP_KEY_BYTES],
	char ret[static ROLLOUT_KEYID])
{
	uint8_t derived[CRYPTO_KEY];

	crypto_derive(key, 0, "nfzkeyid", derived);
	crypto_hex(derived, 8, ret);
	crypto_wipe(derived, sizeof(derived));
}

static uint16_t cache_id(int node)
{
	return (uint16_t)(STORE_FOREIGN - 1 - node);
}

static uint16_t collector_port(uint64_t deployment)
{
	return (uint16_t)(PORT_FIRST + deployment % PORT_COUNT);
}

static uint16_t cache_port(uint64_t deployment)
{
	return collector_port(deployment + 1);
}

static int no_address(const struct topology *t, int node, struct err *err)
{
	return err_set(err, NFZ_E_INPUT,
		"node %s has no numeric control address in this topology",
		t->nodes[node].name);
}

static struct setup_peer peer_of(const struct rollout_options *o, uint16_t self,
	uint16_t other, enum module_role role)
{
	struct setup_peer p = {.id = other, .role = role};

	if (o->key) {
		setup_pair_key(o->key, self, other, p.send_key);
		setup_pair_key(o->key, other, self, p.receive_key);
	}
	return p;
}

static void init_others(struct setup *s, const struct rollout_others *others)
{
	if (!others)
		return;
	if (s->role != MODULE_COLLECTOR) {
		s->exports =
			mem_zalloc(others->n_exports + 1, sizeof(*s->exports));
		if (others->n_exports)
			memcpy(s->exports, others->exports,
				others->n_exports * sizeof(*s->exports));
		s->n_exports = others->n_exports;
		return;
	}
	s->import_port = others->port;
	s->import_from =
		mem_zalloc(others->n_allow + 1, sizeof(*s->import_from));
	if (others->n_allow)
		memcpy(s->import_from, others->allow,
			others->n_allow * sizeof(*s->import_from));
	s->n_import_from = others->n_allow;
}

static void init_setup(struct setup *s, const struct rollout_options *o,
	uint16_t id, enum module_role role)
{
	setup_init(s);
	s->deployment = o->deployment;
	s->id = id;
	s->role = role;
	if (o->active_ms)
		s->active_ms = o->active_ms;
	if (o->idle_ms)
		s->idle_ms = o->idle_ms;
	if (o->fin_ms)
		s->fin_ms = o->fin_ms;
	if (o->cache_flows)
		s->cache_flows = o->cache_flows;
	init_others(s, o->others);
}

static struct hosts find_hosts(
	const struct plan *plan, const struct rollout_options *o)
{
	struct hosts h = {0};

	if (!o->caches)
		return h;
	h.nodes[h.n++] = plan->collector.node;
	for (size_t i = 0; i < plan->n_probes && h.n < ROLLOUT_CACHES_MAX; i++)
		if (plan->probes[i].node != plan->collector.node)
			h.nodes[h.n++] = plan->probes[i].node;
	return h;
}

/* To a module's peers, which have room for them. */
static int add_cache_peers(const struct topology *t, const struct hosts *h,
	const struct rollout_options *o, struct setup *s, struct err *err)
{
	for (size_t i = 0; i < h->n; i++) {
		struct setup_peer p =
			peer_of(o, s->id, cache_id(h->nodes[i]), MODULE_CACHE);

		if (!rollout_address(&t->nodes[h->nodes[i]], &p.addr))
			return no_address(t, h->nodes[i], err);
		/* the collector is spoken to by them */
		if (s->role == MODULE_METER)
			p.port = cache_port(o->deployment);
		s->peers[s->n_peers++] = p;
	}
	return 0;
}

static int add_meter_peers(const struct topology *t, const struct plan *plan,
	const struct rollout_options *o, struct setup *s, struct err *err)
{
	for (size_t i = 0; i < plan->n_probes; i++) {
		int node = plan->probes[i].node;
		struct setup_peer p =
			peer_of(o, s->id, rollout_meter_id(node), MODULE_METER);

		if (!rollout_address(&t->nodes[node], &p.addr))
			return no_address(t, node, err);
		s->peers[s->n_peers++] = p;
	}
	return 0;
}

/* Whom everybody else speaks to. */
static struct setup_peer collector_peer(
	const struct rollout *r, const struct rollout_options *o, uint16_t self)
{
	struct setup_peer p = peer_of(o, self, COLLECTOR_ID, MODULE_COLLECTOR);

	p.addr = r->modules[0].setup.listen;
	p.port = r->modules[0].setup.port;
	return p;
}

static int add_collector(const struct topology *t, const struct plan *plan,
	const struct rollout_options *o, struct rollout *r, struct err *err)
{
	const struct hosts hosts = find_hosts(plan, o);
	struct module *m;
	int result;

	if (plan->collector.node < 0 ||
		(size_t)plan->collector.node >= t->n_nodes)
		return err_set(err, NFZ_E_INPUT, "the plan has no collector");
	m = &MEM_PUSH(r->modules, r->n, r->cap);
	*m = (struct module){.node = plan->collector.node,
		.role = MODULE_COLLECTOR,
		.name = "collector",
		.program = "nfz-collector"};
	init_setup(&m->setup, o, COLLECTOR_ID, MODULE_COLLECTOR);
	m->setup.port = collector_port(o->deployment);
	m->setup.keep_ms = o->keep_ms;
	m->setup.keep_bytes = o->keep_bytes;
	m->setup.pack_ms = o->pack_ms;
	/* relative to the deployment's directory, where programs start */
	snprintf(m->setup.store, sizeof(m->setup.store), "store");
	if (!rollout_address(&t->nodes[m->node], &m->setup.listen))
		return no_address(t, m->node, err);
	m->setup.peers = mem_zalloc(
		plan->n_probes + hosts.n + 1, sizeof(*m->setup.peers));
	r->collector = m->node;
	result = add_meter_peers(t, plan, o, &m->setup, err);
	return result < 0 ? result
			  : add_cache_peers(t, &hosts, o, &m->setup, err);
}

static int add_cache(const struct topology *t, const struct plan *plan,
	const struct rollout_options *o, int node, struct rollout *r,
	struct err *err)
{
	struct module *m = &MEM_PUSH(r->modules, r->n, r->cap);

	*m = (struct module){.node = node,
		.role = MODULE_CACHE,
		.name = "cache",
		.program = "nfz-cache"};
	init_setup(&m->setup, o, cache_id(node), MODULE_CACHE);
	if (!o->cache_flows)
		m->setup.cache_flows = CACHE_FLOWS;
	m->setup.port = cache_port(o->deployment);
	if (!rollout_address(&t->nodes[node], &m->setup.listen))
		return no_address(t, node, err);
	m->setup.peers =
		mem_zalloc(plan->n_probes + 1, sizeof(*m->setup.peers));
	m->setup.peers[m->setup.n_peers++] = collector_peer(r, o, m->setup.id);
	return add_meter_peers(t, plan, o, &m->setup, err);
}

static int add_caches(const struct topology *t, const struct plan *plan,
	const struct rollout_options *o, struct rollout *r, struct err *err)
{
	const struct hosts hosts = find_hosts(plan, o);
	int result = 0;

	if (o->caches > hosts.n)
		return err_set(err, NFZ_E_INPUT,
			"%u flow caches are wanted, and there are %zu nodes "
			"for them: the collector's and those with probes, at "
			"most %d",
			o->caches, hosts.n, ROLLOUT_CACHES_MAX);
	for (size_t i = 0; i < o->caches && result == 0; i++)
		result = add_cache(t, plan, o, hosts.nodes[i], r, err);
	return result;
}

/* Which side of the interface is whose (flow/setup.h). */
static void set_sides(const struct topology *t, const struct plan_tap *tap,
	struct setup_tap *ret)
{
	ret->near_slot = (uint16_t)tap->slot;
	ret->far_slot = ret->lan ? 0 : (uint16_t)(1 - tap->slot);
	if (ret->facing)
		return; /* the other end of a member's own wire */
	for (size_t i = 0; i < t->n_bridges; i++) {
		const struct topo_bridge *b = &t->bridges[i];
		int side = b->port[0] == tap->iface   ? 0
			   : b->port[1] == tap->iface ? 1
						      : -1;

		if (b->link != tap->link || side < 0)
			continue;
		if (b->slot < 0) { /* p2p: each port faces one member */
			ret->near_slot = (uint16_t)side;
			ret->far_slot = (uint16_t)(1 - side);
			ret->facing = true;
		} else { /* LAN: port 0 faces the member, port 1 the rest */
			ret->near_slot = (uint16_t)b->slot;
			ret->facing = side == 0;
		}
		return;
	}
}

static void set_members(const struct topology *t, const struct plan *plan,
	int link, struct setup_tap *ret)
{
	const struct topo_link *l = &t->links[link];
	cleanup_free bool *watched = mem_zalloc(l->n_members, sizeof(*watched));

	for (size_t i = 0; i < plan->n_taps; i++)
		if (plan->taps[i].link == link && plan->taps[i].slot >= 0 &&
			(size_t)plan->taps[i].slot < l->n_members)
			watched[plan->taps[i].slot] = true;
	ret->members = mem_zalloc(l->n_members, sizeof(*ret->members));
	for (size_t s = 0; s < l->n_members; s++) {
		const struct topo_iface *f = &t->ifaces[l->members[s].iface];
		struct setup_member *m = &ret->members[ret->n_members];

		if (!f->card->has_mac || ret->n_members == SETUP_MEMBERS_MAX)
			continue; /* its frames count as of unknown origin */
		m->slot = (uint16_t)s;
		memcpy(m->mac, f->card->mac, sizeof(m->mac));
		m->watched = watched[s];
		ret->n_members++;
	}
}

static int make_tap(const struct topology *t, const struct plan *plan,
	size_t index, struct setup_tap *ret, struct err *err)
{
	const struct plan_tap *tap = &plan->taps[index];
	const struct topo_iface *f = &t->ifaces[tap->iface];
	const struct topo_link *l = &t->links[tap->link];
	const char *os_name = plan_tap_os_name(plan, t, tap);
	bool outside = plan_tap_is_outside(plan, t, tap);
	bool by_mac = f->card->has_mac && !outside;

	if (!os_name && !by_mac)
		return err_set(err, NFZ_E_INPUT,
			"the interface of %s on link %s has neither a system "
			"name nor a MAC address",
			t->nodes[f->node].name, l->name);
	*ret = (struct setup_tap){.id = rollout_tap_id(tap->iface),
		.has_mac = by_mac,
		.count_received =
			(uint8_t)(outside ? tap->sent : tap->received),
		.count_sent = (uint8_t)(outside ? tap->received : tap->sent),
		.facing = outside,
		.lowest = tap->lowest,
		.lan = l->kind == LINK_LAN};
	if (by_mac)
		memcpy(ret->mac, f->card->mac, sizeof(ret->mac));
	snprintf(
		ret->ifname, sizeof(ret->ifname), "%s", os_name ? os_name : "");
	snprintf(ret->link, sizeof(ret->link), "%s", l->name);
	set_sides(t, tap, ret);
	if (ret->lan)
		set_members(t, plan, tap->link, ret);
	return 0;
}

static int add_meter(const struct topology *t, const struct plan *plan,
	const struct rollout_options *o, size_t probe, struct rollout *r,
	struct err *err)
{
	uint16_t id = rollout_meter_id(plan->probes[probe].node);
	const struct hosts hosts = find_hosts(plan, o);
	struct module *m = &MEM_PUSH(r->modules, r->n, r->cap);
	size_t taps = 0;
	int result;

	*m = (struct module){.node = plan->probes[probe].node,
		.role = MODULE_METER,
		.name = "meter",
		.program = "nfz-meter"};
	init_setup(&m->setup, o, id, MODULE_METER);
	if (o->backend)
		snprintf(m->setup.backend, sizeof(m->setup.backend), "%s",
			o->backend);
	if (o->threads)
		m->setup.threads = o->threads < 0 ? 0 : (unsigned)o->threads;
	if (!rollout_address(&t->nodes[m->node], &m->setup.listen))
		return no_address(t, m->node, err);
	m->setup.peers = mem_zalloc(hosts.n + 1, sizeof(*m->setup.peers));
	m->setup.peers[m->setup.n_peers++] = collector_peer(r, o, id);
	result = add_cache_peers(t, &hosts, o, &m->setup, err);
	if (result < 0)
		return result;
	for (size_t i = 0; i < plan->n_taps; i++)
		taps += plan->taps[i].probe == (int)probe;
	m->setup.taps = mem_zalloc(taps + 1, sizeof(*m->setup.taps));
	for (size_t i = 0; i < plan->n_taps; i++) {
		if (plan->taps[i].probe != (int)probe)
			continue;
		result = make_tap(
			t, plan, i, &m->setup.taps[m->setup.n_taps], err);
		if (result < 0)
			return result;
		m->setup.n_taps++;
	}
	return 0;
}

/* The setup without keys, which are named by keyid, and without names of
 * interfaces that are found by their MAC addresses. */
static void print_bare(const struct setup *s, struct buf *out)
{
	struct setup bare = *s;

	bare.peers = mem_zalloc(s->n_peers + 1, sizeof(*bare.peers));
	bare.taps = mem_zalloc(s->n_taps + 1, sizeof(*bare.taps));
	for (size_t i = 0; i < s->n_peers; i++) {
		bare.peers[i] = s->peers[i];
		memset(bare.peers[i].send_key, 0, SETUP_KEY_BYTES);
		memset(bare.peers[i].receive_key, 0, SETUP_KEY_BYTES);
	}
	for (size_t i = 0; i < s->n_taps; i++) {
		bare.taps[i] = s->taps[i];
		if (s->taps[i].has_mac)
			bare.taps[i].ifname[0] = '\0';
	}
	setup_print(&bare, out);
	free(bare.peers);
	free(bare.taps);
}

/* A checksum of everything that matters.  It tells a change from none; the
 * setups of a LAN's 200 meters name all of its members each. */
static void set_stamp(const struct topology *t, const struct plan *plan,
	const struct rollout *r, struct module *m)
{
	struct buf text = BUF_INIT(SETUP_TEXT_MAX + CATALOG_TEXT_MAX);

	print_bare(&m->setup, &text);
	if (m->role == MODULE_COLLECTOR)
		rollout_catalog(t, plan, r, false, &text);
	snprintf(m->stamp, sizeof(m->stamp), "%s.%0*" PRIx64, r->keyid,
		STAMP_SETUP, checksum(buf_str(&text), text.len));
	buf_release(&text);
}

int rollout_make(const struct topology *t, const struct plan *plan,
	const struct rollout_options *o, struct rollout *ret, struct err *err)
{
	struct rollout r = {.deployment = o->deployment,
		.catalog = BUF_INIT(CATALOG_TEXT_MAX)};
	int result;

	snprintf(r.id, sizeof(r.id), "%016" PRIx64, o->deployment);
	if (o->key)
		rollout_keyid(o->key, r.keyid);
	else
		snprintf(r.keyid, sizeof(r.keyid), "%s", o->keyid);
	if (plan->n_taps > SETUP_TAPS_MAX ||
		plan->n_probes >= SETUP_PEERS_MAX - ROLLOUT_CACHES_MAX ||
		t->n_ifaces >= UINT16_MAX ||
		t->n_nodes >= (STORE_FOREIGN - ROLLOUT_FIRST_METER) / 2)
		return err_set(err, NFZ_E_LIMIT,
			"the plan has more probes or taps than we can name");
	result = add_collector(t, plan, o, &r, err);
	if (result == 0)
		result = add_caches(t, plan, o, &r, err);
	for (size_t i = 0; result == 0 && i < plan->n_probes; i++)
		result = add_meter(t, plan, o, i, &r, err);
	if (result < 0) {
		rollout_release(&r);
		return result;
	}
	for (size_t i = 0; i < r.n; i++)
		set_stamp(t, plan, &r, &r.modules[i]);
	rollout_name_all(t, plan, &r);
	*ret = r;
	return 0;
}

void rollout_program(struct module *m, const char *sha)
{
	enum { BASE = ROLLOUT_KEYID - 1 + 1 + STAMP_SETUP };

	snprintf(m->stamp + BASE, sizeof(m->stamp) - BASE, ".%.16s", sha);
}

void rollout_release(struct rollout *r)
{
	for (size_t i = 0; i < r->n; i++)
		setup_release(&r->modules[i].setup);
	free(r->modules);
	buf_release(&r->catalog);
	*r = (struct rollout){0};
}
