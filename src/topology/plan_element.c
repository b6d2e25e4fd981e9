/* A link, a part of one or a pair of hosts, as plan files hold it. */
#include "format/jsonw.h"
#include "topology/plan_read.h"

#include <string.h>

int plan_read_element(struct plan_reader *r, const struct jval *from,
	struct plan_element *ret)
{
	const struct jval *path = jval_get(from, "path");
	int code;

	*ret = (struct plan_element){.link = -1, .from = -1, .to = -1};
	if (!path) {
		ret->part = arena_strdup(
			&r->plan->arena, jval_get_text(from, "part"));
		return plan_read_link(
			r, jval_get_text(from, "link"), &ret->link);
	}
	code = plan_read_node(r, jval_text(jval_at(path, 0)), &ret->from);
	if (code == 0)
		code = plan_read_node(r, jval_text(jval_at(path, 1)), &ret->to);
	return code;
}

bool plan_same_element(
	const struct plan_element *a, const struct plan_element *b)
{
	const char *x = a->part ? a->part : "", *y = b->part ? b->part : "";

	return a->link == b->link && a->from == b->from && a->to == b->to &&
	       strcmp(x, y) == 0;
}

void plan_print_element(
	struct jsonw *w, const struct topology *t, const struct plan_element *e)
{
	if (e->link >= 0) {
		jsonw_put(w, "link", t->links[e->link].name);
		jsonw_put_optional(w, "part", e->part);
		return;
	}
	jsonw_key(w, "path");
	jsonw_array_inline(w);
	jsonw_string(w, t->nodes[e->from].name);
	jsonw_string(w, t->nodes[e->to].name);
	jsonw_end(w);
}
