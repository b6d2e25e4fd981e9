/* What a plan says beside the placement: nodes that every best plan has, what a
 * change would do, which exclusions to lift.  Each is derived once more with
 * the checker's own search, as far as the time allows; what is not is said. */
#include "base/clock.h"
#include "base/mem.h"
#include "check/exact.h"
#include "check/judge.h"

#include <inttypes.h>
#include <string.h>

/* The demand with something changed, and what has to be seen then. */
struct other {
	struct ask ask;
	struct need need;
};

struct answers {
	const struct judge *j;
	int64_t deadline_ns;
	int64_t cost; /* of the cheapest placement */
	int possible; /* groups that can be covered */
	struct trouble wrong;
	size_t n, unsure; /* answers held; not verified */
};

static void other_open(struct other *o, const struct judge *j)
{
	size_t n = j->t->n_nodes;

	o->ask = *j->ask;
	o->ask.avoided = mem_zalloc(n + 1, sizeof(bool));
	o->ask.required = mem_zalloc(n + 1, sizeof(bool));
	memcpy(o->ask.avoided, j->ask->avoided, n * sizeof(bool));
	memcpy(o->ask.required, j->ask->required, n * sizeof(bool));
}

static void other_release(struct other *o)
{
	need_release(&o->need);
	free(o->ask.avoided);
	free(o->ask.required);
}

static int possible_in(const struct need *n)
{
	int count = 0;

	for (int g = 0; g < n->n_groups; g++)
		count += n->groups[g].possible;
	return count;
}

static struct exact_result solve(
	const struct answers *a, const struct need *n, int64_t enough)
{
	struct exact_result r;

	exact_solve(n, NULL, enough, a->deadline_ns, &r);
	return r;
}

static bool late(const struct answers *a)
{
	return mono_now().ns > a->deadline_ns;
}

static void sum_up(struct answers *a, const char *check, const char *what)
{
	if (a->wrong.n || a->n > a->unsure)
		verdict_close(a->j->v, check, &a->wrong, "%zu %s hold%s",
			a->n - a->unsure, what,
			a->n - a->unsure == 1 ? "s" : "");
	if (a->unsure && !a->wrong.n)
		verdict_add(a->j->v, check, FINDING_NOTE, "%zu %s not verified",
			a->unsure, what);
	a->wrong = (struct trouble){.n = 0};
	a->n = a->unsure = 0;
}

enum dearer { DEARER_NO, DEARER_YES, DEARER_UNSURE };

/* Does the best placement cost more (or cover less) with this node avoided or
 * required? */
static enum dearer dearer_with(const struct answers *a, int node, bool avoided)
{
	enum dearer ret = DEARER_UNSURE;
	struct exact_result r;
	struct other o;

	other_open(&o, a->j);
	*(avoided ? &o.ask.avoided[node] : &o.ask.required[node]) = true;
	need_init(&o.need, a->j->t, &o.ask);
	r = solve(a, &o.need, a->cost + 1);
	if (possible_in(&o.need) < a->possible || r.bound > a->cost)
		ret = DEARER_YES;
	else if (r.closed)
		ret = DEARER_NO;
	other_release(&o);
	return ret;
}

static void expect(struct answers *a, int node, bool avoided, bool dearer,
	const char *list)
{
	enum dearer is = dearer_with(a, node, avoided);

	if (is == DEARER_UNSURE)
		a->unsure++;
	else if ((is == DEARER_YES) != dearer)
		trouble_add(&a->wrong,
			"%s is told to be %s in the best plans, but with it "
			"%s they cost %s",
			a->j->t->nodes[node].name, list,
			avoided ? "avoided" : "required",
			dearer ? "no more" : "more");
}

static void judge_node(struct answers *a, int node, const char *list)
{
	const struct need *n = a->j->need;
	bool always = strcmp(list, "always") == 0;
	bool never = strcmp(list, "never") == 0;

	a->n++;
	if (n->required[node]) {
		if (!always)
			trouble_add(&a->wrong, "%s is required, so always in",
				a->j->t->nodes[node].name);
		return;
	}
	if (n->place[node] != node || late(a)) {
		a->unsure++;
		return;
	}
	if (!never)
		expect(a, node, true, always, list);
	if (!always && !late(a))
		expect(a, node, false, never, list);
}

static void judge_list(struct answers *a, const struct jval *lists,
	const char *key, bool *told)
{
	const struct jval *list = jval_get(lists, key);

	for (size_t i = 0; i < jval_count(list); i++) {
		const char *name = jval_text(jval_at(list, i));
		int node = names_node(a->j->names, name);

		if (node < 0 || told[node]) {
			trouble_add(&a->wrong, "%s: %s twice, or no node", key,
				name ? name : "(none)");
			continue;
		}
		told[node] = true;
		if (strcmp(key, "unknown") != 0)
			judge_node(a, node, key);
	}
}

static void judge_forced(struct answers *a)
{
	static const char *const keys[] = {
		"always", "sometimes", "never", "unknown"};
	const struct jval *lists = jval_get(a->j->plan, "forced");
	cleanup_free bool *told =
		mem_zalloc(a->j->t->n_nodes + 1, sizeof(bool));
	struct exact_result r;

	if (!lists)
		return;
	r = solve(a, a->j->need, INT64_MAX);
	a->cost = r.bound;
	a->possible = possible_in(a->j->need);
	if (!r.closed)
		a->deadline_ns = 0;
	for (size_t i = 0; i < 4; i++)
		judge_list(a, lists, keys[i], told);
	for (size_t v = 0; v < a->j->t->n_nodes; v++)
		if (!told[v] && !a->j->need->obstacle[v] &&
			a->j->need->place[v] == (int)v)
			trouble_add(&a->wrong, "nothing is said of %s",
				a->j->t->nodes[v].name);
	sum_up(a, "forced", "nodes of \"forced\"");
}

static bool set_node(const struct answers *a, struct other *o, char sign,
	bool avoid, const char *name)
{
	int node = names_node(a->j->names, name);

	if (node < 0)
		return false;
	*(avoid ? &o->ask.avoided[node] : &o->ask.required[node]) = sign == '+';
	return true;
}

/* "+avoid a b -require c"; with one: all behind the first word is one name. */
static bool apply(
	const struct answers *a, struct other *o, const char *change, bool one)
{
	char sign = 0;
	bool avoid = false, good = true;

	while (good && *(change += strspn(change, " ,"))) {
		size_t n = one && sign ? strlen(change) : strcspn(change, " ,");
		cleanup_free char *word = mem_strndup(change, n);

		change += n;
		if (strcmp(word + 1, "avoid") == 0 ||
			strcmp(word + 1, "require") == 0) {
			sign = word[0];
			avoid = word[1] == 'a';
		} else {
			good = sign && set_node(a, o, sign, avoid, word);
		}
	}
	return good;
}

/* Where nothing is left out on purpose, the search tells all of it. */
static void judge_numbers(struct answers *a, const struct other *o,
	const struct jval *from, const char *change)
{
	const char *status = jval_get_text(from, "status");
	int64_t cost = -1, more = 0, satisfied = -1;
	int possible = possible_in(&o->need);
	struct exact_result r;

	(void)jval_int(jval_get(from, "cost"), &cost);
	(void)jval_int(jval_get(from, "cost_change"), &more);
	(void)jval_int(jval_get(from, "satisfied"), &satisfied);
	if (more != cost - a->j->claim->cost)
		trouble_add(&a->wrong,
			"%s: from %" PRId64 " to %" PRId64 " is not %" PRId64,
			change, a->j->claim->cost, cost, more);
	if (satisfied < 0 || satisfied > possible)
		trouble_add(&a->wrong,
			"%s: %" PRId64 " of %d elements are "
			"covered",
			change, satisfied, possible);
	if (!a->j->ask->all || a->j->ask->max_pps || a->j->ask->max_ifaces ||
		late(a)) {
		a->unsure++;
		return;
	}
	if (satisfied != possible || (strcmp(status, "infeasible") == 0) !=
					     (possible < o->need.n_groups))
		trouble_add(&a->wrong,
			"%s: %s with %" PRId64 " of %d "
			"elements, %d of which can be covered",
			change, status, satisfied, o->need.n_groups, possible);
	r = solve(a, &o->need, INT64_MAX);
	if (cost < r.bound ||
		(r.closed && cost > r.bound && strcmp(status, "optimal") == 0))
		trouble_add(&a->wrong,
			"%s: the cheapest placement costs "
			"%" PRId64 ", the plan says %" PRId64,
			change, r.bound, cost);
	a->unsure += !r.closed && strcmp(status, "optimal") == 0;
}

/* An error in place of a plan: something required cannot be used. */
static bool has_no_plan(const struct other *o)
{
	for (size_t v = 0; v < o->need.t->n_nodes; v++)
		if (o->ask.required[v] && o->need.obstacle[o->need.place[v]])
			return true;
	return false;
}

static void judge_changes(struct answers *a, const char *key, bool one)
{
	const struct jval *list = jval_get(a->j->plan, key);

	for (size_t i = 0; i < jval_count(list); i++) {
		const struct jval *from = jval_at(list, i);
		const char *change = jval_get_text(from, "change");
		const char *status = jval_get_text(from, "status");
		struct other o = {.need = {0}};

		a->n++;
		if (!change || !status) {
			trouble_add(&a->wrong, "%s: no change or status", key);
			continue;
		}
		other_open(&o, a->j);
		if (!apply(a, &o, change, one)) {
			trouble_add(&a->wrong, "%s: %s makes no sense", key,
				change);
		} else {
			need_init(&o.need, a->j->t, &o.ask);
			if (jval_get(from, "cost"))
				judge_numbers(a, &o, from, change);
			else if (!has_no_plan(&o))
				a->unsure++;
		}
		other_release(&o);
	}
	sum_up(a, key, "changes");
}

static int avoided_among(const struct judge *j, const struct jval *list,
	bool *ret, struct trouble *wrong)
{
	int n = 0;

	for (size_t i = 0; i < jval_count(list); i++) {
		const char *name = jval_text(jval_at(list, i));
		int node = names_node(j->names, name);

		if (node < 0 || !ret[node])
			trouble_add(wrong, "%s is not excluded",
				name ? name : "(none)");
		else
			ret[node] = false;
		n++;
	}
	return n;
}

/* No fewer nodes do: those excluded cost one each, the others nothing. */
static void judge_fewest(struct answers *a, int lifted)
{
	struct exact_result r;
	struct other o;

	other_open(&o, a->j);
	o.ask.cost = mem_zalloc(a->j->t->n_nodes + 1, sizeof(int64_t));
	for (size_t v = 0; v < a->j->t->n_nodes; v++) {
		o.ask.cost[v] = o.ask.avoided[v];
		o.ask.avoided[v] = false;
	}
	need_init(&o.need, a->j->t, &o.ask);
	r = solve(a, &o.need, lifted);
	if (r.closed && r.bound < lifted)
		trouble_add(&a->wrong,
			"%" PRId64 " exclusions less would do, "
			"not %d",
			r.bound, lifted);
	a->unsure += r.bound < lifted && !r.closed;
	free(o.ask.cost);
	other_release(&o);
}

static void judge_repair(struct answers *a)
{
	const struct jval *repair = jval_get(a->j->plan, "repair");
	const struct jval *covers = jval_get(repair, "covers");
	size_t n = a->j->t->n_nodes;
	struct other some, all;
	int64_t hopeless = -1;
	bool proven = false;
	int lifted, before = possible_in(a->j->need);

	if (!repair || a->j->ask->fresh)
		return;
	(void)jval_int(jval_get(repair, "hopeless"), &hopeless);
	(void)jval_bool(jval_get(repair, "proven"), &proven);
	a->n = 1;
	other_open(&some, a->j);
	other_open(&all, a->j);
	lifted = avoided_among(
		a->j, jval_get(repair, "lift"), some.ask.avoided, &a->wrong);
	memset(all.ask.avoided, 0, n * sizeof(bool));
	need_init(&some.need, a->j->t, &some.ask);
	need_init(&all.need, a->j->t, &all.ask);
	if (possible_in(&some.need) != possible_in(&all.need))
		trouble_add(&a->wrong,
			"%d elements can be covered then, %d "
			"without any exclusion",
			possible_in(&some.need), possible_in(&all.need));
	if (hopeless != all.need.n_groups - possible_in(&all.need) ||
		(int64_t)jval_count(covers) != possible_in(&all.need) - before)
		trouble_add(&a->wrong,
			"%d elements more can be covered, %d "
			"cannot; the plan says %zu and %" PRId64,
			possible_in(&all.need) - before,
			all.need.n_groups - possible_in(&all.need),
			jval_count(covers), hopeless);
	if (proven && lifted)
		judge_fewest(a, lifted);
	other_release(&some);
	other_release(&all);
	sum_up(a, "repair", "suggestion");
}

void judge_answers(const struct judge *j)
{
	struct answers a = {
		.j = j, .deadline_ns = mono_now().ns + j->time_ms * NS_PER_MS};

	judge_repair(&a);
	judge_changes(&a, "without", true);
	judge_changes(&a, "what_if", false);
	judge_forced(&a);
	if (jval_count(jval_get(j->plan, "conflict")))
		verdict_add(j->v, "conflict", FINDING_NOTE,
			"which demands contradict each other, and ways out, "
			"are not verified");
}
