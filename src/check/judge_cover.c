/* Probes, coverage, and the lists of what is not covered. */
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
		required += j->need->required[i];
		if (j->need->required[i] && !j->chosen[i])
			trouble_add(&wrong, "%s was required and is no probe",
				node_name(j, (int)i));
	}
	verdict_close(j->v, "probes", &wrong,
		"%zu, each where one may run; %zu of them required",
		j->claim->n_probe, required);
}

static int after_link(const struct need *n, int g)
{
	int link = n->groups[g].link;

	while (g < n->n_groups && n->groups[g].link == link)
		g++;
	return g;
}

/* What only one probe covers: node and link, or node and both ends. */
struct only {
	const struct need *n;
	struct map known;
};

static void note_only(void *ctx, int node, int g)
{
	struct only *o = ctx;
	const struct need_group *group = &o->n->groups[g];
	int key[3] = {node, group->link < 0 ? group->ends[0] : group->link,
		group->link < 0 ? group->ends[1] : -1};

	map_put(&o->known, key, sizeof(key), o);
}

static void judge_only_of(const struct judge *j, const struct only *o,
	const struct claim_probe *p, struct trouble *wrong)
{
	for (size_t i = 0; i < p->n_only; i++) {
		int key[3] = {p->node, p->only[i], -1};

		if (!map_has(&o->known, key, sizeof(key)))
			trouble_add(wrong, "%s is covered without %s, too",
				link_name(j, p->only[i]),
				node_name(j, p->node));
	}
	for (size_t i = 0; i < p->n_only_paths; i++) {
		int a = p->only_paths[i][0], b = p->only_paths[i][1];
		int key[3] = {p->node, a < b ? a : b, a < b ? b : a};

		if (!map_has(&o->known, key, sizeof(key)))
			trouble_add(wrong, "%s - %s is covered without %s, too",
				node_name(j, a), node_name(j, b),
				node_name(j, p->node));
	}
}

static void judge_only(const struct judge *j, struct trouble *wrong)
{
	struct only o = {.n = j->need};

	map_init(&o.known);
	judge_needed(j, note_only, &o);
	for (size_t i = 0; i < j->claim->n_probe; i++)
		judge_only_of(j, &o, &j->claim->probe[i], wrong);
	map_release(&o.known);
}

/* A probe covers the links that it has taps on: no others, and all. */
static void judge_covers(const struct judge *j, struct trouble *wrong)
{
	const struct claim *c = j->claim;
	struct map said;
	size_t n = 0;

	map_init(&said);
	for (size_t i = 0; i < c->n_probe; i++)
		for (size_t k = 0; k < c->probe[i].n_covers; k++) {
			int key[2] = {c->probe[i].node, c->probe[i].covers[k]};

			if (map_put(&said, key, sizeof(key), &said))
				trouble_add(wrong, "%s covers %s twice",
					node_name(j, key[0]),
					link_name(j, key[1]));
		}
	for (size_t i = 0; i < c->n_tap; i++) {
		int key[2] = {c->tap[i].node, c->tap[i].link};

		if (!map_has(&said, key, sizeof(key)))
			trouble_add(wrong,
				"%s has a tap on %s, which is not in its list",
				node_name(j, key[0]), link_name(j, key[1]));
		else if (map_put(&said, key, sizeof(key), &n) == &said)
			n++;
	}
	if (n < said.n)
		trouble_add(wrong,
			"%zu of the links that probes cover have no tap there",
			said.n - n);
	map_release(&said);
}

/* What the plan lists as not covered (or not coverable), by group. */
static void mark_listed(const struct judge *j, const struct claim_gap *gaps,
	size_t n, bool *listed)
{
	for (size_t i = 0; i < n; i++) {
		int g = gaps[i].group;

		listed[g] = true;
		for (int at = g; gaps[i].pair && need_same_ends(j->need, g, at);
			at++)
			listed[at] = true;
	}
}

/* Paths are named by their ends: one of a pair may be covered, another not. */
static bool pair_has(const struct judge *j, int g, const bool *value, bool is)
{
	while (g > 0 && need_same_ends(j->need, g, g - 1))
		g--;
	for (int at = g; need_same_ends(j->need, g, at); at++)
		if (value[at] == is)
			return true;
	return false;
}

static void judge_uncovered(const struct judge *j, const bool *covered)
{
	cleanup_free bool *listed =
		mem_zalloc((size_t)j->need->n_groups + 1, sizeof(bool));
	struct trouble wrong = {.n = 0};
	char name[256];

	mark_listed(j, j->claim->uncovered, j->claim->n_uncovered, listed);
	for (int g = 0; g < j->need->n_groups; g++) {
		const struct need_group *group = &j->need->groups[g];

		need_group_name(j->need, g, name, sizeof(name));
		if (listed[g] && covered[g] &&
			(group->link >= 0 || !pair_has(j, g, covered, false)))
			trouble_add(&wrong, "%s is covered all the same", name);
		if (!listed[g] && !covered[g])
			trouble_add(&wrong,
				"%s is not covered, and the plan does not "
				"say so",
				name);
		if (!covered[g] && group->possible && j->ask->all)
			trouble_add(&wrong, "%s could be covered", name);
	}
	verdict_close(j->v, "uncovered", &wrong,
		j->ask->all ? "%zu listed, none of them could be covered"
			    : "%zu listed, all that is not covered",
		j->claim->n_uncovered);
}

/* Each candidate with its obstacle, or without one where there is none. */
static void judge_candidates(const struct judge *j, const struct claim_gap *gap,
	struct trouble *wrong)
{
	for (size_t i = 0; i < jval_count(gap->candidates); i++) {
		const struct jval *o = jval_at(gap->candidates, i);
		const char *name = jval_get_text(o, "node");
		const char *why = jval_get_text(o, "why");
		int node = names_node(j->names, name);

		if (node < 0)
			trouble_add(
				wrong, "a candidate is not in the topology");
		else if (why && !j->need->obstacle[node])
			trouble_add(wrong, "%s could carry a probe", name);
		else if (!why && j->need->obstacle[node])
			trouble_add(wrong, "%s cannot carry a probe", name);
	}
}

static void judge_infeasible(const struct judge *j)
{
	cleanup_free bool *listed =
		mem_zalloc((size_t)j->need->n_groups + 1, sizeof(bool));
	struct trouble wrong = {.n = 0};
	char name[256];

	mark_listed(j, j->claim->infeasible, j->claim->n_infeasible, listed);
	for (int g = 0; g < j->need->n_groups; g++) {
		const struct need_group *group = &j->need->groups[g];

		need_group_name(j->need, g, name, sizeof(name));
		if (!group->possible && !listed[g])
			trouble_add(&wrong,
				"nothing could cover %s, and the plan does not "
				"say so",
				name);
		if (group->possible && listed[g] && group->link >= 0)
			trouble_add(&wrong, "%s could be covered", name);
	}
	for (size_t i = 0; i < j->claim->n_infeasible; i++) {
		judge_candidates(j, &j->claim->infeasible[i], &wrong);
		if (j->claim->infeasible[i].need >= 0 &&
			j->claim->infeasible[i].need != j->need->each)
			trouble_add(&wrong,
				"%d candidates are needed, not "
				"what the plan says",
				j->need->each);
	}
	verdict_close(j->v, "infeasible", &wrong,
		"%zu listed, nothing could cover any of them",
		j->claim->n_infeasible);
}

/* A link is covered when all its elements are. */
static int links_covered(const struct judge *j, const bool *covered)
{
	int n = 0;

	for (int g = 0, end; g < j->need->n_groups; g = end) {
		bool all = true;

		end = after_link(j->need, g);
		for (int i = g; i < end; i++)
			all = all && covered[i];
		n += all && j->need->groups[g].link >= 0;
	}
	return n;
}

/* With paths: a link is, when it has a tap. */
static int links_tapped(const struct judge *j)
{
	cleanup_free bool *met = mem_zalloc(j->t->n_links + 1, sizeof(bool));
	int n = 0;

	for (size_t i = 0; i < j->claim->n_tap; i++) {
		n += !met[j->claim->tap[i].link];
		met[j->claim->tap[i].link] = true;
	}
	return n;
}

/* Links without any member are no elements. */
static int links_asked(const struct judge *j)
{
	int n = 0;

	for (size_t i = 0; i < j->t->n_links; i++)
		n += j->t->links[i].n_members > 0 &&
		     (!j->ask->selected || j->ask->selected[i]);
	return n + (int)j->ask->n_fresh;
}

static double watchers(const struct judge *j)
{
	const struct need *n = j->need;
	double sum = 0;
	int groups = 0;

	for (int g = 0; g < n->n_groups; g++) {
		if (!n->groups[g].possible)
			continue;
		groups++;
		if (!need_covered(n, &n->groups[g], j->chosen))
			continue;
		for (int i = n->row_start[n->groups[g].first];
			i < n->row_start[n->groups[g].end]; i++)
			sum += j->chosen[n->row_node[i]];
	}
	return groups ? sum / groups : 0;
}

static void judge_numbers(const struct judge *j, const bool *covered, int n,
	struct trouble *wrong)
{
	const struct claim *c = j->claim;
	bool paths = j->ask->cover == ASK_PATHS;
	int links = (paths ? links_tapped(j) : links_covered(j, covered)) +
		    (int)j->ask->n_fresh_covered;
	double factor = watchers(j);

	if (c->links != links_asked(j))
		trouble_add(wrong,
			"%d links were asked for, the plan says %lld",
			links_asked(j), (long long)c->links);
	if (c->covered != links)
		trouble_add(wrong, "%d %s covered, the plan says %lld", links,
			links == 1 ? "link is" : "links are",
			(long long)c->covered);
	if (c->elements >= 0 && c->elements != j->need->n_groups)
		trouble_add(wrong, "there are %d elements, the plan says %lld",
			j->need->n_groups, (long long)c->elements);
	if (c->satisfied >= 0 && c->satisfied != n)
		trouble_add(wrong,
			"%d elements are satisfied, the plan says %lld", n,
			(long long)c->satisfied);
	if (c->duplicate_factor >= 0 &&
		fabs(c->duplicate_factor - factor) > 1e-6 * (1 + factor))
		trouble_add(wrong,
			"the duplicate factor is %.6f, the plan says %.6f",
			factor, c->duplicate_factor);
}

void judge_coverage(const struct judge *j)
{
	cleanup_free bool *covered =
		mem_zalloc((size_t)j->need->n_groups + 1, sizeof(bool));
	struct trouble wrong = {.n = 0};
	char name[256];
	int n = 0;

	for (int g = 0; g < j->need->n_groups; g++) {
		const struct need_group *group = &j->need->groups[g];

		covered[g] = need_covered(j->need, group, j->chosen);
		n += covered[g];
		if (group->possible && !covered[g] && j->ask->all)
			trouble_add(&wrong, "no probe covers %s",
				need_group_name(
					j->need, g, name, sizeof(name)));
	}
	judge_numbers(j, covered, n, &wrong);
	judge_covers(j, &wrong);
	judge_only(j, &wrong);
	verdict_close(j->v, "coverage", &wrong,
		"%d of %d elements (%s), %d %s to each", n, j->need->n_groups,
		ask_cover_name(j->ask->cover), j->need->each,
		j->need->each == 1 ? "probe" : "probes");
	judge_uncovered(j, covered);
	judge_infeasible(j);
}
