/* LANs: all slots but one must be seen.
 *
 * Among single columns that is a clique of pairs, and a member that sees
 * nothing else is simplicial in it: the dearest such member u is bought only
 * if another one is not, so all others cost u's cost less and those no dearer
 * are bought.  With slots of several columns the same exchange argument keeps
 * the dearest private member as the only private one that may be missing, and
 * lets it be missing for good when every other slot can be had for its cost.
 * Both are linear in the LAN.  Only small LANs are ever spelled out as
 * pairs. */
#define _GNU_SOURCE
#include "planner/kernel.h"
#include "base/mem.h"

enum { SPELLED_SINGLE = 16, SPELLED = 10, ROUNDS = 64 };

struct lan {
	int group, n; /* living slots */
	int *slot;    /* their rows */
	bool single;  /* one column in each, all different */
	int dearest;  /* private slot of the dearest member, or -1 */
	int n_private;
	int64_t most_needed; /* dearest of the other slots' cheapest */
	int longest;
};

static bool private_slot(struct kernel *k, int row)
{
	return k->row[row].len == 1 && k->col[kernel_cols(k, row)[0]].deg == 1;
}

static int64_t cheapest(struct kernel *k, int row)
{
	const int *cols = kernel_cols(k, row);
	int64_t best = k->col[cols[0]].cost;

	for (int i = 1; i < k->row[row].len; i++)
		if (k->col[cols[i]].cost < best)
			best = k->col[cols[i]].cost;
	return best;
}

static void look(struct kernel *k, struct lan *lan, int row)
{
	int64_t low = cheapest(k, row);
	int c = kernel_cols(k, row)[0];

	lan->slot[lan->n++] = row;
	lan->single &= k->row[row].len == 1 && k->col[c].mark != k->stamp;
	k->col[c].mark = k->stamp;
	if (k->row[row].len > lan->longest)
		lan->longest = k->row[row].len;
	if (!private_slot(k, row)) {
		if (low > lan->most_needed)
			lan->most_needed = low;
		return;
	}
	lan->n_private++;
	/* among equals the last, so that low numbers keep their probes */
	if (lan->dearest < 0 ||
		low >= k->col[kernel_cols(k, lan->dearest)[0]].cost)
		lan->dearest = row;
}

/* False: not a LAN of this kind. */
static bool read_lan(struct kernel *k, int g, struct lan *lan, int *slots)
{
	*lan = (struct lan){
		.group = g, .slot = slots, .single = true, .dearest = -1};
	if (k->group_demand[g] != k->group_alive[g] - 1)
		return false;
	k->stamp++;
	for (int r = k->group_start[g]; r < k->group_start[g + 1]; r++) {
		if (!(k->row[r].flags & ROW_ALIVE) || k->row[r].group != g)
			continue;
		if (k->row[r].want > 1)
			return false;
		look(k, lan, r);
	}
	return true;
}

static void transfer(struct kernel *k, const struct lan *lan)
{
	int u = kernel_cols(k, lan->dearest)[0], n = 0;
	cleanup_free int *rest = mem_zalloc((size_t)lan->n, sizeof(int));

	for (int i = 0; i < lan->n; i++) {
		int c = kernel_cols(k, lan->slot[i])[0];

		if (c == u)
			continue;
		if (k->col[c].cost <= k->col[u].cost) {
			kernel_force(k, c);
			continue;
		}
		k->col[c].cost -= k->col[u].cost;
		k->paid += k->col[u].cost;
		kernel_touch(k, c);
		rest[n++] = c;
	}
	kernel_row_is_seen(k, lan->dearest);
	kernel_fold_guard(k, u, rest, n);
}

static bool exchange(struct kernel *k, const struct lan *lan)
{
	int u = kernel_cols(k, lan->dearest)[0];

	for (int i = 0; i < lan->n; i++)
		if (lan->slot[i] != lan->dearest &&
			private_slot(k, lan->slot[i]))
			kernel_force(k, kernel_cols(k, lan->slot[i])[0]);
	if (k->col[u].cost < lan->most_needed)
		return lan->n_private > 1;
	kernel_drop(k, u);
	return true;
}

static int join(struct kernel *k, int a, int b, int *cols)
{
	int n = 0;

	k->stamp++;
	for (int side = 0; side < 2; side++) {
		int row = side ? b : a;
		const int *at = kernel_cols(k, row);

		for (int i = 0; i < k->row[row].len; i++)
			if (k->col[at[i]].mark != k->stamp) {
				k->col[at[i]].mark = k->stamp;
				cols[n++] = at[i];
			}
	}
	return n;
}

/* Of any two slots one is seen. */
static void spell_out(struct kernel *k, const struct lan *lan)
{
	cleanup_free int *cols =
		mem_zalloc(2 * (size_t)lan->longest, sizeof(int));

	for (int i = 0; i < lan->n; i++)
		for (int j = i + 1; j < lan->n; j++)
			kernel_add_row(k, cols,
				join(k, lan->slot[i], lan->slot[j], cols));
	kernel_close_group(k, lan->group);
}

static bool one_lan(struct kernel *k, int g, int *slots)
{
	struct lan lan;

	if (!read_lan(k, g, &lan, slots))
		return false;
	if (lan.dearest >= 0 && lan.single) {
		transfer(k, &lan);
		return true;
	}
	if (lan.dearest >= 0 && exchange(k, &lan))
		return true;
	if (lan.n > (lan.single ? SPELLED_SINGLE : SPELLED) ||
		lan.longest > SPELLED_SINGLE)
		return false;
	spell_out(k, &lan);
	return true;
}

bool kernel_lans(struct kernel *k)
{
	cleanup_free int *slots = NULL;
	bool changed = false;
	int most = 0;

	/* a bound for chains of LANs that wait for each other */
	if (k->lan_rounds++ > ROUNDS)
		return false;
	for (int g = 0; g < k->n_groups; g++)
		if (k->group_alive[g] > most)
			most = k->group_alive[g];
	slots = mem_zalloc((size_t)most + 1, sizeof(int));
	for (int g = 0; g < k->n_groups && !k->infeasible; g++)
		if (k->group_alive[g] > 1) {
			changed |= one_lan(k, g, slots);
			if (!kernel_settle(k))
				break;
		}
	return changed;
}
