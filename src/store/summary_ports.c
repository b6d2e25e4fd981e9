/* Who is talked to by port.  Totals are counted for every port in the first
 * reading; in the second, those of the largest get a course and the kinds of
 * flows they are made of. */
#include "base/mem.h"
#include "store/summary_parts.h"

#include <stdlib.h>

enum { PORTS = 100 };

static int by_bytes(const void *a, const void *b)
{
	const struct port_sum *x = a, *y = b;

	if (x->all.bytes != y->all.bytes)
		return x->all.bytes > y->all.bytes ? -1 : 1;
	return x->port < y->port ? -1 : x->port > y->port;
}

void summary_choose_ports(struct summary *s)
{
	size_t cap = 0;

	for (uint32_t i = 0; i < PORT_COUNT; i++)
		if (s->by_port[i].flows)
			MEM_PUSH(s->ports, s->n_ports, cap) = (struct port_sum){
				.port = (uint16_t)i, .all = s->by_port[i]};
	if (s->n_ports)
		qsort(s->ports, s->n_ports, sizeof(*s->ports), by_bytes);
	if (s->n_ports > PORTS)
		s->n_ports = PORTS;
	for (size_t i = 0; i < s->n_ports; i++)
		s->port_at[s->ports[i].port] = (uint8_t)(i + 1);
}

struct port_sum *summary_port(const struct summary *s, uint16_t port)
{
	size_t at = s->by_port ? s->port_at[port] : 0;

	return at ? &s->ports[at - 1] : NULL;
}

void summary_count_port(struct summary *s, struct port_sum *port,
	const struct alike *a, const struct sums *flow)
{
	struct port_kind kind = {.key = {port->port, (uint32_t)(a - s->alike)}};
	struct sums *sum;
	size_t at;

	if (s->ports_cut)
		return;
	at = index_find(&s->by_port_kind, s->port_kinds, &kind.key);
	if (!at && s->n_port_kinds >= summary_detail(s) / 4) {
		s->ports_cut = true;
		return;
	}
	if (!at) {
		MEM_PUSH(s->port_kinds, s->n_port_kinds, s->port_kinds_cap) =
			kind;
		at = s->n_port_kinds;
		index_add(&s->by_port_kind, s->port_kinds, at - 1);
	}
	sum = &s->port_kinds[at - 1].all;
	sum->flows += flow->flows;
	sum->packets += flow->packets;
	sum->bytes += flow->bytes;
}

/* One of a port's, ready to be written. */
struct part {
	uint32_t port;
	size_t place;
	const struct sums *all;
};

static int by_port(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* Its place in groups and then kinds, as the difference from the one before,
 * and its flows, packets and bytes. */
static void put_parts(struct jsonw *w, const struct part *parts, size_t n,
	const struct port_sum *port)
{
	size_t last = 0;

	jsonw_key(w, "parts");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].port != port->port)
			continue;
		jsonw_uint(w, parts[i].place - last);
		jsonw_uint(w, parts[i].all->flows);
		jsonw_uint(w, parts[i].all->packets);
		jsonw_uint(w, parts[i].all->bytes);
		last = parts[i].place;
	}
	jsonw_end(w);
}

static struct part part_of(const struct summary *s, const struct port_kind *k)
{
	const struct alike *a = &s->alike[k->key.kind];

	if (!a->rank)
		a = &s->alike[a->into];
	return (struct part){k->key.port, a->place, &k->all};
}

void summary_write_ports(struct jsonw *w, struct summary *s)
{
	cleanup_free struct part *parts =
		mem_zalloc(s->n_port_kinds + 1, sizeof(*parts));

	for (size_t i = 0; i < s->n_port_kinds; i++)
		parts[i] = part_of(s, &s->port_kinds[i]);
	if (s->n_port_kinds)
		qsort(parts, s->n_port_kinds, sizeof(*parts), by_port);
	jsonw_key(w, "ports");
	jsonw_array(w);
	for (size_t i = 0; i < s->n_ports; i++) {
		jsonw_object(w);
		jsonw_put_uint(w, "port", s->ports[i].port);
		summary_put_sums(w, &s->ports[i].all);
		summary_put_course(w, s, "course", s->ports[i].course);
		if (!s->ports_cut)
			put_parts(w, parts, s->n_port_kinds, &s->ports[i]);
		jsonw_end(w);
	}
	jsonw_end(w);
}
