/* The plan: where to watch, and why.  Plain data; also a file, schema
 * "netflowize.plan/1" (netflowize-plan(5)).  Indices refer to the topology
 * the plan was made for, whose digest it carries. */
#ifndef NFZ_TOPOLOGY_PLAN_H
#define NFZ_TOPOLOGY_PLAN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stdint.h>

enum plan_status { PLAN_OPTIMAL, PLAN_FEASIBLE, PLAN_INFEASIBLE, PLAN_TIMEOUT };

/* Which frames of a tap are counted (DESIGN section 6, rules 7 to 9). */
enum count_rule {
	COUNT_NONE,
	COUNT_ALL,
	COUNT_UNWATCHED /* only frames sent by members without a tap */
};

/* One tap: one interface of a probe, on one link. */
struct plan_tap {
	int probe; /* index into probes */
	int iface; /* topology interface */
	int link;
	int slot; /* the member this tap stands for (nearest it) */
	enum count_rule received, sent; /* as seen at the interface */
	bool lowest; /* LAN: counts group-addressed frames of the unwatched */
};

struct plan_probe {
	int node;
	int *covers; /* links */
	size_t n_covers;
	int *only; /* links no other probe of the plan sees */
	size_t n_only;
	const char *reason; /* "only node that sees c1-c3" */
	int64_t cost;
};

struct plan_gap {
	int link;
	const char *cause; /* why it is not covered, with each candidate's */
};

struct plan_collector {
	int node; /* -1: none possible */
	const char *reason;
};

struct plan {
	struct arena arena;
	char topology_sha256[65];
	enum plan_status status;
	const char *mode;      /* "light" */
	const char *cover;     /* "links" */
	const char *objective; /* "impact" */
	int64_t cost, lower_bound;
	struct plan_probe *probes;
	size_t n_probes;
	struct plan_tap *taps;
	size_t n_taps;
	struct plan_gap *gaps;
	size_t n_gaps;
	struct plan_collector collector;
	/* The proof: one weight per link slot element; whoever sums the weights
	 * a node could cover never finds more than the node costs. */
	int64_t *dual; /* by element, see netflowize-plan(5); may be NULL */
	size_t n_dual;
	int64_t dual_scale; /* what one unit of cost is in them; 0 counts as 1 */
	const char *proof;  /* how the bound was shown: "dual", "search" */
	uint64_t search_nodes;
	double duplicate_factor;
};

/* Is this interface watched at the host's end of a virtual node's wire?  What
 * the interface sends is received there: received and sent of the tap are the
 * interface's all the same. */
bool plan_tap_is_outside(const struct plan *plan, const struct topology *t,
	const struct plan_tap *tap);
/* The interface as the system of the probe calls it, NULL when unknown. */
const char *plan_tap_os_name(const struct plan *plan, const struct topology *t,
	const struct plan_tap *tap);

struct plan *plan_new(void);
void plan_free(struct plan *plan);
static inline void plan_free_at(struct plan **plan)
{
	plan_free(*plan);
}

/* JSON, deterministic. */
void plan_print(
	const struct plan *plan, const struct topology *t, struct buf *out);
/* Reads plan_print's output back; NFZ_E_INPUT when it was made for another
 * topology. */
int plan_parse(const char *text, size_t len, const char *name,
	const struct topology *t, struct plan **ret,
	struct err *err) NFZ_MUST_CHECK;
/* The digest a plan carries: SHA-256 of the topology's file form. */
void plan_digest(const struct topology *t, char hex[static 65]);
/* Links seen by some tap / links of the experiment that are elements. */
size_t plan_links_covered(const struct plan *plan, const struct topology *t);

#endif
