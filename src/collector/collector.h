/* The collector: records of all modules into the store, acknowledged when they
 * are on disk; the manager of the other modules on behalf of whoever asks
 * through the control socket. */
#ifndef NFZ_COLLECTOR_COLLECTOR_H
#define NFZ_COLLECTOR_COLLECTOR_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "collector/keeper.h"
#include "flow/endpoint.h"
#include "format/jsonw.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	COMMIT_SOON_MS = 1,
	COMMIT_MS = 200,        /* at most this long unacknowledged... */
	COMMIT_BYTES = 1 << 20, /* ...or this much */
	/* nobody waits for an acknowledgement: larger pieces sync quicker */
	FOREIGN_MS = 1000,
	FOREIGN_BYTES = 8 << 20,
	FLUSH_MS = 2000, /* patience of a flush */
	STOP_MS = 10000, /* patience of each step of stopping */
	CLIENTS_MAX = 16,
	/* Senders of foreign records in the store: one for all rows, one a
	 * source for its numbers. */
	MODULE_FOREIGN = 0xffff,
	MODULE_FOREIGN_FIRST = 0xfe00
};

enum stop_phase { STOP_NO, STOP_METERS, STOP_CACHES, STOP_DONE };

struct clients;
struct losses;
struct owners;
struct steps;
struct foreign;

struct collector {
	struct loop *loop;
	const struct setup *setup;
	struct store *store;
	struct endpoint *ep;
	struct clients *clients;

	struct keeper *keeper;
	bool keeping;                    /* it is at something */
	bool kept_it;                    /* which is durable */
	bool again;                      /* and then there is more */
	uint64_t cut_to, kept_to;        /* store_cut, and what is durable */
	struct loop_timer *commit_timer; /* NULL: nothing to commit */
	int64_t commit_at_ms;            /* when it fires */
	bool failing;                    /* the last commit failed: disk full */
	bool unsealed;                   /* the last sealing failed */
	int64_t began_ms;
	uint64_t batches, records, duplicates, commits, commit_failures;

	uint64_t *flushed; /* by peer: last flush answered */
	bool *away;        /* by peer: was up, and is silent or gone */
	uint64_t *lives;   /* by peer: the one heard of last; 0: none */
	struct losses *losses;
	struct owners *owners;
	struct steps *steps; /* of clocks */

	enum stop_phase stop;
	int64_t stop_by_ms, stop_patience_ms;
	bool aborting;

	struct foreign *foreign; /* NULL: off */
	struct log_limit log_limit;
};

/* Opens the store of the setup and starts listening. */
int collector_new(struct loop *loop, const struct setup *setup,
	struct collector **ret, struct err *err) NFZ_MUST_CHECK;
/* Commits what it can and closes. */
bool collector_free(struct collector *c);

/* receiver.c */
/* Something was appended that has to be committed within that time. */
void collector_dirty(struct collector *c, int64_t within_ms);
/* Stores what the modules last said of themselves, as every second does. */
void collector_keep_health(struct collector *c);
/* Begins to make durable what was appended; nobody waits. */
void collector_commit(struct collector *c);
/* END to meters, then caches, then stops the loop. */
void collector_stop(struct collector *c, int64_t patience_ms);
void collector_abort(struct collector *c);

/* Puts it into the record of the run (store/events.h); that it could not be is
 * said, and no reason to stop. */
struct event;
void collector_note(struct collector *c, const struct event *e);

/* foreign.c */
int foreign_open(struct collector *c, struct err *err) NFZ_MUST_CHECK;
void foreign_close(struct collector *c);
/* Their numbers into the store. */
void foreign_keep(struct collector *c);
/* Their part of the status document, one value. */
void foreign_print(const struct collector *c, struct jsonw *w);

/* ledger.c: the status document, JSON on one line. */
void collector_print(const struct collector *c, struct buf *out);

/* commands.c: the control socket */
int clients_open(struct collector *c, struct err *err) NFZ_MUST_CHECK;
void clients_close(struct collector *c);
/* Something they may wait for has happened. */
void clients_go_on(struct collector *c);

#endif
