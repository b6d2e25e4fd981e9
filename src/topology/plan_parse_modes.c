/* The parts of a plan file that answer further questions. */
#include "base/mem.h"
#include "topology/plan_read.h"

#include <string.h>

static bool read_number(const struct jval *from, const char *key, int64_t *ret)
{
	return jval_int(jval_get(from, key), ret) && *ret >= 0;
}

static int read_loads(struct plan_reader *r, const struct jval *from)
{
	struct plan_capacity *c = &r->plan->modes.capacity;

	if (!jval_is_object(from))
		return 0;
	c->loads = arena_alloc(
		&r->plan->arena, r->t->n_links + 1, sizeof(*c->loads));
	for (void *at = jval_first(from); at; at = jval_next(from, at)) {
		int link, code = plan_read_link(r, jval_key(at), &link);

		if (code < 0)
			return code;
		if (!jval_int(jval_member(at), &c->loads[link]) ||
			c->loads[link] < 0)
			return plan_read_bad(r, "a load");
	}
	return 0;
}

static int read_demand(struct plan_reader *r, const struct jval *from)
{
	struct plan_modes *m = &r->plan->modes;
	struct {
		const char *key;
		int64_t *to;
	} numbers[] = {{"budget", &m->part.budget},
		{"max_pps", &m->capacity.max_pps},
		{"max_ifaces", &m->capacity.max_ifaces}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (jval_get(from, numbers[i].key) &&
			!read_number(from, numbers[i].key, numbers[i].to))
			return plan_read_bad(r, "a limit in demand");
	if (jval_get(from, "coverage") &&
		(!jval_double(jval_get(from, "coverage"), &m->part.percent) ||
			!(m->part.percent >= 0) || !(m->part.percent <= 100)))
		return plan_read_bad(r, "coverage in demand");
	return read_loads(r, jval_get(from, "loads"));
}

static int read_elements(struct plan_reader *r, const struct jval *list,
	struct plan_element **ret, size_t *ret_n)
{
	size_t n = jval_count(list);

	*ret = arena_alloc(&r->plan->arena, n + 1, sizeof(**ret));
	for (size_t i = 0; i < n; i++) {
		int code = plan_read_element(r, jval_at(list, i), &(*ret)[i]);

		if (code < 0)
			return code;
	}
	*ret_n = n;
	return 0;
}

static int read_order(struct plan_reader *r, const struct jval *list)
{
	struct plan_part *p = &r->plan->modes.part;
	size_t n = jval_count(list);

	p->order = arena_alloc(&r->plan->arena, n + 1, sizeof(*p->order));
	p->adds = arena_alloc(&r->plan->arena, n + 1, sizeof(*p->adds));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		int code = plan_read_node(
			r, jval_get_text(from, "node"), &p->order[i]);

		if (code < 0)
			return code;
		if (!read_number(from, "adds", &p->adds[i]))
			return plan_read_bad(r, "order");
		p->n_order++;
	}
	return 0;
}

static int read_part(struct plan_reader *r, const struct jval *from)
{
	struct plan_part *p = &r->plan->modes.part;
	int code;

	if (!jval_is_object(from))
		return 0;
	p->asked = true;
	if (!read_number(from, "wanted", &p->wanted) ||
		!read_number(from, "covered", &p->covered) ||
		!read_number(from, "elements", &p->of) ||
		!read_number(from, "bound", &p->bound))
		return plan_read_bad(r, "part");
	(void)read_number(from, "enough", &p->enough);
	(void)read_number(from, "all_need", &p->all_need);
	(void)read_number(from, "required", &p->required);
	(void)jval_bool(jval_get(from, "proven"), &p->all_proven);
	code = read_order(r, jval_get(from, "order"));
	return code ? code
		    : read_elements(r, jval_get(from, "apart"), &p->apart,
			      &p->n_apart);
}

static int read_record(
	struct plan_reader *r, const struct jval *from, struct plan_record *to)
{
	int64_t slot = -1;
	int code;

	to->what = arena_alloc(&r->plan->arena, 1, sizeof(*to->what));
	code = plan_read_element(r, from, to->what);
	if (code == 0)
		code = plan_read_node(
			r, jval_get_text(from, "node"), &to->node);
	if (code < 0)
		return code;
	if (!read_number(from, "amount", &to->amount))
		return plan_read_bad(r, "a record");
	if (jval_get(from, "slot") &&
		(!read_number(from, "slot", &slot) || slot > INT32_MAX))
		return plan_read_bad(r, "the slot of a record");
	to->slot = (int)slot;
	return 0;
}

static int read_shortage(struct plan_reader *r, const struct jval *from)
{
	struct plan_capacity *c = &r->plan->modes.capacity;

	if (!jval_is_object(from))
		return 0;
	c->short_of = arena_strdup(&r->plan->arena, jval_get_text(from, "of"));
	if (!c->short_of || !read_number(from, "need", &c->need) ||
		!read_number(from, "have", &c->have))
		return plan_read_bad(r, "shortage");
	return read_elements(
		r, jval_get(from, "elements"), &c->crowd, &c->n_crowd);
}

static int read_capacity(struct plan_reader *r, const struct jval *from)
{
	struct plan_capacity *c = &r->plan->modes.capacity;
	const struct jval *list = jval_get(from, "records");
	size_t n = jval_count(list);

	if (!jval_is_object(from))
		return 0;
	c->asked = true;
	c->records = arena_alloc(&r->plan->arena, n + 1, sizeof(*c->records));
	for (size_t i = 0; i < n; i++) {
		int code = read_record(r, jval_at(list, i), &c->records[i]);

		if (code < 0)
			return code;
		c->n_records++;
	}
	return read_shortage(r, jval_get(from, "shortage"));
}

static int read_list(
	struct plan_reader *r, const struct jval *list, struct plan_list *ret)
{
	struct plan_nodes nodes;
	int code = plan_read_nodes(r, list, &nodes);

	if (code == 0)
		*ret = (struct plan_list){nodes.nodes, nodes.n};
	return code;
}

static int read_forced(struct plan_reader *r, const struct jval *from)
{
	struct plan_forced *f = &r->plan->modes.forced;
	int code;

	if (!jval_is_object(from))
		return 0;
	f->asked = true;
	code = read_list(r, jval_get(from, "always"), &f->always);
	if (code == 0)
		code = read_list(r, jval_get(from, "sometimes"), &f->sometimes);
	if (code == 0)
		code = read_list(r, jval_get(from, "never"), &f->never);
	return code ? code
		    : read_list(r, jval_get(from, "unknown"), &f->unknown);
}

/* What it covers are gaps, in their order. */
static int read_wins(struct plan_reader *r, const struct jval *list)
{
	struct plan_repair *to = &r->plan->modes.repair;
	struct plan_element *wins;
	size_t n, at = 0;
	int code = read_elements(r, list, &wins, &n);

	if (code < 0)
		return code;
	to->wins = arena_alloc(&r->plan->arena, n + 1, sizeof(*to->wins));
	for (size_t i = 0; i < n; i++) {
		while (at < r->plan->n_gaps &&
			!plan_same_element(&r->plan->gaps[at].what, &wins[i]))
			at++;
		if (at == r->plan->n_gaps)
			return plan_read_bad(r, "an element in repair");
		to->wins[to->n_wins++] = (int)at++;
	}
	return 0;
}

static int read_repair(struct plan_reader *r, const struct jval *from)
{
	struct plan_repair *to = &r->plan->modes.repair;
	int64_t hopeless = 0;
	int code;

	if (!jval_is_object(from))
		return 0;
	to->found = true;
	if (!read_number(from, "hopeless", &hopeless) ||
		!jval_bool(jval_get(from, "proven"), &to->proven))
		return plan_read_bad(r, "hopeless or proven in repair");
	to->hopeless = (size_t)hopeless;
	code = read_list(r, jval_get(from, "lift"), &to->lift);
	return code ? code : read_wins(r, jval_get(from, "covers"));
}

static int read_changes(struct plan_reader *r, const struct jval *list,
	struct plan_change **ret, size_t *ret_n)
{
	struct arena *arena = &r->plan->arena;
	size_t n = jval_count(list);

	*ret = arena_alloc(arena, n + 1, sizeof(**ret));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		struct plan_change *c = &(*ret)[i];

		c->what = arena_strdup(arena, jval_get_text(from, "change"));
		c->status = arena_strdup(arena, jval_get_text(from, "status"));
		c->solved = jval_get(from, "cost") != NULL;
		if (!c->what || !c->status ||
			(c->solved &&
				(!read_number(from, "probes", &c->probes) ||
					!read_number(from, "cost", &c->cost) ||
					!jval_int(jval_get(from, "cost_change"),
						&c->more) ||
					!read_number(from, "satisfied",
						&c->satisfied))))
			return plan_read_bad(r, "a change");
	}
	*ret_n = n;
	return 0;
}

static int read_texts(struct plan_reader *r, const struct jval *list,
	const char ***ret, size_t *ret_n)
{
	size_t n = jval_count(list);

	*ret = arena_alloc(&r->plan->arena, n + 1, sizeof(**ret));
	for (size_t i = 0; i < n; i++) {
		(*ret)[i] = arena_strdup(
			&r->plan->arena, jval_text(jval_at(list, i)));
		if (!(*ret)[i])
			return plan_read_bad(r, "conflict or ways");
	}
	*ret_n = n;
	return 0;
}

static int read_conflict(struct plan_reader *r, const struct jval *root)
{
	struct plan_modes *m = &r->plan->modes;
	const struct jval *ways = jval_get(root, "ways");
	size_t n = jval_count(ways);
	int code = read_texts(
		r, jval_get(root, "conflict"), &m->conflict, &m->n_conflict);

	m->ways = arena_alloc(&r->plan->arena, n + 1, sizeof(*m->ways));
	for (size_t i = 0; i < n && code == 0; i++) {
		code = read_texts(r, jval_at(ways, i), &m->ways[i].changes,
			&m->ways[i].n);
		m->n_ways++;
	}
	return code;
}

int plan_read_modes(struct plan_reader *r, const struct jval *root)
{
	struct plan_modes *m = &r->plan->modes;
	int code = read_demand(r, jval_get(root, "demand"));

	if (code == 0)
		code = read_part(r, jval_get(root, "part"));
	if (code == 0)
		code = read_capacity(r, jval_get(root, "capacity"));
	if (code == 0)
		code = read_forced(r, jval_get(root, "forced"));
	if (code == 0)
		code = read_repair(r, jval_get(root, "repair"));
	if (code == 0)
		code = read_changes(r, jval_get(root, "without"), &m->without,
			&m->n_without);
	if (code == 0)
		code = read_changes(r, jval_get(root, "what_if"), &m->what_if,
			&m->n_what_if);
	return code ? code : read_conflict(r, root);
}
