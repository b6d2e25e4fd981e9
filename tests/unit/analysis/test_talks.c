/* Conversations, scans and complaints of random flows, against what their
 * definitions say looked at one by one. */
#include "analysis/complaints.h"
#include "analysis/scans.h"
#include "base/clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { FLOWS = 400, RUNS = 40 };

struct world {
	struct symptoms symptoms;
	struct study_ask ask;
	struct talks *t;
	struct flow flows[FLOWS];
	struct talk talks[FLOWS]; /* as they came out */
	size_t n;
};

static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % below;
}

/* Few hosts and ports, so that much falls together. */
static struct flow flow(uint32_t *state)
{
	static const uint8_t protos[] = {1, 6, 6, 17};
	struct flow f = {.packets = 1 + draw(state, 9)};
	const uint8_t proto = protos[draw(state, 4)];

	f.key.src = net_addr_v4_host(0x0a000001 + draw(state, 5));
	f.key.dst = net_addr_v4_host(0x0a000001 + draw(state, 5));
	f.key.proto = proto;
	if (proto != 1) {
		f.key.sport = (uint16_t)(1 + draw(state, 6));
		f.key.dport = (uint16_t)(1 + draw(state, 6));
	}
	f.bytes = f.packets * 40;
	f.first_ns = draw(state, 60) * NS_PER_S;
	f.last_ns = f.first_ns + draw(state, 3) * NS_PER_S;
	f.tcp_flags = proto == 6 ? (uint8_t)(draw(state, 2) ? 2 : 20) : 0;
	return f;
}

static int keep(void *ctx, const struct talk *t, struct err *err)
{
	struct world *w = ctx;

	(void)err;
	cr_assert_lt(w->n, FLOWS);
	w->talks[w->n++] = *t;
	return 0;
}

static void begin(struct world *w, uint32_t seed)
{
	struct err err = ERR_INIT;
	uint32_t state = seed;

	*w = (struct world){.n = 0};
	symptoms_init(&w->symptoms);
	w->ask.symptoms = &w->symptoms;
	w->t = talks_begin(&w->ask);
	for (size_t i = 0; i < FLOWS; i++) {
		w->flows[i] = flow(&state);
		cr_assert_eq(talks_add(w->t, &w->flows[i], &err), 0);
	}
	cr_assert_eq(talks_each(w->t, keep, w, &err), 0);
}

static void end(struct world *w)
{
	talks_free(w->t);
	symptoms_release(&w->symptoms);
}

/* What went that way, one by one. */
static struct talk_side side_of(const struct world *w, const struct flow_key *k)
{
	struct talk_side s = {.first_ns = INT64_MAX, .last_ns = INT64_MIN};

	for (size_t i = 0; i < FLOWS; i++) {
		const struct flow *f = &w->flows[i];

		if (!flow_key_equal(&f->key, k))
			continue;
		s.packets += f->packets;
		s.bytes += f->bytes;
		s.tcp_flags |= f->tcp_flags;
		if (f->first_ns < s.first_ns)
			s.first_ns = f->first_ns;
		if (f->last_ns > s.last_ns)
			s.last_ns = f->last_ns;
	}
	return s.packets ? s : (struct talk_side){0};
}

Test(talks, each_flow_is_in_one_and_who_was_first_began)
{
	for (uint32_t seed = 1; seed <= RUNS; seed++) {
		uint64_t packets = 0, want = 0;
		struct world w;

		begin(&w, seed);
		for (size_t i = 0; i < w.n; i++) {
			const struct talk *t = &w.talks[i];
			const struct flow_key back = flow_key_reverse(&t->key);
			const struct talk_side out = side_of(&w, &t->key);
			const struct talk_side in = side_of(&w, &back);

			cr_assert(out.packets);
			cr_assert_eq(memcmp(&out, &t->side[0], sizeof(out)), 0);
			packets += out.packets;
			if (flow_key_equal(&back, &t->key))
				continue;
			cr_assert_eq(memcmp(&in, &t->side[1], sizeof(in)), 0);
			cr_assert(!in.packets || in.first_ns >= out.first_ns);
			packets += in.packets;
		}
		for (size_t i = 0; i < FLOWS; i++)
			want += w.flows[i].packets;
		cr_assert_eq(packets, want);
		end(&w);
	}
}

/* Is it a try of the same scan as another one? */
static bool same_scan(const struct talk *a, const struct talk *b, bool hosts)
{
	return memcmp(&a->key.src, &b->key.src, sizeof(a->key.src)) == 0 &&
	       a->key.proto == b->key.proto &&
	       (hosts ? a->key.dport == b->key.dport
		      : memcmp(&a->key.dst, &b->key.dst, sizeof(a->key.dst)) ==
				       0);
}

static bool same_target(const struct talk *a, const struct talk *b)
{
	return a->key.dport == b->key.dport &&
	       memcmp(&a->key.dst, &b->key.dst, sizeof(a->key.dst)) == 0;
}

static uint64_t targets_of(
	const struct world *w, const struct talk *of, bool hosts)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct talk *t = &w->talks[i];
		bool again = !talk_failed(t) || !same_scan(t, of, hosts);

		for (size_t k = 0; k < i && !again; k++)
			again = talk_failed(&w->talks[k]) &&
				same_scan(&w->talks[k], of, hosts) &&
				same_target(&w->talks[k], t);
		n += !again;
	}
	return n;
}

Test(talks, scans_are_those_of_as_many_targets)
{
	for (uint32_t seed = 1; seed <= RUNS; seed++) {
		const uint64_t least = 1 + seed % 5;
		struct err err = ERR_INIT;
		uint64_t failed = 0, tries = 0;
		struct scans s;
		struct world w;

		begin(&w, seed);
		scans_init(&s);
		cr_assert_eq(scans_find(&s, w.t, least, &err), 0);
		for (size_t i = 0; i < w.n; i++) {
			const struct talk *t = &w.talks[i];

			if (!talk_failed(t))
				continue;
			for (int hosts = 0; hosts < 2; hosts++) {
				const uint64_t n = targets_of(&w, t, hosts);

				cr_assert_eq(scans_have(&s, t, hosts),
					n >= least, "%d %d", (int)n, hosts);
				failed += n >= least;
			}
		}
		for (size_t i = 0; i < s.n; i++)
			tries += s.v[i].tries;
		cr_assert_eq(tries, failed, "each try is of one");
		scans_release(&s);
		end(&w);
	}
}

static bool complained(const struct world *w, const struct talk *t)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct talk *c = &w->talks[i];

		if (c->key.proto == 1 && !c->side[1].packets &&
			memcmp(&c->key.dst, &t->key.src, sizeof(c->key.dst)) ==
				0 &&
			c->side[0].last_ns >= t->side[0].first_ns &&
			c->side[0].first_ns - NS_PER_S <= t->side[0].last_ns)
			return true;
	}
	return false;
}

Test(talks, complaints_are_those_of_the_time)
{
	size_t with = 0, without = 0;

	for (uint32_t seed = 1; seed <= RUNS; seed++) {
		struct err err = ERR_INIT;
		struct complaints c;
		struct world w;

		begin(&w, seed);
		cr_assert_eq(complaints_gather(&c, w.t, &err), 0);
		for (size_t i = 0; i < w.n; i++) {
			const bool want = complained(&w, &w.talks[i]);

			cr_assert_eq(complaints_have(&c, &w.talks[i]), want);
			*(want ? &with : &without) += 1;
		}
		complaints_release(&c);
		end(&w);
	}
	cr_assert(with > 100 && without > 100, "%zu %zu", with, without);
}
