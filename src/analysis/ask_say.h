/* What is said on stderr beside the rows of an answer. */
#ifndef NFZ_ANALYSIS_ASK_SAY_H
#define NFZ_ANALYSIS_ASK_SAY_H

#include "store/answer.h"

/* How many rows there are, of how many records, and how long that took. */
void ask_say_sums(
	const struct answer_sums *sums, bool of_flows, int64_t took_ns);
/* Why there are none.  own: the filter is that of an analysis; NULL: it has
 * none. */
void ask_say_none(
	const char *filter, const char *own, const struct query_times *times);

#endif
