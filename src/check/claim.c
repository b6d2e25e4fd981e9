/* One reader for each member of the plan.  Numbers are checked for sign and
 * range here, so that later sums (in 128 bits) cannot overflow. */
#include "check/claim.h"

#include <string.h>

static int find_node(
	struct claim_reader *r, const char *where, const char *name, int *ret)
{
	*ret = names_node(r->names, name);
	if (*ret >= 0)
		return 0;
	return err_set(r->err, NFZ_E_INPUT,
		"%s: node %s is not in the topology", where,
		name ? name : "(none)");
}

static int read_count(struct claim_reader *r, const struct jval *o,
	const char *key, int64_t *ret)
{
	if (!jval_int(jval_get(o, key), ret) || *ret < 0)
		return claim_bad(r, key);
	return 0;
}

static int read_links(struct claim_reader *r, const struct jval *o,
	const char *key, int **ret, size_t *ret_n)
{
	const struct jval *list = jval_get(o, key);
	size_t n = jval_count(list);
	int *links = arena_alloc(&r->to->arena, n + 1, sizeof(int));

	if (!jval_is_array(list))
		return claim_bad(r, key);
	for (size_t i = 0; i < n; i++) {
		int code = claim_link(
			r, key, jval_text(jval_at(list, i)), &links[i]);

		if (code < 0)
			return code;
	}
	*ret = links;
	*ret_n = n;
	return 0;
}

static int read_pair(struct claim_reader *r, const struct jval *pair, int *ret)
{
	int code = find_node(r, "path", jval_text(jval_at(pair, 0)), &ret[0]);

	if (code == 0)
		code = find_node(
			r, "path", jval_text(jval_at(pair, 1)), &ret[1]);
	return code;
}

static int read_only_paths(
	struct claim_reader *r, const struct jval *o, struct claim_probe *p)
{
	const struct jval *list = jval_get(o, "only_paths");
	size_t n = jval_count(list);
	int code = 0;

	p->only_paths =
		arena_alloc(&r->to->arena, n + 1, sizeof(*p->only_paths));
	for (size_t i = 0; i < n && code == 0; i++)
		code = read_pair(
			r, jval_at(list, i), p->only_paths[p->n_only_paths++]);
	return code;
}

static int read_probes(struct claim_reader *r, const struct jval *list)
{
	struct claim *c = r->to;
	size_t n = jval_count(list);

	if (!jval_is_array(list))
		return claim_bad(r, "probes");
	c->probe = arena_alloc(&c->arena, n + 1, sizeof(*c->probe));
	for (size_t i = 0; i < n; i++) {
		const struct jval *o = jval_at(list, i);
		struct claim_probe *p = &c->probe[c->n_probe++];
		int code = find_node(
			r, "probes", jval_get_text(o, "node"), &p->node);

		p->role = jval_get_text(o, "role");
		if (code == 0)
			code = read_count(r, o, "cost", &p->cost);
		if (code == 0)
			code = read_links(
				r, o, "covers", &p->covers, &p->n_covers);
		if (code == 0)
			code = read_links(r, o, "only", &p->only, &p->n_only);
		if (code == 0)
			code = read_only_paths(r, o, p);
		if (code < 0)
			return code;
	}
	return 0;
}

static int read_rule(struct claim_reader *r, const struct jval *o,
	const char *key, enum claim_rule *ret)
{
	static const char *const names[] = {"none", "all", "unwatched"};
	const char *text = jval_get_text(o, key);

	for (int i = 0; text && i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum claim_rule)i;
			return 0;
		}
	return claim_bad(r, "owners: received or sent");
}

static int read_tap(
	struct claim_reader *r, const struct jval *o, struct claim_tap *tap)
{
	int64_t iface = -1, slot = -1, slots;
	int code =
		claim_link(r, "owners", jval_get_text(o, "link"), &tap->link);

	if (code == 0)
		code = find_node(
			r, "owners", jval_get_text(o, "probe"), &tap->node);
	if (code == 0)
		code = read_rule(r, o, "received", &tap->received);
	if (code == 0)
		code = read_rule(r, o, "sent", &tap->sent);
	if (code < 0)
		return code;
	if (!jval_int(jval_get(o, "iface"), &iface) || iface < 0 ||
		iface >= (int64_t)r->names->t->n_ifaces)
		return claim_bad(r, "owners: iface");
	slots = (int64_t)r->names->t->links[tap->link].n_members;
	if (slots < 2) /* the far side of a bridge, with nobody there */
		slots = 2;
	if (!jval_int(jval_get(o, "slot"), &slot) || slot < 0 || slot >= slots)
		return claim_bad(r, "owners: slot");
	if (!jval_bool(jval_get(o, "lowest"), &tap->lowest))
		return claim_bad(r, "owners: lowest");
	tap->iface = (int)iface;
	tap->slot = (int)slot;
	return 0;
}

static int read_taps(struct claim_reader *r, const struct jval *list)
{
	struct claim *c = r->to;
	size_t n = jval_count(list);
	int code = 0;

	if (!jval_is_array(list))
		return claim_bad(r, "owners");
	c->tap = arena_alloc(&c->arena, n + 1, sizeof(*c->tap));
	for (size_t i = 0; i < n && code == 0; i++)
		code = read_tap(r, jval_at(list, i), &c->tap[c->n_tap++]);
	return code;
}

/* Names an element: by link and part, or by the two ends of a path. */
static int read_gap(
	struct claim_reader *r, const struct jval *o, struct claim_gap *gap)
{
	const struct jval *pair = jval_get(o, "path");
	int link, ends[2], code;

	if (pair) {
		code = read_pair(r, pair, ends);
		gap->pair = true;
		gap->group = code < 0 ? -1
				      : need_group_between(
						r->need, ends[0], ends[1]);
	} else {
		code = claim_link(
			r, "uncovered", jval_get_text(o, "link"), &link);
		gap->group = code < 0 ? -1
				      : need_group_named(r->need, link,
						jval_get_text(o, "part"));
	}
	if (code == 0 && gap->group < 0)
		return claim_bad(r, "uncovered: an element");
	return code;
}

static int read_uncovered(struct claim_reader *r, const struct jval *list)
{
	struct claim *c = r->to;
	size_t n = jval_count(list);

	if (!jval_is_array(list))
		return claim_bad(r, "uncovered");
	c->uncovered = arena_alloc(&c->arena, n + 1, sizeof(*c->uncovered));
	for (size_t i = 0; i < n; i++) {
		const struct jval *o = jval_at(list, i);
		const char *cause = jval_get_text(o, "cause");
		int code = read_gap(r, o, &c->uncovered[c->n_uncovered++]);

		if (code < 0)
			return code;
		if (!cause || !*cause)
			return claim_bad(r, "uncovered: cause");
	}
	return 0;
}

static int read_infeasible(struct claim_reader *r, const struct jval *list)
{
	struct claim *c = r->to;
	size_t n = jval_count(list);

	if (!jval_is_array(list))
		return claim_bad(r, "infeasible");
	c->infeasible = arena_alloc(&c->arena, n + 1, sizeof(*c->infeasible));
	for (size_t i = 0; i < n; i++) {
		const struct jval *o = jval_at(list, i);
		struct claim_gap *gap = &c->infeasible[c->n_infeasible++];
		int code = read_gap(r, o, gap);

		if (code < 0)
			return code;
		gap->candidates = jval_get(o, "candidates");
		gap->need = -1;
		if (jval_get(o, "need") &&
			!jval_int(jval_get(o, "need"), &gap->need))
			return claim_bad(r, "infeasible: need");
	}
	return 0;
}

static int read_status(struct claim_reader *r, const char *word)
{
	static const char *const names[] = {"optimal", "feasible", "infeasible",
		"budget_limited", "timeout"};

	for (int i = 0; word && i < 5; i++)
		if (strcmp(word, names[i]) == 0) {
			r->to->status = (enum claim_status)i;
			r->to->status_word = names[i];
			return 0;
		}
	return claim_bad(r, "status");
}

static int read_head(struct claim_reader *r, const struct jval *plan)
{
	const struct jval *goal = jval_get(plan, "objective");
	const struct jval *coverage = jval_get(plan, "coverage");
	struct claim *c = r->to;
	int code = read_status(r, jval_get_text(plan, "status"));

	if (code == 0)
		code = read_count(r, goal, "probes", &c->probes);
	if (code == 0)
		code = read_count(r, goal, "cost", &c->cost);
	if (code == 0)
		code = read_count(r, plan, "lower_bound", &c->lower_bound);
	if (code == 0)
		code = read_count(r, coverage, "links", &c->links);
	if (code == 0)
		code = read_count(r, coverage, "covered", &c->covered);
	c->elements = c->satisfied = -1;
	c->duplicate_factor = -1;
	(void)jval_int(jval_get(coverage, "elements"), &c->elements);
	(void)jval_int(jval_get(coverage, "satisfied"), &c->satisfied);
	(void)jval_double(
		jval_get(plan, "duplicate_factor"), &c->duplicate_factor);
	return code;
}

int claim_read(const struct names *names, const struct need *need,
	const struct jval *plan, struct claim *ret, struct err *err)
{
	struct claim_reader r = {names, need, ret, err};
	int code;

	*ret = (struct claim){.scale = 1};
	code = read_head(&r, plan);
	if (code == 0)
		code = read_probes(&r, jval_get(plan, "probes"));
	if (code == 0)
		code = read_taps(&r, jval_get(plan, "owners"));
	if (code == 0)
		code = read_uncovered(&r, jval_get(plan, "uncovered"));
	if (code == 0)
		code = read_infeasible(&r, jval_get(plan, "infeasible"));
	if (code == 0)
		code = claim_weights(&r, jval_get(plan, "certificate"));
	if (code < 0)
		claim_release(ret);
	return code;
}

void claim_release(struct claim *c)
{
	arena_release(&c->arena);
	*c = (struct claim){0};
}
