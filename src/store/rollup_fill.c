/* Making rollups while a segment is written.
 *
 * What is listed is chosen by the first block, so that a series has all of the
 * segment and nothing has to be read twice; what is frequent later on is listed
 * in the next segment.  All tables have pieces of one length, which grows when
 * there are too many cells, or when records are in too many of them each to be
 * added up in good time.
 *
 * A record that lasts several pieces has some in each from its first to its
 * last, so that the records of a longer piece can be told: those that stayed in
 * its first one, and those that began in any.  Records of which that is not
 * true, because they carried too little for their time or their clock was
 * wrong, make the rollup one that is not exact: it lists nothing.
 *
 * As long as all rows have one interface, its table is that of all records. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/group.h"
#include "store/rollup.h"

#include <stdlib.h>
#include <string.h>

enum {
	NUMBERS = 65536, /* greater ones are not listed */
	RARE = 1024,     /* less than one row of so many: not listed */
	RECENT_BITS = 8,
	ENDINGS = 4096, /* of addresses */
	/* that are looked at: so many for each row, and as many ahead */
	PIECES_A_ROW = 16,
	PIECES_AHEAD = 65536
};
/* As long as pieces become before less is listed, and ever. */
#define UNIT_GOOD (300 * NS_PER_S)
#define UNIT_MAX (3600 * NS_PER_S)
#define EXTRA_COLUMN(name) (1u << (COLUMN_EXTRAS + (int)EXTRA_##name))

/* Where a cell is: most rows go where one did shortly before. */
struct recent {
	uint64_t series;
	int64_t at_ns;
	size_t place; /* + 1 */
};

struct rollup_fill {
	struct rollup to;
	uint64_t rows;
	int64_t pieces; /* that may be looked at */
	bool begun, given_up;
	bool grew; /* by cells, perhaps */
	/* of kinds from SPORT on: what is listed */
	uint16_t numbers[ROLLUP_NUMBERS][ROLLUP_LISTED];
	size_t n_numbers[ROLLUP_NUMBERS];
	bool is_listed[ROLLUP_NUMBERS][NUMBERS];
	/* all rows have the same: nothing is added until one has not */
	bool is_one[ROLLUP_NUMBERS];
	uint32_t one[ROLLUP_NUMBERS];
	struct index hosts[2]; /* of to.hosts */
	bool ends[2][ENDINGS]; /* any of them so; most others do not */
	uint8_t place[2]
		     [BLOCK_HOSTS]; /* of the block's addresses, + 1; 0: none */
	uint32_t count[NUMBERS];
	struct recent recent[ROLLUP_KINDS][1 << RECENT_BITS];
};

struct rollup_fill *rollup_fill_new(void)
{
	struct rollup_fill *f = mem_zalloc(1, sizeof(*f));

	f->pieces = PIECES_AHEAD;
	rollup_init(&f->to);
	for (int d = 0; d < 2; d++)
		index_init(&f->hosts[d], sizeof(struct net_addr),
			sizeof(struct net_addr));
	return f;
}

void rollup_fill_free(struct rollup_fill *f)
{
	if (!f)
		return;
	rollup_release(&f->to);
	for (int d = 0; d < 2; d++)
		index_release(&f->hosts[d]);
	free(f);
}

/* What is listed ------------------------------------------------------- */

struct candidate {
	uint32_t rows;
	uint16_t code;
};

static int by_rows(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->rows != y->rows)
		return x->rows > y->rows ? -1 : 1;
	return (x->code > y->code) - (x->code < y->code);
}

/* The most frequent ones that n rows were counted by; returns their number. */
static size_t choose(const struct rollup_fill *f, size_t n,
	uint16_t to[static ROLLUP_LISTED])
{
	struct candidate all[RARE];
	size_t n_all = 0;

	for (size_t c = 0; c < NUMBERS && n_all < RARE; c++)
		if (f->count[c] > n / RARE)
			all[n_all++] =
				(struct candidate){f->count[c], (uint16_t)c};
	qsort(all, n_all, sizeof(*all), by_rows);
	n_all = n_all < ROLLUP_LISTED ? n_all : ROLLUP_LISTED;
	for (size_t i = 0; i < n_all; i++)
		to[i] = all[i].code;
	return n_all;
}

/* What a row has of a kind of numbers. */
static inline uint32_t number_of(const struct block *b, int kind, size_t i)
{
	const uint32_t *of_if;

	if (kind == ROLLUP_SPORT)
		return block_SPORT(b)[i];
	if (kind == ROLLUP_DPORT)
		return block_DPORT(b)[i];
	of_if = b->column[COLUMN_EXTRAS + (kind == ROLLUP_IN_IF
							  ? (int)EXTRA_IN_IF
							  : (int)EXTRA_OUT_IF)];
	return of_if[i];
}

static void choose_numbers(
	struct rollup_fill *f, const struct block *b, int kind)
{
	const int k = kind - ROLLUP_SPORT;

	memset(f->count, 0, sizeof(f->count));
	for (size_t i = 0; i < b->n; i++) {
		const uint32_t v = number_of(b, kind, i);

		if (v < NUMBERS)
			f->count[v]++;
	}
	f->n_numbers[k] = choose(f, b->n, f->numbers[k]);
	for (size_t i = 0; i < f->n_numbers[k]; i++)
		f->is_listed[k][f->numbers[k][i]] = true;
}

static size_t ending(const struct net_addr *a)
{
	return (a->b[14] << 8 | a->b[15]) % ENDINGS;
}

static void choose_hosts(struct rollup_fill *f, const struct block *b, int d)
{
	const uint16_t *of = d ? block_DST(b) : block_SRC(b);
	uint16_t codes[ROLLUP_LISTED];
	size_t n;

	memset(f->count, 0, sizeof(f->count));
	for (size_t i = 0; i < b->n; i++)
		f->count[of[i]]++;
	n = choose(f, b->n, codes);
	for (size_t i = 0; i < n; i++) {
		f->to.hosts[d][i] = block_host(b, codes[i]);
		index_add(&f->hosts[d], f->to.hosts[d], i);
		f->ends[d][ending(&f->to.hosts[d][i])] = true;
	}
	f->to.n_hosts[d] = n;
}

static void begin(struct rollup_fill *f, const struct block *b)
{
	for (int k = ROLLUP_SPORT; k < ROLLUP_SRC; k++)
		choose_numbers(f, b, k);
	for (int d = 0; d < 2; d++)
		choose_hosts(f, b, d);
	for (int kind = ROLLUP_IN_IF; kind <= ROLLUP_OUT_IF; kind++) {
		f->one[kind - ROLLUP_SPORT] = number_of(b, kind, 0);
		f->is_one[kind - ROLLUP_SPORT] = true;
	}
	f->begun = true;
}

static void find_hosts(struct rollup_fill *f, const struct block *b)
{
	for (size_t i = 0; i < b->n_hosts; i++) {
		const struct net_addr a = block_host(b, i);

		for (int d = 0; d < 2; d++)
			f->place[d][i] =
				f->ends[d][ending(&a)]
					? (uint8_t)index_find(&f->hosts[d],
						  f->to.hosts[d], &a)
					: 0;
	}
}

/* Adding --------------------------------------------------------------- */

struct adding {
	struct rollup_fill *f;
	uint64_t series[ROLLUP_KINDS];
	enum rollup_kind kinds[ROLLUP_KINDS]; /* that it is of */
	size_t n;
	bool stays, gap;
	int64_t last_ns; /* piece */
};

static inline void add_cell(struct rollup_fill *f, enum rollup_kind kind,
	const struct history_cell *c, uint64_t mixed)
{
	struct history *h = &f->to.by[kind];
	struct recent *at = &f->recent[kind][mixed >> (64 - RECENT_BITS)];

	if (at->place && at->series == c->series && at->at_ns == c->at_ns) {
		history_cell_add(&h->cells[at->place - 1], c);
		return;
	}
	*at = (struct recent){c->series, c->at_ns, history_add_cell(h, c)};
	f->grew = true;
}

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	struct adding *to = ctx;
	const uint64_t when = (uint64_t)at_ns * 0xd6e8feb86659fd93u;
	struct history_cell c = {.at_ns = at_ns,
		.records = !to->stays,
		.stayed = to->stays,
		.packets = packets,
		.bytes = bytes};

	(void)err;
	to->f->pieces--;
	to->gap |= to->stays && at_ns != to->last_ns + to->f->to.by->unit_ns;
	for (size_t i = 0; i < to->n; i++) {
		c.series = to->series[i];
		add_cell(to->f, to->kinds[i], &c,
			(c.series * 0x9e3779b97f4a7c15u) ^ when);
	}
	to->stays = true;
	to->last_ns = at_ns;
	return 0;
}

static void add_series(
	struct adding *to, enum rollup_kind kind, uint64_t series)
{
	to->kinds[to->n] = kind;
	to->series[to->n++] = series;
}

/* Those of foreign rows where they are listed; the others are what is left. */
static void set_series(struct adding *to, const struct block *b, size_t i)
{
	const struct rollup_fill *f = to->f;
	const uint8_t proto = block_PROTO(b)[i];
	const uint8_t places[] = {
		f->place[0][block_SRC(b)[i]], f->place[1][block_DST(b)[i]]};

	add_series(to, ROLLUP_TAP,
		history_series(block_TAP(b)[i], block_SRC_SLOT(b)[i],
			block_DST_SLOT(b)[i], proto));
	if (!(block_FLAGS(b)[i] & RECORD_FOREIGN))
		return;
	for (int k = ROLLUP_SPORT; k < ROLLUP_SRC; k++) {
		uint32_t v;

		if (f->is_one[k - ROLLUP_SPORT])
			continue;
		v = number_of(b, k, i);
		if (v < NUMBERS && f->is_listed[k - ROLLUP_SPORT][v])
			add_series(
				to, k, rollup_series(true, (uint16_t)v, proto));
	}
	for (int d = 0; d < 2; d++)
		if (places[d])
			add_series(to, ROLLUP_SRC + d,
				rollup_series(
					true, (uint16_t)(places[d] - 1), 0));
}

/* Only such records are in the pieces that they are in with longer ones. */
static bool is_plain(const struct flow_record *r, int64_t unit_ns)
{
	return (r->packets || r->bytes) && r->first_ns >= -GROUP_TIME_MAX &&
	       r->last_ns <= GROUP_TIME_MAX && r->first_ns <= r->last_ns &&
	       r->last_ns - r->first_ns < HISTORY_PIECES * unit_ns;
}

static void add_row(struct rollup_fill *f, const struct block *b, size_t i)
{
	struct adding to;
	struct flow_record r = {.packets = block_PACKETS(b)[i],
		.bytes = block_BYTES(b)[i],
		.first_ns = block_first_ns(b, i),
		.last_ns = block_last_ns(b, i)};
	const bool plain = is_plain(&r, f->to.by->unit_ns);

	f->pieces += PIECES_A_ROW;
	/* its arrays stay as they are: they are longer than all the rest */
	to.f = f;
	to.n = 0;
	to.stays = to.gap = false;
	set_series(&to, b, i);
	f->to.exact &= (block_FLAGS(b)[i] & RECORD_FOREIGN) != 0;
	if (!plain)
		r.last_ns = r.first_ns;
	(void)!group_spread(&r, f->to.by->unit_ns, add_piece, &to, NULL);
	f->to.exact &= plain && to.stays && !to.gap;
}

static size_t cells(const struct rollup *r)
{
	size_t n = 0;

	for (int k = 0; k < ROLLUP_KINDS; k++)
		n += r->by[k].n;
	return n;
}

/* False: no longer pieces are wanted. */
static bool coarsen(struct rollup_fill *f)
{
	if (f->to.by->unit_ns >= UNIT_MAX)
		return false;
	memset(f->recent, 0, sizeof(f->recent));
	for (int k = 0; k < ROLLUP_KINDS; k++)
		(void)history_coarsen(&f->to.by[k]);
	return true;
}

static bool is_kept(
	const struct rollup_fill *f, int kind, const struct history_cell *c)
{
	const uint16_t value = rollup_value(c);

	return kind < ROLLUP_SRC ? f->is_listed[kind - ROLLUP_SPORT][value]
				 : value < f->to.n_hosts[kind - ROLLUP_SRC];
}

/* Only the first n, the most frequent ones: what the rest had is told with all
 * others. */
static void list_numbers(struct rollup_fill *f, int k, size_t n)
{
	for (; f->n_numbers[k] > n; f->n_numbers[k]--)
		f->is_listed[k][f->numbers[k][f->n_numbers[k] - 1]] = false;
}

static void list_hosts(struct rollup_fill *f, int d, size_t n)
{
	if (f->to.n_hosts[d] <= n)
		return;
	f->to.n_hosts[d] = n;
	index_empty(&f->hosts[d]);
	for (size_t i = 0; i < n; i++)
		index_add(&f->hosts[d], f->to.hosts[d], i);
	for (size_t i = 0; i < BLOCK_HOSTS; i++)
		if (f->place[d][i] > n)
			f->place[d][i] = 0;
}

static void forget_unlisted(struct rollup_fill *f, int kind)
{
	struct history *h = &f->to.by[kind];
	size_t to = 0;

	for (size_t i = 0; i < h->n; i++)
		if (is_kept(f, kind, &h->cells[i]))
			h->cells[to++] = h->cells[i];
	h->n = to;
	index_empty(&h->by_cell);
}

static size_t greatest(const size_t *n, size_t n_n)
{
	size_t most = 0;

	for (size_t i = 0; i < n_n; i++)
		most = n[i] > most ? n[i] : most;
	return most;
}

static void list_at_most(struct rollup_fill *f, int kind, size_t n)
{
	if (kind < ROLLUP_SRC)
		list_numbers(f, kind - ROLLUP_SPORT, n);
	else
		list_hosts(f, kind - ROLLUP_SRC, n);
	forget_unlisted(f, kind);
}

/* False: nothing is listed. */
static bool list_fewer(struct rollup_fill *f)
{
	const size_t numbers = greatest(f->n_numbers, ROLLUP_NUMBERS),
		     hosts = greatest(f->to.n_hosts, 2);

	if (!numbers && !hosts)
		return false;
	for (int k = ROLLUP_SPORT; k < ROLLUP_KINDS; k++)
		if (k < ROLLUP_SRC && numbers > hosts)
			list_at_most(f, k, numbers / 2);
		else if (k >= ROLLUP_SRC && hosts >= numbers)
			list_at_most(f, k, hosts / 2);
	return true;
}

/* What would be missed least goes first.  False: nothing can go. */
static bool make_fewer(struct rollup_fill *f)
{
	if (f->to.by->unit_ns < UNIT_GOOD)
		return coarsen(f);
	memset(f->recent, 0, sizeof(f->recent));
	return list_fewer(f) || coarsen(f);
}

static bool keep_to(struct rollup_fill *f, size_t most)
{
	f->grew = false;
	while (cells(&f->to) > most)
		if (!make_fewer(f))
			return false;
	return true;
}

/* Rows that last long for these pieces need longer ones.  False: they last too
 * long for any. */
static bool keep_pace(struct rollup_fill *f)
{
	f->pieces = PIECES_AHEAD;
	return coarsen(f);
}

/* What all records had, as of the one interface that they have. */
static void add_one(struct rollup_fill *f, int kind)
{
	const struct history *all = &f->to.by[ROLLUP_TAP];
	const int k = kind - ROLLUP_SPORT;
	const uint32_t v = f->one[k];

	if (!f->is_one[k])
		return;
	f->is_one[k] = false;
	if (v >= NUMBERS || !f->is_listed[k][v])
		return;
	f->grew = true;
	for (size_t i = 0; i < all->n; i++) {
		struct history_cell c = all->cells[i];

		c.series = rollup_series(true, (uint16_t)v, history_proto(&c));
		(void)history_add_cell(&f->to.by[kind], &c);
	}
}

/* Those of which it is no more true get their tables. */
static void check_one(struct rollup_fill *f, const struct block *b)
{
	for (int kind = ROLLUP_IN_IF; kind <= ROLLUP_OUT_IF; kind++) {
		const uint32_t v = f->one[kind - ROLLUP_SPORT];
		size_t i = 0;

		while (i < b->n && number_of(b, kind, i) == v)
			i++;
		if (i < b->n)
			add_one(f, kind);
	}
}

/* Who is not exact tells of all records alone. */
static void list_nothing(struct rollup_fill *f)
{
	for (int k = ROLLUP_SPORT; k < ROLLUP_KINDS; k++)
		list_at_most(f, k, 0);
	memset(f->recent, 0, sizeof(f->recent));
}

int rollup_fill_add(struct rollup_fill *f, struct block *b, struct err *err)
{
	int r;

	if (f->given_up)
		return 0;
	r = block_need(b,
		COLUMNS_ALL | EXTRA_COLUMN(IN_IF) | EXTRA_COLUMN(OUT_IF), err);
	if (r == 0)
		r = block_need_hosts(b, err);
	if (r < 0)
		return r;
	if (!f->begun)
		begin(f, b);
	find_hosts(f, b);
	check_one(f, b);
	for (size_t i = 0; i < b->n && !f->given_up; i++) {
		add_row(f, b, i);
		f->given_up = (f->pieces < 0 && !keep_pace(f)) ||
			      (f->grew && !keep_to(f, ROLLUP_CELLS));
	}
	if (!f->to.exact)
		list_nothing(f);
	f->rows += b->n;
	return 0;
}

/* The end -------------------------------------------------------------- */

/* Sums modulo 2^64. */
static void take_off(struct history_cell *c)
{
	c->records = 0 - c->records;
	c->stayed = 0 - c->stayed;
	c->packets = 0 - c->packets;
	c->bytes = 0 - c->bytes;
}

/* Of all, without those that are listed. */
static void add_others(struct rollup *r, enum rollup_kind kind)
{
	const bool by_proto = kind < ROLLUP_SRC;
	struct history *h = &r->by[kind], others;

	history_init(&others);
	others.unit_ns = h->unit_ns;
	for (size_t i = 0; i < r->by[ROLLUP_TAP].n + h->n; i++) {
		const bool listed = i >= r->by[ROLLUP_TAP].n;
		struct history_cell c =
			listed ? h->cells[i - r->by[ROLLUP_TAP].n]
			       : r->by[ROLLUP_TAP].cells[i];

		c.series = rollup_series(
			false, 0, by_proto ? history_proto(&c) : 0);
		if (listed)
			take_off(&c);
		(void)history_add_cell(&others, &c);
	}
	for (size_t i = 0; i < others.n; i++)
		if (others.cells[i].records || others.cells[i].stayed)
			(void)history_add_cell(h, &others.cells[i]);
	history_release(&others);
}

void rollup_fill_end(struct rollup_fill *f, struct buf *out)
{
	const size_t most =
		ROLLUP_CELLS_FEW + (size_t)(f->rows / ROLLUP_ROWS_A_CELL);

	for (int kind = ROLLUP_IN_IF; kind <= ROLLUP_OUT_IF; kind++)
		add_one(f, kind);
	if (f->given_up || f->rows < ROLLUP_ROWS || !keep_to(f, most))
		return;
	for (int k = ROLLUP_SPORT; k < ROLLUP_KINDS && f->to.exact; k++)
		add_others(&f->to, k);
	rollup_encode(&f->to, out);
}
