/* Probes, coverage, the list of what is not covered, and that no probe can be
 * left out. */
#include "base/mem.h"
#include "check/judge.h"

#include <math.h>
#include <string.h>

static const char *node_name(const struct judge *j, int node)
{
	return j->t->nodes[node].name;
}

static const char *link_name(const struct judge *j, int link)
{
	return j->t->links[link].name;
}

void judge_probes(const struct judge *j)
{
	cleanup_free bool *met = mem_zalloc(j->t->n_nodes + 1, sizeof(bool));
	struct trouble wrong = {.n = 0};
	size_t required = 0;

	for (size_t i = 0; i < j->claim->n_probe; i++) {
		const struct claim_probe *p = &j->claim->probe[i];
		const char *why = j->need->obstacle[p->node];
		const char *role =
			topology_role_name(j->t->nodes[p->node].role);

		if (met[p->node])
			trouble_add(&wrong, "%s is listed twice",
				node_name(j, p->node));
		met[p->node] = true;
		if (why)
			trouble_add(&wrong, "%s cannot carry a probe (%s)",
				node_name(j, p->node), why);
		if (!p->role || strcmp(p->role, role) != 0)
			trouble_add(&wrong, "%s is a %s, the plan says %s",
				node_name(j, p->node), role,
				p->role ? p->role : "nothing");
	}
	for (size_t i = 0; i < j->t->n_nodes; i++) {
		required += j->ask->required[i];
		if (j->ask->required[i] && !j->chosen[i])
			trouble_add(&wrong, "%s was required and is no probe",
				node_name(j, (int)i));
	}
	verdict_close(j->v, "probes", &wrong,
		"%zu, each where one may run; %zu of them required",
		j->claim->n_probe, required);
}

/* Groups seen by each probe, so that what it claims can be looked up. */
static bool sees(const struct judge *j, const struct need_group *g, int node)
{
	for (int i = j->need->row_start[g->first];
		i < j->need->row_start[g->end]; i++)
		if (j->need->row_node[i] == node)
			return true;
	return false;
}

static int *groups_by_link(const struct judge *j)
{
	int *of = mem_zalloc(j->t->n_links + 1, sizeof(int));

	for (size_t i = 0; i < j->t->n_links; i++)
		of[i] = -1;
	for (int g = j->need->n_groups; g-- > 0;)
		of[j->need->groups[g].link] = g;
	return of;
}

static void judge_claims_of_probe(const struct judge *j,
	const struct claim_probe *p, const int *group_of, struct trouble *wrong)
{
	for (size_t i = 0; i < p->n_covers; i++) {
		int g = group_of[p->covers[i]];

		if (g < 0 || !sees(j, &j->need->groups[g], p->node))
			trouble_add(wrong, "%s does not see %s",
				node_name(j, p->node),
				link_name(j, p->covers[i]));
	}
	for (size_t i = 0; i < p->n_only; i++) {
		int g = group_of[p->only[i]];
		bool without;

		j->chosen[p->node] = false;
		without = g < 0 ||
			  need_covered(j->need, &j->need->groups[g], j->chosen);
		j->chosen[p->node] = true;
		if (without)
			trouble_add(wrong, "%s is covered without %s, too",
				link_name(j, p->only[i]),
				node_name(j, p->node));
	}
}

static void judge_uncovered(
	const struct judge *j, const bool *covered, const int *group_of)
{
	cleanup_free bool *listed = mem_zalloc(j->t->n_links + 1, sizeof(bool));
	struct trouble wrong = {.n = 0};

	for (size_t i = 0; i < j->claim->n_uncovered; i++) {
		int link = j->claim->uncovered[i], g = group_of[link];

		if (listed[link])
			trouble_add(&wrong, "%s is listed twice",
				link_name(j, link));
		listed[link] = true;
		if (g < 0)
			trouble_add(&wrong, "%s was not asked for",
				link_name(j, link));
		else if (covered[g])
			trouble_add(&wrong, "%s is covered all the same",
				link_name(j, link));
		else if (j->need->groups[g].possible)
			trouble_add(&wrong, "%s could be covered",
				link_name(j, link));
	}
	for (int g = 0; g < j->need->n_groups; g++)
		if (!covered[g] && !listed[j->need->groups[g].link])
			trouble_add(&wrong,
				"%s is not covered, and the plan does not "
				"say so",
				link_name(j, j->need->groups[g].link));
	verdict_close(j->v, "uncovered", &wrong,
		"%zu listed, none of them could be covered",
		j->claim->n_uncovered);
}

void judge_coverage(const struct judge *j)
{
	cleanup_free bool *covered =
		mem_zalloc((size_t)j->need->n_groups + 1, sizeof(bool));
	cleanup_free int *group_of = groups_by_link(j);
	struct trouble wrong = {.n = 0};
	int n = 0, possible = 0;

	for (int g = 0; g < j->need->n_groups; g++) {
		const struct need_group *group = &j->need->groups[g];

		covered[g] = need_covered(j->need, group, j->chosen);
		n += covered[g];
		possible += group->possible;
		if (group->possible && !covered[g])
			trouble_add(&wrong, "no probe covers %s",
				link_name(j, group->link));
	}
	for (size_t i = 0; i < j->claim->n_probe; i++)
		judge_claims_of_probe(j, &j->claim->probe[i], group_of, &wrong);
	if (j->claim->covered != n)
		trouble_add(&wrong, "%d %s covered, the plan says %lld", n,
			n == 1 ? "link is" : "links are",
			(long long)j->claim->covered);
	verdict_close(j->v, "coverage", &wrong, "%d of %d %s, %d %s to each", n,
		j->need->n_groups, ask_cover_name(j->ask->cover), j->need->each,
		j->need->each == 1 ? "probe" : "probes");
	judge_uncovered(j, covered, group_of);
}

/* --- no probe can be left out ---------------------------------------------
 * A probe is needed when some covered group would lose, without it, more of
 * its seen rows than it can spare. */

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

		if (!needed[node] && !j->ask->required[node])
			trouble_add(&wrong,
				"%s can be left out: all is covered without "
				"it",
				node_name(j, node));
	}
	verdict_close(j->v, "minimal", &wrong, "no probe can be left out");
}
