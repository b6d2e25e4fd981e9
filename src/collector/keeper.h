/* The thread that waits for the disk, so that nobody else does: it writes what
 * was cut off the store (store/store.h), says so, seals what is due, says so.
 * While nobody asks, it packs what is old (store/pack.h).
 *
 *   sockets ─> the loop: decode, append ─> cut ─> keeper: write, encode, seal
 *
 * What waits between the two is bounded by the store, which refuses more. */
#ifndef NFZ_COLLECTOR_KEEPER_H
#define NFZ_COLLECTOR_KEEPER_H

#include "base/err.h"
#include "base/jail.h"
#include "store/store.h"

struct keeper;

enum keeper_state {
	KEEPER_IDLE,
	KEEPER_ASKED,
	KEEPER_WRITTEN, /* or not: see the result; it is sealing */
	KEEPER_DONE     /* nobody took note of that yet */
};

/* Starts the thread, which shuts itself in.  `dir` is the store's; what is
 * older than pack_ms is packed, 0: nothing. */
int keeper_open(struct keeper **ret, struct store *store, const char *dir,
	int64_t pack_ms, struct err *err) NFZ_MUST_CHECK;
/* Waits for what it is at.  NULL is fine. */
void keeper_close(struct keeper *k);

/* Readable when there is something to look at. */
int keeper_fd(const struct keeper *k);
/* What it was cut for it; only while idle. */
void keeper_ask(struct keeper *k);
/* Looks; *ret and *err are the result of writing once that is over.
 * KEEPER_DONE is idle from here on. */
enum keeper_state keeper_look(struct keeper *k, int *ret, struct err *err);
/* Why an old segment was not packed; told once. */
bool keeper_left_unpacked(struct keeper *k, struct err *ret);
/* Until it is done. */
void keeper_wait(struct keeper *k);

/* Locks up the calling thread: the files of the store and no others.  Root
 * without capabilities can use its own files only, so these must be its own. */
int keeper_jail(const char *dir, struct jail_state *ret,
	bool *ret_no_capabilities, struct err *err) NFZ_MUST_CHECK;

#endif
