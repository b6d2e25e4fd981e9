/* Whose rows count where several taps saw one hop.
 *
 * With --redundancy and --dedupe none a packet is in a row of each of its
 * taps.  The tap that saw most counts, one that did not sample before one that
 * did.  A row of another counts where the first saw nothing: the tap may have
 * been moved in the middle of the flow.  As taps cut their rows at their own
 * times, the middle of a row tells whether it is of the same time, or of a time
 * near by, as packets are on the way for a while and clocks are not right; but
 * not where the tap of the earlier one was closed in between. */
#ifndef NFZ_STORE_WITNESS_H
#define NFZ_STORE_WITNESS_H

#include "flow/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct witness {
	const struct flow_record *row;
	int64_t closed_ns; /* its tap, after the row; INT64_MAX: not known */
	/* for the choice, of the tap's rows: how far the last one reaches and
	 * the latest middle up to this one, the earliest middle from it on */
	int64_t reach_ns, latest_ns, earliest_ns;
	bool counts, again; /* one of them is set */
};

/* Orders the rows of a hop by tap and time, and chooses. */
void witness_choose(struct witness *w, size_t n);

#endif
