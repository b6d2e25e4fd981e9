/* A probe's reason in one sentence: what nobody else sees, or what it sees
 * together, and over whom it was preferred. */
#include "planner/reasons.h"
#include "base/buf.h"

enum { NAMED_MAX = 5 };

static const char *joint(size_t i, size_t n)
{
	return i == 0 ? "" : i + 1 == n ? " and " : ", ";
}

/* "a - b"; the ends of paths. */
static void add_pairs(
	struct buf *to, const struct topology *t, int (*pairs)[2], size_t n)
{
	size_t shown = n > NAMED_MAX ? NAMED_MAX - 1 : n;

	for (size_t i = 0; i < shown; i++)
		buf_addf(to, "%s%s - %s", joint(i, n),
			t->nodes[pairs[i][0]].name, t->nodes[pairs[i][1]].name);
	if (shown < n)
		buf_addf(to, " and %zu more", n - shown);
}

/* "c1, c2 and c3"; more than a handful are counted. */
static void add_names(
	struct buf *to, const struct topology *t, const int *links, size_t n)
{
	size_t shown = n > NAMED_MAX ? NAMED_MAX - 1 : n;

	/* plain additions: formats are slow, and probes many */
	for (size_t i = 0; i < shown; i++) {
		buf_adds(to, joint(i, n));
		buf_adds(to, t->links[links[i]].name);
	}
	if (shown < n) {
		buf_adds(to, " and ");
		buf_add_uint(to, n - shown);
		buf_adds(to, " more");
	}
}

static const char *kind_of(const struct topology *t, int node)
{
	return topology_role_name(t->nodes[node].role);
}

static bool is_lan(const struct topology *t, int link)
{
	return t->links[link].kind == LINK_LAN && !t->links[link].floods;
}

static void add_need(struct buf *to, const struct plan *plan,
	const struct topology *t, const struct plan_probe *p, bool forced)
{
	if (forced)
		buf_adds(to, plan->demand.redundancy > 1
				     ? "there are no others to see "
				     : "only node that can see ");
	else if (plan->demand.redundancy > 1)
		buf_addf(to, "without it fewer than %d probes see ",
			plan->demand.redundancy);
	else if (p->n_only_pairs)
		buf_adds(to, "only probe on a path ");
	else if (p->n_only == 1 && is_lan(t, p->only[0]))
		buf_adds(to, "without it not enough is seen of ");
	else
		buf_adds(to, "only probe that sees ");
	if (p->n_only_pairs)
		add_pairs(to, t, p->only_pairs, p->n_only_pairs);
	else
		add_names(to, t, p->only, p->n_only);
}

/* Who could have seen what this shaper alone sees. */
static void add_rivals(struct buf *to, const struct topology *t,
	const struct coverage *c, const struct plan_probe *probe, int row)
{
	bool lan = probe->n_only && is_lan(t, probe->only[0]);
	const struct cover_problem *p = &c->p;
	int names[NAMED_MAX + 1], n = 0;

	for (int k = p->row_start[row];
		k < p->row_start[row + 1] && n <= NAMED_MAX; k++)
		if (p->row_col[k] != probe->node &&
			p->fate[p->row_col[k]] != COLUMN_OUT)
			names[n++] = p->row_col[k];
	if (n == 0)
		return;
	buf_adds(to, "; a shaper is preferred over ");
	if (lan || n > NAMED_MAX) {
		buf_adds(to, "the members");
		return;
	}
	for (int i = 0; i < n; i++)
		buf_addf(to, "%s%s", joint((size_t)i, (size_t)n),
			t->nodes[names[i]].name);
}

void reason_add(struct reasons *r, struct plan_probe *p,
	const struct reason_facts *facts)
{
	bool shaper = r->t->nodes[p->node].role == ROLE_SHAPER;
	struct buf *text = &r->text;

	buf_reset(text);
	if (p->n_covers == 0)
		buf_adds(text, "asked for with --require");
	else if (facts->n_only > 0)
		add_need(text, r->plan, r->t, p,
			facts->n_forced == facts->n_only);
	else {
		buf_adds(text, "covers ");
		add_names(text, r->t, p->covers, p->n_covers);
		if (p->n_covers > 1)
			buf_adds(text, " together");
	}
	if (shaper && facts->n_only > 0)
		add_rivals(text, r->t, r->c, p, facts->row);
	else if (p->n_covers > 1 && p->n_only) {
		buf_adds(text, "; this ");
		buf_adds(text, kind_of(r->t, p->node));
		buf_adds(text, " covers ");
		buf_add_uint(text, p->n_covers);
		buf_adds(text, " links at once");
	}
	p->reason = arena_strdup(&r->plan->arena, buf_str(text));
}
