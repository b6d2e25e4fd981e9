/* What --heavy and --mixed would change in an experiment's description: the
 * plan for it, the new text, and what it takes. */
#ifndef NFZ_CLI_HEAVY_DRAFT_H
#define NFZ_CLI_HEAVY_DRAFT_H

#include "cli/heavy.h"
#include "cli/heavy_change.h"
#include "cli/planning.h"
#include "testbed/ns_change.h"

struct heavy_wish {
	const struct plan_options *plan;
	const struct heavy_options *heavy;
	const char *collector;    /* where records are kept already, or NULL */
	const struct plan *given; /* made before, of this topology; or NULL */
};

struct heavy_draft {
	const struct plan *plan; /* with its heavy part */
	struct plan *own;        /* that, unless it was given */
	struct ns_change change;
	struct ns_trace *traces; /* the change's */
	size_t n_traces, traces_cap;
	struct change_images images;
	struct ns_experiment *before; /* NULL: it cannot be evaluated here */
	struct ns_effect effect;
	struct buf text;       /* what would be sent */
	struct opt_list links; /* that get bridges, and had none of ours */
	bool same;             /* as it is now */
	bool reimage;          /* shapers there get another system */
	int64_t need;          /* machines more than now */
};

/* Refuses what no experiment of the portal allows, with what its profile's
 * author can do: NFZ_E_UNCOVERED. */
int heavy_no_profile(const struct topology *t, struct err *err) NFZ_MUST_CHECK;

/* Changes nothing.  NFZ_E_RESOURCES, NFZ_E_NS, NFZ_E_TOO_BIG. */
int heavy_draft(struct heavy_now *now, struct topology *t,
	const struct heavy_wish *wish, struct heavy_draft *ret,
	struct err *err) NFZ_MUST_CHECK;
void heavy_draft_release(struct heavy_draft *d);
/* How many machines are free for it; negative: the testbed does not tell. */
int heavy_available(struct heavy_now *now, const struct heavy_options *o,
	int64_t *ret, struct err *err) NFZ_MUST_CHECK;
/* The change as a unified diff of the experiment's NS text. */
void heavy_diff(const struct heavy_now *now, const struct heavy_draft *d,
	struct buf *out);

#endif
