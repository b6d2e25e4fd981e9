#include "store/block_others.h"
#include "base/mem.h"
#include "format/checksum.h"
#include "format/compress.h"

#include <stdlib.h>
#include <string.h>

enum {
	LENGTH = 2,
	HEAD = 4,
	RAW_MAX = OTHERS_ROWS + BLOCK_FEW * (OTHERS_MAX + LENGTH)
};

void block_others_init(struct block_others *o)
{
	*o = (struct block_others){.raw = BUF_INIT(RAW_MAX)};
	map_init(&o->known);
}

void block_others_release(struct block_others *o)
{
	buf_release(&o->raw);
	free(o->items);
	map_release(&o->known);
	*o = (struct block_others){0};
}

/* Where each is in the raw bytes. */
static bool find_items(struct block_others *o)
{
	struct cursor c = cursor_over(o->raw.data, o->raw.len);
	bool good = true;

	o->n = 0;
	while (good && cursor_left(&c)) {
		struct flow_others *to;

		o->items =
			mem_reserve(o->items, o->n, &o->cap, sizeof(*o->items));
		to = &o->items[o->n++];
		to->len = cursor_u16(&c);
		to->at = cursor_bytes(&c, to->len);
		good = to->at && to->len && o->n <= BLOCK_ROWS &&
		       flow_others_sound(to);
	}
	return good;
}

/* Filling: the map has places --------------------------------------------- */

void block_others_begin(struct block_others *o)
{
	if (o->known.n) {
		map_release(&o->known);
		map_init(&o->known);
	}
	buf_reset(&o->raw);
	o->n = 0;
}

static uint16_t place_of(struct block_others *o, const struct flow_others *v)
{
	uintptr_t place = (uintptr_t)map_get(&o->known, v->at, v->len);

	if (!place) {
		place = o->known.n + 1;
		map_put(&o->known, v->at, v->len, (void *)place);
		buf_u16(&o->raw, (uint16_t)v->len);
		buf_add(&o->raw, v->at, v->len);
	}
	return (uint16_t)place;
}

void block_others_add(struct block_others *o, const struct flow_extra *extras,
	size_t n, uint16_t *places)
{
	for (size_t i = 0; i < n; i++)
		places[i] = extras[i].others.len
				    ? place_of(o, &extras[i].others)
				    : 0;
}

void block_others_end(struct block_others *o)
{
	if (o->raw.len)
		find_items(o);
}

void block_others_encode(
	const struct block_others *o, struct buf *out, struct column_part *ret)
{
	const size_t n = o->raw.len, began = out->len;
	char *to = buf_space(out, HEAD + n);
	size_t len;

	*ret = (struct column_part){.width = 1};
	if (!to)
		return;
	buf_u32(out, (uint32_t)n);
	to = buf_space(out, n);
	len = n ? compress_lz4(o->raw.data, n, to, n - 1) : 0;
	if (!len)
		memcpy(to, buf_str(&o->raw), n);
	buf_commit(out, len ? len : n);
	ret->len = (uint32_t)(out->len - began);
	ret->sum = checksum(out->data + began, ret->len);
}

bool block_others_decode(struct block_others *o, const struct column_part *part,
	const uint8_t *stored)
{
	struct cursor c = cursor_over(stored, part->len);
	const size_t n = cursor_u32(&c), len = cursor_left(&c);
	const uint8_t *at = cursor_bytes(&c, len);
	char *to;

	buf_reset(&o->raw);
	to = cursor_ok(&c) && n <= RAW_MAX && len <= n ? buf_space(&o->raw, n)
						       : NULL;
	if (!to)
		return false;
	if (len == n)
		memcpy(to, at, n);
	else if (!compress_lz4_open(at, len, to, n))
		return false;
	buf_commit(&o->raw, n);
	return find_items(o);
}
