/* Items are folded where they meet in memory; a full memory becomes a run, in
 * order, on disk.  Runs are merged as often as somebody asks. */
#define _GNU_SOURCE
#include "store/fold.h"
#include "base/mem.h"
#include "store/aside.h"
#include "store/index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	ITEMS_BYTES = 1 << 26,
	WRITE_BYTES = 1 << 20,
	READ_BYTES = 1 << 26, /* of all runs together */
	READ_LEAST = 1 << 12  /* of one */
};
_Static_assert((int)FOLD_KEY_WORDS <= (int)INDEX_WORDS_MAX, "can be found");

/* Of an item: what it is sorted by first. */
struct place {
	uint64_t hash;
	size_t at;
};

struct run {
	uint64_t offset;
	size_t n;
};

struct fold {
	struct fold_form form;
	struct hash_key seed; /* of the order */
	struct index by_key;
	char *items;
	size_t n, cap;
	struct place *order; /* of items; NULL: not sorted yet */
	struct aside file;
	struct run *runs;
	size_t n_runs, runs_cap;
};

struct fold *fold_new(const struct fold_form *form)
{
	struct fold *f = mem_zalloc(1, sizeof(*f));

	f->form = *form;
	if (!f->form.most)
		f->form.most = ITEMS_BYTES / form->size;
	/* only sorted by: no key can do harm, and there is one order */
	f->seed = (struct hash_key){
		UINT64_C(0x2545f4914f6cdd1d), UINT64_C(0x9e6c63d0876a9a75)};
	index_init(&f->by_key, form->size, form->key_words * sizeof(uint64_t));
	return f;
}

void fold_free(struct fold *f)
{
	if (!f)
		return;
	if (f->n_runs)
		aside_close(&f->file);
	index_release(&f->by_key);
	free(f->items);
	free(f->order);
	free(f->runs);
	free(f);
}

/* Order ---------------------------------------------------------------- */

static char *item(const struct fold *f, size_t i)
{
	return f->items + i * f->form.size;
}

/* Without groups, the key itself. */
static uint64_t hash_of(const struct fold *f, const void *it)
{
	const size_t n = f->form.group_words;
	uint64_t words[FOLD_KEY_WORDS];

	memcpy(words, it, (n ? n : 1) * sizeof(*words));
	return n ? hash_words(&f->seed, words, n) : words[0];
}

static int compare_keys(const struct fold *f, const char *a, const char *b)
{
	for (size_t i = 0; i < f->form.key_words; i++) {
		uint64_t x, y;

		memcpy(&x, a + i * sizeof(x), sizeof(x));
		memcpy(&y, b + i * sizeof(y), sizeof(y));
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static int by_order(const void *a, const void *b, void *ctx)
{
	const struct place *x = a, *y = b;
	const struct fold *f = ctx;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return compare_keys(f, item(f, x->at), item(f, y->at));
}

static void sort(struct fold *f)
{
	if (f->order)
		return;
	f->order = mem_grow(NULL, f->n + 1, sizeof(*f->order));
	for (size_t i = 0; i < f->n; i++)
		f->order[i] = (struct place){hash_of(f, item(f, i)), i};
	qsort_r(f->order, f->n, sizeof(*f->order), by_order, f);
}

/* Adding --------------------------------------------------------------- */

static int write_run(struct fold *f, struct err *err)
{
	const size_t size = f->form.size, most = WRITE_BYTES / size;
	cleanup_free char *out = mem_grow(NULL, most, size);
	int r = f->n_runs ? 0 : aside_open(&f->file, err);

	if (r < 0)
		return r;
	MEM_PUSH(f->runs, f->n_runs, f->runs_cap) =
		(struct run){f->file.size, f->n};
	sort(f);
	for (size_t i = 0, n; i < f->n && r == 0; i += n) {
		n = f->n - i < most ? f->n - i : most;
		for (size_t k = 0; k < n; k++)
			memcpy(out + k * size, item(f, f->order[i + k].at),
				size);
		r = aside_write(&f->file, out, n * size, err);
	}
	free(f->order);
	f->order = NULL;
	f->n = 0;
	index_empty(&f->by_key);
	return r;
}

int fold_add(struct fold *f, const void *it, struct err *err)
{
	const uint64_t hash = index_hash(&f->by_key, it);
	const size_t at = index_find_hashed(&f->by_key, f->items, it, hash);
	int r;

	if (at) {
		if (f->form.fold)
			f->form.fold(item(f, at - 1), it);
		return 0;
	}
	r = f->n < f->form.most ? 0 : write_run(f, err);
	if (r < 0)
		return r;
	f->items = mem_reserve(f->items, f->n, &f->cap, f->form.size);
	memcpy(item(f, f->n), it, f->form.size);
	index_add(&f->by_key, f->items, f->n++);
	return 0;
}

/* Merging -------------------------------------------------------------- */

struct source {
	uint64_t hash; /* of its first item... */
	char *items;   /* ...which is the one at `at` */
	size_t at, n;
	struct run left; /* on disk */
};

struct merging {
	const struct fold *f;
	struct source *v; /* a heap: the first is the next */
	size_t n, room;   /* items of one at once */
	char *memory;
};

static const char *head(const struct merging *m, const struct source *s)
{
	return s->items + s->at * m->f->form.size;
}

/* *ret: is there one? */
static int look(struct merging *m, struct source *s, bool *ret, struct err *err)
{
	const size_t size = m->f->form.size;
	int r = 0;

	if (s->at == s->n) {
		s->at = 0;
		s->n = s->left.n < m->room ? s->left.n : m->room;
		r = aside_read(&m->f->file, s->items, s->n * size,
			s->left.offset, err);
		s->left.offset += s->n * size;
		s->left.n -= s->n;
	}
	*ret = r == 0 && s->n;
	if (*ret)
		s->hash = hash_of(m->f, head(m, s));
	return r;
}

static bool is_before(
	const struct merging *m, const struct source *a, const struct source *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash;
	return compare_keys(m->f, head(m, a), head(m, b)) < 0;
}

static void sift_down(struct merging *m, size_t i)
{
	const struct source moved = m->v[i];

	for (size_t child; (child = 2 * i + 1) < m->n; i = child) {
		if (child + 1 < m->n &&
			is_before(m, &m->v[child + 1], &m->v[child]))
			child++;
		if (!is_before(m, &m->v[child], &moved))
			break;
		m->v[i] = m->v[child];
	}
	m->v[i] = moved;
}

static int begin_merge(struct merging *m, const struct fold *f, struct err *err)
{
	const size_t share = READ_BYTES / f->n_runs;
	int r = 0;

	*m = (struct merging){.f = f,
		.v = mem_zalloc(f->n_runs, sizeof(*m->v)),
		.room = (share > READ_LEAST ? share : READ_LEAST) /
				f->form.size +
			1};
	m->memory = mem_grow(NULL, f->n_runs * m->room, f->form.size);
	for (size_t i = 0; i < f->n_runs && r == 0; i++) {
		struct source *s = &m->v[m->n];
		bool any;

		*s = (struct source){
			.items = m->memory + i * m->room * f->form.size,
			.left = f->runs[i]};
		r = look(m, s, &any, err);
		m->n += r == 0 && any;
	}
	for (size_t i = m->n / 2; i-- > 0;)
		sift_down(m, i);
	return r;
}

/* Takes the first away. */
static int advance(struct merging *m, struct err *err)
{
	bool any;
	int r;

	m->v[0].at++;
	r = look(m, &m->v[0], &any, err);
	if (!any)
		m->v[0] = m->v[--m->n];
	if (m->n)
		sift_down(m, 0);
	return r;
}

static int merge(const struct fold *f, fold_fn fn, void *ctx, struct err *err)
{
	cleanup_free char *sum = mem_zalloc(1, f->form.size);
	struct merging m;
	int r = begin_merge(&m, f, err);

	while (r == 0 && m.n) {
		memcpy(sum, head(&m, &m.v[0]), f->form.size);
		while ((r = advance(&m, err)) == 0 && m.n &&
			compare_keys(f, head(&m, &m.v[0]), sum) == 0)
			if (f->form.fold)
				f->form.fold(sum, head(&m, &m.v[0]));
		if (r == 0)
			r = fn(ctx, sum, err);
	}
	free(m.v);
	free(m.memory);
	return r;
}

int fold_each(struct fold *f, fold_fn fn, void *ctx, struct err *err)
{
	int r = 0;

	if (f->n_runs && f->n)
		r = write_run(f, err);
	if (f->n_runs) {
		/* their room is for merging */
		free(take(f->items));
		f->cap = 0;
		return r < 0 ? r : merge(f, fn, ctx, err);
	}
	sort(f);
	for (size_t i = 0; i < f->n && r == 0; i++)
		r = fn(ctx, item(f, f->order[i].at), err);
	return r;
}
