/* Shares of the hash space: on every path the probes' ranges are disjoint and
 * together all of 0 to 1, so that each flow is counted by one of them. */
#include "base/mem.h"
#include "check/judge.h"

/* What is judged here are paths, whatever the elements are. */
struct ranges {
	const struct judge *j;
	const struct need *paths;
	struct trouble wrong;
};

static bool on_path(const struct need *n, const struct need_group *p, int node)
{
	for (int i = 0; i < p->n_nodes; i++)
		if (n->place[n->seq[p->seq + i]] == node)
			return true;
	return false;
}

struct share {
	double from, to;
};

static int by_start(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static void judge_path(struct ranges *r, int g, const struct jval *shares)
{
	const struct judge *j = r->j;
	struct trouble *wrong = &r->wrong;
	size_t n = jval_count(shares);
	cleanup_free struct share *share = mem_zalloc(n + 1, sizeof(*share));
	double reached = 0;
	char name[256];

	need_group_name(r->paths, g, name, sizeof(name));
	for (size_t i = 0; i < n; i++) {
		const struct jval *o = jval_at(shares, i);
		const char *who = jval_get_text(o, "node");
		int node = names_node(j->names, who);

		if (!jval_double(jval_get(o, "from"), &share[i].from) ||
			!jval_double(jval_get(o, "to"), &share[i].to))
			trouble_add(wrong, "%s: a range is no range", name);
		if (node < 0 || !j->chosen[node] ||
			!on_path(r->paths, &r->paths->groups[g], node))
			trouble_add(wrong, "%s: %s is no probe on it", name,
				who ? who : "(none)");
	}
	qsort(share, n, sizeof(*share), by_start);
	for (size_t i = 0; i < n; i++) {
		if (share[i].from < reached)
			trouble_add(wrong, "%s: ranges overlap", name);
		if (share[i].from > reached)
			trouble_add(wrong, "%s: there is a gap at %g", name,
				reached);
		reached = share[i].to;
	}
	if (reached != 1)
		trouble_add(wrong, "%s: its ranges end at %g", name, reached);
}

static bool has_probe(const struct judge *j, const struct need *n, int g)
{
	const struct need_group *p = &n->groups[g];

	for (int i = n->row_start[p->first]; i < n->row_start[p->end]; i++)
		if (j->chosen[n->row_node[i]])
			return true;
	return false;
}

static void judge_list(struct ranges *x, const struct jval *list)
{
	const struct need *n = x->paths;
	cleanup_free bool *met =
		mem_zalloc((size_t)n->n_groups + 1, sizeof(bool));
	struct claim_reader r = {x->j->names, n, NULL, NULL};
	char name[256];

	for (size_t i = 0; i < jval_count(list); i++) {
		const struct jval *o = jval_at(list, i);
		int g;

		if (claim_path(&r, o, &g) < 0) {
			trouble_add(&x->wrong, "number %zu is no shortest path",
				i + 1);
			continue;
		}
		if (met[g])
			trouble_add(&x->wrong, "%s is there twice",
				need_group_name(n, g, name, sizeof(name)));
		met[g] = true;
		judge_path(x, g, jval_get(o, "probes"));
	}
	for (int g = 0; g < n->n_groups; g++)
		if (!met[g] && has_probe(x->j, n, g))
			trouble_add(&x->wrong, "%s has no ranges",
				need_group_name(n, g, name, sizeof(name)));
}

void judge_ranges(const struct judge *j)
{
	const struct jval *list = jval_get(j->plan, "ranges");
	struct ask ask = *j->ask;
	struct ranges x = {.j = j};
	struct need paths;

	ask.cover = ASK_PATHS;
	need_init(&paths, j->t, &ask);
	x.paths = &paths;
	judge_list(&x, list);
	need_release(&paths);
	verdict_close(j->v, "ranges", &x.wrong,
		"on %zu paths every flow is counted by one probe",
		jval_count(list));
}
