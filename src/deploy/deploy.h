/* A plan becomes running programs on nodes, and can be undone.
 *
 * All calls go to every node at once (deploy/fleet.h) and never fail as a
 * whole because of one node: what happened where stands in the report.  The
 * return value is 0, NFZ_E_NODES_FAILED when some nodes failed (the report
 * names them), NFZ_E_INTERRUPTED, or an error that concerns all of it. */
#ifndef NFZ_DEPLOY_DEPLOY_H
#define NFZ_DEPLOY_DEPLOY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/net.h"
#include "base/opt.h"
#include "deploy/fleet.h"
#include "deploy/settings.h"
#include "deploy/ssh.h"
#include "topology/plan.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stdint.h>

/* Something worth a line of progress: `step` is what the node is through with
 * ("ready", "stripped"), or why it failed. */
typedef void (*deploy_progress_fn)(void *ctx, const char *node,
	const char *step, enum node_status status, int64_t ms);

/* Sessions that stay open between two calls, so that looking around, planning
 * and installing take one login on each node.  A node that failed in one call
 * is not tried again in the next. */
struct deploy_link;
struct deploy_link *deploy_link_new(void);
/* Lets all agents end.  The topology must still be there. */
void deploy_link_free(struct deploy_link *link); /* NULL is fine */

struct deploy_report;

/* Going on before all nodes have answered, where nothing is known of an earlier
 * deployment, and nothing was found. */
struct deploy_early {
	/* By topology node: who is asked first.  deploy_facts returns when
	 * these have answered, all or nearly; the others stay as they are,
	 * pending, and go on in the next call over the same link.  When one
	 * that answers has a deployment of this experiment, all are awaited. */
	const bool *first;
	/* deploy_up: a node has said what it is, before anything is done there:
	 * how its system calls the topology's interfaces. */
	void (*said)(void *ctx, const struct deploy_report *of_one);
	void *ctx;
};

struct deploy_options {
	const char *project, *experiment;
	const char *who, *host,
		*version; /* for tag and lock; NULL: found out */
	struct remote_options ssh;
	const char *user;   /* login name; NULL: the node's, else ours */
	int parallel;       /* 0: 64 */
	int64_t timeout_ms; /* per node without progress; 0: the defaults */
	struct deploy_link *link; /* NULL: every call connects by itself */
	/* these nodes only; up: and the collector's.  NULL: all */
	const struct opt_list *limit;
	const struct deploy_early *early; /* NULL: all nodes are awaited */
	const volatile int *cancel;       /* number of Ctrl-C, may be NULL */
	const char *state_dir;            /* NULL: XDG */
	deploy_progress_fn progress;      /* may be NULL */
	void *ctx; /* progress's, and that of who gets output */
	/* Some have not answered for seconds: how many, and one of them.  May
	 * be NULL. */
	void (*slow)(void *ctx, size_t n, const char *node);
	void *slow_ctx;
	int64_t takes_ms; /* deploy_run: what the program is told to take */
	/* up */
	int64_t lease_ms; /* programs end when not renewed; 0: never */
	int64_t active_ms, idle_ms, fin_ms; /* 0: the defaults */
	uint32_t cache_flows;
	unsigned caches;     /* at most ROLLOUT_CACHES_MAX; 0: in the meters */
	const char *backend; /* of the meters; NULL: what is best */
	int threads;         /* as rollout_options */
	const struct setting *settings; /* deploy/settings.h */
	size_t n_settings;
	const struct rollout_others *others; /* deploy/rollout.h; NULL: none */
	int64_t keep_ms; /* the collector's flows go when they are so old... */
	uint64_t keep_bytes; /* ...or there are more bytes; 0: never */
	int64_t pack_ms;     /* they take less room when they are so old */
	/* strip */
	const char *deployment; /* only this id (16 hex digits); NULL: any */
	const char *keyid;      /* only with this key, or none yet; NULL: any */
	bool all;               /* also of other experiments */
	bool force;             /* remove changed and unknown files as well */
	bool dry_run;           /* only look */
	const char *recipe;     /* only of this recipe; NULL: any */
	int64_t older_ms;       /* only what is at least so old; 0: any */
};

/* It is there, and does nothing: only deploy_clocks finds out. */
#define DEPLOY_HUNG "does not answer"

/* One of our programs on a node. */
struct deploy_process {
	char role[32], program[64], stamp[160], started[40];
	/* "running", "exited", "expired", "killed", "rebooted", DEPLOY_HUNG */
	char state[16];
	char sha[65];       /* of the program's file now, "" if absent */
	char settings[256]; /* deploy/settings.h; "" */
	int pid, status;
};

/* A deployment found on a node. */
struct deploy_found {
	char id[17], path[512], busy[128]; /* busy: who is working on it */
	char experiment[160], who[128], host[128], version[64], mode[32];
	char since[40], updated[40], keyid[17];
	char recipe[32]; /* deploy/recipe.h; "": our own programs */
	char taps[256];  /* "MAC,...": what its meter watches; "*": much */
	bool rebooted;   /* the node was booted since */
	bool journal;    /* its changes were recorded; else: left-over files */
	int64_t age_s; /* since it was made, by the node's clock; -1 unknown */
	bool flows;    /* its store is here and has records */
	/* of the store; -1: none here */
	int64_t data_bytes, data_idle_s; /* idle: since the last write */
	int64_t entries;                 /* files and directories */
	struct deploy_process *processes;
	size_t n, cap;
};

bool found_has_role(const struct deploy_found *f, const char *role);

/* An interface as the node's own system calls it. */
enum { DEPLOY_IFACE_ADDRS = 4 };
struct deploy_iface {
	char name[16];
	uint8_t mac[6];
	bool has_mac;
	struct net_prefix addrs[DEPLOY_IFACE_ADDRS];
	size_t n_addrs;
};

/* A check that was made: after strip, the proof. */
struct deploy_check {
	bool good;
	char *text;
};

/* Wanted beside the programs: logs, journal. */
enum { DEPLOY_ROOM = 24 << 20 };

struct deploy_node {
	const char *name; /* of the topology */
	int node;
	enum node_status status;
	struct err err;
	char new_key[128]; /* host key accepted for the first time, or "" */
	/* its clock minus ours, give or take the error (deploy_clocks) */
	bool clock_known;
	int64_t clock_offset_ns, clock_error_ns;
	char limited[96]; /* why its CPU limit does not hold, or "" */
	char step[128];   /* last thing done: "meter ready" */
	int64_t ms;
	/* facts, when it was asked */
	bool known, none; /* none: no trace of us */
	char system[96], arch[32], boot[40];
	char address[64]; /* its own, that we came in by; "" unknown */
	double load;
	/* Of the first place with DEPLOY_ROOM, else the last one; -1 unknown. */
	int64_t free_bytes;
	struct deploy_iface *ifaces;
	size_t n_ifaces, ifaces_cap;
	struct deploy_found *found;
	size_t n_found, found_cap;
	struct deploy_check *checks;
	size_t n_checks, checks_cap;
	size_t n_kept; /* files strip did not remove */
	char **strays; /* paths beside our deployments that are none */
	size_t n_strays, strays_cap;
};

struct deploy_report {
	char id[17];  /* the deployment's */
	bool changed; /* something was done on some node */
	/* up: decided early, and wrongly: somebody has an earlier deployment.
	 * What was made (id) is to be removed, then all asked. */
	bool surprise;
	struct buf steps;      /* dry run: what would be done */
	uint64_t binary_bytes; /* bytes of programs sent */
	struct deploy_node *nodes;
	size_t n;
	size_t failed;
};
void deploy_report_release(struct deploy_report *r);
/* Did it answer that it cannot take part, now or ever? */
bool deploy_is_unusable(const struct deploy_node *n);
/* The error that all failed nodes have, where no other node answered; else
 * NFZ_E_NODES_FAILED. */
enum nfz_error deploy_common_error(const struct deploy_report *r);
/* Nothing of "project/experiment" was found: NFZ_E_NO_DEPLOYMENT.  Where nodes
 * could not be asked that is not known, and the error is theirs: the one that
 * all have, if no node answered, else NFZ_E_NODES_FAILED. */
int deploy_nothing_found(const struct deploy_report *r, const char *name,
	struct err *err) NFZ_MUST_CHECK;

/* Installs and starts what the plan says, or makes what runs equal to it. */
int deploy_up(const struct topology *t, const struct plan *plan,
	const struct deploy_options *o, struct deploy_report *ret,
	struct err *err) NFZ_MUST_CHECK;
/* What is on the nodes: state of programs, deployments, facts.  Leaves nodes
 * without any trace of us untouched (their facts stay unknown). */
int deploy_survey(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err) NFZ_MUST_CHECK;
/* As deploy_survey, and how far the clocks are off of nodes where something of
 * ours is, and whether what runs there gives a sign of life. */
int deploy_clocks(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err) NFZ_MUST_CHECK;
/* As deploy_survey, and facts of every node: brings an agent to it and takes
 * it away again.  For choosing a collector. */
int deploy_facts(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err) NFZ_MUST_CHECK;
/* Removes deployments of this experiment (or o->deployment, or all) from all
 * nodes of the topology, and proves it.  NFZ_E_VERIFY when something is left
 * or was kept; NFZ_E_NO_DEPLOYMENT when there was none. */
int deploy_strip(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err) NFZ_MUST_CHECK;

/* Is this deployment among those that o asks to remove from experiment
 * "project/experiment"?  One without a tag is taken for an installation that
 * was cut off: the node belongs to the experiment. */
bool deploy_is_meant(const struct deploy_options *o, const char *experiment,
	const struct deploy_found *f);

/* What deploy_keep brought home. */
enum { DEPLOY_KEPT_RECIPES = 16 }; /* each is asked of all nodes */
struct deploy_kept {
	uint64_t files, bytes;
	char node[128]; /* where it was recorded; "": there was nothing */
	/* Nodes of which the last records may not be there, and why. */
	char **missing;
	size_t n_missing, missing_cap;
	bool ended;   /* programs were, or may have been */
	bool refused; /* the collector could not take what others hold */
	/* What o asks to remove besides: names, none when o names one; one more
	 * than DEPLOY_KEPT_RECIPES stands for any number. */
	struct opt_list recipes;
};
/* Of what is missing; the rest stays. */
void deploy_kept_release(struct deploy_kept *k);
/* Has the collector take what meters and caches hold; when it cannot, none is
 * ended, and o->force does without.  Ends the programs of what o asks to remove,
 * meters first, then copies the recorded flows into `dir`, a new directory: a
 * store that nfz-query reads, with SHA256SUMS beside its files.  Every file is
 * held against the checksum the node made of it.  When anything fails, dir is
 * not there. */
/* With a recipe in the options: what its programs wrote, from every node, into
 * a directory each.  When a node does not hand it over that is an error, and
 * o->force does without. */
int deploy_keep(const struct topology *t, const struct deploy_options *o,
	const char *dir, struct deploy_kept *ret,
	struct err *err) NFZ_MUST_CHECK;

/* Gets what a node sends: is_stderr tells the stream.  Negative, an error's code:
 * no more of that node, which has failed. */
typedef int (*deploy_sink_fn)(void *ctx, const char *node, bool is_stderr,
	const void *data, size_t len);

/* Runs one of our programs in the deployment's directory on a node (-1: the
 * node with a collector): {"nfz-query", "--store", "store", ...}.  Its exit
 * status is not an error here. */
int deploy_run(const struct topology *t, const struct deploy_options *o,
	int node, const char *const *argv, deploy_sink_fn sink, int *ret_status,
	struct err *err) NFZ_MUST_CHECK;
/* The last bytes of the logs of a role (NULL: all) on a node (-1: all). */
int deploy_logs(const struct topology *t, const struct deploy_options *o,
	int node, const char *role, size_t bytes, deploy_sink_fn sink,
	struct err *err) NFZ_MUST_CHECK;
/* Sorted lines describing each node, for comparing before and after. */
int deploy_snapshot(const struct topology *t, const struct deploy_options *o,
	deploy_sink_fn sink, struct err *err) NFZ_MUST_CHECK;
/* Appends a file of a node without leaving anything there; path must be one
 * of a fixed list below /var/emulab/boot, or "tmcc:delay" for what that
 * command prints.  NFZ_E_REMOTE when there is none. */
int deploy_read_file(const struct topo_node *node,
	const struct deploy_options *o, const char *path, struct buf *out,
	struct err *err) NFZ_MUST_CHECK;

#endif
