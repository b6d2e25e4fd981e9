/* What will be done on which node: the difference between what the plan wants
 * and what was found, in order, as a list that can be printed (--dry-run). */
#ifndef NFZ_DEPLOY_STEPS_H
#define NFZ_DEPLOY_STEPS_H

#include "base/buf.h"
#include "deploy/deploy.h"
#include "deploy/rollout.h"

enum step_kind {
	STEP_INSTALL, /* what: programs */
	STEP_STOP,    /* what: a role not wanted any more, a changed meter */
	STEP_START,   /* what: a role; also restarts a changed one */
	STEP_TUNE,    /* what: settings of the role, as it runs */
	STEP_REMOVE   /* what: a deployment's id */
};

struct step {
	int node; /* topology node */
	enum step_kind kind;
	const char *role; /* STEP_TUNE */
	char what[256];
};

struct steps {
	struct step *items;
	size_t n, cap;
};

/* Compares.  Nodes of the report that were not reached count as empty ones.
 * Order: installations, stops, the collector's start, meters, removals. */
void steps_make(const struct rollout *r, const struct deploy_report *found,
	const char *experiment, struct steps *ret);
/* What is set there: of its meter, else of its cache; NULL when it has neither,
 * other than what an earlier plan ended. */
const char *steps_set(const struct deploy_found *f);
/* What is set of a node before any wish: what was; of a new one, what all the
 * others share. */
const char *steps_settings(const struct deploy_found *f, const char *shared);
/* Adds what has to be set on the nodes of the report that get a meter or a
 * cache: of both the same. */
void steps_add_settings(const struct rollout *r,
	const struct deploy_report *found, const char *shared,
	const struct deploy_options *o, struct steps *s);
void steps_release(struct steps *s);
/* "  r1        start    meter (5 taps)" lines; "no changes" when empty. */
void steps_print(
	const struct steps *s, const struct topology *t, struct buf *out);
bool steps_touch(const struct steps *s, int node);
/* Does this module run here just as it should? */
bool module_runs(const struct module *m, const struct deploy_found *f);

#endif
