/* Up: deciding what shall be (deploy_up.c), walking each node there
 * (deploy_install.c), what it is sent (deploy_furnish.c).  Private to up. */
#ifndef NFZ_DEPLOY_DEPLOY_UP_H
#define NFZ_DEPLOY_DEPLOY_UP_H

#include "deploy/session.h"
#include "deploy/state.h"
#include "deploy/steps.h"

/* What a node goes through, by itself.  In DECIDE it waits until enough is
 * known of the others, in START a meter waits for the collector; in NAMES the
 * collector's node for all that were not heard when the decision was made. */
enum up_stage {
	UP_HELLO,
	UP_DECIDE,
	UP_OPEN,
	UP_FURNISH,
	UP_STOPS,
	UP_RENEW,
	UP_TUNE,
	UP_START,
	UP_NAMES,
	UP_REMOVE,
	UP_END
};

struct up_node {
	enum up_stage stage;
	bool planned, heard;
	bool fresh;     /* the deployment was made by us just now */
	bool undoing;   /* it failed and is being taken back */
	struct err why; /* then: what failed */
	/* programs, a bit for each of the payload's entries */
	unsigned missing, sent;
	bool opened;    /* open has been answered */
	bool furnished; /* all but programs was sent */
	struct steps steps;
	size_t at;        /* of the steps of one kind */
	int module;       /* index into the rollout, -1 before the first */
	struct buf *data; /* of the calls under way */
	size_t n_data, data_cap;
};

/* What nodes that miss the same programs are sent. */
struct up_archive {
	const struct payload *payload;
	unsigned programs; /* a bit for each of its entries */
	struct buf bytes;
};

enum up_collector { COLLECTOR_AWAITED, COLLECTOR_RUNS, COLLECTOR_FAILED };

struct up {
	struct session s;
	struct deploy_options options; /* the caller's, and the collector */
	struct opt_list limit;
	const struct plan *plan;
	struct deploy_state state;
	uint64_t deployment;
	struct rollout rollout;
	struct up_node *nodes; /* by node of the fleet */
	struct mono_time heard_at;
	uint64_t judged; /* the fleet's events then */
	uint64_t judged_id;
	bool decided, new_state;
	bool early;                 /* decided before all had answered */
	bool shares;                /* shared was found */
	char shared[SETTINGS_TEXT]; /* what new meters get, like all others */
	struct err wrong;           /* why nothing could be decided */
	enum up_collector collector;
	bool collector_goes;         /* its node is past the decision */
	struct mono_time last_words; /* until then the old one is let run */
	struct up_archive *archives;
	size_t n_archives, archives_cap;
	bool unheard; /* some node outside the plan did not answer */
};

/* A node has said hello. */
void up_heard(struct up *u, struct fleet_node *n, const struct reply *hello);
/* May it still tell something that matters? */
bool up_is_awaited(const struct up *u, const struct fleet_node *n);
/* Tries to decide: 1 done, 0 too early, or an error for all nodes. */
int up_decide(struct up *u, struct err *err) NFZ_MUST_CHECK;
/* After that: what is to be done on one node that was heard. */
int up_node_steps(struct up *u, const struct fleet_node *n,
	struct err *err) NFZ_MUST_CHECK;
/* deploy_strangers.c: NFZ_E_BUSY when another deployment watches the same; what
 * our meter on this node watches, for its tag: "MAC,...". */
int up_refuse_strangers(struct up *u, const struct deploy_node *d,
	struct err *err) NFZ_MUST_CHECK;
/* The same when another deployment of ours than this has records there:
 * removing it would remove them. */
int up_refuse_records(const struct up *u, const struct deploy_node *d,
	uint64_t id, struct err *err) NFZ_MUST_CHECK;
void up_taps(const struct up *u, int topo_node, char *text, size_t size);
struct up_node *up_node(struct up *u, const struct fleet_node *n);
int up_topo_node(const struct up *u, const struct fleet_node *n);
/* deploy_tune.c: finds what is set alike of all meters there are; false: nodes
 * that may have some are still awaited.  Does this node have to wait for it?
 * The settings its meter shall have; the call that sets them (step NULL: none),
 * and its answer. */
bool up_shared(struct up *u);
bool up_needs_shared(struct up *u, const struct fleet_node *n);
void up_settings(struct up *u, const struct fleet_node *n,
	char text[static SETTINGS_TEXT]);
int up_tune(struct up *u, struct fleet_node *n, const struct step *step);
void up_tuned(struct up *u, struct fleet_node *n, const struct reply *last);
/* deploy_furnish.c: the module of this role on a node, or NULL. */
const struct module *up_module_on(
	const struct up *u, int node, enum module_role role);
/* The stages OPEN and FURNISH, what open said, and the lease by itself. */
int up_enter_open(struct up *u, struct fleet_node *n, struct err *err);
int up_enter_furnish(struct up *u, struct fleet_node *n, struct err *err);
void up_opened(struct up *u, struct fleet_node *n, const struct reply *last);
void up_call_renew(struct up *u, struct fleet_node *n);
/* The stage NAMES. */
int up_enter_names(struct up *u, struct fleet_node *n);
/* Of calls that were answered: there are keys in it. */
void up_wipe_data(struct up_node *node);
/* Walks all nodes. */
int up_walk(struct up *u, struct err *err) NFZ_MUST_CHECK;
void up_release(struct up *u);

#endif
