/* What the plan was asked for: its "demand" (netflowize-plan(5)).  A plan
 * without one was asked for the default: every link once. */
#ifndef NFZ_CHECK_ASK_H
#define NFZ_CHECK_ASK_H

#include "base/arena.h"
#include "base/err.h"
#include "check/names.h"
#include "format/json.h"

#include <stdbool.h>
#include <stdint.h>

enum ask_cover { ASK_LINKS, ASK_DIRECTIONS, ASK_SEGMENTS, ASK_PATHS };
enum ask_dedupe { ASK_OWNER, ASK_PATH, ASK_NONE };
enum ask_objective { ASK_IMPACT, ASK_COUNT, ASK_COST };

struct ask {
	struct arena arena;
	enum ask_cover cover;
	enum ask_objective objective;
	int redundancy;
	bool all;       /* nothing that can be covered may be left out */
	int64_t budget; /* most probes, 0: no limit */
	double percent; /* of the elements, 0: all */
	int64_t max_pps, max_ifaces; /* of a probe, 0: no limit */
	int64_t *load;               /* by link, packets per second */
	bool *avoided, *required;    /* by node */
	bool *selected;              /* by link; NULL: all of them */
	bool *fresh; /* by link: left to new nodes, so not selected; NULL: none */
	size_t n_fresh, n_fresh_covered;
	int (*pairs)[2]; /* ends of paths; NULL: all hosts */
	size_t n_pairs;
	enum ask_dedupe dedupe;
	int64_t *cost; /* by node, in units of objective.cost */
};

/* Cost of a node; NFZ_E_INPUT for a demand that makes no sense. */
int ask_read(const struct names *names, const struct jval *plan,
	struct ask *ret, struct err *err) NFZ_MUST_CHECK;
void ask_release(struct ask *a);
const char *ask_cover_name(enum ask_cover cover);
const char *ask_objective_name(enum ask_objective objective);

#endif
