/* The certificate's weights, given by link (one for all of its rows, or one
 * for each), or by path. */
#include "base/mem.h"
#include "check/claim.h"

static int link_weights(
	struct claim_reader *r, int link, const struct jval *value)
{
	const struct need *n = r->need;
	int g = n->group_of[link], first, end;
	int64_t all = 0;

	if (g < 0)
		return claim_bad(r, "certificate: a weight of a link not asked "
				    "for");
	first = n->groups[g].first;
	while (g + 1 < n->n_groups && n->groups[g + 1].link == link)
		g++;
	end = n->groups[g].end;
	if (jval_is_array(value) && jval_count(value) != (size_t)(end - first))
		return claim_bad(
			r, "certificate: a link's weight for each row");
	if (!jval_is_array(value) && (!jval_int(value, &all) || all < 0))
		return claim_bad(r, "certificate: a weight");
	for (int row = first; row < end; row++) {
		r->to->weight[row] = all;
		if (jval_is_array(value) &&
			(!jval_int(jval_at(value, (size_t)(row - first)),
				 &r->to->weight[row]) ||
				r->to->weight[row] < 0))
			return claim_bad(r, "certificate: a weight");
	}
	return 0;
}

/* Is the path the group's, written in this direction?  way: nodes, then
 * links. */
static bool is_path(const struct need_group *g, const int *seq, const int *way,
	int n_links, bool backwards)
{
	for (int i = 0; i < g->n_nodes; i++)
		if (seq[i] != way[backwards ? g->n_nodes - 1 - i : i])
			return false;
	for (int i = 0; i < n_links; i++)
		if (seq[g->n_nodes + i] !=
			way[g->n_nodes + (backwards ? n_links - 1 - i : i)])
			return false;
	return true;
}

int claim_path(struct claim_reader *r, const struct jval *o, int *ret)
{
	const struct need *n = r->need;
	const struct jval *nodes = jval_get(o, "nodes");
	const struct jval *links = jval_get(o, "links");
	int n_nodes = (int)jval_count(nodes), n_links = (int)jval_count(links);
	cleanup_free int *way =
		mem_zalloc((size_t)n_nodes + (size_t)n_links + 1, sizeof(int));
	int g;

	*ret = -1;
	for (int i = 0; i < n_nodes; i++)
		way[i] = names_node(
			r->names, jval_text(jval_at(nodes, (size_t)i)));
	for (int i = 0; i < n_links; i++)
		way[n_nodes + i] = names_link(
			r->names, jval_text(jval_at(links, (size_t)i)));
	g = n_nodes ? need_group_between(n, way[0], way[n_nodes - 1]) : -1;
	for (int at = g; g >= 0 && need_same_ends(n, g, at); at++)
		if (n->groups[at].n_nodes == n_nodes &&
			n->groups[at].n_links == n_links &&
			(is_path(&n->groups[at], n->seq + n->groups[at].seq,
				 way, n_links, false) ||
				is_path(&n->groups[at],
					n->seq + n->groups[at].seq, way,
					n_links, true))) {
			*ret = at;
			return 0;
		}
	return claim_bad(r, "a path: one the topology has; it");
}

static int path_weights(struct claim_reader *r, const struct jval *list)
{
	for (size_t i = 0; i < jval_count(list); i++) {
		const struct jval *o = jval_at(list, i);
		int g, row, code = claim_path(r, o, &g);

		if (code < 0)
			return code;
		row = r->need->groups[g].first;
		if (!jval_int(jval_get(o, "weight"), &r->to->weight[row]) ||
			r->to->weight[row] < 0)
			return claim_bad(r, "certificate: a weight");
	}
	return 0;
}

int claim_weights(struct claim_reader *r, const struct jval *certificate)
{
	const struct jval *weights = jval_get(certificate, "weights");
	struct claim *c = r->to;

	c->scale = 1;
	c->proven = -1;
	c->weight = arena_alloc(
		&c->arena, (size_t)r->need->n_rows + 1, sizeof(*c->weight));
	if (jval_get(certificate, "scale") &&
		(!jval_int(jval_get(certificate, "scale"), &c->scale) ||
			c->scale < 1))
		return claim_bad(r, "certificate: scale");
	(void)jval_int(jval_get(certificate, "bound"), &c->proven);
	for (void *at = jval_first(weights); at; at = jval_next(weights, at)) {
		int link, code = claim_link(
				  r, "certificate", jval_key(at), &link);

		if (code == 0)
			code = link_weights(r, link, jval_member(at));
		if (code < 0)
			return code;
	}
	return path_weights(r, jval_get(certificate, "paths"));
}
