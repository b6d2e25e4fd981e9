/* The half-integral linear program as a reduction.
 *
 * Reference: Nemhauser, Trotter 1975: columns at 1 belong to some optimum,
 * columns at 0 stay out of it; only those at one half remain.  Iwata, Oka,
 * Yoshida 2014 make as few remain as can be.  Holds for pairs; we apply it to
 * every part of the kernel that consists of pairs only. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "planner/doublecover.h"
#include "planner/kernel.h"

/* Columns of parts made of pairs get numbers 0.., others -1. */
struct numbering {
	int *number; /* by column */
	int *col;    /* by number */
	int n;
};

static void number_pairs(struct kernel *k, struct numbering *nb)
{
	cleanup_free int *queue =
		mem_grow(NULL, (size_t)k->n_cols + 1, sizeof(int));

	kernel_walk_start(k);
	for (int c = 0; c < k->n_cols; c++) {
		int n;
		bool pairs;

		nb->number[c] = k->col[c].mark == k->stamp ? nb->number[c] : -1;
		if (k->col[c].state != COL_FREE || k->col[c].mark == k->stamp ||
			k->col[c].deg == 0)
			continue;
		n = kernel_walk(k, c, queue, &pairs);
		for (int i = 0; i < n; i++) {
			nb->number[queue[i]] = pairs ? nb->n : -1;
			if (pairs)
				nb->col[nb->n++] = queue[i];
		}
	}
}

static void build(
	struct kernel *k, const struct numbering *nb, struct doublecover *d)
{
	cleanup_free int64_t *cap =
		mem_grow(NULL, (size_t)nb->n + 1, sizeof(int64_t));
	cleanup_free int *end = NULL;
	size_t m = 0;

	for (int v = 0; v < nb->n; v++) {
		cap[v] = k->col[nb->col[v]].cost;
		m += (size_t)k->col[nb->col[v]].deg;
	}
	end = mem_grow(NULL, m + 1, sizeof(int));
	m = 0;
	for (int v = 0; v < nb->n; v++) {
		const int *rows = kernel_rows(k, nb->col[v]);

		for (int i = 0; i < k->col[nb->col[v]].deg; i++) {
			const int *cols = kernel_cols(k, rows[i]);

			if (cols[0] != nb->col[v])
				continue;
			end[m++] = v;
			end[m++] = nb->number[cols[1]];
		}
	}
	doublecover_init(d, nb->n, end, (int)(m / 2), cap);
}

static bool apply(struct kernel *k, const struct numbering *nb,
	const struct doublecover *d)
{
	cleanup_free unsigned char *half = mem_zalloc((size_t)nb->n + 1, 1);
	bool changed = false;

	doublecover_halves(d, half);
	for (int v = 0; v < nb->n; v++)
		if (half[v] == 2) {
			kernel_force(k, nb->col[v]);
			changed = true;
		}
	/* those at 0 are left without rows by that, and drop out */
	return changed;
}

bool kernel_halves(struct kernel *k)
{
	struct numbering nb = {0};
	struct doublecover d;
	bool changed = false;

	nb.number = mem_grow(NULL, (size_t)k->n_cols + 1, sizeof(int));
	nb.col = mem_grow(NULL, (size_t)k->n_cols + 1, sizeof(int));
	number_pairs(k, &nb);
	if (nb.n) {
		build(k, &nb, &d);
		if (doublecover_flow(&d, k->deadline))
			changed = apply(k, &nb, &d);
		doublecover_release(&d);
	}
	free(nb.number);
	free(nb.col);
	return changed;
}
