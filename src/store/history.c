/* Cells in an array with an index, and how they are stored:
 *
 *   unit 8 (ns), untold 8, series 4; then of each series, rising: itself 8,
 *   cells 4; of each cell, by rising time, five numbers of 7 bits a byte, low
 *   ones first, the last with its high bit 0: pieces since the one before (the
 *   first: since 1970, its sign in the lowest bit), records, stayed, packets,
 *   bytes.
 *
 * In old ones a series is tap 2 and protocol 1, and no cell has stayed. */
#include "store/history.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/group.h"

/* Each divides the next. */
static const int64_t units_s[] = {10, 60, 300, 3600, 21600, 86400, 604800};
enum { N_UNITS = sizeof(units_s) / sizeof(*units_s), UNIT_MOST_S = 604800 };
/* Pieces of times that group_spread gives are within. */
#define TIME_MAX                                                               \
	(GROUP_TIME_MAX + (HISTORY_PIECES + 2) * UNIT_MOST_S * NS_PER_S)

enum { KEY = 2 * sizeof(uint64_t) };

void history_init(struct history *h)
{
	*h = (struct history){.unit_ns = units_s[0] * NS_PER_S};
	index_init(&h->by_cell, sizeof(*h->cells), KEY);
}

void history_release(struct history *h)
{
	index_release(&h->by_cell);
	free(h->cells);
	*h = (struct history){0};
}

/* After reading or sorting, places are new. */
static void find_places(struct history *h)
{
	if (h->by_cell.n == h->n)
		return;
	for (size_t i = 0; i < h->n; i++)
		index_add(&h->by_cell, h->cells, i);
}

static size_t add_cell(struct history *h, const struct history_cell *c)
{
	const size_t at = index_find(&h->by_cell, h->cells, c);

	if (at) {
		history_cell_add(&h->cells[at - 1], c);
		return at;
	}
	if (h->n == HISTORY_CELLS) {
		h->untold += c->records;
		return 0;
	}
	MEM_PUSH(h->cells, h->n, h->cap) = *c;
	index_add(&h->by_cell, h->cells, h->n - 1);
	return h->n;
}

size_t history_add_cell(struct history *h, const struct history_cell *c)
{
	find_places(h);
	return add_cell(h, c);
}

/* A cell of a shorter piece becomes one of the piece it lies in. */
static void to_piece(const struct history *h, struct history_cell *c)
{
	const int64_t at_ns = group_floor(c->at_ns, h->unit_ns);

	if (at_ns != c->at_ns)
		c->stayed = 0; /* it is of the piece already */
	c->at_ns = at_ns;
}

bool history_coarsen(struct history *h)
{
	const size_t n = h->n;
	size_t i = 0;

	while (i < N_UNITS && units_s[i] * NS_PER_S <= h->unit_ns)
		i++;
	if (i == N_UNITS)
		return false;
	h->unit_ns = units_s[i] * NS_PER_S;
	h->n = 0;
	index_empty(&h->by_cell);
	for (i = 0; i < n; i++) {
		struct history_cell c = h->cells[i];

		to_piece(h, &c);
		(void)add_cell(
			h, &c); /* never beyond those already looked at */
	}
	return true;
}

/* Adding --------------------------------------------------------------- */

void history_add_all(struct history *h, const struct history *more)
{
	while (h->unit_ns < more->unit_ns && history_coarsen(h))
		;
	for (size_t i = 0; i < more->n; i++) {
		struct history_cell c = more->cells[i];

		while (h->n == HISTORY_CELLS && history_coarsen(h))
			;
		to_piece(h, &c);
		(void)history_add_cell(h, &c);
	}
	h->untold += more->untold;
}

struct adding {
	struct history *h;
	uint64_t series;
	bool stays; /* a piece has it already */
};

static int add_piece(void *ctx, int64_t at_ns, uint64_t packets, uint64_t bytes,
	struct err *err)
{
	struct adding *to = ctx;
	const bool stays = to->stays;

	(void)err;
	to->stays = true;
	(void)add_cell(to->h, &(struct history_cell){at_ns, to->series, !stays,
				      stays, packets, bytes});
	return 0;
}

/* At most, without what no clock could mean. */
static size_t pieces(const struct history *h, const struct flow_record *r)
{
	int64_t ns;

	if (__builtin_sub_overflow(r->last_ns, r->first_ns, &ns) || ns < 0 ||
		ns / h->unit_ns > HISTORY_PIECES)
		return 1;
	return (size_t)(ns / h->unit_ns) + 2;
}

void history_add(struct history *h, const struct flow_record *r)
{
	struct adding to = {.h = h,
		.series = history_series(
			r->tap, r->src_slot, r->dst_slot, r->key.proto)};
	struct flow_record at = *r;

	find_places(h);
	while (h->n + pieces(h, r) > HISTORY_CELLS && history_coarsen(h))
		;
	if (pieces(h, r) == 1)
		at.last_ns = at.first_ns;
	(void)!group_spread(&at, h->unit_ns, add_piece, &to, NULL);
}

int history_add_block(void *ctx, struct block *b, struct err *err)
{
	int r = block_need(b,
		COLUMN_BIT(TAP) | COLUMN_BIT(SRC_SLOT) | COLUMN_BIT(DST_SLOT) |
			COLUMN_BIT(PROTO) | COLUMN_BIT(PACKETS) |
			COLUMN_BIT(BYTES) | COLUMN_BIT(LAST) |
			COLUMN_BIT(DURATION),
		err);

	for (size_t i = 0; i < b->n && r == 0; i++)
		history_add(ctx,
			&(struct flow_record){.key.proto = block_PROTO(b)[i],
				.tap = block_TAP(b)[i],
				.src_slot = block_SRC_SLOT(b)[i],
				.dst_slot = block_DST_SLOT(b)[i],
				.packets = block_PACKETS(b)[i],
				.bytes = block_BYTES(b)[i],
				.first_ns = block_first_ns(b, i),
				.last_ns = block_last_ns(b, i)});
	return r;
}

/* Storing -------------------------------------------------------------- */

static int by_series(const void *a, const void *b)
{
	const struct history_cell *x = a, *y = b;

	if (x->series != y->series)
		return x->series < y->series ? -1 : 1;
	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static void put(struct buf *out, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		buf_u8(out, (uint8_t)(v | 0x80));
	buf_u8(out, (uint8_t)v);
}

static uint64_t get(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const uint8_t byte = cursor_u8(c);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return v;
}

static uint64_t fold(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static int64_t unfold(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

static size_t series_end(const struct history *h, size_t i)
{
	const uint64_t series = h->cells[i].series;

	while (i < h->n && h->cells[i].series == series)
		i++;
	return i;
}

static void encode_series(
	const struct history *h, size_t begin, size_t end, struct buf *out)
{
	int64_t last = 0;

	buf_u64(out, h->cells[begin].series);
	buf_u32(out, (uint32_t)(end - begin));
	for (size_t i = begin; i < end; i++) {
		const struct history_cell *c = &h->cells[i];
		const int64_t at = c->at_ns / h->unit_ns;

		put(out, i == begin ? fold(at) : (uint64_t)(at - last));
		put(out, c->records);
		put(out, c->stayed);
		put(out, c->packets);
		put(out, c->bytes);
		last = at;
	}
}

void history_encode(struct history *h, struct buf *out)
{
	uint32_t series = 0;

	if (h->n)
		qsort(h->cells, h->n, sizeof(*h->cells), by_series);
	index_empty(&h->by_cell);
	for (size_t i = 0; i < h->n; i = series_end(h, i))
		series++;
	buf_u64(out, (uint64_t)h->unit_ns);
	buf_u64(out, h->untold);
	buf_u32(out, series);
	for (size_t i = 0, end; i < h->n; i = end) {
		end = series_end(h, i);
		encode_series(h, i, end, out);
	}
}

static bool is_unit(int64_t ns)
{
	for (size_t i = 0; i < N_UNITS; i++)
		if (ns == units_s[i] * NS_PER_S)
			return true;
	return false;
}

static bool decode_series(
	struct history *h, uint64_t series, bool old, struct cursor *c)
{
	const uint32_t n = cursor_u32(c);
	int64_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		const uint64_t step = get(c);
		struct history_cell cell = {.series = series};

		if (i == 0)
			at = unfold(step);
		else if (!step || step > INT64_MAX ||
			 __builtin_add_overflow(at, (int64_t)step, &at))
			return false;
		cell.records = get(c);
		cell.stayed = old ? 0 : get(c);
		cell.packets = get(c);
		cell.bytes = get(c);
		if (!cursor_ok(c) || h->n == HISTORY_CELLS ||
			__builtin_mul_overflow(at, h->unit_ns, &cell.at_ns) ||
			cell.at_ns < -TIME_MAX || cell.at_ns > TIME_MAX)
			return false;
		MEM_PUSH(h->cells, h->n, h->cap) = cell;
	}
	return true;
}

static uint64_t decode_name(bool old, struct cursor *c)
{
	uint16_t tap;

	if (!old)
		return cursor_u64(c);
	tap = cursor_u16(c);
	return history_series(tap, SLOT_UNKNOWN, SLOT_UNKNOWN, cursor_u8(c));
}

static bool decode(struct history *h, bool old, struct cursor *c)
{
	const int64_t unit_ns = (int64_t)cursor_u64(c);
	const uint64_t untold = cursor_u64(c);
	const uint32_t n = cursor_u32(c);
	uint64_t last = 0;

	if (!cursor_ok(c) || !is_unit(unit_ns))
		return false;
	h->unit_ns = unit_ns;
	h->untold = untold;
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t series = decode_name(old, c);

		if (!cursor_ok(c) || (i && series <= last) ||
			!decode_series(h, series, old, c))
			return false;
		last = series;
	}
	return cursor_ok(c);
}

bool history_decode(struct history *h, struct cursor *c)
{
	return decode(h, false, c);
}

bool history_decode_old(struct history *h, struct cursor *c)
{
	return decode(h, true, c);
}
