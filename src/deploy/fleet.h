/* All nodes at once: one thread, one loop, one connection per node.
 *
 * A job is what shall be done on each node: a function that is asked for the
 * node's next call each time the last one was answered.  Connections stay open
 * between jobs, so that work can go on in rounds (survey, install, start).
 *
 * Every phase has its own deadline, watched from here; a node that hangs in
 * one is given up by itself and holds nobody else. */
#ifndef NFZ_DEPLOY_FLEET_H
#define NFZ_DEPLOY_FLEET_H

#include "base/clock.h"
#include "base/err.h"
#include "base/lines.h"
#include "deploy/frame.h"
#include "deploy/payload.h"
#include "deploy/ssh.h"

#include <stdbool.h>
#include <stdint.h>

enum node_status {
	NODE_PENDING,
	NODE_OK,
	NODE_UNCHANGED,
	NODE_FAILED,
	NODE_UNREACHABLE,
	NODE_TIMED_OUT,
	NODE_SKIPPED
};
const char *node_status_name(enum node_status status); /* "timed-out" */

/* What the agent answered to one call. */
struct reply {
	struct frame_args result; /* words behind "ok" or the error's */
	struct frame_args *notes;
	size_t n_notes, notes_cap;
	struct err err; /* code 0: it went well */
};

struct fleet_io; /* the connection's own state */

struct fleet_node {
	const char *name;
	int index; /* the caller's: topology node */
	struct remote_target target;
	bool wanted; /* takes part in the next fleet_run */
	bool look;   /* without any trace of us it is left as it is */
	bool first;  /* its turn comes before that of others */
	enum node_status status;
	struct err err; /* for all but OK, UNCHANGED, PENDING */
	bool none;      /* look: no trace of us on it */
	char arch[32];
	char own_address[64]; /* that we came in by, as it says; or "" */
	char new_key[128];    /* fingerprint accepted in this run, or "" */
	uint64_t binary_sent, sent, received;
	void *data; /* the caller's */
	int stage;  /* the job's */
	int begun;  /* how often it began anew */
	struct fleet_io *io;
};

enum fleet_step { FLEET_DONE, FLEET_CALL, FLEET_WAIT };

struct fleet_job {
	/* Asked first with last == NULL, then after each answer.  Either makes
	 * calls (fleet_call) and returns FLEET_CALL, or FLEET_DONE, or fails
	 * the node with a negative code; or FLEET_WAIT: something else must
	 * happen first, ask again soon, with last == NULL.  While answers are
	 * awaited, only FLEET_CALL will do. */
	int (*next)(void *ctx, struct fleet_node *n, const struct reply *last,
		struct err *err);
	/* OUT and ERR data of a call; negative: the node fails.  NULL: no call
	 * has any, and who sends it fails. */
	int (*data)(void *ctx, struct fleet_node *n, bool is_stderr,
		const struct span *data, struct err *err);
	/* The node is through with this job (or lost); may be NULL. */
	void (*done)(void *ctx, struct fleet_node *n);
	/* Asked now and then; true: the run ends, and nodes that are not
	 * through go on where they are in the next one (their time stands
	 * still).  That has to begin with the same call.  May be NULL. */
	bool (*enough)(void *ctx);
	/* Asked when a node fails: shall it begin anew in a moment, with another
	 * connection?  May be NULL. */
	bool (*again)(void *ctx, struct fleet_node *n, const struct err *err);
	bool errors; /* hand failed calls to next() instead of failing */
	bool keep;   /* the last answer stays with the connection */
	bool last;   /* agents end when they are through: nothing follows */
	bool asks;   /* changes nothing: an interrupt ends it in the midst */
	void *ctx;
};

struct fleet_options {
	int parallel;               /* nodes at work at once; 0: 64 */
	const volatile int *cancel; /* 1: start nothing new; 2: stop now */
	int64_t connect_ms, login_ms, stall_ms, start_ms; /* 0: 10,10,15,10 s */
	int64_t retry_ms; /* how long refused connections are retried: 20 s */
	/* For one node in one run, however it moves and whatever it waits for,
	 * but for output: so a run without any ends after this long for every
	 * `parallel` nodes. */
	int64_t node_ms;
	bool keep; /* sessions stay open on nodes without a trace of us */
	/* Told once in a run that some have not answered for seconds: how many,
	 * and one of them.  May be NULL. */
	void (*slow)(void *ctx, size_t n, const char *node);
	void *slow_ctx;
};

struct fleet {
	struct fleet_node *nodes;
	size_t n;
	struct fleet_options options;
	const struct payloads *payloads;
	struct remote_keys *keys;
	uint64_t events; /* answers taken: who waits is asked again */
	bool full;       /* ... but not now: enough are at work */
	int epoll;       /* connections of nodes at work */
	/* How many may log in at once: more, as long as that does not take
	 * them longer.  All at once would get on at the same pace, where they
	 * are in each other's way, and what then takes its time on each would
	 * begin late. */
	int logins;
	int64_t quickest_ms;   /* login so far; 0: none yet */
	struct mono_time ping; /* when it is time to see who needs one */
};

struct fleet *fleet_new(
	size_t n, const struct payloads *payloads, struct remote_keys *keys);
/* Lets every agent end in its own way (at most 3 s), then closes. */
void fleet_free(struct fleet *f);
/* Takes over another fleet's open sessions, and what is known of its nodes: one
 * that has failed stays failed.  Nodes are the same when names are. */
void fleet_adopt(struct fleet *f, struct fleet *old);
/* Runs a job on all wanted nodes; those that failed before only are told to
 * done().  Failures are in the nodes; the return is NFZ_E_INTERRUPTED when
 * cancelled, else 0. */
int fleet_run(struct fleet *f, const struct fleet_job *job,
	struct err *err) NFZ_MUST_CHECK;
/* From next(): a call, NULL-ended words; answered within ms (without progress,
 * while data is on its way).  Several go out together, and are answered in that
 * order. */
void fleet_call(struct fleet_node *n, int64_t ms, const char *const *words);
/* Data of the last call; stays the caller's and must live until the answer. */
void fleet_call_data(
	struct fleet_node *n, const void *data, size_t len, bool binary);
/* Calls that were not answered yet. */
size_t fleet_awaited(const struct fleet_node *n);
/* Has it a session that can be used without connecting again? */
bool fleet_connected(const struct fleet_node *n);
/* What a job with `keep` was answered last, a moment ago and over the
 * connection that still stands; or NULL. */
const struct reply *fleet_kept(const struct fleet_node *n);

#endif
