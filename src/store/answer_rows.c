/* Gathering rows.  With a limit, never more than a few times as many are kept:
 * when that many are there, the worst half goes. */
#include "store/answer_rows.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { SLACK = 4096 };

void answer_rows_init(struct answer_rows *r, const struct answer *a)
{
	*r = (struct answer_rows){.a = a};
	map_init(&r->paths);
	map_init(&r->words);
	r->by = a->by;
	r->by.words = &r->words;
	group_init(&r->group, &r->by, 0);
	figures_init(&r->figures, &a->figures, &r->by);
}

void answer_rows_release(struct answer_rows *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->rows[i].others);
	free(r->rows);
	free(r->groups);
	map_release(&r->paths);
	map_release(&r->words);
	arena_release(&r->arena);
	group_release(&r->group);
	figures_release(&r->figures);
}

static const struct answer_path *path_of(
	struct answer_rows *r, const int *links, size_t n)
{
	const struct catalog *c = r->a->query.catalog;
	struct answer_path *p = map_get(&r->paths, links, n * sizeof(*links));

	if (p)
		return p;
	p = arena_alloc(&r->arena, 1, sizeof(*p));
	p->n = n;
	p->links = arena_alloc(&r->arena, n, sizeof(*p->links));
	for (size_t i = 0; i < n; i++)
		p->links[i] = c->links[links[i]].name;
	map_put(&r->paths, links, n * sizeof(*links), p);
	return p;
}

/* Eight bytes that sort as the number does. */
static void put_u64(uint8_t *to, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		to[i] = (uint8_t)v;
}

static void put_time(uint8_t *to, int64_t ns)
{
	put_u64(to, (uint64_t)ns ^ UINT64_C(1) << 63);
}

enum answer_sort answer_sort_of(const struct answer *a)
{
	if (a->sort != SORT_DEFAULT)
		return a->sort;
	if (a->by.n)
		return group_by_has(&a->by, GROUP_TIME) ? SORT_KEY : SORT_BYTES;
	return a->limit ? SORT_BYTES : SORT_FIRST;
}

static void set_sort(const struct answer *a, struct answer_row *row)
{
	put_time(row->sort + 8, row->first_ns);
	switch (answer_sort_of(a)) {
	case SORT_PACKETS:
		put_u64(row->sort, ~row->packets);
		return;
	case SORT_BYTES:
		put_u64(row->sort, ~row->bytes);
		return;
	case SORT_LAST:
		put_time(row->sort, row->last_ns);
		return;
	case SORT_DURATION:
		put_u64(row->sort,
			~((uint64_t)row->last_ns - (uint64_t)row->first_ns));
		return;
	case SORT_DEFAULT:
	case SORT_FLOWS:
	case SORT_FIRST:
	case SORT_KEY:
	case SORT_NONE:
		put_time(row->sort, row->first_ns);
		return;
	}
}

static int by_sort(const void *a, const void *b)
{
	const struct answer_row *x = a, *y = b;
	int r = memcmp(x->sort, y->sort, sizeof(x->sort));

	if (!r)
		r = flow_key_compare(&x->key, &y->key);
	if (!r)
		r = (x->seen.tap > y->seen.tap) - (x->seen.tap < y->seen.tap);
	return r ? r : x->seen.sent - y->seen.sent;
}

static void sort_and_cut(struct answer_rows *r)
{
	if (r->n && r->a->sort != SORT_NONE)
		qsort(r->rows, r->n, sizeof(*r->rows), by_sort);
	while (r->a->limit && r->n > r->a->limit)
		free(r->rows[--r->n].others);
}

/* What was lent, for longer. */
static void own_others(struct answer_row *row)
{
	struct flow_others *o = &row->extra.others;

	if (!o->len)
		return;
	row->others = mem_grow(NULL, o->len, 1);
	memcpy(row->others, o->at, o->len);
	o->at = row->others;
}

/* No row that may come takes the place of one that is there. */
static bool is_full(const struct answer_rows *r)
{
	return r->a->sort == SORT_NONE && r->a->limit && r->n >= r->a->limit;
}

static void push(struct answer_rows *r, const struct answer_row *row)
{
	struct answer_row next = *row;
	const size_t limit = r->a->limit;

	r->found++;
	set_sort(r->a, &next);
	if (r->cut && by_sort(&r->rows[limit - 1], &next) < 0)
		return;
	if (limit && r->n >= 2 * limit + SLACK) {
		sort_and_cut(r);
		r->cut = true;
	}
	own_others(&next);
	MEM_PUSH(r->rows, r->n, r->cap) = next;
}

static const struct flow_extra nothing;

static struct answer_row row_of(struct answer_rows *r, const struct flow *f)
{
	return (struct answer_row){.key = f->key,
		.packets = f->packets,
		.bytes = f->bytes,
		.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.tcp_flags = f->tcp_flags,
		.src_node = f->src_node,
		.dst_node = f->dst_node,
		.extra = f->extra ? *f->extra : nothing,
		.path = path_of(r, f->path, f->n_path)};
}

static int add_observation(void *ctx, const struct flow *f,
	const struct observation *o, struct err *err)
{
	struct answer_rows *r = ctx;
	struct answer_row row = row_of(r, f);

	(void)err;
	row.packets = o->packets;
	row.bytes = o->bytes;
	row.first_ns = o->first_ns;
	row.last_ns = o->last_ns;
	row.tcp_flags = o->tcp_flags;
	row.extra = o->extra ? *o->extra : nothing;
	row.seen = *o;
	row.seen.extra = NULL;
	push(r, &row);
	return is_full(r) ? ANSWER_ENOUGH : 0;
}

void answer_rows_put(struct answer_rows *r, const struct flow *f)
{
	const struct answer_row row = row_of(r, f);

	push(r, &row);
}

int answer_rows_add(void *ctx, const struct flow *f, struct err *err)
{
	struct answer_rows *r = ctx;

	if (r->figuring)
		return figures_add(&r->figures, f, r->a->query.catalog, err);
	if (r->a->by.n)
		return group_add(&r->group, f, r->a->query.catalog, err);
	if (r->a->query.observations)
		return query_observations(
			&r->a->query, f, add_observation, r, err);
	answer_rows_put(r, f);
	return is_full(r) ? ANSWER_ENOUGH : 0;
}

/* Groups --------------------------------------------------------------- */

bool answer_rows_take_blocks(const struct answer_rows *r)
{
	return r->figuring ? figures_take_blocks(&r->figures)
			   : r->a->by.n && group_takes_blocks(&r->a->by);
}

int answer_rows_add_block(void *ctx, struct block *b, const uint16_t *rows,
	size_t n, struct err *err)
{
	struct answer_rows *r = ctx;

	if (r->figuring)
		return figures_add_block(
			&r->figures, b, rows, n, r->a->query.catalog, err);
	return group_add_block(&r->group, b, rows, n, r->a->query.catalog, err);
}

int answer_rows_add_sum(
	void *ctx, const struct rollup_sum *sum, struct err *err)
{
	struct answer_rows *r = ctx;
	const struct bins_more more = {
		{sum->flows, sum->packets, sum->bytes}, 0};

	return group_add_sum(&r->group, &sum->value, &more, err);
}

static int by_keys(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;

	return group_value_compare(&x->value, &y->value);
}

/* Largest first. */
static int falling(uint64_t x, uint64_t y)
{
	return (x < y) - (x > y);
}

static int by_bytes(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;
	int r = falling(x->bytes, y->bytes);

	return r ? r : by_keys(a, b);
}

static int by_packets(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;
	int r = falling(x->packets, y->packets);

	return r ? r : by_keys(a, b);
}

static int by_flows(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;
	int r = falling(x->flows, y->flows);

	return r ? r : by_keys(a, b);
}

static int by_rank(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;
	int r = falling(x->rank, y->rank);

	return r ? r : by_bytes(a, b);
}

typedef int (*order_fn)(const void *, const void *);

static order_fn order_of(const struct answer *a)
{
	if (a->sort_figure)
		return by_rank;
	switch (answer_sort_of(a)) {
	case SORT_BYTES:
		return by_bytes;
	case SORT_PACKETS:
		return by_packets;
	case SORT_FLOWS:
		return by_flows;
	case SORT_DEFAULT:
	case SORT_FIRST:
	case SORT_LAST:
	case SORT_DURATION:
	case SORT_KEY:
	case SORT_NONE:
		break;
	}
	return by_keys;
}

static void sort_groups(struct answer_rows *r)
{
	if (r->n_groups)
		qsort(r->groups, r->n_groups, sizeof(*r->groups),
			order_of(r->a));
	if (r->a->limit && r->n_groups > r->a->limit)
		r->n_groups = r->a->limit;
}

/* Without looking at its value, which is made for rows that may be shown. */
static bool is_behind(const struct answer *a, const struct group_row *row,
	const struct group_row *worst)
{
	switch (answer_sort_of(a)) {
	case SORT_BYTES:
		return row->bytes < worst->bytes;
	case SORT_PACKETS:
		return row->packets < worst->packets;
	case SORT_FLOWS:
		return row->flows < worst->flows;
	case SORT_DEFAULT:
	case SORT_FIRST:
	case SORT_LAST:
	case SORT_DURATION:
	case SORT_KEY:
	case SORT_NONE:
		break;
	}
	return false;
}

int answer_rows_keep_group(
	struct answer_rows *r, const struct group_row *row, struct err *err)
{
	if (r->n_groups >= GROUP_ROWS_MAX)
		return err_set(err, NFZ_E_LIMIT,
			"more than %d rows: ask for the first ones only, group "
			"by fewer keys, or filter",
			GROUP_ROWS_MAX);
	MEM_PUSH(r->groups, r->n_groups, r->groups_cap) = *row;
	return 0;
}

static int push_group(void *ctx, const struct group_row *row, struct err *err)
{
	struct answer_rows *r = ctx;
	struct group_row next = *row;

	/* figures that rows are sorted by are not known yet */
	const size_t limit = r->a->sort_figure ? 0 : r->a->limit;

	r->found++;
	r->figures.all_bytes += row->bytes;
	if (r->cut && is_behind(r->a, row, &r->groups[limit - 1]))
		return 0;
	next.value = group_value_of(&r->group, row);
	if (r->cut && order_of(r->a)(&r->groups[limit - 1], &next) < 0)
		return 0;
	if (limit && r->n_groups >= 2 * limit + SLACK) {
		sort_groups(r);
		r->cut = true;
	}
	return answer_rows_keep_group(r, &next, err);
}

int answer_rows_end_pass(
	struct answer_rows *r, bool *ret_again, struct err *err)
{
	int res = 0;

	*ret_again = false;
	if (!r->a->by.n)
		return 0;
	if (r->figuring)
		return figures_end_pass(&r->figures, ret_again, err);
	res = group_rows(&r->group, push_group, r, err);
	*ret_again = res == 0 && group_again(&r->group);
	if (res < 0 || *ret_again)
		return res;
	if (!r->a->sort_figure)
		sort_groups(r);
	r->figuring = figures_begin(&r->figures, r->groups, r->n_groups);
	*ret_again = r->figuring;
	return 0;
}

void answer_rows_finish(struct answer_rows *r)
{
	const size_t by = r->a->sort_figure;

	if (!r->a->by.n) {
		sort_and_cut(r);
		return;
	}
	for (size_t i = 0; i < r->n_groups && by; i++)
		r->groups[i].rank =
			figures_rank(&r->figures, &r->groups[i], by - 1);
	sort_groups(r);
}
