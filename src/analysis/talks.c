/* Flows joined with those of the other direction.  Who began is who was seen
 * first; where both were seen at once, the server is who has the well-known
 * port. */
#include "analysis/talks.h"
#include "base/mem.h"

#include <stdlib.h>

enum { SYN = 2, RST = 4, ACK = 16, TCP = 6, UDP = 17, DCCP = 33, SCTP = 132 };

static void add_side(struct talk_side *to, const struct talk_side *more)
{
	const bool first = !to->packets;

	if (more->packets && (first || more->first_ns < to->first_ns))
		to->first_ns = more->first_ns;
	if (more->packets && (first || more->last_ns > to->last_ns))
		to->last_ns = more->last_ns;
	to->packets += more->packets;
	to->bytes += more->bytes;
	to->tcp_flags |= more->tcp_flags;
}

static void add_talk(void *to, const void *more)
{
	struct talk *t = to;
	const struct talk *m = more;

	add_side(&t->side[0], &m->side[0]);
	add_side(&t->side[1], &m->side[1]);
	t->symptoms |= m->symptoms;
}

void *talks_begin(const struct study_ask *ask)
{
	enum { WORDS = sizeof(struct flow_key) / sizeof(uint64_t) };
	struct talks *t = mem_zalloc(1, sizeof(*t));

	t->ask = ask;
	t->all = fold_new(&(struct fold_form){
		sizeof(struct talk), WORDS, WORDS, add_talk, 0});
	return t;
}

void talks_free(void *it)
{
	struct talks *t = it;

	fold_free(t->all);
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

int talks_add(void *it, const struct flow *f, struct err *err)
{
	const struct talks *t = it;
	const struct flow_key back = flow_key_reverse(&f->key);
	const bool turned = flow_key_compare(&back, &f->key) < 0;
	struct talk talk = {.key = turned ? back : f->key,
		.symptoms = symptoms_of(t->ask->symptoms, f)};

	talk.side[turned] = (struct talk_side){
		f->packets, f->bytes, f->first_ns, f->last_ns, f->tcp_flags};
	return fold_add(t->all, &talk, err);
}

static bool began_by_other(
	const struct services *services, const struct talk *talk)
{
	const struct talk_side *a = &talk->side[0], *b = &talk->side[1];

	if (!a->packets || !b->packets)
		return !a->packets;
	if (a->first_ns != b->first_ns)
		return b->first_ns < a->first_ns;
	return services_port(services, &talk->key) == talk->key.sport;
}

struct turning {
	const struct services *services;
	talk_fn fn;
	void *ctx;
};

static int turn(void *ctx, const void *item, struct err *err)
{
	const struct turning *to = ctx;
	const struct talk *t = item;

	if (!began_by_other(to->services, t))
		return to->fn(to->ctx, t, err);
	return to->fn(to->ctx,
		&(struct talk){flow_key_reverse(&t->key),
			{t->side[1], t->side[0]}, t->symptoms},
		err);
}

int talks_each(struct talks *t, talk_fn fn, void *ctx, struct err *err)
{
	struct turning to = {t->ask->services, fn, ctx};

	return fold_each(t->all, turn, &to, err);
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
