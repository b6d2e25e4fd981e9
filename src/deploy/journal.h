/* The write-ahead undo journal of one deployment on one node.
 *
 * One line per change, appended and synced BEFORE the change is made, so that
 * after a kill at any moment the journal names everything that may exist.
 * A line is `<crc32, 8 hex> <kind> <word>...`, words percent-escaped; a torn
 * last line means its change was never begun.  Paths are relative to the
 * deployment's directory and cannot leave it, whatever the journal says. */
#ifndef NFZ_DEPLOY_JOURNAL_H
#define NFZ_DEPLOY_JOURNAL_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where cgroups are. */
#define CGROUP_ROOT "/sys/fs/cgroup"

enum journal_kind {
	JOURNAL_DIR,  /* a directory: removed when empty */
	JOURNAL_TREE, /* a directory our programs fill: removed with all in it */
	JOURNAL_FILE,   /* a file with this SHA-256: kept when it was changed */
	JOURNAL_SECRET, /* as FILE; overwritten before it is removed */
	JOURNAL_TEMP,   /* a file of no fixed content: always removed */
	JOURNAL_CGROUP, /* a cgroup of this name: removed when empty */
	JOURNAL_PROC    /* a process: ended when it is still the same one */
};

struct journal_record {
	enum journal_kind kind;
	const char *path; /* all but PROC */
	char sha[65];     /* FILE and SECRET */
	const char *role; /* PROC: "meter", "meter-keeper" */
	pid_t pid;
	uint64_t start; /* field 22 of /proc/PID/stat */
	char boot[40];
};

struct journal_list {
	struct journal_record *records;
	size_t n, cap;
	size_t damaged; /* lines that could not be read, a torn last one aside */
	const char *broken; /* why there may be more than this; or NULL */
};

/* Opens `journal` in the deployment's directory for appending.  With create it
 * is made if absent.  Returns a descriptor. */
int journal_open(
	int dir, bool create, int *ret_fd, struct err *err) NFZ_MUST_CHECK;
/* Appends one record and waits until it is on disk. */
int journal_add(
	int fd, const struct journal_record *r, struct err *err) NFZ_MUST_CHECK;
/* Reads all records, oldest first.  No journal is an empty list; so is one
 * that is no file of ours, or the beginning of one without end: *ret says so. */
int journal_read(
	int dir, struct journal_list *ret, struct err *err) NFZ_MUST_CHECK;
/* The same from text: what the fuzzer calls. */
void journal_parse(const char *text, size_t len, struct journal_list *ret);
void journal_list_release(struct journal_list *list);
/* May this path be in a journal?  Relative, no "", "." or ".." part, no
 * control characters, at most 255 bytes. */
bool journal_path_ok(const char *path);

/* Told about everything undo leaves behind. */
typedef void (*journal_kept_fn)(void *ctx, const char *path, const char *why);

struct journal_undo {
	bool force;      /* remove changed and unknown files as well */
	int64_t stop_ms; /* how long a process may take after SIGTERM */
	journal_kept_fn kept;
	void *ctx;
};

/* Replays the journal backwards in `dir`.  Every step is idempotent: already
 * gone is success.  When nothing had to be kept, the journal itself goes last
 * and *ret_clean is true; else it stays, and undo can be tried again.  Only
 * the operating system refusing something is an error; undo goes on behind
 * it with the other records. */
int journal_undo(int dir, const struct journal_undo *how, bool *ret_clean,
	struct err *err) NFZ_MUST_CHECK;

/* What tells one boot of this node from another: the kernel's boot id and the
 * start of process 1, which also tells a restarted container. */
void journal_boot(char ret[static 40]);
/* Does this process run a program of the deployment whose directory this is, or
 * in there? */
bool journal_process_is_here(int dir, pid_t pid);
/* Ends a process if it is the one named: SIGTERM, up to stop_ms, SIGKILL, and
 * waits until it is gone.  True when it is gone (or was). */
bool journal_end_process(const struct journal_record *r, int64_t stop_ms);
/* Does this very process live? (a zombie does not) */
bool journal_process_lives(const struct journal_record *r);

#endif
