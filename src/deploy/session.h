/* What all deploy commands share: a fleet over a topology's nodes with report
 * and keys, and the first round, in which every node says what it is. */
#ifndef NFZ_DEPLOY_SESSION_H
#define NFZ_DEPLOY_SESSION_H

#include "deploy/deploy.h"

struct session {
	const struct topology *t;
	const struct deploy_options *o;
	struct deploy_report *report;
	struct deploy_link *link;
	const struct payloads *payloads;
	struct fleet *fleet; /* node i of it is node i of the report */
	struct mono_time began;
	struct mono_time heard_at; /* the last hello, */
	struct mono_time first_at; /* and of those asked first */
	char who[128], host[128];
	char name[160]; /* "project/experiment" */
};

/* A fleet over the usable nodes; none wanted yet. */
int session_open(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *report, struct session *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Closes all connections (agents tidy up), sums the report up: failed nodes,
 * bytes.  Returns result, or NODES_FAILED when it is 0 and some failed. */
int session_close(struct session *s, int result, struct err *err);
/* Runs "hello" on all wanted nodes and fills their reports. */
int session_hello(struct session *s, struct err *err) NFZ_MUST_CHECK;
/* Runs a job and copies statuses into the report afterwards. */
int session_run(struct session *s, const struct fleet_job *job,
	struct err *err) NFZ_MUST_CHECK;
struct deploy_node *session_node(struct session *s, const struct fleet_node *n);
/* A step is done on a node: remembered and told. */
void session_note(struct session *s, struct deploy_node *d, const char *step);
/* Takes the answer to "hello" into the node's report. */
void session_take_hello(struct deploy_node *d, const struct reply *reply);
/* What it said counts no more. */
void session_forget(struct deploy_node *d);
/* Recipes among what the options are about, each once. */
void session_recipes(const struct session *s, struct opt_list *ret);
/* Copies a failed node's error into its report and tells it. */
void session_failed(struct session *s, const struct fleet_node *n);
/* Who strips ends the agents of others, where they are programs of the
 * deployment.  Shall a node that failed begin anew?  A fleet_job's `again` of
 * those who only look, with the session as ctx. */
bool session_again(void *ctx, struct fleet_node *n, const struct err *err);
/* Takes notes of replies: "check" and "kept" into the node's report. */
void session_checks(struct deploy_node *d, const struct reply *reply);
/* The deployment with this id on the node, or NULL. */
struct deploy_found *found_with(struct deploy_node *d, const char *id);
/* Does this deployment belong to our experiment? */
bool found_is_ours(const struct session *s, const struct deploy_found *f);

#endif
