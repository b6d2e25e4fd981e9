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
static bool open_round(struct round *x, struct rng *r)
{
	struct plan_goal goal = {0};
	cleanup(jval_free_at) struct jval *demand = NULL;
	struct plan *plan = NULL;
	struct spec *s = mem_zalloc(1, sizeof(*s));
	struct wish w;
	bool ret;

	fill(s, r);
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

		if (open_round(&x, &r)) {
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
