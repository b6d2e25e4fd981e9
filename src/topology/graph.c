/* A bare graph as a topology: numbers for names, and nothing else known.  In
 * one go, because graphs have a million links: the names are made next to each
 * other, and that they differ is seen from the numbers. */
#include "base/mem.h"
#include "topology/topology.h"

#include <string.h>

static size_t count_digits(size_t v)
{
	size_t n = 1;

	for (size_t ten = 10; v >= ten; ten *= 10)
		n++;
	return n;
}

const char *topology_number(size_t node, char room[static TOPOLOGY_NUMBER])
{
	char *p = room + TOPOLOGY_NUMBER - 1;

	*p = '\0';
	node++;
	do
		*--p = (char)('0' + node % 10);
	while (node /= 10);
	return p;
}

/* Returns the end. */
static char *add_number(char *to, size_t v)
{
	size_t n = count_digits(v);
	char *end = to + n;

	do
		to[--n] = (char)('0' + v % 10);
	while (v /= 10);
	return end;
}

static void add_nodes(struct topology *t, size_t n)
{
	size_t room = 0;
	char *at;

	for (size_t from = 1, digits = 1; from <= n; from *= 10, digits++)
		room += (n - from + 1);
	at = arena_alloc_aligned(&t->arena, room + n + 1, 1, 1);
	t->nodes = mem_grow(t->nodes, n + 1, sizeof(*t->nodes));
	t->n_nodes = n;
	t->nodes_cap = n + 1;
	for (size_t i = 0; i < n; i++) {
		t->nodes[i] = (struct topo_node){
			.name = at, .m = &topology_no_machine};
		at = add_number(at, i + 1);
		*at++ = '\0';
	}
}

struct side {
	int to, link;
};

/* Links by their first end. */
static struct side *sort_sides(
	size_t n_nodes, const int (*ends)[2], size_t n_links, int *start)
{
	struct side *side = mem_grow(NULL, n_links + 1, sizeof(*side));

	for (size_t i = 0; i < n_links; i++)
		start[ends[i][0] + 2]++;
	for (size_t v = 2; v <= n_nodes; v++)
		start[v] += start[v - 1];
	for (size_t i = 0; i < n_links; i++)
		side[start[ends[i][0] + 1]++] =
			(struct side){ends[i][1], (int)i};
	return side;
}

/* How often each two ends came before, in that order; NULL: never. */
static int *count_before(size_t n_nodes, const int (*ends)[2], size_t n_links)
{
	enum { AHEAD = 16 };
	cleanup_free int *start = mem_zalloc(n_nodes + 2, sizeof(int));
	cleanup_free struct side *side =
		sort_sides(n_nodes, ends, n_links, start);
	struct met {
		int from, times;
	};
	cleanup_free struct met *met = mem_zalloc(n_nodes + 1, sizeof(*met));
	int *before = NULL;

	for (size_t v = 0; v < n_nodes; v++)
		for (int k = start[v]; k < start[v + 1]; k++) {
			struct met *m = &met[side[k].to];

			if ((size_t)k + AHEAD < n_links)
				__builtin_prefetch(&met[side[k + AHEAD].to]);
			if (m->from != (int)v + 1) {
				*m = (struct met){(int)v + 1, 0};
				continue;
			}
			if (!before)
				before = mem_zalloc(n_links + 1, sizeof(int));
			before[side[k].link] = ++m->times;
		}
	return before;
}

static char *add_name(char *to, const int end[2], int before)
{
	to = add_number(to, (size_t)end[0] + 1);
	*to++ = '-';
	*to++ = '-';
	to = add_number(to, (size_t)end[1] + 1);
	if (before) {
		*to++ = '#';
		to = add_number(to, (size_t)before + 1);
	}
	*to++ = '\0';
	return to;
}

static void add_ends(struct topology *t, size_t link, const int end[2],
	struct topo_member *members)
{
	for (int slot = 0; slot < 2; slot++) {
		size_t i = 2 * link + (size_t)slot;

		t->ifaces[i] = (struct topo_iface){
			.card = &topology_no_card,
			.node = end[slot],
			.link = (int)link,
			.slot = slot & 1,
		};
		members[slot].iface = (int)i;
	}
}

/* Room for the names is what the longest would take: the rest of it is never
 * touched. */
static void add_links(
	struct topology *t, const int (*ends)[2], size_t n, const int *before)
{
	size_t longest = 2 * count_digits(t->n_nodes) + sizeof("--") +
			 (before ? 1 + count_digits(n) : 0);
	struct topo_member *members =
		arena_alloc(&t->arena, 2 * n + 1, sizeof(struct topo_member));
	char *at = arena_alloc_aligned(&t->arena, n * longest + 1, 1, 1);

	t->links = mem_grow(t->links, n + 1, sizeof(*t->links));
	t->ifaces = mem_grow(t->ifaces, 2 * n + 1, sizeof(*t->ifaces));
	t->n_links = n;
	t->n_ifaces = 2 * n;
	t->links_cap = n + 1;
	t->ifaces_cap = 2 * n + 1;
	for (size_t i = 0; i < n; i++) {
		t->links[i] = (struct topo_link){
			.name = at,
			.members = members + 2 * i,
			.n_members = 2,
			.kind = LINK_P2P,
		};
		at = add_name(at, ends[i], before ? before[i] : 0);
		add_ends(t, i, ends[i], members + 2 * i);
	}
}

void topology_add_graph(struct topology *t, size_t n_nodes,
	const int (*ends)[2], size_t n_links)
{
	cleanup_free int *before = count_before(n_nodes, ends, n_links);

	add_nodes(t, n_nodes);
	add_links(t, ends, n_links, before);
}
