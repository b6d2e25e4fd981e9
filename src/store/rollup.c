/* How rollups are stored. */
#include "store/rollup.h"
#include "format/checksum.h"

#include <string.h>

enum { VERSION = 1 };

void rollup_init(struct rollup *r)
{
	*r = (struct rollup){.exact = true};
	for (int k = 0; k < ROLLUP_KINDS; k++)
		history_init(&r->by[k]);
}

void rollup_release(struct rollup *r)
{
	for (int k = 0; k < ROLLUP_KINDS; k++)
		history_release(&r->by[k]);
}

static void put_table(struct history *h, struct buf *out)
{
	struct buf table = BUF_INIT(ROLLUP_BYTES);

	history_encode(h, &table);
	out->failed |= !buf_ok(&table);
	buf_u32(out, (uint32_t)table.len);
	buf_add(out, buf_str(&table), table.len);
	buf_release(&table);
}

void rollup_encode(struct rollup *r, struct buf *out)
{
	const size_t begin = out->len;

	buf_u32(out, VERSION);
	buf_u32(out, r->exact);
	for (int d = 0; d < 2; d++)
		buf_u32(out, (uint32_t)r->n_hosts[d]);
	for (int d = 0; d < 2; d++)
		buf_add(out, r->hosts[d], r->n_hosts[d] * sizeof(**r->hosts));
	for (int k = 0; k < ROLLUP_KINDS; k++)
		put_table(&r->by[k], out);
	buf_u64(out, checksum(buf_str(out) + begin, out->len - begin));
}

/* Addresses are told by their place, and series start with a record that does. */
static bool is_sound(const struct rollup *r, int kind)
{
	const struct history *h = &r->by[kind];
	const struct history_cell *last = NULL;

	for (size_t i = 0; i < h->n; last = &h->cells[i++]) {
		const struct history_cell *c = &h->cells[i];

		if (last && last->series == c->series)
			continue;
		if (!c->records ||
			(kind >= ROLLUP_SRC && c->series & ROLLUP_IS_LISTED &&
				rollup_value(c) >=
					r->n_hosts[kind - ROLLUP_SRC]))
			return false;
	}
	return true;
}

static bool get_hosts(struct rollup *r, struct cursor *c)
{
	for (int d = 0; d < 2; d++) {
		r->n_hosts[d] = cursor_u32(c);
		if (r->n_hosts[d] > ROLLUP_LISTED)
			return false;
	}
	for (int d = 0; d < 2; d++) {
		const size_t len = r->n_hosts[d] * sizeof(**r->hosts);
		const uint8_t *from = cursor_bytes(c, len);

		if (!from)
			return false;
		memcpy(r->hosts[d], from, len);
	}
	return true;
}

bool rollup_decode(
	struct rollup *r, const void *bytes, size_t len, enum rollup_kind kind)
{
	struct cursor c;

	if (!checksum_ends(bytes, len))
		return false;
	c = cursor_over(bytes, len - CHECKSUM);
	if (cursor_u32(&c) != VERSION)
		return false;
	r->exact = cursor_u32(&c) != 0;
	if (!get_hosts(r, &c))
		return false;
	for (int k = 0; k < ROLLUP_KINDS; k++) {
		struct cursor table = cursor_sub(&c, cursor_u32(&c));

		if (!cursor_ok(&c))
			return false;
		if (kind != ROLLUP_KINDS && k != (int)kind)
			continue;
		if (!history_decode(&r->by[k], &table) || cursor_left(&table) ||
			!is_sound(r, k))
			return false;
	}
	return cursor_left(&c) == 0;
}
