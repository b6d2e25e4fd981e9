/* Any bytes as what DIR/retired holds, but for its checksum: refused, or a
 * history that is bounded, can be added to and is read as it was written. */
#include "store/inside.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct history *a, const struct history *b)
{
	return a->unit_ns == b->unit_ns && a->untold == b->untold &&
	       a->n == b->n &&
	       (!a->n || memcmp(a->cells, b->cells, a->n * sizeof(*a->cells)) ==
				 0);
}

static void write_and_read(struct history *h)
{
	struct buf out = BUF_INIT(HISTORY_BYTES);
	struct history again;
	struct cursor c;

	history_encode(h, &out);
	if (!buf_ok(&out))
		abort();
	c = cursor_over(buf_str(&out), out.len);
	history_init(&again);
	if (!history_decode(&again, &c) || cursor_left(&c) || !same(h, &again))
		abort();
	history_release(&again);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT(16 << 20);
	struct store_retired found = {0};
	struct flow_record r = {.packets = 3, .bytes = 100};
	struct history h;

	buf_add(&text, data, size);
	history_init(&h);
	if (retire_decode(&text, &found, &h)) {
		write_and_read(&h);
		r.tap = (uint16_t)found.upto;
		r.key.proto = (uint8_t)found.rows;
		r.first_ns = found.first_ns;
		r.last_ns = found.last_ns;
		history_add(&h, &r);
		if (h.n > HISTORY_CELLS)
			abort();
		write_and_read(&h);
	}
	history_release(&h);
	buf_release(&text);
	return 0;
}
