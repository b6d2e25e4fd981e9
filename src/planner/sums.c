/* Each node counts the literals below it in unary.  Only the direction that
 * is used is written: enough inputs make an output true. */
#define _GNU_SOURCE
#include "planner/sums.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sums_release(struct sums *s)
{
	free(s->nodes);
	free(s->outs);
	*s = (struct sums){0};
}

static int put_node(struct sums *s, struct sum_node node)
{
	MEM_PUSH(s->nodes, s->n_nodes, s->nodes_cap) = node;
	return (int)s->n_nodes - 1;
}

/* Level by level, so that depth is logarithmic without recursion. */
int sums_new(struct sums *s, const int *lits, int n)
{
	cleanup_free int *at = mem_zalloc((size_t)n + 1, sizeof(int));

	for (int i = 0; i < n; i++)
		at[i] = put_node(s, (struct sum_node){.left = -1,
					    .right = -1,
					    .size = 1,
					    .leaf = lits[i]});
	while (n > 1) {
		int m = 0;

		for (int i = 0; i + 1 < n; i += 2) {
			int size =
				s->nodes[at[i]].size + s->nodes[at[i + 1]].size;

			at[m++] = put_node(s, (struct sum_node){.left = at[i],
						      .right = at[i + 1],
						      .size = size});
		}
		if (n % 2)
			at[m++] = at[n - 1];
		n = m;
	}
	return at[0];
}

static int out(const struct sums *s, int node, int k)
{
	const struct sum_node *n = &s->nodes[node];

	return n->left < 0 ? n->leaf : s->outs[n->first_out + k - 1];
}

/* i of the left and j of the right are i + j here. */
static void add_up(struct sums *s, int node, int i, int j)
{
	const struct sum_node *n = &s->nodes[node];
	int lits[3], len = 0;

	if (i)
		lits[len++] = -out(s, n->left, i);
	if (j)
		lits[len++] = -out(s, n->right, j);
	lits[len++] = out(s, node, i + j);
	s->clause(s->ctx, lits, len);
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

static void make_room(struct sums *s, int node, int k)
{
	struct sum_node *n = &s->nodes[node];
	int room = least(2 * k, n->size), start = (int)s->n_outs;

	if (k <= n->room)
		return;
	for (int i = 0; i < room; i++) {
		int v = i < n->made ? s->outs[n->first_out + i] : 0;

		MEM_PUSH(s->outs, s->n_outs, s->outs_cap) = v;
	}
	n->first_out = start;
	n->room = room;
}

static void extend(struct sums *s, int node, int k)
{
	struct sum_node *n = &s->nodes[node];
	int old = n->made, l, r;

	if (n->left < 0)
		return;
	k = least(k, n->size);
	if (k <= old)
		return;
	extend(s, n->left, k);
	extend(s, n->right, k);
	make_room(s, node, k);
	for (int i = old; i < k; i++)
		s->outs[n->first_out + i] = ++s->n_vars;
	n->made = k;
	l = least(k, s->nodes[n->left].size);
	r = least(k, s->nodes[n->right].size);
	for (int i = 0; i <= l; i++)
		for (int j = i > old ? 0 : old + 1 - i; j <= r && i + j <= k;
			j++)
			if (i + j > 0)
				add_up(s, node, i, j);
}

int sums_at_least(struct sums *s, int root, int k)
{
	extend(s, root, k);
	return out(s, root, k);
}

/* Forwards: this node's k outputs are true only if those below are. */
static int demand(struct sums *s, const int *lits, int n, int k)
{
	int half = n / 2, base, l = -1, r = -1, nl, nr;

	if (k == 0)
		return 0;
	base = s->n_vars + 1;
	s->n_vars += k;
	if (n == 1) {
		s->clause(s->ctx, (int[]){-base, lits[0]}, 2);
		return base;
	}
	nl = least(k, half);
	nr = least(k, n - half);
	l = demand(s, lits, half, nl);
	r = demand(s, lits + half, n - half, nr);
	for (int c = 1; c <= k; c++)
		for (int i = 0; i < c; i++) {
			int clause[3] = {-(base + c - 1)}, len = 1;

			/* more than i on the left, or c - i on the right */
			if (i + 1 <= nl)
				clause[len++] = l + i;
			if (c - i <= nr)
				clause[len++] = r + c - i - 1;
			s->clause(s->ctx, clause, len);
		}
	return base;
}

void sums_require(struct sums *s, const int *lits, int n, int k)
{
	cleanup_free int *not = NULL;

	if (k <= 0)
		return;
	if (k == 1 || k > n) {
		s->clause(s->ctx, lits, k > n ? 0 : n);
		return;
	}
	if (k <= n - k) {
		int base = demand(s, lits, n, k);

		s->clause(s->ctx, (int[]){base + k - 1}, 1);
		return;
	}
	not = mem_zalloc((size_t)n + 1, sizeof(int));
	for (int i = 0; i < n; i++)
		not [i] = -lits[i];
	if (k == n) {
		for (int i = 0; i < n; i++)
			s->clause(s->ctx, &lits[i], 1);
		return;
	}
	s->clause(s->ctx,
		(int[]){-sums_at_least(s, sums_new(s, not, n), n - k + 1)}, 1);
}
