/* What taps saw becomes what crossed links. */
#include "base/mem.h"
#include "store/history.h"

static int link_of(const struct catalog *c, const struct history_cell *cell)
{
	const struct catalog_tap *tap = catalog_tap(c, history_tap(cell));

	return tap ? tap->link : -1;
}

/* Is it known between whom the packets went? */
static bool is_of_a_hop(const struct history_cell *c)
{
	return history_hop(c) >> 16 != SLOT_UNKNOWN;
}

/* The most that any tap of a hop saw; fn gets all else at once. */
static void choose(const struct history *h, const struct catalog *c,
	struct history *best, history_fn fn, void *ctx)
{
	for (size_t i = 0; i < h->n; i++) {
		struct history_cell cell = h->cells[i];
		const int link = link_of(c, &cell);
		size_t at;

		if (link < 0 || !is_of_a_hop(&cell)) {
			fn(ctx, link, &cell);
			continue;
		}
		cell.series = (uint64_t)link << 40 |
			      (uint64_t)history_hop(&cell) << 8 |
			      history_proto(&cell);
		at = index_find(&best->by_cell, best->cells, &cell);
		if (!at)
			(void)history_add_cell(best, &cell);
		else if (cell.packets > best->cells[at - 1].packets)
			best->cells[at - 1] = cell;
	}
}

void history_links(const struct history *h, const struct catalog *c,
	history_fn fn, void *ctx)
{
	struct history best;

	if (!c->several) {
		for (size_t i = 0; i < h->n; i++)
			fn(ctx, link_of(c, &h->cells[i]), &h->cells[i]);
		return;
	}
	history_init(&best);
	choose(h, c, &best, fn, ctx);
	for (size_t i = 0; i < best.n; i++)
		fn(ctx, (int)(best.cells[i].series >> 40), &best.cells[i]);
	history_release(&best);
}
