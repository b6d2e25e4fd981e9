/* The agent: what runs on a node while a controller is connected, and the
 * keeper it leaves behind with each program.
 *
 * It speaks frames (deploy/frame.h) on stdin and stdout, does one call after
 * the other and ends when the controller goes.  It changes nothing outside
 * PLACE/netflowize/<deployment-id>/ except the modification time of PLACE,
 * which it puts back. */
#ifndef NFZ_DEPLOY_AGENT_H
#define NFZ_DEPLOY_AGENT_H

#include "base/buf.h"
#include "base/err.h"
#include "deploy/frame.h"
#include "deploy/journal.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum {
	AGENT_PLACES = 3,
	AGENT_ID = 17, /* 16 hex digits and a NUL */
	AGENT_PATH = 512,
	AGENT_IDLE_MS = 120000, /* a silent controller is a lost one */
	AGENT_WORD_MS = 3000,   /* a word to one that says nothing */
	/* From SIGTERM to SIGKILL: longer than a module takes to hand over what
	 * it holds (MODULE_LEAVE_MS). */
	AGENT_STOP_MS = 10000
};

/* A deployment that is open and locked by us. */
struct dep {
	char id[AGENT_ID];
	char path[AGENT_PATH];
	int dir, journal, lock;
	bool fresh;    /* made by this open */
	bool has_self; /* bin/nfz-agent is the agent that runs */
};

struct agent {
	int in, out;
	const char *root;  /* in front of every place: "" but in tests */
	const char *boot;  /* the bootstrap's file we came from, or NULL */
	const void *image; /* the agent itself, as long as it runs */
	size_t image_len;
	char sha[65];     /* of that */
	struct stat file; /* it was read from there */
	struct buf input;
	struct buf words; /* the RESULT's words, each followed by a NUL */
	struct buf held;  /* what goes out with the RESULT */
	bool holding;
	bool in_data;  /* a call's data has not ended yet */
	bool lost;     /* the controller is gone: stop as soon as possible */
	char who[100]; /* for whom, as said to others while locked */
	/* inodes of sockets our programs held when they were ended */
	unsigned long *sockets;
	size_t n_sockets, sockets_cap;
	unsigned nets;  /* kinds of these */
	struct dep dep; /* dir -1: none open */
};

typedef int (*agent_call_fn)(
	struct agent *a, const struct frame_args *args, struct err *err);

/* agent_serve.c: call after call */
int agent_serve(struct agent *a, struct err *err) NFZ_MUST_CHECK;

/* agent_wire.c: talking */
/* The next frame that is no NOOP: 1, or 0 when the controller is gone. */
int agent_next(
	struct agent *a, struct frame *ret, struct err *err) NFZ_MUST_CHECK;
/* The result of a call, with the words it said, or its error. */
void agent_answer(struct agent *a, int result, const struct err *err);
/* A call that failed in the middle of its data leaves the rest unread. */
void agent_skip_data(struct agent *a);
void agent_send(
	struct agent *a, enum frame_type type, const void *data, size_t len);
/* Notes of this call go out with its result: each piece wakes the controller,
 * who is waiting for 200 of us.  Not for calls that take their time. */
void agent_hold(struct agent *a);
void agent_note(struct agent *a, const char *const *words, size_t n);
/* Adds a word to the result. */
void agent_say(struct agent *a, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* The next frame of the call's data: 1 data, 0 END, NFZ_E_REMOTE otherwise.
 * The frame stays valid until agent_data_done. */
int agent_data(
	struct agent *a, struct frame *ret, struct err *err) NFZ_MUST_CHECK;
void agent_data_done(struct agent *a, const struct frame *f);
/* Has the controller closed its end? */
bool agent_hung_up(struct agent *a);
/* All data of a call into one buffer, up to its ceiling. */
int agent_data_all(
	struct agent *a, struct buf *out, struct err *err) NFZ_MUST_CHECK;

/* agent_place.c: where deployments may live */
struct agent_place {
	char base[AGENT_PATH]; /* "/var/lib" */
	char path[AGENT_PATH]; /* "/var/lib/netflowize" */
	const char *problem;   /* "noexec", "read-only", ...; NULL: usable */
	int64_t free_bytes;
};
void agent_places(const struct agent *a, struct agent_place ret[AGENT_PLACES]);
/* Makes PLACE/netflowize, the parent's modification time kept, and path in it,
 * where nobody removes it as empty in between. */
int agent_place_make(const struct agent_place *p, const char *path,
	struct err *err) NFZ_MUST_CHECK;
/* Removes what a killed bootstrap left, and PLACE/netflowize when empty. */
void agent_place_tidy(const struct agent *a);
/* Calls fn for every deployment directory; stops when it returns non-zero. */
int agent_each_deployment(const struct agent *a,
	int (*fn)(void *ctx, const char *path, const char *id), void *ctx);
bool agent_id_ok(const char *id);

/* agent_file.c: small files of a deployment, read */
/* err_sys, but NFZ_E_DISK_FULL for a full disk. */
int dep_sys(struct err *err, const char *what);
/* The value of "name value" in a text of such lines; "" when absent. */
void text_field(const char *text, const char *name, char *to, size_t size);
/* Reads a small file below dir; "" when it cannot be. */
void dep_text(int dir, const char *path, struct buf *out);
/* SHA-256 of a file below dir; false when it is absent or no plain file. */
bool dep_hash(int dir, const char *path, char sha[static 65]);
/* The same of a program, which may be the agent that runs: that has been
 * hashed. */
bool agent_hash(
	const struct agent *a, int dir, const char *path, char sha[static 65]);
/* The last lines of log/ROLE.log, at most max bytes. */
void log_tail(int dir, const char *role, size_t max, struct buf *out);

/* agent_install.c: programs from the archive */
/* Program "NAME:SHA256", when it is not here with this content: a word
 * `missing=NAME` for the result. */
int agent_say_missing(
	struct agent *a, const char *program, struct err *err) NFZ_MUST_CHECK;

/* agent_dep.c: one deployment */
/* Finds and locks it; with create makes it where there is room for need
 * bytes.  NFZ_E_BUSY says who and since when; NFZ_E_NO_DEPLOYMENT. */
int dep_open(struct agent *a, const char *id, bool create, int64_t need,
	struct err *err) NFZ_MUST_CHECK;
/* While it waited for the lock, did whoever strips the deployment end it? */
bool agent_told_to_end(void);
void dep_close(struct agent *a);
/* Remembers the word who=. */
void agent_set_who(struct agent *a, const struct frame_args *args);
/* Writes path.new.<random>, journals, renames into place. */
struct dep_file {
	const char *path;
	mode_t mode;
	enum journal_kind kind; /* FILE, SECRET or TEMP */
	const void *data;
	size_t len;
	const char *sha;  /* of data, or NULL: not known yet */
	const char *same; /* a file with these bytes and mode, or NULL */
};
int dep_write(struct dep *d, const struct dep_file *f,
	struct err *err) NFZ_MUST_CHECK;
/* A directory, journaled before it is made; exists already: fine. */
int dep_mkdir(struct dep *d, const char *path, enum journal_kind kind,
	struct err *err) NFZ_MUST_CHECK;

/* agent_data.c: the recorded flows of a deployment */
struct dep_data {
	bool any;        /* there is a store, */
	bool flows;      /* with records in it */
	int64_t bytes;   /* of all its files */
	int64_t idle_s;  /* since the last of them was written */
	int64_t entries; /* files and directories of the whole deployment */
};
void dep_data(int dir, struct dep_data *ret);

/* agent_run.c: looking at a deployment takes no lock */
int agent_find(const struct agent *a, const char *id,
	char path[static AGENT_PATH], struct err *err) NFZ_MUST_CHECK;

/* agent_info.c: our programs */
struct proc_info {
	char role[32], program[64], stamp[160], boot[40], started[40];
	pid_t keeper, pid;
	uint64_t keeper_start, start;
	bool exited;
	int status; /* exit status, or 128 + signal */
};
bool proc_info_read(int dir, const char *role, struct proc_info *ret);
int proc_info_write(
	int dir, const struct proc_info *info, struct err *err) NFZ_MUST_CHECK;
/* "running", "exited", "killed" or "rebooted" */
const char *proc_info_state(const struct proc_info *info);
/* Ends program and keeper. */
bool proc_info_end(int dir, const struct proc_info *info, int64_t stop_ms);
int agent_each_role(
	int dir, int (*fn)(void *ctx, const struct proc_info *info), void *ctx);
bool role_ok(const char *role);
/* agent_undo.c: remembers the sockets of all programs of the open deployment,
 * to prove later that they were closed. */
void agent_note_sockets(struct agent *a);
/* agent_snapshot_more.c: lines for users, addresses, settings. */
void snapshot_more(struct buf *out);
/* agent_lease.c: without a renewal the programs end, and after as long again
 * everything goes, as strip would do it. */
int lease_write(int dir, int64_t seconds, struct err *err) NFZ_MUST_CHECK;
/* Must the program of this role end now? */
bool lease_is_over(int dir, const char *role);
/* Is there a lease at all? */
bool lease_exists(int dir);
/* May everything be removed?  Then removes the deployment in dir, which the
 * caller stands in; false when there is nothing to wait for any more. */
bool lease_clean(int dir);
/* agent_undo.c: ends all programs of the open deployment and undoes its
 * journal; the deployment is closed afterwards. */
int dep_undo(struct agent *a, bool force, bool *ret_clean,
	struct err *err) NFZ_MUST_CHECK;
/* agent_tune.c: run/ROLE.set as it is now, "" when there is none. */
int agent_settings_make(
	int dir, const char *role, struct err *err) NFZ_MUST_CHECK;
void agent_settings(int dir, const char *role, char *to, size_t size);
/* Puts a program that is about to run into its cgroup, when its settings ask
 * for one; called in the deployment's directory.  Why not, or NULL. */
const char *agent_limit(int dir, int journal, const char *role, pid_t pid);
/* agent_keep.c: `nfz-agent --keep ROLE STAMP PROGRAM ARG...`, started in the
 * deployment's directory with a go pipe as descriptor 3 and a status pipe
 * as 4. */
int keep_main(int argc, char **argv);

/* The calls, by file. */
int call_hello(struct agent *, const struct frame_args *, struct err *);
int call_open(struct agent *, const struct frame_args *, struct err *);
int call_close(struct agent *, const struct frame_args *, struct err *);
int call_install(struct agent *, const struct frame_args *, struct err *);
int call_put(struct agent *, const struct frame_args *, struct err *);
int call_start(struct agent *, const struct frame_args *, struct err *);
int call_stop(struct agent *, const struct frame_args *, struct err *);
int call_renew(struct agent *, const struct frame_args *, struct err *);
int call_exec(struct agent *, const struct frame_args *, struct err *);
int call_alive(struct agent *, const struct frame_args *, struct err *);
int call_flush(struct agent *, const struct frame_args *, struct err *);
int call_tune(struct agent *, const struct frame_args *, struct err *);
int call_clock(struct agent *, const struct frame_args *, struct err *);
int call_adopt(struct agent *, const struct frame_args *, struct err *);
int call_program(struct agent *, const struct frame_args *, struct err *);
int call_place(struct agent *, const struct frame_args *, struct err *);
int call_data(struct agent *, const struct frame_args *, struct err *);
int call_logs(struct agent *, const struct frame_args *, struct err *);
int call_undo(struct agent *, const struct frame_args *, struct err *);
int call_verify(struct agent *, const struct frame_args *, struct err *);
int call_snapshot(struct agent *, const struct frame_args *, struct err *);

#endif
