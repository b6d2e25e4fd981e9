/* What an experiment's own event system has happen: `$ns at 10 "$link0 down"`
 * and the like, as the testbed lists them, and when its time 0 was. */
#ifndef NFZ_TESTBED_EVENTLIST_H
#define NFZ_TESTBED_EVENTLIST_H

#include "base/arena.h"
#include "testbed/client.h"

struct eventlist_item {
	int64_t after_ns; /* since time 0 */
	const char *text; /* "link0 modify BANDWIDTH=10000" */
};

struct eventlist {
	struct arena arena;
	struct eventlist_item *items;
	size_t n, cap;
	/* of sequences, timelines and the swap-out: they have no time of time
	 * 0's, and are not among items */
	size_t others;
};

/* NFZ_E_REPLY when an answer is of another kind than agreed.  *ret is set in
 * any case; release it. */
int eventlist_read(const struct value *rows, struct eventlist *ret,
	struct err *err) NFZ_MUST_CHECK;
void eventlist_release(struct eventlist *l);
/* Time 0, since 1970, of an answer of client_event_starts; false when it has
 * none. */
bool eventlist_zero(const struct value *starts, int64_t *ret_ns);

#endif
