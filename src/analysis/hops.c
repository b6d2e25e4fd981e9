/* From one link of a path to the next: what was lost between them, and how long
 * it took.  Of flows whose path does not divide.
 *
 * A delay is between the first records of a flow on both links, by clocks that
 * were corrected as far as their offsets are known.  Packets that were on their
 * way when a record ended make small losses, of either sign, in running
 * experiments. */
#include "analysis/study.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/fold.h"

#include <stdlib.h>

enum { NOBODY = -1, SEVERAL = -2 };
enum { DELAYS = 3 };
static const unsigned percents[DELAYS] = {0, 50, 95};

struct step {
	struct {
		int32_t from, to;
	} key;
	int left_at, came_at; /* nodes that saw them; SEVERAL did */
	uint64_t flows, sent, arrived;
	uint64_t delays, passed;  /* of it; of those, looked at */
	int64_t delay_ns[DELAYS]; /* min, 50 and 95 % */
};

/* So many flows took as long. */
struct delay {
	uint64_t step, ns; /* as an unsigned number of the same order */
	uint64_t flows;
};
#define SIGN (UINT64_C(1) << 63)

struct steps {
	const struct study_ask *ask;
	struct map by_key;
	struct step *v;
	size_t n, cap;
	struct fold *delays;
};

static void add_flows(void *to, const void *more)
{
	((struct delay *)to)->flows += ((const struct delay *)more)->flows;
}

static void *begin(const struct study_ask *ask)
{
	struct steps *s = mem_zalloc(1, sizeof(*s));

	s->ask = ask;
	map_init(&s->by_key);
	s->delays = fold_new(
		&(struct fold_form){sizeof(struct delay), 2, 1, add_flows, 0});
	return s;
}

static const struct flow_link *on_link(const struct flow *f, int link)
{
	for (size_t i = 0; i < f->n_links; i++)
		if (f->links[i].link == link)
			return &f->links[i];
	return NULL;
}

/* When it was first seen there, false: never; and by which node's probe. */
static bool first_on(const struct catalog *c, const struct flow *f, int link,
	int64_t *ret_ns, int *at)
{
	bool any = false;

	for (size_t i = 0; i < f->n_rows; i++) {
		const struct catalog_tap *tap = catalog_tap(c, f->rows[i]->tap);

		if (!tap || tap->link != link)
			continue;
		if (!any || f->rows[i]->first_ns < *ret_ns)
			*ret_ns = f->rows[i]->first_ns;
		if (*at != tap->node)
			*at = *at == NOBODY ? tap->node : SEVERAL;
		any = true;
	}
	return any;
}

static struct step *step_of(struct steps *s, int from, int to)
{
	struct step step = {
		.key = {from, to}, .left_at = NOBODY, .came_at = NOBODY};
	size_t at = (size_t)(uintptr_t)map_get(
		&s->by_key, &step.key, sizeof(step.key));

	if (!at) {
		MEM_PUSH(s->v, s->n, s->cap) = step;
		at = s->n;
		map_put(&s->by_key, &step.key, sizeof(step.key),
			(void *)(uintptr_t)at);
	}
	return &s->v[at - 1];
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct steps *s = it;
	const struct catalog *c = s->ask->catalog;
	int r = 0;

	if (f->n_path != f->n_links)
		return 0;
	for (size_t i = 0; i + 1 < f->n_path && r == 0; i++) {
		const int from = f->path[i], to = f->path[i + 1];
		const struct flow_link *a = on_link(f, from);
		const struct flow_link *b = on_link(f, to);
		struct step *step = a && b ? step_of(s, from, to) : NULL;
		int64_t left, came, delay;

		if (!step)
			continue;
		step->flows++;
		step->sent += a->packets;
		step->arrived += b->packets;
		if (!first_on(c, f, from, &left, &step->left_at) ||
			!first_on(c, f, to, &came, &step->came_at) ||
			__builtin_sub_overflow(came, left, &delay))
			continue;
		step->delays++;
		r = fold_add(s->delays,
			&(struct delay){(uint64_t)(step - s->v),
				(uint64_t)delay ^ SIGN, 1},
			err);
	}
	return r;
}

/* By nearest rank. */
static int take_delay(void *ctx, const void *item, struct err *err)
{
	const struct delay *d = item;
	struct steps *s = ctx;
	struct step *step = &s->v[d->step];
	const uint64_t before = step->passed;

	(void)err;
	step->passed += d->flows;
	for (size_t i = 0; i < DELAYS; i++) {
		const uint64_t rank = (step->delays * percents[i] + 99) / 100;

		if (before <= (rank ? rank - 1 : 0) && step->passed >= rank)
			step->delay_ns[i] = (int64_t)(d->ns ^ SIGN);
	}
	return 0;
}

static int by_loss(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	const int64_t lx = (int64_t)(x->sent - x->arrived);
	const int64_t ly = (int64_t)(y->sent - y->arrived);

	if (lx != ly)
		return lx < ly ? 1 : -1;
	return x->key.from != y->key.from ? x->key.from - y->key.from
					  : x->key.to - y->key.to;
}

static void node_cell(const struct steps *s, int node, struct sheet *to)
{
	sheet_text(to, node < 0 ? NULL : s->ask->catalog->nodes[node].name);
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct steps *s = it;
	const struct catalog_link *links = s->ask->catalog->links;
	int r = fold_each(s->delays, take_delay, s, err);

	if (r < 0)
		return r;
	to->n_all = s->n;
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_loss);
	for (size_t i = 0; i < s->n && (!s->ask->limit || i < s->ask->limit);
		i++) {
		const struct step *step = &s->v[i];

		sheet_text(to, links[step->key.from].name);
		node_cell(s, step->left_at, to);
		sheet_text(to, links[step->key.to].name);
		node_cell(s, step->came_at, to);
		sheet_uint(to, step->flows);
		study_loss_cells(to, step->sent, step->arrived);
		for (size_t k = 0; k < DELAYS; k++)
			if (step->delays)
				sheet_int(to, step->delay_ns[k] / 1000);
			else
				sheet_null(to);
	}
	return 0;
}

static void release(void *it)
{
	struct steps *s = it;

	fold_free(s->delays);
	map_release(&s->by_key);
	free(s->v);
	free(s);
}

static const struct sheet_column columns[] = {{.name = "from"},
	{.name = "from_node"}, {.name = "to"}, {.name = "to_node"},
	{.name = "flows", .right = true, .spare = 9}, STUDY_LOSS_COLUMNS,
	{.name = "delay_min_us", .right = true, .spare = 8},
	{.name = "delay_p50_us", .right = true, .spare = 3},
	{.name = "delay_p95_us", .right = true, .spare = 6}};

const struct study study_hops = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
