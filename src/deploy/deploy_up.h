/* The parts of deploy_up that talk to nodes (deploy_install.c), and what both
 * halves know.  Private to deploy_up. */
#ifndef NFZ_DEPLOY_DEPLOY_UP_H
#define NFZ_DEPLOY_DEPLOY_UP_H

#include "deploy/session.h"
#include "deploy/state.h"
#include "deploy/steps.h"

/* What is being done on one node. */
struct up_node {
	size_t at;       /* position in the list of calls */
	int module;      /* index into the rollout, -1 none */
	bool fresh;      /* the deployment was made by us just now */
	bool undoing;    /* it failed and is being taken back */
	struct err why;  /* then: what failed */
	struct buf data; /* of the call under way */
};

struct up {
	struct session s;
	const struct plan *plan;
	struct deploy_state state;
	uint64_t deployment;
	struct rollout rollout;
	struct steps steps;
	struct up_node *nodes; /* by node of the fleet */
	bool new_state;
	bool unheard; /* some node outside the plan did not answer */
};

bool up_is_planned(const struct plan *plan, int node);
/* Programs and setups onto all changed nodes; the collector is started. */
int up_install(struct up *u, struct err *err) NFZ_MUST_CHECK;
int up_start_meters(struct up *u, struct err *err) NFZ_MUST_CHECK;
/* Undoes what is of our experiment and not wanted. */
int up_remove(struct up *u, struct err *err) NFZ_MUST_CHECK;
void up_release(struct up *u);

#endif
