/* Reading rows and handing them to the merge; beyond a number of them they are
 * put aside on disk, and merged heap by heap. */
#include "store/query.h"
#include "base/arena.h"
#include "base/mem.h"
#include "store/lives.h"
#include "store/segment.h"
#include "store/spill.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* To begin threads takes what 64 blocks take. */
enum {
	TAPS = 65536,
	THREADS_DEFAULT = 4,
	THREADS_AFTER = 64,
	DEPTH_MAX = 2, /* heaps of heaps: no more keys are told apart */
	OVER = 16, /* so many times as many rows as else, of what is told apart
	            * no more */
	SHARE_MAX = 1 << 16,
	OTHERS_A_ROW = 256 /* bytes that are as much as a row */
};

/* For a block. */
struct collect_room {
	uint16_t whole[BLOCK_ROWS]; /* its rows that are flows */
	uint16_t rest[BLOCK_ROWS];  /* to be merged */
};

struct collect {
	const struct query *q;
	struct flow_record *rows;
	struct flow_extra *told; /* of rows, with extras */
	struct arena others;     /* that they lend */
	size_t n_others;         /* bytes of them */
	size_t n, cap, max;
	bool extras; /* what was told besides is asked for */
	/* keys whose hash divides by this, a power of two, are looked at; or,
	 * in the second pass, the others */
	uint64_t share;
	struct hash_key seed; /* of that, and of heaps */
	bool second;
	struct spill *spill; /* NULL: all rows are here */
	unsigned depth;      /* 1: of a heap... */
	struct merge *merge;
	struct collect_room *room;
	const int64_t *offset_ns; /* by tap; NULL: all 0 */
	const uint16_t *taps;     /* of those of the store that is read, which
				   * they are; NULL: the same */
	struct store_scan times;  /* asked for, by corrected clocks */
	struct query_sums sums;
	merge_fn fn;
	void *ctx;
};

static void own_others(struct collect *c, struct flow_others *o)
{
	uint8_t *to;

	if (!o->len)
		return;
	to = arena_alloc_aligned(&c->others, o->len, 1, 1);
	memcpy(to, o->at, o->len);
	o->at = to;
	c->n_others += o->len;
}

static size_t rows_of(const struct collect *c)
{
	return c->n + c->n_others / OTHERS_A_ROW;
}

static bool is_full(const struct collect *c)
{
	return rows_of(c) >= c->max;
}

static void empty(struct collect *c)
{
	c->n = c->n_others = 0;
	arena_release(&c->others);
}

/* Times may be any numbers: they wrap rather than overflow. */
static void shift(struct flow_record *r, int64_t by_ns)
{
	r->first_ns = (int64_t)((uint64_t)r->first_ns + (uint64_t)by_ns);
	r->last_ns = (int64_t)((uint64_t)r->last_ns + (uint64_t)by_ns);
}

static void make_room(struct collect *c)
{
	if (c->n < c->cap)
		return;
	c->rows = mem_double(c->rows, &c->cap, sizeof(*c->rows));
	if (c->extras)
		c->told = mem_grow(c->told, c->cap, sizeof(*c->told));
}

static bool is_looked_at(const struct collect *c, const struct flow_key *key)
{
	return c->share == 1 || !(flow_key_hash_quick(&c->seed, key) &
					(c->share - 1)) != c->second;
}

/* Too many rows where any flows will do: half of the keys go. */
static void halve(struct collect *c)
{
	struct arena before = c->others;
	size_t to = 0;

	c->others = (struct arena)ARENA_INIT;
	c->n_others = 0;
	c->share *= 2;
	for (size_t i = 0; i < c->n; i++) {
		if (!is_looked_at(c, &c->rows[i].key))
			continue;
		if (c->extras) {
			c->told[to] = c->told[i];
			own_others(c, &c->told[to].others);
		}
		c->rows[to++] = c->rows[i];
	}
	c->n = to;
	arena_release(&before);
}

/* Too many rows: they wait on disk. */
static int put_aside(struct collect *c, struct err *err)
{
	const struct flow_rows rows = {
		c->rows, c->extras ? c->told : NULL, c->n};
	/* heaps of a heap differ */
	const struct hash_key seed = {c->seed.k0, c->seed.k1 + c->depth + 1};
	int r = c->spill ? 0 : spill_new(&seed, &c->spill, err);

	if (r == 0)
		r = spill_add(c->spill, &rows, err);
	empty(c);
	return r;
}

/* Heaps of heaps hold them still: they are of few keys. */
static int too_many(const struct collect *c, struct err *err)
{
	err_set(err, NFZ_E_LIMIT,
		"too many records of one flow: more than %zu of those that "
		"have to be merged together",
		c->max * OVER);
	return err_hint(err,
		"A shorter time (--last, --from and --to) has less "
		"of them.");
}

/* extra is looked at with extras only; the others in it do not live as long as
 * the row. */
static int keep_row(struct collect *c, const struct flow_record *r,
	const struct flow_extra *extra, struct err *err)
{
	int res = 0;

	while (is_full(c) && c->q->few && !c->second && c->share < SHARE_MAX)
		halve(c);
	if (is_full(c) && c->depth < DEPTH_MAX)
		res = put_aside(c, err);
	else if (c->depth == DEPTH_MAX && rows_of(c) >= c->max * OVER)
		res = too_many(c, err);
	if (res < 0 || !is_looked_at(c, &r->key))
		return res;
	make_room(c);
	if (c->extras) {
		c->told[c->n] = *extra;
		own_others(c, &c->told[c->n].others);
	}
	c->rows[c->n++] = *r;
	return 0;
}

static int collect_row(struct collect *c, struct flow_record *r,
	const struct flow_extra *extra, struct err *err)
{
	if (c->taps)
		r->tap = c->taps[r->tap];
	if (c->offset_ns)
		shift(r, c->offset_ns[r->tap]);
	if (!store_scan_wants(&c->times, r->first_ns, r->last_ns))
		return 0;
	c->sums.kept += !c->second;
	return is_looked_at(c, &r->key) ? keep_row(c, r, extra, err) : 0;
}

/* A row of a foreign exporter as a flow. */
static int give_flow(struct collect *c, const struct flow_record *r,
	const struct flow_extra *extra, struct err *err)
{
	static const bool counted = true;
	const struct flow_rows all = {r, extra, 1};
	const struct flow f = {.key = r->key,
		.packets = r->packets,
		.bytes = r->bytes,
		.first_ns = r->first_ns,
		.last_ns = r->last_ns,
		.tcp_flags = r->tcp_flags,
		.flags = r->flags & (RECORD_FOREIGN | RECORD_ESTIMATED),
		.src_node = catalog_node_of(c->q->catalog, &r->key.src),
		.dst_node = catalog_node_of(c->q->catalog, &r->key.dst),
		.rows = &r,
		.counted = &counted,
		.n_rows = 1,
		.n_seen = 1,
		.all = &all,
		.extra = extra};

	return c->fn(c->ctx, &f, err);
}

/* Columns of what is told besides, where that is asked for. */
static unsigned extras_of(const struct collect *c, const struct block *b)
{
	return c->extras ? block_extras(b) : 0;
}

static int give_whole(
	struct collect *c, struct block *b, size_t n, struct err *err)
{
	const unsigned extras = extras_of(c, b);
	int r;

	if (c->q->block)
		return c->q->block(c->ctx, b, c->room->whole, n, err);
	r = block_need_rows(b, COLUMNS_ALL | extras, c->room->whole, n, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct flow_record row;
		struct flow_extra extra;

		block_row(b, c->room->whole[i], &row);
		if (extras)
			block_extra(b, c->room->whole[i], &extra);
		r = give_flow(c, &row, extras ? &extra : NULL, err);
	}
	return r;
}

/* The first row from i on that may be wanted, or n: mostly there are none for
 * long. */
static size_t next_wanted(const uint8_t *verdicts, size_t i, size_t n)
{
	uint64_t eight;

	_Static_assert(FILTER_NO == 0, "eight at a time");
	if (i < n && verdicts[i] != FILTER_NO)
		return i;
	for (; i + sizeof(eight) <= n; i += sizeof(eight)) {
		memcpy(&eight, verdicts + i, sizeof(eight));
		if (eight)
			break;
	}
	while (i < n && verdicts[i] == FILTER_NO)
		i++;
	return i;
}

static bool any_time_will_do(const struct collect *c)
{
	return c->times.from_ns == 0 && c->times.to_ns == 0;
}

/* What any thread may do: judge the rows, and unpack what will be asked for. */
static int prepare_block(const void *ctx, struct block *b, struct err *err)
{
	const struct collect *c = ctx;
	const struct column_range *flags = &b->zone.column[COLUMN_FLAGS];
	/* rows of our own taps may have to be merged */
	const bool merged = !(flags->min & RECORD_FOREIGN);
	unsigned columns = c->second ? 0 : c->q->columns;
	int r = filter_block(c->q->filter, b, b->verdicts, err);

	if (r < 0 || next_wanted(b->verdicts, 0, b->n) == b->n)
		return r;
	if (flags->min != flags->max)
		columns |= COLUMN_BIT(FLAGS);
	if (!any_time_will_do(c))
		columns |= COLUMN_BIT(LAST) | COLUMN_BIT(DURATION);
	if (merged)
		columns |= COLUMNS_ALL | extras_of(c, b);
	r = block_need(b, columns, err);
	if (r == 0 && (merged || c->q->hosts))
		r = block_need_hosts(b, err);
	return r;
}

/* Rows of our own taps that are wanted. */
static size_t find_rest(const struct collect *c, const struct block *b)
{
	size_t n = 0;

	for (size_t i = 0; (i = next_wanted(b->verdicts, i, b->n)) < b->n; i++)
		if (!(block_FLAGS(b)[i] & RECORD_FOREIGN))
			c->room->rest[n++] = (uint16_t)i;
	return n;
}

static int collect_rest(struct collect *c, struct block *b, struct err *err)
{
	const unsigned extras = extras_of(c, b);
	struct flow_extra extra = {0};
	int r = block_need(b, COLUMN_BIT(FLAGS), err);
	size_t n = 0;

	if (r == 0) {
		n = find_rest(c, b);
		r = block_need_rows(
			b, COLUMNS_ALL | extras, c->room->rest, n, err);
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		struct flow_record row;

		block_row(b, c->room->rest[i], &row);
		if (extras)
			block_extra(b, c->room->rest[i], &extra);
		r = collect_row(c, &row, &extra, err);
	}
	return r;
}

/* Divides the rows that may be wanted: flows, and rows still to be merged. */
static int collect_block(void *ctx, struct block *b, struct err *err)
{
	struct collect *c = ctx;
	const struct column_range *flags = &b->zone.column[COLUMN_FLAGS];
	const bool in_time = any_time_will_do(c);
	size_t n = 0, rest = 0;
	int r = 0;

	c->sums.rows += c->second ? 0 : b->n;
	for (size_t i = 0; (i = next_wanted(b->verdicts, i, b->n)) < b->n;
		i++) {
		uint64_t f = flags->min == flags->max ? flags->min
						      : block_FLAGS(b)[i];

		if (!(f & RECORD_FOREIGN))
			rest++;
		else if (in_time ||
			 store_scan_wants(&c->times, block_first_ns(b, i),
				 block_last_ns(b, i)))
			c->room->whole[n++] = (uint16_t)i;
	}
	if (n && !c->second) {
		c->sums.kept += n;
		c->sums.flows += n;
		r = give_whole(c, b, n, err);
	}
	return r == 0 && rest ? collect_rest(c, b, err) : r;
}

static int wanted(void *ctx, const struct flow *f, struct err *err)
{
	struct collect *c = ctx;

	if (!c->q->observations && !query_wants(c->q->filter, f))
		return 0;
	c->sums.flows++;
	return c->fn(c->ctx, f, err);
}

/* The node's own clock may be off by that much from the corrected one. */
static int64_t widest(const struct collect *c)
{
	int64_t most = 0;

	for (size_t i = 0; c->offset_ns && i < TAPS; i++) {
		int64_t ns = c->offset_ns[i];

		ns = ns == INT64_MIN ? INT64_MAX : ns < 0 ? -ns : ns;
		most = ns > most ? ns : most;
	}
	return most;
}

/* Those that may run at once here. */
static unsigned default_threads(void)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > THREADS_DEFAULT ? THREADS_DEFAULT : (unsigned)n;
}

/* Segments whose rollup tells it all: they have no rows to be merged.  Groups
 * alone are told, and any few flows are none. */
static int take_rollup(void *ctx, struct segment *s, struct err *err)
{
	struct collect *c = ctx;
	struct rollup rollup;
	uint64_t records;
	int r = 0;

	if (!any_time_will_do(c) && (s->first_ns < c->times.from_ns ||
					    s->last_ns >= c->times.to_ns))
		return 0;
	rollup_init(&rollup);
	if (segment_rollup(s, c->q->rolled->kind, &rollup))
		r = rollup_tell(&rollup, c->q->rolled, &records, c->q->sum,
			c->ctx, err);
	rollup_release(&rollup);
	if (r > 0) {
		c->sums.kept += records;
		c->sums.flows += records;
		c->sums.rolled += records;
	}
	return r;
}

/* The same order of flows whenever one asks.  Deployments have a number drawn at
 * random, so that who sends flows cannot foresee it; where there is none they
 * can fill one heap with their keys, which too_many() ends. */
static struct hash_key seed_of(const struct catalog *c)
{
	return (struct hash_key){
		c->deployment, UINT64_C(0x9fb21c651e98df25) ^ c->deployment};
}

static int scan_one(struct collect *c, struct store *s, const uint16_t *taps,
	struct err *err)
{
	struct store_scan scan = {.from_ns = c->times.from_ns,
		.to_ns = c->times.to_ns,
		.may = filter_may,
		.may_ctx = c->q->filter,
		.hosts = filter_asks_hosts(c->q->filter),
		.prepare = prepare_block,
		.threads = c->q->threads ? c->q->threads : default_threads(),
		.alone = c->q->threads ? 1 : THREADS_AFTER,
		.rollup = c->q->rolled ? take_rollup : NULL,
		.block = collect_block,
		.ctx = c};
	const int64_t wide = widest(c);

	c->taps = taps;
	if (scan.from_ns || scan.to_ns) {
		if (__builtin_sub_overflow(scan.from_ns, wide, &scan.from_ns))
			scan.from_ns = INT64_MIN;
		if (__builtin_add_overflow(scan.to_ns, wide, &scan.to_ns))
			scan.to_ns = INT64_MAX;
	}
	return store_scan(s, &scan, err);
}

static int scan(struct collect *c, struct store *s, struct err *err)
{
	const struct query *q = c->q;
	int r = q->n_stores ? 0 : scan_one(c, s, NULL, err);

	for (size_t i = 0; i < q->n_stores && r == 0; i++)
		r = scan_one(c, q->stores[i].store, q->stores[i].taps, err);
	return r;
}

static int take_back(void *ctx, const struct flow_rows *rows, struct err *err)
{
	static const struct flow_extra none;
	struct collect *c = ctx;
	int r = 0;

	for (size_t i = 0; i < rows->n && r == 0; i++)
		r = keep_row(c, &rows->records[i],
			rows->extras ? &rows->extras[i] : &none, err);
	return r;
}

/* The rows that are here; of those put aside, heap by heap. */
static int merge_rows(struct collect *c, struct err *err)
{
	const struct flow_rows rows = {c->rows, c->told, c->n};
	struct spill *spill = c->spill;
	int r;

	if (!spill)
		return merge_run(c->merge, &rows, wanted, c, err);
	r = put_aside(c, err);
	c->spill = NULL;
	c->depth++;
	for (size_t i = 0; i < SPILL_HEAPS && r == 0; i++) {
		empty(c);
		r = spill_read(spill, i, take_back, c, err);
		if (r == 0)
			r = merge_rows(c, err);
	}
	c->depth--;
	spill_free(spill);
	return r;
}

int query_flows(struct store *s, const struct query *q, merge_fn fn, void *ctx,
	struct query_sums *ret, struct err *err)
{
	struct lives lives = {0};
	struct collect c = {.q = q,
		.room = mem_zalloc(1, sizeof(*c.room)),
		.max = q->rows_max ? q->rows_max : QUERY_ROWS,
		.merge = merge_new(q->catalog, &lives, q->idle_ms),
		.extras = q->extras || filter_asks_extras(q->filter),
		.share = 1,
		.seed = seed_of(q->catalog),
		.times = {.from_ns = q->from_ns, .to_ns = q->to_ns},
		.fn = fn,
		.ctx = ctx};
	int r;

	if (!q->n_stores)
		lives_read(s, q->catalog, NULL, &lives);
	for (size_t i = 0; i < q->n_stores; i++)
		lives_read(q->stores[i].store, q->stores[i].catalog,
			q->stores[i].taps, &lives);
	c.offset_ns = lives.offset_ns;
	r = scan(&c, s, err);
	if (r == 0)
		r = merge_rows(&c, err);
	if (r == 0 && c.share > 1) {
		c.second = true;
		empty(&c);
		r = scan(&c, s, err);
		if (r == 0)
			r = merge_rows(&c, err);
	}
	if (ret)
		*ret = c.sums;
	free(c.room);
	free(c.rows);
	free(c.told);
	arena_release(&c.others);
	spill_free(c.spill);
	merge_free(c.merge);
	lives_release(&lives);
	return r;
}
