/* Every line of remedies names what it does; a command is one that can be copied
 * and pasted. */
#include "cli/remedy.h"
#include "base/mem.h"
#include "cli/again.h"

#include <stdlib.h>
#include <string.h>

enum { COMMAND_MAX = 600, NAMES_MAX = 300, WINS_MAX = 8, INDENT = 11 };

/* Options that only make sense, or are only taken, with a plan of the same
 * mode. */
static const char *const of_the_mode[] = {"light", "heavy", "mixed", "free",
	"node-type", "node-ifaces", "node-gbps", "node-pps", "forced",
	"what-if", "max-pps", "max-ifaces", "loads", NULL};

static void add_nodes(
	struct buf *to, const struct topology *t, const struct plan_list *list)
{
	size_t start = to->len;

	for (size_t i = 0; i < list->n; i++) {
		if (to->len - start > NAMES_MAX) {
			buf_addf(to, " and %zu more", list->n - i);
			return;
		}
		buf_addf(to, "%s%s", i ? "," : "",
			t->nodes[list->nodes[i]].name);
	}
}

/* A line that can be copied as it stands; "" if that would be too long. */
static void add_command(struct buf *to, const char *command, const char *effect)
{
	if (strlen(command) <= COMMAND_MAX)
		buf_addf(to, "           %s   %s\n", command, effect);
}

/* Only nodes that can be logged in to can be changed. */
static bool has_machines(const struct topology *t)
{
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].m->address || t->nodes[i].m->hostname)
			return true;
	return false;
}

void remedy_coverage(struct buf *to, size_t covered, size_t of)
{
	size_t hundredths = of ? covered * 10000 / of : 0;

	if (hundredths >= 100)
		buf_addf(to, "           --coverage %zu%%   accept the gap\n",
			hundredths / 100);
	else if (hundredths > 0)
		buf_addf(to,
			"           --coverage 0.%02zu%%   accept the gap\n",
			hundredths);
}

/* The lines after "Possible:". */
void remedy_share(struct buf *to, const struct last_word *w)
{
	const struct plan *plan = w->plan;
	struct buf command = BUF_INIT(1 << 20);

	if (!plan->modes.capacity.asked && !plan->heavy)
		remedy_coverage(to, plan->n_satisfied, plan->n_elements);
	if (has_machines(w->t) && !plan->heavy) {
		again(w->app, "up", NULL, "--partial", &command);
		add_command(to, buf_str(&command), "accept the gap");
	}
	buf_release(&command);
}

static void add_wins(
	struct buf *to, const struct plan *plan, const struct topology *t)
{
	const struct plan_repair *r = &plan->modes.repair;

	for (size_t i = 0; i < r->n_wins && i < WINS_MAX; i++) {
		buf_addc(to, ' ');
		plan_element_name(&plan->gaps[r->wins[i]].what, t, to);
	}
	if (r->n_wins > WINS_MAX)
		buf_addf(to, " and %zu more", r->n_wins - WINS_MAX);
}

static bool is_listed(const struct topology *t, const struct plan_list *list,
	const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(t->nodes[list->nodes[i]].name, name) == 0)
			return true;
	return false;
}

/* "--avoid a,b", or nothing when none is left. */
static void add_list(struct buf *to, const char *option,
	const struct opt_list *names, const struct topology *t,
	const struct plan_list *less)
{
	struct buf list = BUF_INIT(1 << 20);

	for (size_t i = 0; i < names->n; i++)
		if (!is_listed(t, less, names->items[i]))
			buf_addf(&list, "%s%s", list.len ? "," : "",
				names->items[i]);
	if (list.len) {
		buf_addf(to, "%s--%s ", to->len ? " " : "", option);
		again_word(to, buf_str(&list));
	}
	buf_release(&list);
}

void remedy_repair(struct buf *to, const struct last_word *w)
{
	static const char *const without[] = {"avoid", NULL};
	const struct plan_repair *r = &w->plan->modes.repair;
	struct buf more = BUF_INIT(1 << 20), command = BUF_INIT(1 << 20);

	if (!r->found || r->lift.n == 0)
		return;
	buf_adds(to, "           remove ");
	add_nodes(to, w->t, &r->lift);
	buf_adds(to, " from --avoid   covers");
	add_wins(to, w->plan, w->t);
	buf_addc(to, '\n');
	add_list(&more, "avoid", &w->o->avoid, w->t, &r->lift);
	again(w->app, w->app->running->name, without,
		more.len ? buf_str(&more) : NULL, &command);
	if (command.len <= COMMAND_MAX)
		buf_addf(to, "             %s\n", buf_str(&command));
	buf_release(&more);
	buf_release(&command);
}

/* What was read from standard input is gone. */
static bool asks_again(const struct plan_options *o)
{
	const char *const files[] = {o->select, o->paths, o->costs, o->loads};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] && strcmp(files[i], "-") == 0)
			return false;
	return true;
}

/* How many elements stay uncovered then, which no placement can cover. */
static size_t hopeless_with(
	const struct last_word *w, struct plan_options *o, int64_t redundancy)
{
	cleanup(plan_free_at) struct plan *plan = NULL;
	size_t n = 0;

	o->redundancy = redundancy;
	if (planning_solve(w->t, o, NULL, &plan, NULL) < 0)
		return SIZE_MAX;
	for (size_t i = 0; i < plan->n_gaps; i++) {
		if (plan->gaps[i].possible)
			return SIZE_MAX;
		n++;
	}
	return plan->n_gaps || plan->status == PLAN_OPTIMAL ? n : SIZE_MAX;
}

void remedy_redundancy(struct buf *to, const struct last_word *w)
{
	struct plan_options o = *w->o;
	int64_t k = o.redundancy;
	size_t least;

	if (k < 2 || !asks_again(&o))
		return;
	o.what_if = (struct opt_list){0};
	o.forced = false;
	least = hopeless_with(w, &o, 1);
	if (least >= w->plan->n_gaps)
		return;
	do
		k--;
	while (k > 1 && hopeless_with(w, &o, k) != least);
	buf_addf(to, "           --redundancy %lld   covers all%s\n",
		(long long)k, least ? " that can be" : "");
}

void remedy_offer(struct buf *to, const struct last_word *w)
{
	const struct plan_modes *m = &w->plan->modes;
	struct buf command = BUF_INIT(1 << 20), effect = BUF_INIT(256);
	struct heavy_offer offer;

	/* what new nodes do not go with */
	if (m->part.budget || m->part.percent > 0)
		return;
	offer = heavy_offer_for(w->t, w->plan);
	if (!offer.links)
		return;
	if (offer.links == offer.of)
		buf_adds(&effect, "covers all");
	else
		buf_addf(&effect, "covers %zu of them", offer.links);
	buf_addf(&effect, ", needs %zu more node%s%s", offer.nodes,
		offer.nodes == 1 ? "" : "s",
		m->capacity.asked ? ", limits are only for light plans" : "");
	again(w->app, "plan", of_the_mode, "--mixed", &command);
	add_command(to, buf_str(&command), buf_str(&effect));
	buf_release(&command);
	buf_release(&effect);
}

void remedy_print(struct buf *to, const char *word, struct buf *lines)
{
	if (lines->len > INDENT)
		buf_addf(to, "%-*s%.*s", INDENT, word,
			(int)lines->len - INDENT - 1, buf_str(lines) + INDENT);
	buf_release(lines);
}

/* Is the change "-OPTION", perhaps with a name? */
static bool is_less(const char *change, const char *option, const char **name)
{
	size_t n = strlen(option);

	if (change[0] != '-' || strncmp(change + 1, option, n) != 0)
		return false;
	*name = change[n + 1] == ' ' ? change + n + 2 : NULL;
	return change[n + 1] == '\0' || *name;
}

static void add_names_left(struct buf *more, const struct last_word *w,
	const struct plan_way *way, const char *option,
	const struct opt_list *names)
{
	cleanup_free int *nodes = mem_zalloc(way->n + 1, sizeof(int));
	struct plan_list less = {.nodes = nodes};
	const char *name;

	for (size_t i = 0; i < way->n; i++)
		if (is_less(way->changes[i], option, &name)) {
			if (!name)
				return;
			nodes[less.n++] = topology_node(w->t, name);
		}
	add_list(more, option, names, w->t, &less);
}

/* The options a way changes, as again() wants them. */
enum { CHANGED_MAX = 8 };

static void name_changed(
	const struct plan_way *way, const char *(*ret)[CHANGED_MAX])
{
	static const char *const all[] = {"redundancy", "avoid", "require",
		"coverage", "max-pps", "max-ifaces", "budget"};
	size_t n = 0;

	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		for (size_t i = 0; i < way->n; i++) {
			const char *at = way->changes[i], *name;
			bool more = strncmp(at, "--", 2) == 0;

			if (is_less(at, all[k], &name) ||
				(more && strncmp(at + 2, all[k],
						 strlen(all[k])) == 0)) {
				(*ret)[n++] = all[k];
				break;
			}
		}
	(*ret)[n] = NULL;
}

void remedy_way(
	struct buf *to, const struct last_word *w, const struct plan_way *way)
{
	struct buf more = BUF_INIT(1 << 20), command = BUF_INIT(1 << 20);
	const char *changed[CHANGED_MAX];
	const char *effect = w->plan->modes.repair.hopeless
				     ? "covers all that can be"
				     : "will do";

	if (way->n == 1 && strncmp(way->changes[0], "--", 2) == 0) {
		buf_addf(to, "           %s   %s\n", way->changes[0], effect);
		return;
	}
	name_changed(way, &changed);
	for (const char **o = changed; *o; o++)
		if (strcmp(*o, "avoid") == 0)
			add_names_left(&more, w, way, *o, &w->o->avoid);
		else if (strcmp(*o, "require") == 0)
			add_names_left(&more, w, way, *o, &w->o->require);
	for (size_t i = 0; i < way->n; i++)
		if (strncmp(way->changes[i], "--", 2) == 0)
			buf_addf(&more, "%s%s", more.len ? " " : "",
				way->changes[i]);
	again(w->app, w->app->running->name, changed,
		more.len ? buf_str(&more) : NULL, &command);
	add_command(to, buf_str(&command), effect);
	buf_release(&more);
	buf_release(&command);
}

static void add_mixed(
	struct buf *to, const struct last_word *w, const struct plan *mixed)
{
	const struct plan_heavy *h = mixed->heavy;
	size_t nodes = h->n_nodes + (h->collector >= 0);
	struct buf command = BUF_INIT(1 << 20), effect = BUF_INIT(256);

	again(w->app, "plan",
		(const char *const[]){"heavy", "light", "mixed", NULL},
		"--mixed", &command);
	buf_addf(&effect, "covers %zu of %zu links, takes %zu new node%s",
		mixed->n_covered, mixed->n_links, nodes, nodes == 1 ? "" : "s");
	add_command(to, buf_str(&command), buf_str(&effect));
	buf_release(&command);
	buf_release(&effect);
}

static void add_collector(
	struct buf *to, const struct last_word *w, const char *node)
{
	struct plan_options o = *w->o;
	cleanup(plan_free_at) struct plan *plan = NULL;

	o.collector = node;
	if (planning_solve(w->t, &o, NULL, &plan, NULL) < 0 ||
		plan->n_covered < w->plan->n_covered)
		return;
	buf_adds(to, "           --collector ");
	again_word(to, node);
	buf_addf(to, "   saves 1 node: covers %zu of %zu links\n",
		plan->n_covered, plan->n_links);
}

/* Mixed: a node allowed again may see what needs new nodes now. */
static void add_lifted(struct buf *to, const struct last_word *w)
{
	static const char *const without[] = {"avoid", NULL};
	cleanup(plan_free_at) struct plan *light = NULL;
	cleanup(plan_free_at) struct plan *mixed = NULL;
	struct plan_options o = *w->o;
	struct buf more = BUF_INIT(1 << 20), command = BUF_INIT(1 << 20);
	struct buf effect = BUF_INIT(256);

	o.mixed = false;
	o.with = NULL;
	if (planning_solve(w->t, &o, NULL, &light, NULL) < 0 ||
		light->modes.repair.lift.n == 0)
		return;
	o = *w->o;
	o.avoid = (struct opt_list){0};
	for (size_t i = 0; i < w->o->avoid.n; i++)
		if (!is_listed(w->t, &light->modes.repair.lift,
			    w->o->avoid.items[i]))
			opt_list_add(&o.avoid, w->o->avoid.items[i]);
	if (planning_solve(w->t, &o, NULL, &mixed, NULL) == 0 &&
		mixed->n_covered > w->plan->n_covered) {
		add_list(
			&more, "avoid", &o.avoid, w->t, &(struct plan_list){0});
		again(w->app, w->app->running->name, without,
			more.len ? buf_str(&more) : NULL, &command);
		buf_addf(&effect, "covers %zu of %zu links", mixed->n_covered,
			mixed->n_links);
		add_command(to, buf_str(&command), buf_str(&effect));
	}
	opt_list_release(&o.avoid);
	buf_release(&more);
	buf_release(&command);
	buf_release(&effect);
}

void remedy_pool(struct buf *to, const struct last_word *w)
{
	const struct plan_heavy *h = w->plan->heavy;
	struct plan_options o = *w->o;
	cleanup(plan_free_at) struct plan *mixed = NULL;
	struct heavy_goal with;

	if (!asks_again(&o) || !o.with)
		return;
	with = *o.with;
	if (o.mixed && o.avoid.n)
		add_lifted(to, w);
	with.mixed = true;
	o.heavy = false;
	o.mixed = true;
	o.with = &with;
	if (planning_solve(w->t, &o, NULL, &mixed, NULL) < 0)
		return;
	if (strcmp(w->plan->mode, "heavy") == 0 &&
		mixed->n_covered > w->plan->n_covered)
		add_mixed(to, w, mixed);
	if (h->collector >= 0 && !w->o->collector && mixed->collector.node >= 0)
		add_collector(to, w, w->t->nodes[mixed->collector.node].name);
}
