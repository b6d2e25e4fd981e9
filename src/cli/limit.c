#include "cli/limit.h"
#include "base/mem.h"
#include "cli/nodeset.h"
#include "cli/say.h"
#include "deploy/state.h"
#include "topology/topofile.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 16 << 20 };

static const char failed_note[] = "failed", plan_note[] = "last.plan",
		  topology_note[] = "last.topology";

/* Only a cache: a full home directory must not stop the work. */
static bool note(
	const struct nodes_context *n, const char *name, const char *text)
{
	struct err err = ERR_INIT;

	if (state_jot(n->project, n->experiment, name, text, &err) == 0)
		return true;
	say_note(n->app, "--limit will not know of this run: %s", err.text);
	return false;
}

static void failed_before(const struct nodes_context *n, struct opt_list *ret)
{
	cleanup_free char *text =
		state_noted(n->project, n->experiment, failed_note);

	for (char *at = text, *end; at && *at; at = end) {
		end = at + strcspn(at, "\n");
		if (*end)
			*end++ = '\0';
		opt_list_add(ret, at);
	}
}

/* The words as the topology writes them; @failed replaced. */
static int find_nodes(const struct nodes_context *n, const struct topology *t,
	const struct opt_list *words, struct opt_list *ret, struct err *err)
{
	struct opt_list failed = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < words->n; i++) {
		const char *word = words->items[i];
		int node;

		if (strcmp(word, "@failed") == 0) {
			failed_before(n, &failed);
			continue;
		}
		node = nodes_named(t, word, err);
		if (node < 0)
			r = err_wrap(err, "--limit");
		else if (!opt_list_has(ret, t->nodes[node].name))
			opt_list_add(ret, t->nodes[node].name);
	}
	/* one of them may have left the experiment since */
	for (size_t i = 0; r == 0 && i < failed.n; i++)
		if (topology_node_exact(t, failed.items[i]) >= 0 &&
			!opt_list_has(ret, failed.items[i]))
			opt_list_add(ret, failed.items[i]);
	opt_list_release(&failed);
	return r;
}

int limit_set(struct nodes_context *n, const struct topology *t,
	const char *text, struct opt_list *ret, bool *ret_none, struct err *err)
{
	struct opt_list words = {0};
	int r;

	*ret_none = false;
	if (!text)
		return 0;
	r = nodeset_parse(text, &words, err);
	if (r == 0 && words.n == 0)
		r = err_set(err, NFZ_E_USAGE, "--limit: which nodes?");
	if (r == 0)
		r = find_nodes(n, t, &words, ret, err);
	opt_list_release(&words);
	n->options.limit = ret;
	if (r == 0 && ret->n == 0) {
		*ret_none = true;
		say_done(n->app,
			"no node of %s/%s is remembered here as failed: "
			"nothing to do",
			n->project, n->experiment);
	}
	return r;
}

void limit_remember(
	const struct nodes_context *n, const struct deploy_report *r)
{
	struct opt_list before = {0};
	struct buf text = BUF_INIT(TEXT_MAX);

	failed_before(n, &before);
	for (size_t i = 0; i < before.n; i++) {
		bool asked = false;

		for (size_t k = 0; k < r->n; k++)
			asked = asked ||
				strcmp(r->nodes[k].name, before.items[i]) == 0;
		if (!asked && n->options.limit)
			buf_addf(&text, "%s\n", before.items[i]);
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->nodes[i].err.code)
			buf_addf(&text, "%s\n", r->nodes[i].name);
	note(n, failed_note, buf_str(&text));
	buf_release(&text);
	opt_list_release(&before);
}

void limit_remember_plan(const struct nodes_context *n,
	const struct topology *t, const struct plan *plan)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct plan now = *plan;

	/* names were learned since it was made */
	plan_digest(t, now.topology_sha256);
	plan_print(&now, t, &text);
	if (note(n, plan_note, buf_ok(&text) ? buf_str(&text) : "")) {
		buf_reset(&text);
		topofile_print(t, &text);
		note(n, topology_note, buf_ok(&text) ? buf_str(&text) : "");
	}
	buf_release(&text);
}

void limit_after_strip(const struct nodes_context *n,
	const struct deploy_report *r, int result)
{
	const struct deploy_options *o = &n->options;

	if (o->dry_run)
		return;
	if (result < 0 || o->limit || o->deployment || o->older_ms) {
		limit_remember(n, r);
		return;
	}
	note(n, failed_note, "");
	note(n, plan_note, "");
	note(n, topology_note, "");
}

static const char *copy(struct topology *to, const char *text)
{
	return text ? arena_strdup(&to->arena, text) : NULL;
}

static const char *const *copy_keys(
	struct topology *to, const char *const *keys)
{
	const char **ret;
	size_t n = 0;

	while (keys && keys[n])
		n++;
	if (!n)
		return NULL;
	ret = arena_alloc(&to->arena, n + 1, sizeof(*ret));
	for (size_t i = 0; i < n; i++)
		ret[i] = arena_strdup(&to->arena, keys[i]);
	return ret;
}

/* A node that was re-imaged has other host keys, perhaps another machine. */
static void take_login(
	struct topology *to, int node, const struct topo_machine *m)
{
	struct topo_machine *own = topology_machine(to, node);

	own->hostname = copy(to, m->hostname);
	own->login = copy(to, m->login);
	own->user = copy(to, m->user);
	own->gateway = copy(to, m->gateway);
	own->port = m->port;
	own->host_keys = copy_keys(to, m->host_keys);
	if (m->address)
		own->address = copy(to, m->address);
}

static int take_logins(
	struct topology *to, const struct topology *t, struct err *err)
{
	for (size_t i = 0; i < t->n_nodes; i++)
		if (topology_node_exact(to, t->nodes[i].name) < 0)
			return err_set(err, NFZ_E_USAGE,
				"--limit: %s is new since the last run",
				t->nodes[i].name);
	for (size_t i = 0; i < to->n_nodes; i++) {
		int node = topology_node_exact(t, to->nodes[i].name);

		if (node < 0)
			return err_set(err, NFZ_E_USAGE,
				"--limit: %s is gone since the last run",
				to->nodes[i].name);
		take_login(to, (int)i, t->nodes[node].m);
	}
	return 0;
}

int limit_last_plan(const struct nodes_context *n, const struct topology *t,
	struct topology **ret_topology, struct plan **ret_plan, struct err *err)
{
	cleanup_free char *plan =
		state_noted(n->project, n->experiment, plan_note);
	cleanup_free char *topology =
		state_noted(n->project, n->experiment, topology_note);
	int r;

	*ret_topology = NULL;
	*ret_plan = NULL;
	/* empty, when the machine went down just then */
	if (!plan || !*plan || !topology || !*topology) {
		err_set(err, NFZ_E_USAGE,
			"--limit goes on with the plan of the last run, and "
			"none of %s/%s is known on this machine",
			n->project, n->experiment);
		return err_hint(err,
			"Without --limit, what runs as planned is left as it "
			"is");
	}
	r = topofile_parse(
		topology, strlen(topology), topology_note, ret_topology, err);
	if (r == 0) /* it was made for that very topology */
		r = plan_parse(plan, strlen(plan), plan_note, *ret_topology,
			ret_plan, err);
	if (r == 0)
		r = take_logins(*ret_topology, t, err);
	if (r == -NFZ_E_USAGE)
		err_hint(err, "Plan anew for the experiment as it is: run it "
			      "once without --limit");
	return r;
}
