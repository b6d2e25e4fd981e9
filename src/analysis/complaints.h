/* ICMP messages nobody asked for, by the address they went to: what came while
 * something was tried may be the answer to that. */
#ifndef NFZ_ANALYSIS_COMPLAINTS_H
#define NFZ_ANALYSIS_COMPLAINTS_H

#include "analysis/talks.h"

struct complaint {
	struct net_addr to;
	int64_t begin_ns, end_ns; /* of what it may be the answer to */
};

struct complaints {
	struct complaint *v; /* once gathered: by address and time, apart */
	size_t n, cap;
};

int complaints_gather(
	struct complaints *c, struct talks *t, struct err *err) NFZ_MUST_CHECK;
void complaints_release(struct complaints *c);
/* Did one come while it was tried, or within a second? */
bool complaints_have(const struct complaints *c, const struct talk *t);

#endif
