/* The members of a plan's JSON that were asked for by budget, share, capacity,
 * --forced or --what-if, and what is said of demands that cannot be met. */
#include "topology/plan_modes.h"
#include "format/jsonw.h"
#include "topology/plan.h"

static void print_list(struct jsonw *w, const char *key,
	const struct topology *t, const int *nodes, size_t n)
{
	jsonw_key(w, key);
	jsonw_array_inline(w);
	for (size_t i = 0; i < n; i++)
		jsonw_string(w, t->nodes[nodes[i]].name);
	jsonw_end(w);
}

static void print_elements(struct jsonw *w, const char *key,
	const struct topology *t, const struct plan_element *e, size_t n)
{
	jsonw_key(w, key);
	jsonw_array_inline(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object_inline(w);
		plan_print_element(w, t, &e[i]);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_part(
	struct jsonw *w, const struct plan_part *p, const struct topology *t)
{
	jsonw_key(w, "part");
	jsonw_object(w);
	jsonw_put_int(w, "wanted", p->wanted);
	jsonw_put_int(w, "covered", p->covered);
	jsonw_put_int(w, "elements", p->of);
	jsonw_put_int(w, "bound", p->bound);
	jsonw_key(w, "order");
	jsonw_array(w);
	for (size_t i = 0; i < p->n_order; i++) {
		jsonw_object_inline(w);
		jsonw_put(w, "node", t->nodes[p->order[i]].name);
		jsonw_put_int(w, "adds", p->adds[i]);
		jsonw_end(w);
	}
	jsonw_end(w);
	if (p->enough)
		jsonw_put_int(w, "enough", p->enough);
	if (p->all_need) {
		jsonw_put_int(w, "all_need", p->all_need);
		jsonw_put_bool(w, "proven", p->all_proven);
		if (p->required)
			jsonw_put_int(w, "required", p->required);
		print_elements(w, "apart", t, p->apart, p->n_apart);
	}
	jsonw_end(w);
}

static void print_records(struct jsonw *w, const struct plan_capacity *c,
	const struct topology *t)
{
	jsonw_key(w, "records");
	jsonw_array(w);
	for (size_t i = 0; i < c->n_records; i++) {
		const struct plan_record *r = &c->records[i];

		jsonw_object_inline(w);
		plan_print_element(w, t, r->what);
		if (r->slot >= 0)
			jsonw_put_int(w, "slot", r->slot);
		jsonw_put(w, "node", t->nodes[r->node].name);
		jsonw_put_int(w, "amount", r->amount);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_capacity(struct jsonw *w, const struct plan_capacity *c,
	const struct topology *t)
{
	jsonw_key(w, "capacity");
	jsonw_object(w);
	print_records(w, c, t);
	if (c->short_of) {
		jsonw_key(w, "shortage");
		jsonw_object_inline(w);
		jsonw_put(w, "of", c->short_of);
		jsonw_put_int(w, "need", c->need);
		jsonw_put_int(w, "have", c->have);
		print_elements(w, "elements", t, c->crowd, c->n_crowd);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_forced(
	struct jsonw *w, const struct plan_forced *f, const struct topology *t)
{
	jsonw_key(w, "forced");
	jsonw_object(w);
	print_list(w, "always", t, f->always.nodes, f->always.n);
	print_list(w, "sometimes", t, f->sometimes.nodes, f->sometimes.n);
	print_list(w, "never", t, f->never.nodes, f->never.n);
	if (f->unknown.n)
		print_list(w, "unknown", t, f->unknown.nodes, f->unknown.n);
	jsonw_end(w);
}

static void print_repair(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	const struct plan_repair *r = &plan->modes.repair;

	jsonw_key(w, "repair");
	jsonw_object_inline(w);
	print_list(w, "lift", t, r->lift.nodes, r->lift.n);
	jsonw_key(w, "covers");
	jsonw_array_inline(w);
	for (size_t i = 0; i < r->n_wins; i++) {
		jsonw_object_inline(w);
		plan_print_element(w, t, &plan->gaps[r->wins[i]].what);
		jsonw_end(w);
	}
	jsonw_end(w);
	jsonw_put_uint(w, "hopeless", r->hopeless);
	jsonw_put_bool(w, "proven", r->proven);
	jsonw_end(w);
}

static void print_changes(struct jsonw *w, const char *key,
	const struct plan_change *changes, size_t n)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		const struct plan_change *c = &changes[i];

		jsonw_object_inline(w);
		jsonw_put(w, "change", c->what);
		jsonw_put(w, "status", c->status);
		if (c->solved) {
			jsonw_put_int(w, "probes", c->probes);
			jsonw_put_int(w, "cost", c->cost);
			jsonw_put_int(w, "cost_change", c->more);
			jsonw_put_int(w, "satisfied", c->satisfied);
		}
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_texts(
	struct jsonw *w, const char *key, const char *const *texts, size_t n)
{
	if (key)
		jsonw_key(w, key);
	jsonw_array_inline(w);
	for (size_t i = 0; i < n; i++)
		jsonw_string(w, texts[i]);
	jsonw_end(w);
}

static void print_ways(struct jsonw *w, const struct plan_modes *m)
{
	jsonw_key(w, "ways");
	jsonw_array_inline(w);
	for (size_t i = 0; i < m->n_ways; i++)
		print_texts(w, NULL, m->ways[i].changes, m->ways[i].n);
	jsonw_end(w);
}

void plan_print_modes_demand(
	struct jsonw *w, const struct plan_modes *m, const struct topology *t)
{
	const struct plan_capacity *c = &m->capacity;

	if (m->part.budget)
		jsonw_put_int(w, "budget", m->part.budget);
	if (m->part.percent > 0)
		jsonw_put_double(w, "coverage", m->part.percent);
	if (c->max_pps)
		jsonw_put_int(w, "max_pps", c->max_pps);
	if (c->max_ifaces)
		jsonw_put_int(w, "max_ifaces", c->max_ifaces);
	if (!c->loads)
		return;
	jsonw_key(w, "loads");
	jsonw_object_inline(w);
	for (size_t i = 0; i < t->n_links; i++)
		jsonw_put_int(w, t->links[i].name, c->loads[i]);
	jsonw_end(w);
}

void plan_print_modes(
	struct jsonw *w, const struct plan *plan, const struct topology *t)
{
	const struct plan_modes *m = &plan->modes;

	if (m->part.asked)
		print_part(w, &m->part, t);
	if (m->capacity.asked)
		print_capacity(w, &m->capacity, t);
	if (m->forced.asked)
		print_forced(w, &m->forced, t);
	if (m->repair.found)
		print_repair(w, plan, t);
	if (m->n_without)
		print_changes(w, "without", m->without, m->n_without);
	if (m->n_what_if)
		print_changes(w, "what_if", m->what_if, m->n_what_if);
	if (m->n_conflict) {
		print_texts(w, "conflict", m->conflict, m->n_conflict);
		print_ways(w, m);
	}
}
