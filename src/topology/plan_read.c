/* Names in a plan file become indices again; one that is not there means that
 * the plan belongs to another topology. */
#include "topology/plan_read.h"
#include "base/mem.h"

#include <string.h>

int plan_read_bad(struct plan_reader *r, const char *what)
{
	return err_set(r->err, NFZ_E_INPUT,
		"%s: %s is missing or not what it should be", r->name, what);
}

int plan_read_node(struct plan_reader *r, const char *name, int *ret)
{
	*ret = name ? topology_node(r->t, name) : -1;
	if (*ret >= 0)
		return 0;
	return err_set(r->err, NFZ_E_INPUT,
		"%s: names node %s, which is not in the topology", r->name,
		name ? name : "(none)");
}

int plan_read_link(struct plan_reader *r, const char *name, int *ret)
{
	*ret = name ? topology_link(r->t, name) : -1;
	if (*ret >= 0)
		return 0;
	return err_set(r->err, NFZ_E_INPUT,
		"%s: names link %s, which is not in the topology", r->name,
		name ? name : "(none)");
}

int plan_read_links(struct plan_reader *r, const struct jval *list, int **ret,
	size_t *ret_n)
{
	size_t n = jval_count(list);
	int *links = arena_alloc(&r->plan->arena, n + 1, sizeof(int));

	for (size_t i = 0; i < n; i++) {
		int code = plan_read_link(
			r, jval_text(jval_at(list, i)), &links[i]);

		if (code < 0)
			return code;
	}
	*ret = links;
	*ret_n = n;
	return 0;
}

int plan_read_nodes(
	struct plan_reader *r, const struct jval *list, struct plan_nodes *ret)
{
	size_t n = jval_count(list);
	int *nodes = arena_alloc(&r->plan->arena, n + 1, sizeof(int));

	for (size_t i = 0; i < n; i++) {
		int code = plan_read_node(
			r, jval_text(jval_at(list, i)), &nodes[i]);

		if (code < 0)
			return code;
	}
	*ret = (struct plan_nodes){nodes, n};
	return 0;
}

int plan_read_pairs(struct plan_reader *r, const struct jval *list,
	int (**ret)[2], size_t *ret_n)
{
	size_t n = jval_count(list);
	int(*pairs)[2] = arena_alloc(&r->plan->arena, n + 1, sizeof(*pairs));

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 2; k++) {
			const struct jval *end = jval_at(jval_at(list, i), k);
			int code =
				plan_read_node(r, jval_text(end), &pairs[i][k]);

			if (code < 0)
				return code;
		}
	*ret = pairs;
	*ret_n = n;
	return 0;
}
