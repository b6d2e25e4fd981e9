/* Records to the collectors of others, from a thread of its own: whoever meters
 * never waits for a socket.  A ring of records lies between the two; what it
 * has no room for is counted, and the counts are in the ledger exported. */
#ifndef NFZ_PROBE_COURIER_H
#define NFZ_PROBE_COURIER_H

#include "base/buf.h"
#include "flow/setup.h"
#include "probe/outlet.h"

#include <stdbool.h>
#include <stdint.h>

struct courier;

enum { COURIER_PACE = 8000 }; /* datagrams a second, when nobody says */

/* A record as it is to be told. */
struct courier_item {
	const struct flow_record *record;
	const struct flow_more *more; /* NULL: nothing */
	unsigned shape; /* MORE_VLAN, MORE_MAC, MORE_REVERSE, MORE_VALUES: what
	                 * flows have now */
	unsigned metrics; /* bits, whose values these are */
	size_t values;    /* bytes of them */
	/* their counts stand for; exported is what was sampled.  NULL: all was
	 * counted */
	const struct export_sampling *how;
};

struct courier_options {
	const struct setup *setup; /* its exports, and the names of its taps */
	bool balance;              /* a flow to one of them; else all get all */
	uint32_t pace;             /* as an outlet's */
};

/* Connects.  *ret stays NULL when the setup has no exports: then all that
 * follows does nothing. */
int courier_open(const struct courier_options *options, struct courier **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Starts the thread, which locks itself up at once: to be called when the
 * program's privileges have been given up, and before it is jailed. */
int courier_start(struct courier *c, struct err *err) NFZ_MUST_CHECK;
bool courier_has_room(const struct courier *c);
/* A record without room is counted as not sent. */
void courier_add(struct courier *c, const struct courier_item *item);
/* Now and then: what was added is to go.  lost: packets that are in no record,
 * by now. */
void courier_wake(struct courier *c, uint64_t lost);
/* All goes out, the ledger last; what has not gone after that long is counted.
 * The thread ends. */
void courier_finish(struct courier *c, int64_t within_ms);
void courier_close(struct courier *c);
/* "export TARGET records N messages N unsent N left_out N other_times N
 * [failed]" lines. */
void courier_print(struct courier *c, struct buf *out);

#endif
