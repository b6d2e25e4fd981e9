/* When packets died: what was lost from one link of a path to the next, piece
 * of time by piece of time.  Of flows whose path does not divide.
 *
 * A record's packets are dealt out evenly over its time, so a loss is no
 * sharper than records are long (the meters' active timeout), and packets on
 * their way when a record ended are a small loss here and a small gain there. */
#include "analysis/study.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/answer.h"
#include "store/group.h"

#include <stdlib.h>

#define UNIT (10 * NS_PER_S)

struct piece {
	struct {
		int64_t at_ns;
		int32_t from, to;
	} key;
	uint64_t sent, arrived;
};

struct losses {
	const struct study_ask *ask;
	int64_t unit_ns;
	struct map by_key;
	struct piece *v;
	size_t n, cap;
};

static void *begin(const struct study_ask *ask)
{
	struct losses *l = mem_zalloc(1, sizeof(*l));

	l->ask = ask;
	l->unit_ns = ask->bucket_ns ? ask->bucket_ns : UNIT;
	map_init(&l->by_key);
	return l;
}

struct adding {
	struct losses *l;
	int from, to;
	bool arrived;
};

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	const struct adding *a = ctx;
	struct losses *l = a->l;
	const struct piece new = {.key = {at_ns, a->from, a->to}};
	size_t at = (size_t)(uintptr_t)map_get(
		&l->by_key, &new.key, sizeof(new.key));

	(void)bytes;
	if (!at && l->n == STUDY_ROWS)
		return study_too_many(err, "pieces of time");
	if (!at) {
		MEM_PUSH(l->v, l->n, l->cap) = new;
		at = l->n;
		map_put(&l->by_key, &new.key, sizeof(new.key),
			(void *)(uintptr_t)at);
	}
	*(a->arrived ? &l->v[at - 1].arrived : &l->v[at - 1].sent) += packets;
	return 0;
}

static int add_link(
	const struct adding *a, const struct flow *f, int link, struct err *err)
{
	const struct catalog *c = a->l->ask->catalog;
	struct adding to = *a;
	int r = 0;

	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		const struct catalog_tap *tap = catalog_tap(c, f->rows[i]->tap);

		if (tap && tap->link == link)
			r = group_spread(
				f->rows[i], a->l->unit_ns, add_piece, &to, err);
	}
	return r;
}

static int add(void *it, const struct flow *f, struct err *err)
{
	int r = 0;

	if (f->n_path != f->n_links)
		return 0;
	for (size_t i = 0; i + 1 < f->n_path && r == 0; i++) {
		const int from = f->path[i], to = f->path[i + 1];

		r = add_link(
			&(struct adding){it, from, to, false}, f, from, err);
		if (r == 0)
			r = add_link(&(struct adding){it, from, to, true}, f,
				to, err);
	}
	return r;
}

static int by_time(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->key.at_ns != y->key.at_ns)
		return x->key.at_ns < y->key.at_ns ? -1 : 1;
	return x->key.from != y->key.from ? x->key.from - y->key.from
					  : x->key.to - y->key.to;
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct losses *l = it;
	const struct catalog_link *links = l->ask->catalog->links;
	char text[ANSWER_TIME];

	(void)err;
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_time);
	for (size_t i = 0; i < l->n; i++) {
		const struct piece *p = &l->v[i];

		if (p->sent == p->arrived)
			continue;
		if (to->n_all++ >= l->ask->limit && l->ask->limit)
			continue;
		if (l->unit_ns % NS_PER_S)
			sheet_text(to, answer_time(p->key.at_ns, text));
		else
			answer_time_cell(to, p->key.at_ns);
		sheet_text(to, links[p->key.from].name);
		sheet_text(to, links[p->key.to].name);
		study_loss_cells(to, p->sent, p->arrived);
	}
	return 0;
}

static void release(void *it)
{
	struct losses *l = it;

	map_release(&l->by_key);
	free(l->v);
	free(l);
}

static const struct sheet_column columns[] = {
	{.name = "at"}, {.name = "from"}, {.name = "to"}, STUDY_LOSS_COLUMNS};

const struct study study_losses = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
