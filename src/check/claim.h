/* What a plan says, read as it stands: names resolved, nothing believed. */
#ifndef NFZ_CHECK_CLAIM_H
#define NFZ_CHECK_CLAIM_H

#include "base/arena.h"
#include "base/err.h"
#include "check/names.h"
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
};

enum claim_rule { RULE_NONE, RULE_ALL, RULE_UNWATCHED };

struct claim_tap {
	int link, node, iface, slot;
	enum claim_rule received, sent;
	bool lowest;
};

struct claim {
	struct arena arena;
	enum claim_status status;
	const char *status_word;
	int64_t probes, cost, lower_bound, links, covered;
	struct claim_probe *probe;
	struct claim_tap *tap;
	int *uncovered; /* links */
	size_t n_probe, n_tap, n_uncovered;
	int64_t *weight; /* by link, 0 or more */
	int64_t scale;
};

/* NFZ_E_INPUT names the member that is missing or not what it should be, or
 * the name that is not in the topology. */
int claim_read(const struct names *names, const struct jval *plan,
	struct claim *ret, struct err *err) NFZ_MUST_CHECK;
void claim_release(struct claim *c);

#endif
