/* Not enough room: the elements named need more than flows from them, over
 * their rows and the nodes that see these, into the rooms of the nodes.
 *
 * Reference: Edmonds and Karp, "Theoretical improvements in algorithmic
 * efficiency for network flow problems", 1972. */
#include "base/mem.h"
#include "check/judge.h"

#include <inttypes.h>
#include <string.h>

struct arc {
	int to;
	int64_t left;
};

/* Arc i ^ 1 is the way back of arc i. */
struct flow {
	struct arc *arcs;
	size_t n_arcs, arcs_cap;
	int *first, *next; /* arcs of a vertex; next by arc */
	size_t next_cap;
	int n, *via;
};

enum { SOURCE, SINK, FIRST };

static void add_arc(struct flow *f, int from, int to, int64_t room)
{
	const int ends[2] = {from, to};

	for (int i = 0; i < 2; i++) {
		size_t cap = f->next_cap;

		f->next = mem_reserve(f->next, f->n_arcs, &cap, sizeof(int));
		f->next_cap = cap;
		f->next[f->n_arcs] = f->first[ends[i]];
		f->first[ends[i]] = (int)f->n_arcs;
		MEM_PUSH(f->arcs, f->n_arcs, f->arcs_cap) =
			(struct arc){ends[1 - i], i ? 0 : room};
	}
}

/* The arc that leads to each vertex on a shortest way; -1: there is none. */
static bool find_way(struct flow *f, int *queue)
{
	int head = 0, tail = 0;

	for (int v = 0; v < f->n; v++)
		f->via[v] = -1;
	queue[tail++] = SOURCE;
	while (head < tail && f->via[SINK] < 0) {
		int u = queue[head++];

		for (int a = f->first[u]; a >= 0; a = f->next[a]) {
			int v = f->arcs[a].to;

			if (f->arcs[a].left == 0 || v == SOURCE ||
				f->via[v] >= 0)
				continue;
			f->via[v] = a;
			queue[tail++] = v;
		}
	}
	return f->via[SINK] >= 0;
}

static int64_t push(struct flow *f)
{
	int64_t most = INT64_MAX;

	for (int v = SINK; v != SOURCE; v = f->arcs[f->via[v] ^ 1].to)
		if (f->arcs[f->via[v]].left < most)
			most = f->arcs[f->via[v]].left;
	for (int v = SINK; v != SOURCE; v = f->arcs[f->via[v] ^ 1].to) {
		f->arcs[f->via[v]].left -= most;
		f->arcs[f->via[v] ^ 1].left += most;
	}
	return most;
}

static int64_t room_of(const struct judge *j, int node, bool pps)
{
	if (pps)
		return j->ask->max_pps;
	return j->t->nodes[node].role == ROLE_SHAPER ? j->ask->max_ifaces / 2
						     : j->ask->max_ifaces;
}

/* Vertices: the elements by number, then rows, then nodes.  Returns what the
 * element needs. */
static int64_t add_element(
	const struct judge *j, struct flow *f, int g, bool pps)
{
	const struct need *n = j->need;
	const struct need_group *group = &n->groups[g];
	int64_t load = pps ? judge_row_load(j, g) : 1;
	int rows = FIRST + n->n_groups, nodes = rows + n->n_rows;

	add_arc(f, SOURCE, FIRST + g, load * group->demand * n->each);
	for (int r = group->first; r < group->end; r++) {
		/* too few see it: it is none of those recorded */
		if (n->row_start[r + 1] - n->row_start[r] < n->each)
			continue;
		add_arc(f, FIRST + g, rows + r, load * n->each);
		for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
			add_arc(f, rows + r, nodes + n->row_node[i], load);
	}
	return load * group->demand * n->each;
}

/* The elements' needs on their way into rooms that are opened one by one. */
struct rooms {
	const struct judge *j;
	struct flow f;
	bool pps;
	size_t doors; /* the first node's arc to the sink */
	int *queue;
	int64_t need, got;
};

static void rooms_init(
	struct rooms *x, const struct judge *j, const bool *elements, bool pps)
{
	const struct need *n = j->need;
	int nodes = FIRST + n->n_groups + n->n_rows;
	struct flow *f = &x->f;

	*x = (struct rooms){.j = j, .pps = pps};
	f->n = nodes + (int)j->t->n_nodes;
	x->queue = mem_zalloc((size_t)f->n + 1, sizeof(int));
	f->first = mem_zalloc((size_t)f->n + 1, sizeof(int));
	f->via = mem_zalloc((size_t)f->n + 1, sizeof(int));
	for (int v = 0; v < f->n; v++)
		f->first[v] = -1;
	for (int g = 0; g < n->n_groups; g++)
		if (elements[g])
			x->need += add_element(j, f, g, pps);
	x->doors = f->n_arcs;
	for (int v = 0; v < (int)j->t->n_nodes; v++)
		add_arc(f, nodes + v, SINK, 0);
}

static void rooms_release(struct rooms *x)
{
	free(x->queue);
	free(x->f.arcs);
	free(x->f.first);
	free(x->f.next);
	free(x->f.via);
}

static void open_room(struct rooms *x, size_t node)
{
	x->f.arcs[x->doors + 2 * node].left = room_of(x->j, (int)node, x->pps);
	while (find_way(&x->f, x->queue))
		x->got += push(&x->f);
}

/* Opens all that still leave too little room; the others are needed[]. */
static void open_others(struct rooms *x, const bool *bought, bool *needed)
{
	size_t size = x->f.n_arcs * sizeof(struct arc);
	cleanup_free struct arc *before = mem_zalloc(1, size + 1);

	for (size_t v = 0; v < x->j->t->n_nodes; v++) {
		int64_t got = x->got;

		if (bought[v] || x->j->need->obstacle[v])
			continue;
		memcpy(before, x->f.arcs, size);
		open_room(x, v);
		needed[v] = x->got == x->need;
		if (!needed[v])
			continue;
		memcpy(x->f.arcs, before, size);
		x->got = got;
	}
}

bool judge_lacks_room(const struct judge *j, const bool *bought, bool *needed)
{
	const int64_t limit[] = {j->ask->max_ifaces, j->ask->max_pps};
	cleanup_free bool *all =
		mem_zalloc((size_t)j->need->n_groups + 1, sizeof(bool));
	bool lacks = false;

	for (int g = 0; g < j->need->n_groups; g++)
		all[g] = j->need->groups[g].possible;
	for (int pps = 0; pps < 2 && !lacks; pps++) {
		struct rooms x;

		if (!limit[pps])
			continue;
		rooms_init(&x, j, all, pps);
		for (size_t v = 0; v < j->t->n_nodes; v++)
			if (bought[v])
				open_room(&x, v);
		lacks = x.got < x.need;
		if (lacks)
			open_others(&x, bought, needed);
		rooms_release(&x);
	}
	return lacks;
}

static bool any_possible(const struct need *n)
{
	for (int g = 0; g < n->n_groups; g++)
		if (n->groups[g].possible)
			return true;
	return false;
}

/* Nothing is recorded, and nothing is said of why. */
static bool gives_up(const struct judge *j, const struct jval *capacity)
{
	const struct claim *c = j->claim;

	if (!capacity || jval_count(jval_get(capacity, "records")) ||
		c->satisfied != 0 || c->n_tap || !any_possible(j->need))
		return false;
	if (c->status == CLAIM_TIMEOUT)
		verdict_add(j->v, "shortage", FINDING_HOLDS,
			"nothing was found in time, and nothing is claimed");
	else if (c->status == CLAIM_INFEASIBLE)
		verdict_add(j->v, "shortage", FINDING_OPEN,
			"that no placement has room for all is not verified");
	return c->status == CLAIM_TIMEOUT || c->status == CLAIM_INFEASIBLE;
}

/* The elements of a list.  Which of the paths between two nodes is meant is not
 * said; what has no room together with the others has none. */
static bool *named_in(const struct judge *j, const struct jval *list)
{
	const struct need *n = j->need;
	bool *named = mem_zalloc((size_t)n->n_groups + 1, sizeof(bool));

	for (size_t i = 0; i < jval_count(list); i++) {
		int g = judge_group_of(j, jval_at(list, i));

		if (g < 0)
			continue;
		named[g] = n->groups[g].possible;
		for (int at = g + 1;
			n->groups[g].link < 0 && need_same_ends(n, g, at); at++)
			named[at] = n->groups[at].possible;
	}
	return named;
}

bool judge_shortage(const struct judge *j)
{
	const struct jval *capacity = jval_get(j->plan, "capacity");
	const struct jval *shortage = jval_get(capacity, "shortage");
	const struct jval *list = jval_get(shortage, "elements");
	const char *of = jval_get_text(shortage, "of");
	bool pps = of && of[0] == 'p';
	struct rooms x;
	cleanup_free bool *named = NULL;

	if (!shortage)
		return gives_up(j, capacity);
	if (!(pps ? j->ask->max_pps : j->ask->max_ifaces))
		return false;
	named = named_in(j, list);
	rooms_init(&x, j, named, pps);
	for (size_t v = 0; v < j->t->n_nodes; v++)
		open_room(&x, v);
	rooms_release(&x);
	if (x.need > x.got)
		verdict_add(j->v, "shortage", FINDING_HOLDS,
			"%zu elements need %" PRId64 " %s, and there is "
			"%" PRId64,
			jval_count(list), x.need, pps ? "pps" : "ifaces",
			x.got);
	else
		verdict_add(j->v, "shortage", FINDING_BROKEN,
			"the elements named need %" PRId64 " %s, and there is "
			"%" PRId64,
			x.need, pps ? "pps" : "ifaces", x.got);
	return true;
}
