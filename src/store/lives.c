#include "store/lives.h"
#include "base/mem.h"

#include <stdlib.h>

enum { TAPS = 65536 };

static uint16_t here(const uint16_t *taps, uint16_t tap)
{
	return taps ? taps[tap] : tap;
}

/* A module's clock offset is that of its latest life. */
static void add_offsets(const struct store *s, const struct catalog *c,
	const uint16_t *taps, struct lives *to)
{
	cleanup_free int64_t *by_module = mem_zalloc(TAPS, sizeof(int64_t));
	cleanup_free int64_t *heard = mem_zalloc(TAPS, sizeof(int64_t));
	const struct module_stats *m;
	bool any = false;

	for (size_t i = 0; (m = store_module(s, i)); i++) {
		if (m->at_ns < heard[m->module])
			continue;
		heard[m->module] = m->at_ns;
		by_module[m->module] = m->clock_offset_ns;
	}
	for (size_t i = 0; i < TAPS; i++)
		any |= by_module[i] != 0;
	if (any && !to->offset_ns)
		to->offset_ns = mem_zalloc(TAPS, sizeof(*to->offset_ns));
	for (size_t i = 0; any && i < c->n_taps; i++)
		to->offset_ns[here(taps, c->taps[i].id)] =
			by_module[c->taps[i].module];
}

static int by_tap_and_time(const void *a, const void *b)
{
	const struct life_end *x = a, *y = b;

	if (x->tap != y->tap)
		return x->tap < y->tap ? -1 : 1;
	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/* Times may be any numbers: they wrap rather than overflow. */
static void add_end(
	struct lives *l, const struct store_tap *t, const uint16_t *taps)
{
	const uint16_t tap = here(taps, t->counters.tap);
	const int64_t by_ns = l->offset_ns ? l->offset_ns[tap] : 0;

	if (t->known)
		MEM_PUSH(l->ends, l->n_ends, l->ends_cap) = (struct life_end){
			tap, (int64_t)((uint64_t)t->counters.at_ns +
				       (uint64_t)by_ns)};
}

/* A life ended when there is a later one, which the store heard of later. */
static void add_ends(const struct store *s, const struct catalog *c,
	const uint16_t *taps, struct lives *to)
{
	cleanup_free const struct store_tap **latest =
		mem_zalloc(c->n_taps, sizeof(*latest));
	const struct store_tap *t;

	for (size_t i = 0; (t = store_tap(s, i)); i++) {
		const size_t at = c->tap_of[t->counters.tap];

		/* of a cache's records its meter knows the end */
		if (!at || t->source.module != c->taps[at - 1].module)
			continue;
		if (latest[at - 1])
			add_end(to, latest[at - 1], taps);
		latest[at - 1] = t;
	}
	for (size_t i = 0; i < c->n_taps; i++)
		if (latest[i] && c->taps[i].idle)
			add_end(to, latest[i], taps);
}

void lives_read(const struct store *s, const struct catalog *c,
	const uint16_t *taps, struct lives *to)
{
	add_offsets(s, c, taps, to);
	add_ends(s, c, taps, to);
	if (to->n_ends)
		qsort(to->ends, to->n_ends, sizeof(*to->ends), by_tap_and_time);
}

void lives_release(struct lives *l)
{
	free(l->offset_ns);
	free(l->ends);
	*l = (struct lives){0};
}

int64_t lives_end(const struct lives *l, uint16_t tap, int64_t at_ns)
{
	const struct life_end wanted = {tap, at_ns};
	size_t low = 0, n = l->n_ends;

	while (n > 0) {
		const size_t half = n / 2;

		if (by_tap_and_time(&l->ends[low + half], &wanted) < 0) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return low < l->n_ends && l->ends[low].tap == tap ? l->ends[low].at_ns
							  : INT64_MAX;
}
