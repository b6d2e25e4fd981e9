/* Reference: first-fit decreasing; for the ports alone, where every bridge
 * takes two, filling node after node is already best. */
#define _GNU_SOURCE
#include "planner/heavy_pack.h"
#include "base/mem.h"

#include <string.h>

/* Open nodes looked at for each item. */
enum { LOOK = 256 };

int64_t pack_slots(const struct heavy_type *type)
{
	return type->ifaces / HEAVY_PORTS;
}

static bool holds(int64_t limit, int64_t has, int64_t more)
{
	return !limit || more <= limit - has;
}

bool pack_fits(const struct pack_item *item, const struct pack_limits *limits)
{
	return holds(limits->kbps, 0, item->kbps) &&
	       holds(limits->pps, 0, item->pps);
}

static int by_load(const void *x, const void *y, void *ctx)
{
	const struct pack_item *items = ctx;
	const int *a = x, *b = y;

	if (items[*a].kbps != items[*b].kbps)
		return items[*a].kbps > items[*b].kbps ? -1 : 1;
	if (items[*a].pps != items[*b].pps)
		return items[*a].pps > items[*b].pps ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

/* The type to take the next node from: most slots, then as listed. */
static int next_type(
	const struct heavy_type *types, size_t n, const int64_t *taken)
{
	int best = -1;

	for (size_t i = 0; i < n; i++) {
		bool left = types[i].have < 0 ||
			    taken[i] < types[i].have - types[i].used;

		if (!left || pack_slots(&types[i]) < 1)
			continue;
		if (best < 0 ||
			pack_slots(&types[i]) > pack_slots(&types[best]))
			best = (int)i;
	}
	return best;
}

static bool take_place(struct pack_bin *bin, const struct heavy_type *types,
	const struct pack_item *item, const struct pack_limits *limits)
{
	if (bin->n >= pack_slots(&types[bin->type]) ||
		!holds(limits->kbps, bin->kbps, item->kbps) ||
		!holds(limits->pps, bin->pps, item->pps))
		return false;
	bin->n++;
	bin->kbps += item->kbps;
	bin->pps += item->pps;
	return true;
}

bool pack(const struct pack_item *items, size_t n,
	const struct heavy_type *types, size_t n_types,
	const struct pack_limits *limits, struct packing *ret)
{
	cleanup_free int *order = mem_zalloc(n + 1, sizeof(*order));
	cleanup_free int64_t *taken = mem_zalloc(n_types + 1, sizeof(*taken));
	size_t first = 0;

	*ret = (struct packing){.bin_of = mem_zalloc(n + 1, sizeof(int))};
	for (size_t i = 0; i < n; i++)
		order[i] = (int)i;
	qsort_r(order, n, sizeof(*order), by_load,
		(struct pack_item *)(uintptr_t)items);
	for (size_t i = 0; i < n; i++) {
		const struct pack_item *item = &items[order[i]];
		size_t at = first, end;

		while (first < ret->n_bins &&
			ret->bins[first].n >=
				pack_slots(&types[ret->bins[first].type]))
			first++;
		at = first;
		end = at + LOOK < ret->n_bins ? at + LOOK : ret->n_bins;
		while (at < end &&
			!take_place(&ret->bins[at], types, item, limits))
			at++;
		if (at == end) {
			int type = next_type(types, n_types, taken);

			if (type < 0)
				return false;
			taken[type]++;
			at = ret->n_bins;
			MEM_PUSH(ret->bins, ret->n_bins, ret->bins_cap) =
				(struct pack_bin){.type = type};
			(void)take_place(&ret->bins[at], types, item, limits);
		}
		ret->bin_of[order[i]] = (int)at;
	}
	return true;
}

void pack_release(struct packing *p)
{
	free(p->bin_of);
	free(p->bins);
	*p = (struct packing){0};
}

/* Nodes for so many bridges, the largest first. */
static int64_t nodes_for(
	int64_t bridges, const struct heavy_type *types, size_t n_types)
{
	cleanup_free int64_t *taken = mem_zalloc(n_types + 1, sizeof(*taken));
	int64_t nodes = 0, most = 0;

	for (size_t i = 0; i < n_types; i++)
		if (pack_slots(&types[i]) > most)
			most = pack_slots(&types[i]);
	if (!most)
		return 0;
	while (bridges > 0) {
		int type = next_type(types, n_types, taken);
		int64_t slots = type < 0 ? most : pack_slots(&types[type]);
		int64_t count = (bridges + slots - 1) / slots;

		if (type >= 0 && types[type].have >= 0 &&
			count > types[type].have - types[type].used)
			count = types[type].have - types[type].used;
		if (type >= 0)
			taken[type] += count;
		nodes += count;
		bridges -= count * slots;
	}
	return nodes;
}

int64_t pack_bound(const struct pack_item *items, size_t n,
	const struct heavy_type *types, size_t n_types,
	const struct pack_limits *limits)
{
	int64_t bound = nodes_for((int64_t)n, types, n_types);
	__extension__ __int128 kbps = 0, pps = 0;

	for (size_t i = 0; i < n; i++) {
		kbps += items[i].kbps;
		pps += items[i].pps;
	}
	if (limits->kbps && (kbps + limits->kbps - 1) / limits->kbps > bound)
		bound = (int64_t)((kbps + limits->kbps - 1) / limits->kbps);
	if (limits->pps && (pps + limits->pps - 1) / limits->pps > bound)
		bound = (int64_t)((pps + limits->pps - 1) / limits->pps);
	return bound;
}
