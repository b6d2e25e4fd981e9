/* A handful of addresses, compared in turn: most packets of most experiments
 * are through after one comparison of a port. */
#include "probe/own.h"
#include "base/mem.h"
#include "probe/wire.h"

#include <string.h>

static bool unspecified(const struct net_addr *a)
{
	static const struct net_addr any6;

	return memcmp(a, &any6, sizeof(any6)) == 0 ||
	       (net_addr_is_v4(a) && net_addr_v4_value(a) == 0);
}

void own_init(struct own *own, const struct setup *setup, uint16_t port)
{
	*own = (struct own){0};
	own->ends = mem_zalloc(
		setup->n_peers + setup->n_exports + 1, sizeof(*own->ends));
	if (port && !unspecified(&setup->listen))
		own->ends[own->n++] =
			(struct own_end){setup->listen, port, PROTO_UDP};
	for (size_t i = 0; i < setup->n_exports; i++) {
		const struct export_target *t = &setup->exports[i];

		own->ends[own->n++] = (struct own_end){
			t->addr, t->port, t->tcp ? PROTO_TCP : PROTO_UDP};
	}
	for (size_t i = 0; i < setup->n_peers; i++)
		if (setup->peers[i].port)
			own->ends[own->n++] =
				(struct own_end){setup->peers[i].addr,
					setup->peers[i].port, PROTO_UDP};
}

void own_release(struct own *own)
{
	free(own->ends);
	own->ends = NULL;
	own->n = 0;
}

bool own_traffic(const struct own *own, const struct flow_key *key)
{
	if (key->proto != PROTO_UDP && key->proto != PROTO_TCP)
		return false;
	for (size_t i = 0; i < own->n; i++) {
		const struct own_end *e = &own->ends[i];

		if (key->proto != e->proto)
			continue;
		if (key->sport == e->port &&
			memcmp(&key->src, &e->addr, sizeof(e->addr)) == 0)
			return true;
		if (key->dport == e->port &&
			memcmp(&key->dst, &e->addr, sizeof(e->addr)) == 0)
			return true;
	}
	return false;
}
