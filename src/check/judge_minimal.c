/* No probe can be left out: a probe is needed when some covered group would lose, without it, more of
 * its seen rows than it can spare. */

#include "base/mem.h"
#include "check/judge.h"

struct sharing {
	int *row_probes;  /* by row */
	int *group_spare; /* by group: seen rows beyond the demand; < 0 */
	int *lost;        /* by node: rows the group at hand would lose */
	bool *needed;     /* by node */
};

static void share_group(const struct judge *j, int g, struct sharing *s)
{
	const struct need *n = j->need;
	const struct need_group *group = &n->groups[g];

	if (s->group_spare[g] < 0)
		return;
	for (int r = group->first; r < group->end; r++)
		for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
			if (s->row_probes[r] == n->each &&
				j->chosen[n->row_node[i]] &&
				++s->lost[n->row_node[i]] > s->group_spare[g])
				s->needed[n->row_node[i]] = true;
	for (int i = n->row_start[group->first]; i < n->row_start[group->end];
		i++)
		s->lost[n->row_node[i]] = 0;
}

static void count_sharing(const struct judge *j, struct sharing *s)
{
	const struct need *n = j->need;

	for (int g = 0; g < n->n_groups; g++) {
		s->group_spare[g] = -n->groups[g].demand;
		for (int r = n->groups[g].first; r < n->groups[g].end; r++) {
			for (int i = n->row_start[r]; i < n->row_start[r + 1];
				i++)
				s->row_probes[r] += j->chosen[n->row_node[i]];
			s->group_spare[g] += s->row_probes[r] >= n->each;
		}
	}
	for (int g = 0; g < n->n_groups; g++)
		share_group(j, g, s);
}

void judge_minimal(const struct judge *j)
{
	size_t nodes = j->t->n_nodes + 1;
	cleanup_free int *row_probes =
		mem_zalloc((size_t)j->need->n_rows + 1, sizeof(int));
	cleanup_free int *spare =
		mem_zalloc((size_t)j->need->n_groups + 1, sizeof(int));
	cleanup_free int *lost = mem_zalloc(nodes, sizeof(int));
	cleanup_free bool *needed = mem_zalloc(nodes, sizeof(bool));
	struct sharing s = {row_probes, spare, lost, needed};
	struct trouble wrong = {.n = 0};

	count_sharing(j, &s);
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
