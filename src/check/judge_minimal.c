/* No probe can be left out: a probe is needed when some covered group would lose, without it, more of
 * its seen rows than it can spare. */

#include "base/mem.h"
#include "check/judge.h"

struct sharing {
	int *row_probes; /* by row */
	int *lost;       /* by node: rows the group at hand would lose */
	judge_needed_fn found;
	void *ctx;
};

/* How many of the group's rows are seen beyond the demand; below 0: it is not
 * covered. */
static int count_group(const struct judge *j, int g, struct sharing *s)
{
	const struct need *n = j->need;
	int spare = -n->groups[g].demand;

	for (int r = n->groups[g].first; r < n->groups[g].end; r++) {
		for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
			s->row_probes[r] += j->chosen[n->row_node[i]];
		spare += s->row_probes[r] >= n->each;
	}
	return spare;
}

static void share_group(const struct judge *j, int g, struct sharing *s)
{
	const struct need *n = j->need;
	const struct need_group *group = &n->groups[g];
	int spare = count_group(j, g, s);

	if (spare < 0)
		return;
	for (int r = group->first; r < group->end; r++)
		for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
			if (s->row_probes[r] == n->each &&
				j->chosen[n->row_node[i]] &&
				++s->lost[n->row_node[i]] == spare + 1)
				s->found(s->ctx, n->row_node[i], g);
	for (int i = n->row_start[group->first]; i < n->row_start[group->end];
		i++)
		s->lost[n->row_node[i]] = 0;
}

void judge_needed(const struct judge *j, judge_needed_fn found, void *ctx)
{
	cleanup_free int *row_probes =
		mem_zalloc((size_t)j->need->n_rows + 1, sizeof(int));
	cleanup_free int *lost = mem_zalloc(j->t->n_nodes + 1, sizeof(int));
	struct sharing s = {row_probes, lost, found, ctx};

	for (int g = 0; g < j->need->n_groups; g++)
		share_group(j, g, &s);
}

static void mark(void *ctx, int node, int g)
{
	bool *needed = ctx;

	(void)g;
	needed[node] = true;
}

void judge_minimal(const struct judge *j)
{
	cleanup_free bool *needed = mem_zalloc(j->t->n_nodes + 1, sizeof(bool));
	struct trouble wrong = {.n = 0};

	judge_needed(j, mark, needed);
	for (size_t i = 0; i < j->claim->n_probe; i++) {
		int node = j->claim->probe[i].node;

		if (!needed[node] && !j->need->required[node])
			trouble_add(&wrong,
				"%s can be left out: all is covered without "
				"it",
				j->t->nodes[node].name);
	}
	verdict_close(j->v, "minimal", &wrong, "no probe can be left out");
}
