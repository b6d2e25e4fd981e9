/* What a store keeps no more: that it is gone, and what remains of it. */
#ifndef NFZ_ANALYSIS_GONE_H
#define NFZ_ANALYSIS_GONE_H

#include "store/answer.h"

/* Says on stderr which records of that time are gone, and how to see what
 * remains of them; or, when asked, what is shown already, that none are. */
void gone_say(const struct store *s, const struct query *q, bool asked);
/* What they carried: by link, protocol and time, or fewer of these, the link
 * among them: a packet was on several. */
int gone_write(const struct store *s, const struct answer *a,
	struct answer_sums *ret, struct err *err) NFZ_MUST_CHECK;

#endif
