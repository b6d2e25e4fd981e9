/* What a plan says, read as it stands: names resolved, nothing believed. */
#ifndef NFZ_CHECK_CLAIM_H
#define NFZ_CHECK_CLAIM_H

#include "base/arena.h"
#include "base/err.h"
#include "check/names.h"
#include "check/need.h"
#include "format/json.h"

#include <stdbool.h>
#include <stdint.h>

enum claim_status {
	CLAIM_OPTIMAL,
	CLAIM_FEASIBLE,
	CLAIM_INFEASIBLE,
	CLAIM_BUDGET_LIMITED,
	CLAIM_TIMEOUT
};

struct claim_probe {
	int node;
	const char *role;
	int64_t cost;
	int *covers, *only; /* links */
	size_t n_covers, n_only;
	int (*only_paths)[2];
	size_t n_only_paths;
};

enum claim_rule { RULE_NONE, RULE_ALL, RULE_UNWATCHED };

struct claim_tap {
	int link, node, iface, slot;
	enum claim_rule received, sent;
	bool lowest;
};

/* An element that is not covered: of a link, or all paths of a pair. */
struct claim_gap {
	int group; /* the first, of a pair */
	bool pair;
	int64_t need;
	const struct jval *candidates; /* NULL but in infeasible */
};

struct claim {
	struct arena arena;
	enum claim_status status;
	const char *status_word;
	int64_t probes, cost, lower_bound, links, covered;
	int64_t elements, satisfied; /* -1: not said */
	double duplicate_factor;     /* below 0: not said */
	struct claim_probe *probe;
	struct claim_tap *tap;
	struct claim_gap *uncovered, *infeasible;
	size_t n_probe, n_tap, n_uncovered, n_infeasible;
	int64_t *weight; /* by row of the need, 0 or more */
	int64_t scale, proven;
};

/* NFZ_E_INPUT names the member that is missing or not what it should be, or
 * the name that is not in the topology. */
int claim_read(const struct names *names, const struct need *need,
	const struct jval *plan, struct claim *ret,
	struct err *err) NFZ_MUST_CHECK;
void claim_release(struct claim *c);

/* --- between claim.c, claim_weights.c and claim_reader.c ------------------- */

struct claim_reader {
	const struct names *names;
	const struct need *need;
	struct claim *to;
	struct err *err;
};

int claim_bad(struct claim_reader *r, const char *what);
int claim_link(
	struct claim_reader *r, const char *where, const char *name, int *ret);
/* The group of a path written as "nodes" and "links", either way round. */
int claim_path(struct claim_reader *r, const struct jval *o, int *ret);
int claim_weights(struct claim_reader *r, const struct jval *certificate);

#endif
