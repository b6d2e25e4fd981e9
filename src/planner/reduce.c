/* Rules that shrink a cover problem without losing its optimum, to a fixed
 * point.
 *
 * Reference: column and row dominance of set covering (Balas, Ho 1980;
 * Beasley 1987); for pairs, where the problem is weighted vertex cover, the
 * simplicial weight transfer, degree-two fold and neighbourhood dominance of
 * Lamm, Schulz, Strash, Williger, Zhang 2019 and Akiba, Iwata 2016.  We state
 * the graph rules so that the kept neighbours may have any other rows, also
 * long ones and rows of LANs.  Work on one column is bounded, so that hubs
 * and giant rows cost no more than linear time; a rule that gives up only
 * leaves more to the search. */
#define _GNU_SOURCE
#include "planner/kernel.h"
#include "base/mem.h"

#include <string.h>

enum {
	WORK = 4096,        /* entries read for one column */
	CLIQUE = 8,         /* neighbours of a simplicial column */
	SMALL = 16,         /* neighbours of a column for dominance */
	LOOKED = 64,        /* rows looked at in a list that is not tidy */
	SIGNED = 4,         /* longer rows have signatures */
	SEARCHED_ROWS = 160 /* longest list searched for one pair */
};

/* Columns of cand[] (n of them) that row has too; n may be cut. */
static int keep_common(struct kernel *k, int row, int *cand, int n)
{
	const int *cols = kernel_cols(k, row);
	int kept = 0;

	k->stamp++;
	for (int i = 0; i < k->row[row].len; i++)
		k->col[cols[i]].mark = k->stamp;
	for (int i = 0; i < n; i++)
		if (k->col[cand[i]].mark == k->stamp)
			cand[kept++] = cand[i];
	return kept;
}

static bool may_replace(const struct kernel *k, int v, int u)
{
	if (v == u || k->col[v].deg < k->col[u].deg ||
		k->col[v].cost > k->col[u].cost)
		return false;
	return k->col[v].cost < k->col[u].cost ||
	       k->col[v].deg > k->col[u].deg || v < u;
}

static int shortest_row(const struct kernel *k, const int *rows, int n)
{
	int best = rows[0];

	for (int i = 1; i < n && k->row[best].len > 2; i++)
		if (k->row[rows[i]].len < k->row[best].len)
			best = rows[i];
	return best;
}

/* Is there a column that sees all u sees, at no more cost? */
static bool dominated(struct kernel *k, int u)
{
	const int *rows = kernel_rows(k, u), *cols;
	int first = shortest_row(k, rows, k->col[u].deg), n = 0, work = 0;
	int cand[64];

	if (k->row[first].want > 1 || (k->long_rows == 0 && k->col[u].deg > 1))
		return false;
	cols = kernel_cols(k, first);
	for (int i = 0; i < k->row[first].len && n < 64; i++)
		if (may_replace(k, cols[i], u))
			cand[n++] = cols[i];
	for (int i = 0; i < k->col[u].deg && n; i++) {
		work += k->row[rows[i]].len;
		if (k->row[rows[i]].want > 1 || work > WORK)
			return false;
		if (rows[i] != first)
			n = keep_common(k, rows[i], cand, n);
	}
	return n > 0;
}

static int other_end(struct kernel *k, int row, int col)
{
	const int *cols = kernel_cols(k, row);

	return cols[0] == col ? cols[1] : cols[0];
}

/* Is there a pair a-b?  May say no when both have very many rows. */
static bool adjacent(struct kernel *k, int a, int b)
{
	const int *rows;

	if (k->col[b].deg < k->col[a].deg) {
		int t = a;

		a = b;
		b = t;
	}
	if (k->col[a].deg > SEARCHED_ROWS)
		return false;
	rows = kernel_rows(k, a);
	for (int i = 0; i < k->col[a].deg; i++)
		if (kernel_is_pair(k, rows[i]) && other_end(k, rows[i], a) == b)
			return true;
	return false;
}

/* The other ends of u's rows, at most max; -1 when a row is no pair.  Equal
 * pairs are cut on the way. */
static int neighbours(struct kernel *k, int u, int *at, int max)
{
	const int *rows;
	int n = 0, n_rows = k->col[u].deg;

	if (n_rows > max)
		return -1;
	rows = kernel_rows(k, u);
	for (int i = 0; i < n_rows; i++)
		if (!kernel_is_pair(k, rows[i]))
			return -1;
	for (int i = 0; i < n_rows; i++) {
		int v = other_end(k, rows[i], u);
		bool again = false;

		for (int j = 0; j < n; j++)
			again |= at[j] == v;
		if (again)
			kernel_kill_row(k, rows[i]);
		else
			at[n++] = v;
	}
	return n;
}

static void kill_rows_of(struct kernel *k, int u)
{
	const int *rows = kernel_rows(k, u);

	for (int n = k->col[u].deg; n > 0; n--)
		kernel_kill_row(k, rows[n - 1]);
}

/* After its cost fell: who may be dominated by it now?  A hub's list is tidied
 * only when half of it is gone, or every leaf would cost its whole length. */
static void touch_around(struct kernel *k, int u)
{
	bool tidy =
		k->col[u].held <= LOOKED || 2 * k->col[u].deg <= k->col[u].held;
	const int *rows =
		tidy ? kernel_rows(k, u) : k->col_row + k->col[u].start;
	int held = k->col[u].held;
	int from = tidy || held < LOOKED ? 0 : held - LOOKED;

	kernel_touch(k, u);
	for (int i = from, n = 0; i < held && n < SMALL; i++) {
		const int *cols;

		if (!(k->row[rows[i]].flags & ROW_ALIVE))
			continue;
		n++;
		cols = kernel_cols(k, rows[i]);
		for (int j = 0; j < k->row[rows[i]].len && j < SMALL; j++)
			kernel_touch(k, cols[j]);
	}
}

/* At most one of a clique may be missing, and u sees nothing else: u is
 * bought only if one is; so each neighbour is cheaper by u's cost. */
static bool simplicial(struct kernel *k, int u, const int *at, int n)
{
	int rest[CLIQUE], n_rest = 0;

	if (n > CLIQUE)
		return false;
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			if (!adjacent(k, at[i], at[j]))
				return false;
	kill_rows_of(k, u);
	for (int i = 0; i < n; i++) {
		if (k->col[at[i]].cost <= k->col[u].cost) {
			kernel_force(k, at[i]);
			continue;
		}
		k->col[at[i]].cost -= k->col[u].cost;
		k->paid += k->col[u].cost;
		touch_around(k, at[i]);
		rest[n_rest++] = at[i];
	}
	kernel_fold_guard(k, u, rest, n_rest);
	return true;
}

static bool needs_more_than_one(struct kernel *k, int c)
{
	const int *rows = kernel_rows(k, c);

	for (int i = 0; i < k->col[c].deg; i++)
		if (k->row[rows[i]].want > 1)
			return true;
	return false;
}

/* u between a and b that are not joined, and as dear as either: a and b are
 * bought together, or u alone. */
static bool fold_pair(struct kernel *k, int u, int a, int b)
{
	int64_t sum = k->col[a].cost + k->col[b].cost;

	if (k->col[u].cost < k->col[a].cost || k->col[u].cost < k->col[b].cost)
		return false;
	if (sum <= k->col[u].cost) {
		kernel_force(k, a);
		kernel_force(k, b);
		return true;
	}
	if (k->col[a].deg < k->col[b].deg) {
		int t = a;

		a = b;
		b = t;
	}
	if (k->col[b].deg > WORK || needs_more_than_one(k, a) ||
		needs_more_than_one(k, b))
		return false;
	kill_rows_of(k, u);
	k->paid += k->col[u].cost;
	k->col[a].cost = sum - k->col[u].cost;
	kernel_fold_pair(k, u, a, b);
	return true;
}

/* A neighbour v, no dearer than u, that sees all of u's neighbours: with v
 * missing all of them were bought, and u could be exchanged for v. */
static bool neighbour(struct kernel *k, int u, const int *at, int n)
{
	for (int i = 0; i < n; i++) {
		bool all = k->col[at[i]].cost <= k->col[u].cost;

		for (int j = 0; j < n && all; j++)
			all = j == i || adjacent(k, at[i], at[j]);
		if (all) {
			kernel_force(k, at[i]);
			return true;
		}
	}
	return false;
}

static bool graph_rules(struct kernel *k, int u)
{
	int at[SMALL], n = neighbours(k, u, at, SMALL);

	if (n < 1)
		return false;
	/* a link of its own between equals: the lower number */
	if (n == 1 && u < at[0] && k->col[at[0]].deg == 1 &&
		k->col[u].cost == k->col[at[0]].cost) {
		kernel_force(k, u);
		return true;
	}
	if (!(k->skip & SKIP_SIMPLICIAL) && simplicial(k, u, at, n))
		return true;
	if (!(k->skip & SKIP_FOLD) && n == 2 && !adjacent(k, at[0], at[1]) &&
		fold_pair(k, u, at[0], at[1]))
		return true;
	return !(k->skip & SKIP_NEIGHBOUR) && neighbour(k, u, at, n);
}

/* A bit for each column. */
static uint64_t sign(struct kernel *k, int row)
{
	const int *cols = kernel_cols(k, row);
	uint64_t bits = 0;

	for (int i = 0; i < k->row[row].len; i++)
		bits |= UINT64_C(1) << ((uint32_t)cols[i] * 0x9e3779b9u >> 26);
	if (row < k->n_signs)
		k->sign[row] = bits;
	return bits;
}

/* Most long rows that do not hold those columns are told at a glance.  What
 * was signed for columns gone since does no harm. */
static bool may_hold(struct kernel *k, int row, uint64_t bits)
{
	uint64_t own = row < k->n_signs ? k->sign[row] : 0;

	return !(bits & ~(own ? own : sign(k, row)));
}

static void start_signatures(struct kernel *k)
{
	k->n_signs = k->n_rows;
	k->sign = mem_zalloc((size_t)k->n_rows + 1, sizeof(*k->sign));
}

/* Cuts rows that hold all of row's columns: they are seen when it is. */
static void subsume(struct kernel *k, int row)
{
	const int *cols = kernel_cols(k, row), *rows;
	int best = cols[0], work = 0, len = k->row[row].len;
	uint64_t bits;

	for (int i = 1; i < len; i++)
		if (k->col[cols[i]].deg < k->col[best].deg)
			best = cols[i];
	if (k->col[best].deg > WORK)
		return;
	if (len > SIGNED && !k->sign)
		start_signatures(k);
	bits = len > SIGNED ? sign(k, row) : 0;
	k->stamp++;
	for (int i = 0; i < len; i++)
		k->col[cols[i]].mark = k->stamp;
	rows = kernel_rows(k, best);
	for (int i = 0, n = k->col[best].deg; i < n && work < WORK; i++) {
		int r = rows[i], others;
		const int *cols_of;

		work++;
		if (r == row || !(k->row[r].flags & ROW_ALIVE) ||
			k->row[r].len < len ||
			k->row[r].want > k->row[row].want)
			continue;
		if (bits && !may_hold(k, r, bits))
			continue;
		cols_of = kernel_cols(k, r);
		others = k->row[r].len - len;
		for (int j = 0; j < k->row[r].len && others >= 0; j++, work++)
			others -= k->col[cols_of[j]].mark != k->stamp;
		if (others >= 0)
			kernel_row_is_seen(k, r);
	}
}

static void subsume_around(struct kernel *k, int u)
{
	const int *rows = kernel_rows(k, u);

	for (int i = 0, n = k->col[u].deg; i < n; i++) {
		int r = rows[i];

		if (!(k->row[r].flags & ROW_ALIVE) ||
			!(k->row[r].flags & ROW_FRESH) ||
			k->row[r].group >= 0 || k->row[r].len > WORK)
			continue;
		k->row[r].flags &= 0xffu & ~(unsigned)ROW_FRESH;
		subsume(k, r);
	}
}

static void look_at(struct kernel *k, int u)
{
	if (k->col[u].cost <= 0 && k->col[u].deg) {
		kernel_force(k, u);
		return;
	}
	/* among pairs alone only equal ones, which neighbours() cuts */
	if (!(k->skip & SKIP_SUBSUMED) && k->long_rows)
		subsume_around(k, u);
	if (k->n_forced || k->infeasible)
		return;
	if (k->col[u].deg == 0 ||
		(!(k->skip & SKIP_DOMINANCE) && dominated(k, u))) {
		kernel_drop(k, u);
		return;
	}
	graph_rules(k, u);
}

static bool waiting(const struct kernel *k)
{
	return k->unseen < k->n_cols || k->queue_head != k->queue_tail;
}

static int next_to_look_at(struct kernel *k)
{
	int u;

	if (k->unseen < k->n_cols)
		return k->unseen++;
	u = k->queue[k->queue_head];
	k->queue_head = k->queue_head == k->n_cols ? 0 : k->queue_head + 1;
	return u;
}

static bool drain(struct kernel *k)
{
	while (kernel_settle(k) && waiting(k)) {
		int u = next_to_look_at(k);

		k->col[u].queued = 0;
		if (k->col[u].state == COL_FREE)
			look_at(k, u);
	}
	return !k->infeasible;
}

bool kernel_reduce(struct kernel *k)
{
	while (drain(k)) {
		if (!(k->skip & SKIP_LAN) && kernel_lans(k))
			continue;
		if (!(k->skip & SKIP_HALVES) && kernel_halves(k))
			continue;
		return true;
	}
	return false;
}
