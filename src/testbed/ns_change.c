/* The new text must make what the old one made, and bridges. */
#include "testbed/ns_change.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static int evaluate(
	const char *text, struct ns_experiment **ret, struct err *err)
{
	/* the testbed has accepted its types; they need not be known here */
	static const char *const any[] = {"*", NULL};
	const struct ns_limits limits = {.types = any};

	return ns_evaluate(
		text, strlen(text), "the NS file", &limits, ret, NULL, err);
}

static void take_addresses(struct ns_experiment *e, const struct value *links)
{
	for (size_t i = 0; i < e->n_lans; i++)
		for (size_t k = 0; k < e->lans[i].n_members; k++) {
			struct ns_member *m = &e->lans[i].members[k];
			cleanup_free char *key =
				mem_printf("%s:%d", m->node, m->port);
			const struct value *row = value_get(links, key);
			const char *name, *ip;

			name = row ? value_get_text(row, "name") : NULL;
			ip = row ? value_get_text(row, "ipaddr") : NULL;
			if (name && ip && *ip &&
				strcmp(name, e->lans[i].name) == 0)
				m->ip = arena_strdup(&e->arena, ip);
		}
}

int ns_running(const char *text, const struct change_view *view,
	struct ns_experiment **ret, struct err *err)
{
	int r = evaluate(text, ret, err);

	if (r == 0 && view && view->links)
		take_addresses(*ret, view->links);
	return r;
}

int ns_node_names(const char *text, struct opt_list *ret, struct err *err)
{
	cleanup(ns_free_at) struct ns_experiment *e = NULL;
	cleanup(topology_free_at) struct topology *t = NULL;
	int r = evaluate(text, &e, err);

	if (r == 0)
		r = ns_topology(e, &t, err);
	for (size_t i = 0; r == 0 && i < t->n_nodes; i++)
		opt_list_add(ret, t->nodes[i].name);
	return r;
}

static const struct ns_lan *lan_named(
	const struct ns_experiment *e, const char *name)
{
	for (size_t i = 0; i < e->n_lans; i++)
		if (strcmp(e->lans[i].name, name) == 0)
			return &e->lans[i];
	return NULL;
}

static bool has_node(const struct ns_experiment *e, const char *name)
{
	for (size_t i = 0; i < e->n_nodes; i++)
		if (strcmp(e->nodes[i].name, name) == 0)
			return true;
	return false;
}

static int same_members(
	const struct ns_lan *was, const struct ns_lan *is, struct err *err)
{
	if (!is || is->n_members != was->n_members)
		return err_set(err, NFZ_E_NS,
			"with netflowize's part in it, the NS file makes "
			"another %s",
			was->name);
	for (size_t i = 0; i < was->n_members; i++) {
		const struct ns_member *a = &was->members[i];
		const struct ns_member *b = &is->members[i];

		if (strcmp(a->node, b->node) != 0 || a->port != b->port ||
			strcmp(a->ip, b->ip) != 0)
			return err_set(err, NFZ_E_NS,
				"%s would get the address %s on %s instead of "
				"%s",
				b->node, b->ip, was->name, a->ip);
	}
	return 0;
}

static int compare(const struct ns_experiment *before,
	const struct ns_experiment *after, const struct ns_change *change,
	struct err *err)
{
	const char *sync = ns_setting(after, "sync_server");
	size_t more = change->collector != NULL;

	if (before->n_nodes &&
		strcmp(ns_setting(before, "sync_server"), sync) != 0)
		return err_set(err, NFZ_E_NS,
			"%s would become the synchronisation server with "
			"netflowize's part in the NS file",
			sync);
	for (size_t i = 0; i < before->n_nodes; i++)
		if (!has_node(after, before->nodes[i].name))
			return err_set(err, NFZ_E_NS,
				"%s would be gone with netflowize's part in "
				"the NS file",
				before->nodes[i].name);
	if (after->n_nodes != before->n_nodes + more ||
		after->n_lans != before->n_lans ||
		(more && !has_node(after, change->collector)))
		return err_set(err, NFZ_E_NS,
			"with netflowize's part in it, the NS file makes "
			"other nodes or links");
	for (size_t i = 0; i < before->n_lans; i++) {
		int r = same_members(&before->lans[i],
			lan_named(after, before->lans[i].name), err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int count_shapers(
	const struct ns_experiment *e, size_t *ret, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	int r = ns_topology(e, &t, err);

	*ret = 0;
	for (size_t i = 0; r == 0 && i < t->n_nodes; i++)
		*ret += t->nodes[i].role == ROLE_SHAPER;
	return r;
}

static void find_unbridged(const struct ns_experiment *e,
	const struct ns_change *change, struct opt_list *to)
{
	for (size_t i = 0; i < change->n_traces; i++) {
		const struct ns_trace *t = &change->traces[i];
		const struct ns_lan *lan = lan_named(e, t->link);
		bool missing = !lan;

		for (size_t k = 0; lan && k < lan->n_members; k++) {
			const struct ns_member *m = &lan->members[k];

			if (!t->node || strcmp(t->node, m->node) == 0)
				missing = missing || !ns_member_needs_shaper(
							     e, lan, m, NULL);
		}
		if (missing)
			opt_list_add(to, t->link);
	}
}

int ns_try(const struct ns_experiment *before, const char *text,
	const struct ns_change *change, struct ns_effect *ret, struct err *err)
{
	cleanup(ns_free_at) struct ns_experiment *after = NULL;
	int r = evaluate(text, &after, err);

	*ret = (struct ns_effect){0};
	if (r == 0)
		r = compare(before, after, change, err);
	if (r == 0)
		r = count_shapers(before, &ret->shapers_before, err);
	if (r == 0)
		r = count_shapers(after, &ret->shapers_after, err);
	if (r == 0)
		find_unbridged(after, change, &ret->unbridged);
	return r;
}
