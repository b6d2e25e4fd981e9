/* Proofs by steps: what the planner writes is taken, and nothing, however
 * mangled, proves more than is true. */
#include "base/clock.h"
#include "base/mem.h"
#include "check/judge.h"
#include "check/replay.h"
#include "spec.h"
#include "topology/plan.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

enum { CASES = 200, MANGLED = 30, NODES = 22 };

struct round {
	struct topology *t;
	struct names names;
	struct ask ask;
	struct need need;
	struct buf text; /* the plan */
	int64_t bound;
};

/* Links between any two nodes, some with a shaper, a few LANs. */
static void fill(struct spec *s, struct rng *r)
{
	int n = 6 + (int)rng_below(r, NODES - 6);

	memset(s, 0, sizeof(*s));
	for (int v = 0; v < n; v++)
		spec_node(s, rng_below(r, 2) ? ROLE_HOST : ROLE_ROUTER);
	for (int v = 0; v < 4; v++)
		spec_node(s, ROLE_SHAPER);
	for (int i = 0; i < n * 2; i++) {
		bool lan = rng_below(r, 12) == 0;
		struct spec_link *l = spec_link(s, lan ? LINK_LAN : LINK_P2P);

		l->n = lan ? 3 : 2;
		for (int m = 0; m < l->n; m++) {
			l->member[m] = (int)rng_below(r, (unsigned)n);
			l->bridge[m] = -1;
		}
		if (!lan && rng_below(r, 3) == 0)
			l->bridge[0] = n + (int)rng_below(r, 4);
	}
}

static void wish_for(struct wish *w, struct rng *r)
{
	static const char *const goals[] = {"count", "impact", "cost"};
	static const char *const covers[] = {"links", "segments", "directions"};

	*w = (struct wish){.cover = covers[rng_below(r, 3)],
		.objective = goals[rng_below(r, 3)],
		.dedupe = "owner",
		.redundancy = 1 + (rng_below(r, 6) == 0),
		.change = {-1, -1}};
	for (int v = 0; v < SPEC_NODES; v++)
		w->cost[v] = rng_below(r, 9);
	w->avoid[0] = rng_below(r, 4) == 0;
	w->require[1] = rng_below(r, 4) == 0;
}

/* False: the plan has no steps. */
static bool open_round(struct round *x, struct rng *r,
	void (*fill_with)(struct spec *s, struct rng *r))
{
	struct plan_goal goal = {0};
	cleanup(jval_free_at) struct jval *demand = NULL;
	struct plan *plan = NULL;
	struct spec *s = mem_zalloc(1, sizeof(*s));
	struct wish w;
	bool ret;

	fill_with(s, r);
	wish_for(&w, r);
	*x = (struct round){.t = spec_build(s), .text = BUF_INIT(64 << 20)};
	wish_goal(&w, s, x->t, &goal);
	cr_assert_eq(plan_solve(x->t, &goal, &plan, NULL), 0);
	plan_print(plan, x->t, &x->text);
	x->bound = plan->lower_bound;
	ret = plan->proof.steps != NULL;
	plan_free(plan);
	wish_goal_release(&goal);
	free(s);
	names_init(&x->names, x->t);
	cr_assert_eq(jval_parse(buf_str(&x->text), x->text.len, "plan", &demand,
			     NULL),
		0);
	cr_assert_eq(ask_read(&x->names, demand, &x->ask, NULL), 0);
	need_init(&x->need, x->t, &x->ask);
	return ret;
}

static void close_round(struct round *x)
{
	buf_release(&x->text);
	need_release(&x->need);
	ask_release(&x->ask);
	names_release(&x->names);
	topology_free(x->t);
}

static enum replay_end replay(
	const struct round *x, const char *text, int64_t bound, char *why)
{
	cleanup(jval_free_at) struct jval *plan = NULL;

	if (jval_parse(text, strlen(text), "plan", &plan, NULL) < 0)
		return REPLAY_FAILS;
	return replay_steps(&x->names, &x->need, jval_get(plan, "certificate"),
		bound, mono_now().ns + 10 * NS_PER_S, why);
}

/* Another digit, or a line less. */
static void mangle(char *text, struct rng *r)
{
	char *lines = strstr(text, "\"lines\": [");
	size_t len = (size_t)(strchr(lines + 10, ']') - lines);
	char *at = lines + 10 + rng_below(r, (unsigned)len - 10), *end;

	if (rng_below(r, 3)) {
		while (at < lines + len && !isdigit((unsigned char)*at))
			at++;
		if (at < lines + len)
			*at = (char)('0' + rng_below(r, 10));
		return;
	}
	while (at > lines && *at != '\n')
		at--;
	end = strchr(at + 1, '\n');
	if (end && end < lines + len && end[-1] == ',')
		memmove(at, end, strlen(end) + 1);
}

Test(steps, prove_what_is_true_and_no_more, .timeout = 600)
{
	struct rng r = {.state = 7};
	int proofs = 0, refused = 0;

	for (int i = 0; i < CASES; i++) {
		struct round x;
		char why[300];

		if (open_round(&x, &r, fill)) {
			cr_assert_eq(replay(&x, buf_str(&x.text), x.bound, why),
				REPLAY_PROVES, "case %d: %s", i, why);
			cr_assert_eq(
				replay(&x, buf_str(&x.text), x.bound + 1, why),
				REPLAY_FAILS, "case %d", i);
			proofs++;
		}
		for (int k = 0; k < MANGLED &&
				strstr(buf_str(&x.text), "\"lines\": [\n");
			k++) {
			cleanup_free char *text = mem_strdup(buf_str(&x.text));

			mangle(text, &r);
			mangle(text, &r);
			cr_assert_neq(replay(&x, text, x.bound + 1, why),
				REPLAY_PROVES, "case %d: %s", i, text);
			refused +=
				replay(&x, text, x.bound, why) == REPLAY_FAILS;
		}
		close_round(&x);
	}
	cr_log_info("%d proofs; mangled and refused: %d", proofs, refused);
	cr_assert_gt(proofs, 50);
	cr_assert_gt(refused, 20 * proofs);
}

/* --- forged ----------------------------------------------------------------
 */

enum { SMALL = 9, FORGERIES = 400, TRIES = 120 };

/* What every placement costs at least, by trying all of them. */
static int64_t cheapest(const struct need *n)
{
	int64_t best = INT64_MAX;

	for (unsigned set = 0; set < 1u << n->t->n_nodes; set++) {
		bool chosen[SMALL], good = true;
		int64_t cost = 0;

		for (size_t v = 0; v < n->t->n_nodes; v++) {
			chosen[v] = set >> v & 1;
			good = good &&
			       (chosen[v] ? !n->obstacle[v] : !n->required[v]);
			cost += chosen[v] ? n->ask->cost[v] : 0;
		}
		for (int g = 0; g < n->n_groups && good; g++)
			good = !n->groups[g].possible ||
			       need_covered(n, &n->groups[g], chosen);
		if (good && cost < best)
			best = cost;
	}
	return best;
}

static void fill_small(struct spec *s, struct rng *r)
{
	int n = 4 + (int)rng_below(r, SMALL - 4);

	memset(s, 0, sizeof(*s));
	for (int v = 0; v < n; v++)
		spec_node(s, rng_below(r, 2) ? ROLE_HOST : ROLE_ROUTER);
	for (int i = 0; i < n + 2; i++) {
		bool lan = rng_below(r, 5) == 0;
		struct spec_link *l = spec_link(s, lan ? LINK_LAN : LINK_P2P);

		l->n = lan ? 3 : 2;
		for (int m = 0; m < l->n; m++) {
			l->member[m] = (int)rng_below(r, (unsigned)n);
			l->bridge[m] = -1;
		}
	}
}

/* A proof as far as it was forged. */
struct forgery {
	struct buf head, lines;
	unsigned rows, made, nodes;
};

static enum replay_end replay_forged(const struct round *x,
	const struct forgery *f, const char *line, int64_t bound, char *why)
{
	struct buf text = BUF_INIT(1 << 20);
	enum replay_end ret;

	buf_addf(&text, "{\"certificate\": {\"steps\": {%s], \"lines\": [%s",
		buf_str(&f->head), buf_str(&f->lines));
	buf_addf(&text, line ? "%s\"%s\"]}}}" : "]}}}",
		f->lines.len ? ", " : "", line);
	ret = replay(x, buf_str(&text), bound, why);
	buf_release(&text);
	return ret;
}

/* All nodes, and the rows that are taken. */
static void open_forgery(struct forgery *f, const struct round *x)
{
	struct buf rows = BUF_INIT(1 << 16);
	const struct need *n = &x->need;

	*f = (struct forgery){
		.head = BUF_INIT(1 << 16), .lines = BUF_INIT(1 << 18)};
	for (int g = 0; g < n->n_groups; g++) {
		const char *link = n->t->links[n->groups[g].link].name;
		int first = n->groups[n->group_of[n->groups[g].link]].first;
		int end, last = g;

		while (last + 1 < n->n_groups &&
			n->groups[last + 1].link == n->groups[g].link)
			last++;
		end = n->groups[last].end - first;
		for (int a = n->groups[g].first - first;
			a < n->groups[g].end - first; a++)
			for (int b = a; b < end; b++) {
				struct forgery one = {.head = BUF_INIT(999)};
				char why[300];

				buf_addf(&one.head, "\"rows\": [[\"%s\", %d",
					link, a);
				buf_addf(&one.head, b > a ? ", %d]" : "]", b);
				if (replay_forged(x, &one, NULL, 9, why) ==
						REPLAY_FAILS &&
					strstr(why, "rows:") == NULL)
					buf_addf(&rows, "%s%s",
						f->rows++ ? ", " : "",
						buf_str(&one.head) + 9);
				buf_release(&one.head);
			}
	}
	buf_addf(&f->head, "\"rows\": [%s], \"nodes\": [", buf_str(&rows));
	for (; f->nodes < n->t->n_nodes; f->nodes++)
		buf_addf(&f->head, "%s\"%s\"", f->nodes ? ", " : "",
			n->t->nodes[f->nodes].name);
	buf_release(&rows);
}

static void add_some_row(
	struct buf *line, const struct forgery *f, struct rng *r)
{
	unsigned at = (unsigned)rng_below(r, f->rows + f->made);

	buf_addf(line, " %d",
		at < f->rows ? (int)at : (int)f->rows - 1 - (int)at);
}

/* Any step at all, or one of the first `most` kinds. */
static void guess(
	struct buf *line, const struct forgery *f, unsigned most, struct rng *r)
{
	static const char *const words[] = {"drop", "idle", "take", "buy",
		"spare", "part", "half", "weigh"};
	enum { DROP, IDLE, TAKE, BUY, SPARE, PART, HALF, WEIGH };
	unsigned word = (unsigned)rng_below(r, most);

	word = word < WEIGH ? word : WEIGH;
	buf_adds(line, words[word]);
	for (int i = (word == DROP) +
		     (word == DROP || word == BUY || word == SPARE);
		i > 0; i--)
		buf_addf(line, " %d", (int)rng_below(r, f->nodes));
	for (int i = word == IDLE ? 2 : word == TAKE; i > 0; i--)
		add_some_row(line, f, r);
	if (word == PART || word == WEIGH)
		buf_addf(line, " %d", 1 + (int)rng_below(r, 3));
	for (unsigned v = 0; v < f->nodes && word == PART; v++)
		if (rng_below(r, 2))
			buf_addf(line, " %u", v);
	for (int i = 2 + (int)rng_below(r, 6); i > 0 && word >= HALF; i--) {
		add_some_row(line, f, r);
		if (word == WEIGH)
			buf_addf(line, " %d", (int)rng_below(r, 4));
	}
}

/* Lines that are taken, one after the other; last, what is left without a
 * choice is bought.  True: they prove the bound. */
static bool forge(
	const struct round *x, int64_t bound, unsigned most, struct rng *r)
{
	struct forgery f;
	bool proven = false;

	open_forgery(&f, x);
	for (int i = 0; i <= TRIES + (int)f.rows && f.rows && !proven; i++) {
		struct buf line = BUF_INIT(1 << 12);
		char why[300];

		if (i < TRIES)
			guess(&line, &f, most, r);
		else if (i < TRIES + (int)f.rows)
			buf_addf(&line, "take %d", i - TRIES);
		else
			buf_adds(&line, "weigh 1");
		proven = replay_forged(x, &f, buf_str(&line), bound, why) ==
			 REPLAY_PROVES;
		if (proven || strncmp(why, "the steps end", 13) == 0) {
			buf_addf(&f.lines, "%s\"%s\"", f.lines.len ? ", " : "",
				buf_str(&line));
			f.made += buf_str(&line)[0] == 'h';
		}
		buf_release(&line);
	}
	buf_release(&f.head);
	buf_release(&f.lines);
	return proven;
}

Test(steps, nothing_false_can_be_forged, .timeout = 600)
{
	struct rng r = {.state = 11};
	int guessed = 0;

	for (int i = 0; i < FORGERIES; i++) {
		struct round x;
		int64_t least;

		(void)open_round(&x, &r, fill_small);
		least = cheapest(&x.need);
		if (least < INT64_MAX) {
			cr_assert_not(forge(&x, least + 1, i % 2 ? 10 : 3, &r),
				"case %d", i);
			guessed += least > 0 && forge(&x, least, 10, &r);
		}
		close_round(&x);
	}
	cr_log_info("%d true bounds were proven by chance", guessed);
	cr_assert_gt(guessed, FORGERIES / 20);
}
