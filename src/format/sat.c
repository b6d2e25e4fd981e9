/* Adapter to CaDiCaL. */
#include "format/sat.h"
#include "base/clock.h"
#include "base/mem.h"

#include <ccadical.h>

struct sat {
	CCaDiCaL *solver;
	int64_t deadline_ns;
};

struct sat *sat_new(void)
{
	struct sat *s = mem_zalloc(1, sizeof(*s));

	s->solver = ccadical_init();
	ccadical_set_option(s->solver, "quiet", 1);
	ccadical_set_option(s->solver, "phase", 0);
	return s;
}

void sat_free(struct sat *s)
{
	if (!s)
		return;
	ccadical_release(s->solver);
	free(s);
}

void sat_clause(struct sat *s, const int *lits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ccadical_add(s->solver, lits[i]);
	ccadical_add(s->solver, 0);
}

static int is_late(void *state)
{
	const struct sat *s = state;

	return mono_now().ns >= s->deadline_ns;
}

enum sat_answer sat_solve(struct sat *s, const int *assume, size_t n,
	int conflicts, int64_t deadline_ns)
{
	int answer;

	s->deadline_ns = deadline_ns;
	ccadical_set_terminate(s->solver, deadline_ns ? s : NULL,
		deadline_ns ? is_late : NULL);
	if (conflicts > 0)
		ccadical_limit(s->solver, "conflicts", conflicts);
	for (size_t i = 0; i < n; i++)
		ccadical_assume(s->solver, assume[i]);
	answer = ccadical_solve(s->solver);
	return answer == 10 ? SAT_YES : answer == 20 ? SAT_NO : SAT_UNKNOWN;
}

void sat_few_decisions(struct sat *s, int decisions)
{
	ccadical_limit(s->solver, "decisions", decisions);
}

bool sat_true(struct sat *s, int lit)
{
	return ccadical_val(s->solver, lit) > 0;
}

bool sat_failed(struct sat *s, int lit)
{
	return ccadical_failed(s->solver, lit) != 0;
}
