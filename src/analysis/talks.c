/* Flows joined with those of the other direction.  Who began is who was seen
 * first; where both were seen at once, the server is who has the well-known
 * port. */
#include "analysis/talks.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { SYN = 2, RST = 4, ACK = 16, TCP = 6, UDP = 17, DCCP = 33, SCTP = 132 };

void *talks_begin(const struct study_ask *ask)
{
	struct talks *t = mem_zalloc(1, sizeof(*t));

	t->ask = ask;
	map_init(&t->by_key);
	return t;
}

void talks_free(void *it)
{
	struct talks *t = it;

	map_release(&t->by_key);
	free(t->v);
	free(t);
}

static uint32_t symptoms_of(const struct symptoms *s, const struct flow *f)
{
	uint32_t bits = study_odd_flags(f) ? 1u << SYMPTOM_ODD_FLAGS : 0;

	for (size_t i = 0; i < s->n_own; i++)
		if (query_wants(s->own[i].filter, f))
			bits |= 1u << (SYMPTOM_COUNT + i);
	return bits;
}

static void add_side(struct talk_side *to, const struct flow *f)
{
	if (!to->packets || f->first_ns < to->first_ns)
		to->first_ns = f->first_ns;
	if (!to->packets || f->last_ns > to->last_ns)
		to->last_ns = f->last_ns;
	to->packets += f->packets;
	to->bytes += f->bytes;
	to->tcp_flags |= f->tcp_flags;
}

int talks_add(void *it, const struct flow *f, struct err *err)
{
	struct talks *t = it;
	const struct flow_key back = flow_key_reverse(&f->key);
	const bool turned = flow_key_compare(&back, &f->key) < 0;
	const struct flow_key *key = turned ? &back : &f->key;
	size_t at = (size_t)(uintptr_t)map_get(&t->by_key, key, sizeof(*key));

	if (!at && t->n == STUDY_ROWS)
		return study_too_many(err, "conversations");
	if (!at) {
		MEM_PUSH(t->v, t->n, t->cap) = (struct talk){.key = *key};
		at = t->n;
		map_put(&t->by_key, key, sizeof(*key), (void *)(uintptr_t)at);
	}
	add_side(&t->v[at - 1].side[turned], f);
	t->v[at - 1].symptoms |= symptoms_of(t->ask->symptoms, f);
	return 0;
}

static bool began_by_other(const struct talks *t, const struct talk *talk)
{
	const struct talk_side *a = &talk->side[0], *b = &talk->side[1];

	if (!a->packets || !b->packets)
		return !a->packets;
	if (a->first_ns != b->first_ns)
		return b->first_ns < a->first_ns;
	return services_port(t->ask->services, &talk->key) == talk->key.sport;
}

void talks_turn(struct talks *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct talk *talk = &t->v[i];
		const struct talk_side first = talk->side[0];

		if (!began_by_other(t, talk))
			continue;
		talk->key = flow_key_reverse(&talk->key);
		talk->side[0] = talk->side[1];
		talk->side[1] = first;
	}
}

bool talk_has_ports(const struct talk *t)
{
	const uint8_t p = t->key.proto;

	return !(t->key.flags & KEY_FRAGMENT) &&
	       (p == TCP || p == UDP || p == DCCP || p == SCTP);
}

bool talk_failed(const struct talk *t)
{
	const struct talk_side *out = &t->side[0], *back = &t->side[1];

	if (!talk_has_ports(t))
		return false;
	if (!back->packets)
		return true;
	if (t->key.proto != TCP)
		return false;
	return (back->tcp_flags & (RST | SYN)) == RST ||
	       (out->tcp_flags & (SYN | ACK)) == SYN;
}

/* Scans ---------------------------------------------------------------- */

static struct scan scan_of(const struct talk *t, bool hosts)
{
	struct scan s = {.key = {.src = t->key.src,
				 .proto = t->key.proto,
				 .hosts = hosts}};

	if (hosts)
		s.key.port = t->key.dport;
	else
		s.key.dst = t->key.dst;
	return s;
}

static void count(struct scans *s, const struct talk *t, bool hosts)
{
	struct scan scan = scan_of(t, hosts);
	struct {
		struct flow_key key;
		uint64_t hosts;
	} target = {t->key, hosts};
	size_t at = (size_t)(uintptr_t)map_get(
		&s->by_key, &scan.key, sizeof(scan.key));

	target.key.sport = 0;
	if (!at) {
		MEM_PUSH(s->v, s->n, s->cap) = scan;
		at = s->n;
		map_put(&s->by_key, &scan.key, sizeof(scan.key),
			(void *)(uintptr_t)at);
	}
	s->v[at - 1].tries++;
	if (map_has(&s->seen, &target, sizeof(target)))
		return;
	map_put(&s->seen, &target, sizeof(target), s);
	s->v[at - 1].targets++;
}

void scans_init(struct scans *s, const struct talks *t)
{
	*s = (struct scans){.n = 0};
	map_init(&s->seen);
	map_init(&s->by_key);
	for (size_t i = 0; i < t->n; i++) {
		if (!talk_failed(&t->v[i]))
			continue;
		count(s, &t->v[i], true);
		count(s, &t->v[i], false);
	}
}

void scans_release(struct scans *s)
{
	map_release(&s->seen);
	map_release(&s->by_key);
	free(s->v);
}

uint64_t scans_targets(const struct scans *s, const struct talk *t, bool hosts)
{
	const struct scan scan = scan_of(t, hosts);
	size_t at = (size_t)(uintptr_t)map_get(
		&s->by_key, &scan.key, sizeof(scan.key));

	return at ? s->v[at - 1].targets : 0;
}
