/* Reference: Bailleux and Boufkhad, "Efficient CNF encoding of Boolean
 * cardinality constraints", CP 2003.  A balanced tree; each inner node counts
 * the true literals below it in unary.  We make outputs when they are first
 * asked for, since most cores never need more than two. */
#include "check/totalizer.h"

struct totalizer {
	struct totalizer *left, *right; /* both NULL: a leaf */
	int *output;                    /* made ones, output[k - 1] */
	int made, size;
	int *vars;
};

struct totalizer *totalizer_new(
	struct arena *arena, const int *lits, int n, int *vars)
{
	struct totalizer *t = arena_alloc(arena, 1, sizeof(*t));

	t->size = n;
	t->vars = vars;
	t->output = arena_alloc(arena, (size_t)n + 1, sizeof(int));
	if (n == 1) {
		t->output[0] = lits[0];
		t->made = 1;
		return t;
	}
	t->left = totalizer_new(arena, lits, n / 2, vars);
	t->right = totalizer_new(arena, lits + n / 2, n - n / 2, vars);
	return t;
}

/* left >= i and right >= k - i make this node >= k. */
static void count_to(struct totalizer *t, struct sat *s, int k)
{
	for (int i = 0; i <= k; i++) {
		int clause[3], n = 0;

		if (i > t->left->size || k - i > t->right->size)
			continue;
		if (i > 0)
			clause[n++] = -t->left->output[i - 1];
		if (k - i > 0)
			clause[n++] = -t->right->output[k - i - 1];
		clause[n++] = t->output[k - 1];
		sat_clause(s, clause, (size_t)n);
	}
	if (k > 1)
		sat_clause(s, (int[]){-t->output[k - 1], t->output[k - 2]}, 2);
}

int totalizer_output(struct totalizer *t, struct sat *s, int k)
{
	while (t->made < k) {
		int next = t->made + 1;

		totalizer_output(t->left, s,
			next < t->left->size ? next : t->left->size);
		totalizer_output(t->right, s,
			next < t->right->size ? next : t->right->size);
		t->output[t->made++] = ++*t->vars;
		count_to(t, s, next);
	}
	return t->output[k - 1];
}

int totalizer_inputs(const struct totalizer *t)
{
	return t->size;
}
