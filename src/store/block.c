/* Columns to what is stored, and back to rows.
 *
 * Rows stay in the order they came in.  A place outside the dictionary makes
 * the block bad; any other number that fits its type is believed. */
#include "store/block.h"
#include "base/mem.h"
#include "format/checksum.h"
#include "store/block_others.h"

#include <stdlib.h>
#include <string.h>

enum { STORED_MAX = 8 << 20 };

const uint8_t block_sizes[COLUMN_COUNT] = {
#define X(name, type) sizeof(type),
	BLOCK_COLUMNS(X)
#undef X
#define X(name, member, type) sizeof(type),
		FLOW_EXTRAS(X)
#undef X
			[COLUMN_OTHERS] = sizeof(uint16_t),
};

void block_init(struct block *b)
{
	*b = (struct block){.stored = BUF_INIT(STORED_MAX)};
	b->hosts4 = mem_zalloc(BLOCK_HOSTS, sizeof(*b->hosts4));
	b->hosts6 = mem_zalloc(BLOCK_HOSTS, sizeof(*b->hosts6));
	b->host_as = mem_zalloc(BLOCK_HOSTS, sizeof(*b->host_as));
	b->verdicts = mem_zalloc(BLOCK_ROWS, sizeof(*b->verdicts));
	for (int c = 0; c < COLUMN_COUNT; c++)
		b->column[c] = mem_zalloc(BLOCK_ROWS, block_sizes[c]);
	block_others_init(&b->others);
}

void block_release(struct block *b)
{
	free(b->hosts4);
	free(b->hosts6);
	free(b->host_as);
	free(b->verdicts);
	for (int c = 0; c < COLUMN_COUNT; c++)
		free(b->column[c]);
	buf_release(&b->stored);
	block_others_release(&b->others);
	free(b->filling);
	*b = (struct block){0};
}

/* Storing -------------------------------------------------------------- */

enum { SRC_AS = COLUMN_EXTRAS + EXTRA_SRC_AS };
enum { DST_AS = COLUMN_EXTRAS + EXTRA_DST_AS };
#define AS_COLUMNS (1u << SRC_AS | 1u << DST_AS)

/* The AS of each address, where it has the same in all rows. */
static bool find_host_as(const struct block *b, uint32_t *to)
{
	cleanup_free bool *seen = mem_zalloc(b->n_hosts, sizeof(*seen));
	static const int sides[][2] = {
		{COLUMN_SRC, SRC_AS}, {COLUMN_DST, DST_AS}};

	for (int k = 0; k < 2; k++) {
		const uint16_t *places = b->column[sides[k][0]];
		const uint32_t *v = b->column[sides[k][1]];
		const bool has = block_extras(b) >> sides[k][1] & 1;

		for (size_t i = 0; i < b->n; i++) {
			const uint16_t place = places[i];
			const uint32_t as = has ? v[i] : 0;

			if (seen[place] && to[place] != as)
				return false;
			seen[place] = true;
			to[place] = as;
		}
	}
	return true;
}

static void encode_part(const void *values, size_t n, unsigned size,
	struct buf *out, struct column_part *ret)
{
	ret->range = column_range(values, n, size);
	column_encode(values, n, size, out, ret);
}

void block_encode(
	const struct block *b, struct buf *out, struct block_parts *ret)
{
	unsigned columns = COLUMNS_ALL | block_extras(b);
	const uint32_t n4 = b->parts.n_hosts4, n6 = b->parts.n_hosts6;

	*ret = (struct block_parts){
		.n_hosts4 = n4, .n_hosts6 = n6, .extras = b->parts.extras};
	if (n4)
		encode_part(b->hosts4, n4, sizeof(*b->hosts4), out,
			&ret->part[PART_HOSTS4]);
	column_encode_addrs(b->hosts6->b, n6, out, &ret->part[PART_HOSTS6]);
	ret->host_as = columns & AS_COLUMNS && find_host_as(b, b->host_as);
	if (ret->host_as)
		columns &= ~AS_COLUMNS;
	for (int c = 0; c < COLUMN_COUNT; c++) {
		if (!(columns >> c & 1))
			continue;
		ret->part[c].range = b->zone.column[c];
		column_encode(
			b->column[c], b->n, block_sizes[c], out, &ret->part[c]);
	}
	if (ret->host_as)
		encode_part(b->host_as, b->n_hosts, sizeof(*b->host_as), out,
			&ret->part[PART_HOST_AS]);
	if (columns >> COLUMN_OTHERS & 1)
		block_others_encode(&b->others, out, &ret->part[PART_OTHERS]);
}

/* The order in the file: the dictionary first. */
static uint64_t offset_of(const struct block_parts *p, int part)
{
	uint64_t offset = p->offset;

	if (part != PART_HOSTS4)
		offset += p->part[PART_HOSTS4].len;
	if (part != PART_HOSTS4 && part != PART_HOSTS6)
		offset += p->part[PART_HOSTS6].len;
	for (int c = 0; c < COLUMN_COUNT && c < part; c++)
		if (part < COLUMN_COUNT || part >= PART_HOST_AS)
			offset += p->part[c].len;
	if (part == PART_OTHERS)
		offset += p->part[PART_HOST_AS].len;
	return offset;
}

/* Reading -------------------------------------------------------------- */

void block_open(struct block *b, const struct store_zone *zone,
	const struct block_parts *parts, block_read_fn read, void *ctx)
{
	b->zone = *zone;
	b->n = zone->rows;
	b->n_hosts = parts->n_hosts4 + parts->n_hosts6;
	b->parts = *parts;
	b->read = read;
	b->read_ctx = ctx;
	b->have = 0;
	b->have_hosts = b->have_host_as = false;
}

static int bad(struct err *err)
{
	err_set(err, NFZ_E_INPUT, "a block makes no sense");
	return err_hint(
		err, "The file was changed or damaged after it was written.");
}

/* The stored bytes of a part, checked; NULL and the error. */
static const uint8_t *stored(
	struct block *b, int part, int *ret, struct err *err)
{
	const struct column_part *p = &b->parts.part[part];
	char *to;

	buf_reset(&b->stored);
	to = buf_space(&b->stored, p->len + 1);
	*ret = 0;
	if (to && !p->len)
		return (const uint8_t *)to;
	*ret = to ? b->read(b->read_ctx, offset_of(&b->parts, part), to, p->len,
			    err)
		  : bad(err);
	if (*ret == 0 && checksum(to, p->len) != p->sum) {
		*ret = err_set(err, NFZ_E_INPUT, "a block's checksum is wrong");
		err_hint(err, "The file was changed or damaged after it was "
			      "written.");
	}
	return *ret == 0 ? (const uint8_t *)to : NULL;
}

/* Values of a part. */
static size_t count_of(const struct block *b, int part)
{
	if (part == PART_HOSTS4)
		return b->parts.n_hosts4;
	if (part == PART_HOSTS6)
		return b->parts.n_hosts6;
	return part == PART_HOST_AS ? b->n_hosts : b->n;
}

static int pack_part(struct block *b, int part, struct buf *out,
	struct column_part *ret, struct err *err)
{
	const struct column_part *from = &b->parts.part[part];
	const uint8_t *bytes;
	int r;

	bytes = stored(b, part, &r, err);
	if (!bytes)
		return r;
	if (part != PART_OTHERS) {
		if (!column_pack(from, bytes, count_of(b, part), out, ret))
			return bad(err);
		return 0;
	}
	buf_add(out, bytes, from->len);
	return buf_ok(out) ? 0 : bad(err);
}

int block_pack(struct block *b, struct buf *out, struct block_parts *ret,
	struct err *err)
{
	/* the order in the file */
	static const int dictionaries[] = {PART_HOSTS4, PART_HOSTS6},
			 behind[] = {PART_HOST_AS, PART_OTHERS};
	int r = 0;

	*ret = b->parts;
	for (int i = 0; i < 2 && r == 0; i++)
		r = pack_part(b, dictionaries[i], out,
			&ret->part[dictionaries[i]], err);
	for (int c = 0; c < COLUMN_COUNT && r == 0; c++)
		r = pack_part(b, c, out, &ret->part[c], err);
	for (int i = 0; i < 2 && r == 0; i++)
		r = pack_part(b, behind[i], out, &ret->part[behind[i]], err);
	return r;
}

/* Are all its places below `end`?  rows NULL: all */
static bool are_places(const struct block *b, int column, size_t end,
	const uint16_t *rows, size_t n)
{
	const uint16_t *v = b->column[column];
	uint16_t most = 0;

	for (size_t i = 0; i < n; i++) {
		uint16_t place = v[rows ? rows[i] : i];

		most = place > most ? place : most;
	}
	return most < end;
}

static int need_host_as(struct block *b, struct err *err)
{
	const struct column_part *p = &b->parts.part[PART_HOST_AS];
	const uint8_t *bytes;
	int r;

	if (b->have_host_as)
		return 0;
	bytes = stored(b, PART_HOST_AS, &r, err);
	if (!bytes)
		return r;
	if (!column_decode(
		    p, bytes, b->n_hosts, sizeof(*b->host_as), b->host_as))
		return bad(err);
	b->have_host_as = true;
	return 0;
}

/* Of all rows. */
static int read_as(struct block *b, int c, struct err *err)
{
	const int side = c == SRC_AS ? COLUMN_SRC : COLUMN_DST;
	const uint16_t *places = b->column[side];
	uint32_t *to = b->column[c];
	int r = block_need(b, 1u << side, err);

	if (r == 0)
		r = need_host_as(b, err);
	for (size_t i = 0; i < b->n && r == 0; i++)
		to[i] = b->host_as[places[i]];
	if (r == 0)
		b->have |= 1u << c;
	return r;
}

static int need_others(struct block *b, struct err *err)
{
	const uint8_t *bytes;
	int r;

	bytes = stored(b, PART_OTHERS, &r, err);
	if (!bytes)
		return r;
	return block_others_decode(
		       &b->others, &b->parts.part[PART_OTHERS], bytes)
		       ? 0
		       : bad(err);
}

static int read_column(
	struct block *b, int c, const uint16_t *rows, size_t n, struct err *err)
{
	const struct column_part *p = &b->parts.part[c];
	const uint8_t *bytes;
	int r;

	if (c >= COLUMN_EXTRAS && !(block_extras(b) >> c & 1)) {
		memset(b->column[c], 0, b->n * block_sizes[c]);
		b->have |= 1u << c;
		return 0;
	}
	if (b->parts.host_as && (c == SRC_AS || c == DST_AS))
		return read_as(b, c, err);
	r = c == COLUMN_OTHERS ? need_others(b, err) : 0;
	if (r < 0)
		return r;
	bytes = stored(b, c, &r, err);
	if (!bytes)
		return r;
	if (rows ? !column_decode_rows(p, bytes, b->n, block_sizes[c], rows, n,
			   b->column[c])
		 : !column_decode(p, bytes, b->n, block_sizes[c], b->column[c]))
		return bad(err);
	if ((c == COLUMN_SRC || c == COLUMN_DST) &&
		!are_places(b, c, b->n_hosts, rows, n))
		return bad(err);
	if (c == COLUMN_OTHERS && !are_places(b, c, b->others.n + 1, rows, n))
		return bad(err);
	if (!rows)
		b->have |= 1u << c;
	return 0;
}

int block_need(struct block *b, unsigned columns, struct err *err)
{
	unsigned missing = columns & ~b->have;
	int r = 0;

	for (int c = 0; c < COLUMN_COUNT && missing && r == 0; c++)
		if (missing >> c & 1)
			r = read_column(b, c, NULL, b->n, err);
	return r;
}

enum { FEW = 8 }; /* more than one row in so many: all of them */

int block_need_rows(struct block *b, unsigned columns, const uint16_t *rows,
	size_t n, struct err *err)
{
	int r = block_need_hosts(b, err);

	if (r == 0 && n >= b->n / FEW)
		return block_need(b, columns, err);
	for (int c = 0; c < COLUMN_COUNT && r == 0; c++)
		if ((columns & ~b->have) >> c & 1)
			r = read_column(b, c, rows, n, err);
	return r;
}

int block_need_hosts(struct block *b, struct err *err)
{
	const struct block_parts *p = &b->parts;
	const uint8_t *bytes;
	int r;

	if (b->have_hosts)
		return 0;
	bytes = stored(b, PART_HOSTS4, &r, err);
	if (!bytes)
		return r;
	if (!column_decode(&p->part[PART_HOSTS4], bytes, p->n_hosts4,
		    sizeof(*b->hosts4), b->hosts4))
		return bad(err);
	bytes = stored(b, PART_HOSTS6, &r, err);
	if (!bytes)
		return r;
	if (!column_decode_addrs(
		    &p->part[PART_HOSTS6], bytes, p->n_hosts6, b->hosts6->b))
		return bad(err);
	b->have_hosts = true;
	return 0;
}

void block_row(const struct block *b, size_t i, struct flow_record *ret)
{
	*ret = (struct flow_record){
		.key = {.src = block_host(b, block_SRC(b)[i]),
			.dst = block_host(b, block_DST(b)[i]),
			.sport = block_SPORT(b)[i],
			.dport = block_DPORT(b)[i],
			.proto = block_PROTO(b)[i],
			.flags = block_KEY_FLAGS(b)[i]},
		.packets = block_PACKETS(b)[i],
		.bytes = block_BYTES(b)[i],
		.first_ns = block_first_ns(b, i),
		.last_ns = block_last_ns(b, i),
		.tap = block_TAP(b)[i],
		.src_slot = block_SRC_SLOT(b)[i],
		.dst_slot = block_DST_SLOT(b)[i],
		.tcp_flags = block_TCP_FLAGS(b)[i],
		.tos = block_TOS(b)[i],
		.end_reason = block_END_REASON(b)[i],
		.flags = block_FLAGS(b)[i]};
}

void block_extra(const struct block *b, size_t i, struct flow_extra *ret)
{
	*ret = (struct flow_extra){0};
#define X(name, member, type)                                                  \
	if (b->parts.extras & EXTRA_BIT(name))                                 \
		ret->member = ((const type                                     \
				*)b->column[COLUMN_EXTRAS + EXTRA_##name])[i];
	FLOW_EXTRAS(X)
#undef X
	if (b->parts.extras & EXTRA_BIT(OTHERS) && block_OTHERS(b)[i])
		ret->others = b->others.items[block_OTHERS(b)[i] - 1];
}

uint64_t block_extra_value(
	const struct block *b, enum flow_extra_field f, size_t i)
{
	switch (f) {
#define X(name, member, type)                                                  \
	case EXTRA_##name:                                                     \
		return ((const type *)                                         \
				b->column[COLUMN_EXTRAS + EXTRA_##name])[i];
		FLOW_EXTRAS(X)
#undef X
	case EXTRA_COUNT:
		break;
	}
	return 0;
}
