/* Every covered element (or slot) is recorded in full, by probes that see it,
 * and no probe records more than it has room for. */
#include "base/mem.h"
#include "check/judge.h"

#include <inttypes.h>

__extension__ typedef __int128 wide;

struct rooms {
	const struct judge *j;
	wide *pps, *records; /* by node */
	int64_t *taken;      /* by row: amount */
	struct trouble wrong;
};

/* The load of the link, divided among its rows. */
int64_t judge_row_load(const struct judge *j, int g)
{
	const struct need_group *group = &j->need->groups[g];
	int64_t rows = group->end - group->first;

	if (group->link < 0 || !j->ask->max_pps)
		return 1;
	if (j->ask->cover == ASK_DIRECTIONS)
		rows *= 2;
	return (j->ask->load[group->link] + rows - 1) / rows;
}

static bool sees(const struct need *n, int row, int node)
{
	for (int i = n->row_start[row]; i < n->row_start[row + 1]; i++)
		if (n->row_node[i] == node)
			return true;
	return false;
}

/* The row, or that of any path between the same two nodes: records do not say
 * which. */
static bool sees_any(const struct need *n, int g, int row, int node)
{
	bool found = sees(n, row, node);

	for (int at = g;
		!found && n->groups[g].link < 0 && need_same_ends(n, g, at);
		at++)
		found = sees(n, n->groups[at].first, node);
	return found;
}

int judge_group_of(const struct judge *j, const struct jval *o)
{
	const struct jval *pair = jval_get(o, "path");
	int link = names_link(j->names, jval_get_text(o, "link"));

	if (pair)
		return need_group_between(j->need,
			names_node(j->names, jval_text(jval_at(pair, 0))),
			names_node(j->names, jval_text(jval_at(pair, 1))));
	return link < 0 ? -1
			: need_group_named(
				  j->need, link, jval_get_text(o, "part"));
}

static void take_record(struct rooms *x, const struct jval *o)
{
	const struct judge *j = x->j;
	int node = names_node(j->names, jval_get_text(o, "node"));
	int g = judge_group_of(j, o);
	int64_t slot = 0, amount = -1;
	int row;

	(void)jval_int(jval_get(o, "slot"), &slot);
	if (g < 0 || node < 0 || !j->chosen[node] ||
		!jval_int(jval_get(o, "amount"), &amount) || amount < 0 ||
		slot < 0 ||
		slot >= j->need->groups[g].end - j->need->groups[g].first) {
		trouble_add(&x->wrong, "a record is of nothing, or of nobody");
		return;
	}
	row = j->need->groups[g].first + (int)slot;
	if (!sees_any(j->need, g, row, node))
		trouble_add(&x->wrong, "%s records what it does not see",
			j->t->nodes[node].name);
	x->taken[row] += amount;
	x->pps[node] += amount;
	x->records[node]++;
}

static void judge_rooms(struct rooms *x)
{
	const struct judge *j = x->j;

	for (size_t v = 0; v < j->t->n_nodes; v++) {
		int64_t ifaces = j->ask->max_ifaces;

		if (j->t->nodes[v].role == ROLE_SHAPER)
			ifaces /= 2;
		if (j->ask->max_pps && x->pps[v] > j->ask->max_pps)
			trouble_add(&x->wrong,
				"%s records %" PRId64 " packets/s, it may "
				"%" PRId64,
				j->t->nodes[v].name, (int64_t)x->pps[v],
				j->ask->max_pps);
		if (j->ask->max_ifaces && x->records[v] > ifaces)
			trouble_add(&x->wrong,
				"%s records %" PRId64 " elements, it may "
				"%" PRId64,
				j->t->nodes[v].name, (int64_t)x->records[v],
				ifaces);
	}
}

/* Nobody watches more interfaces than it may.  A box on a LAN that it serves
 * several members of is tapped at all of them for a path. */
static void judge_taps(struct rooms *x)
{
	const struct judge *j = x->j;
	cleanup_free bool *seen = mem_zalloc(j->t->n_ifaces + 1, sizeof(bool));
	cleanup_free int64_t *n =
		mem_zalloc(j->t->n_nodes + 1, sizeof(int64_t));

	for (size_t i = 0; i < j->claim->n_tap; i++) {
		const struct claim_tap *tap = &j->claim->tap[i];

		n[tap->node] += !seen[tap->iface];
		seen[tap->iface] = true;
	}
	for (size_t v = 0; v < j->t->n_nodes; v++)
		if (j->ask->max_ifaces && n[v] > j->ask->max_ifaces &&
			!(j->ask->cover == ASK_PATHS &&
				j->t->nodes[v].role == ROLE_SHAPER))
			trouble_add(&x->wrong,
				"%s watches %" PRId64 " interfaces, it may "
				"%" PRId64,
				j->t->nodes[v].name, n[v], j->ask->max_ifaces);
}

/* Paths between the same nodes stand together, their records at the first. */
static bool pair_full(const struct rooms *x, int g)
{
	const struct need *n = x->j->need;
	int64_t wanted = 0;

	if (g > 0 && need_same_ends(n, g, g - 1))
		return true;
	for (int at = g; need_same_ends(n, g, at); at++)
		wanted += need_covered(n, &n->groups[at], x->j->chosen);
	return x->taken[n->groups[g].first] >= wanted * n->each;
}

/* As many rows as are demanded, each in full. */
static bool rows_full(const struct rooms *x, int g)
{
	const struct need_group *group = &x->j->need->groups[g];
	int full = 0;

	for (int r = group->first; r < group->end; r++)
		full += x->taken[r] >=
			judge_row_load(x->j, g) * x->j->need->each;
	return full >= group->demand;
}

static void judge_full(struct rooms *x)
{
	const struct need *n = x->j->need;
	char name[256];

	for (int g = 0; g < n->n_groups; g++)
		if (need_covered(n, &n->groups[g], x->j->chosen) &&
			!(n->groups[g].link < 0 ? pair_full(x, g)
						: rows_full(x, g)))
			trouble_add(&x->wrong, "%s is not recorded in full",
				need_group_name(n, g, name, sizeof(name)));
}

void judge_capacity(const struct judge *j)
{
	const struct jval *capacity = jval_get(j->plan, "capacity");
	const struct jval *list = jval_get(capacity, "records");
	size_t nodes = j->t->n_nodes + 1;
	struct rooms x = {.j = j};

	x.pps = mem_zalloc(nodes, sizeof(wide));
	x.records = mem_zalloc(nodes, sizeof(wide));
	x.taken = mem_zalloc((size_t)j->need->n_rows + 1, sizeof(int64_t));
	for (size_t i = 0; i < jval_count(list); i++)
		take_record(&x, jval_at(list, i));
	judge_rooms(&x);
	judge_taps(&x);
	judge_full(&x);
	free(x.pps);
	free(x.records);
	free(x.taken);
	verdict_close(j->v, "capacity", &x.wrong,
		"%zu records, none beyond what its probe may",
		jval_count(list));
}
