#include "probe/beside.h"
#include "probe/pages.h"

#include <string.h>

enum { THERE, BACK, TCP_ANSWER = 0x12 /* SYN and ACK */ };

static size_t pair_bytes(const struct flowcache_options *o)
{
	return o->both ? sizeof(struct beside_pair) : 0;
}

static size_t kept_bytes(const struct flowcache_options *o)
{
	return o->side.bytes * (o->both ? 2 : 1);
}

size_t beside_bytes(const struct flowcache_options *o)
{
	return pair_bytes(o) + kept_bytes(o);
}

void beside_init(
	struct beside *b, const struct flowcache_options *o, size_t flows)
{
	*b = (struct beside){.any = beside_bytes(o) != 0,
		.ways = o->both ? 2 : 1,
		.flows = flows,
		.side = o->side};
	if (pair_bytes(o))
		b->pairs = pages_map(flows * pair_bytes(o));
	if (kept_bytes(o))
		b->kept = pages_map(flows * kept_bytes(o));
}

void beside_release(struct beside *b)
{
	pages_unmap(b->pairs, b->flows * sizeof(*b->pairs));
	pages_unmap(b->kept, b->flows * b->ways * b->side.bytes);
}

bool beside_turns(const struct flow_key *key)
{
	int order = memcmp(&key->src, &key->dst, sizeof(key->src));

	return order > 0 || (order == 0 && key->sport > key->dport);
}

static void turn(struct flow_key *key)
{
	const struct flow_key was = *key;

	key->src = was.dst;
	key->dst = was.src;
	key->sport = was.dport;
	key->dport = was.sport;
}

bool beside_order(struct flow_key *key)
{
	bool turns = beside_turns(key);

	if (turns)
		turn(key);
	return turns;
}

static void *kept(const struct beside *b, uint32_t id, size_t way)
{
	return b->kept + (id * b->ways + way) * b->side.bytes;
}

/* Who answers did not begin. */
void beside_start(struct beside *b, uint32_t id, const struct flow_addition *a,
	bool turned)
{
	bool answer = (a->tcp_flags & TCP_ANSWER) == TCP_ANSWER;

	if (b->pairs)
		b->pairs[id] = (struct beside_pair){.turned = turned != answer};
	if (b->kept)
		memset(kept(b, id, THERE), 0, b->ways * b->side.bytes);
}

static void count(struct flow_half *h, const struct flow_addition *a)
{
	if (!h->packets) {
		h->first_ns = a->first_ns;
		h->last_ns = a->last_ns;
		h->tos = a->tos;
	}
	if (a->first_ns < h->first_ns)
		h->first_ns = a->first_ns;
	if (a->last_ns > h->last_ns)
		h->last_ns = a->last_ns;
	h->packets += a->packets;
	h->bytes += a->octets;
	h->tcp_flags |= a->tcp_flags;
}

void beside_join(struct beside *b, uint32_t id, const struct flow_addition *a,
	bool turned, size_t i)
{
	size_t way = b->pairs && b->pairs[id].turned != turned ? BACK : THERE;

	if (b->pairs)
		count(&b->pairs[id].half[way], a);
	if (b->kept)
		b->side.joined(b->side.data, i, kept(b, id, way),
			b->ways > 1 ? kept(b, id, !way) : NULL);
}

/* --- records ------------------------------------------------------------- */

/* Which way the record is of. */
static size_t told_way(const struct beside *b, uint32_t id)
{
	return b->pairs && !b->pairs[id].half[THERE].packets ? BACK : THERE;
}

static void tell_pair(
	const struct beside *b, struct flow_record *r, uint64_t times)
{
	const struct beside_pair *pair = &b->pairs[r->id];
	size_t way = told_way(b, r->id);
	const struct flow_half *h = &pair->half[way];

	r->packets = h->packets * times;
	r->bytes = h->bytes * times;
	r->first_ns = h->first_ns;
	r->last_ns = h->last_ns;
	r->tcp_flags = h->tcp_flags;
	r->tos = h->tos;
	if (pair->turned != (way == BACK))
		turn(&r->key);
}

static void empty(struct beside *b, uint32_t id)
{
	if (b->pairs)
		memset(b->pairs[id].half, 0, sizeof(b->pairs[id].half));
	for (size_t way = 0; b->kept && way < b->ways; way++)
		b->side.left(b->side.data, kept(b, id, way));
}

bool beside_offer(struct beside *b, struct flow_record *r,
	const struct flow_point *p, flowcache_sink_fn sink, void *data)
{
	if (b->pairs)
		tell_pair(b, r, flow_point_times(p));
	if (!sink(data, r))
		return false;
	empty(b, r->id);
	return true;
}

void beside_offered(const struct beside *b, const struct flow_record *r,
	struct flowcache_offer *ret)
{
	const struct beside_pair *pair = b->pairs ? &b->pairs[r->id] : NULL;
	size_t way = told_way(b, r->id);

	ret->turned = pair && pair->turned != (way == BACK);
	if (pair && way == THERE)
		ret->reverse = &pair->half[BACK];
	for (size_t i = 0; b->kept && i < b->ways; i++)
		ret->kept[i] = kept(b, r->id, i ^ way);
}
