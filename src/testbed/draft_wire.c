/* Links of graph formats: two ends, more often than not no name. */
#include "base/mem.h"
#include "testbed/draft.h"
#include "topology/topofile.h"

#include <string.h>

/* "a--b" */
static const char *join(char *to, const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);

	memcpy(to, a, n);
	memcpy(to + n, "--", 2);
	memcpy(to + n + 2, b, m + 1);
	return to;
}

void draft_loop(struct draft *d, long line)
{
	if (!d->n_loops++)
		d->loop_line = line;
}

void draft_wire(struct draft *d, const struct draft_wire *w)
{
	char made[2 * TOPOFILE_NAME_MAX + 3];
	const char *name = w->name;
	int link;

	if (w->ends[0] == w->ends[1]) {
		draft_loop(d, w->line);
		return;
	}
	if (!name || !*name) {
		name = join(made, d->t->nodes[w->ends[0]].name,
			d->t->nodes[w->ends[1]].name);
	}
	link = draft_link(d, name, LINK_P2P);
	for (size_t i = 0; i < 2; i++) {
		const struct topo_card card = {
			.name = w->port[i] ? draft_copy(d, w->port[i]) : NULL,
			.speed_kbps = w->speed_kbps,
		};
		const struct topo_iface iface = {
			.card = &card,
			.node = w->ends[i],
			.link = link,
		};

		/* both indices are ours and the link is new */
		if (topology_add_member(d->t, &iface, NULL, NULL, d->err))
			return;
	}
}

/* How many lead from one node to another, and which is the first. */
struct way {
	int ends[2];
	size_t first, n;
};

static int by_ends(const void *a, const void *b)
{
	const struct way *x = a, *y = b;

	if (x->ends[0] != y->ends[0])
		return x->ends[0] < y->ends[0] ? -1 : 1;
	if (x->ends[1] != y->ends[1])
		return x->ends[1] < y->ends[1] ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorted by ends, each pair once. */
static struct way *ways_of(const struct draft_wires *list, size_t *ret_n)
{
	struct way *ways = mem_zalloc(list->n + 1, sizeof(*ways));
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		ways[i] = (struct way){
			{list->items[i].ends[0], list->items[i].ends[1]}, i, 1};
	qsort(ways, list->n, sizeof(*ways), by_ends);
	for (size_t i = 0; i < list->n; i++) {
		if (n && ways[n - 1].ends[0] == ways[i].ends[0] &&
			ways[n - 1].ends[1] == ways[i].ends[1])
			ways[n - 1].n++;
		else
			ways[n++] = ways[i];
	}
	*ret_n = n;
	return ways;
}

static const struct way *find_way(
	const struct way *ways, size_t n, int from, int to)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct way *w = &ways[mid];

		if (w->ends[0] < from ||
			(w->ends[0] == from && w->ends[1] < to))
			low = mid + 1;
		else
			high = mid;
	}
	if (low < n && ways[low].ends[0] == from && ways[low].ends[1] == to)
		return &ways[low];
	return NULL;
}

bool draft_wires_mirrored(const struct draft_wires *list)
{
	size_t n;
	cleanup_free struct way *ways = ways_of(list, &n);

	for (size_t i = 0; i < n; i++) {
		const struct way *back =
			find_way(ways, n, ways[i].ends[1], ways[i].ends[0]);

		if (!back || back->n != ways[i].n)
			return false;
	}
	return n > 0;
}

void draft_wires(struct draft *d, const struct draft_wires *list, bool fold)
{
	size_t n;
	cleanup_free struct way *ways = ways_of(list, &n);

	for (size_t i = 0; i < list->n; i++) {
		const struct draft_wire *w = &list->items[i];
		const struct way *there, *back;

		there = find_way(ways, n, w->ends[0], w->ends[1]);
		back = find_way(ways, n, w->ends[1], w->ends[0]);
		if (fold && there && back && there != back &&
			(back->n > there->n ||
				(back->n == there->n &&
					back->first < there->first)))
			continue;
		draft_wire(d, w);
	}
}
