/* The ports of packets that came in fragments: the first one has them, later
 * ones are given them.  Of fixed size; what is older than a minute, or was
 * pushed out by another packet, is forgotten, and fragments that come before
 * their first stay without. */
#ifndef NFZ_PROBE_FRAGMENTS_H
#define NFZ_PROBE_FRAGMENTS_H

#include "probe/dissect.h"

struct fragments;

struct fragments *fragments_new(void);
void fragments_free(struct fragments *f);
/* A dissected packet: remembers its ports, or gives it those of its first
 * fragment.  It is marked as a fragment. */
void fragments_join(struct fragments *f, struct dissect *d, int64_t time_ns);

#endif
