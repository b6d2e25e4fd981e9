/* How many packets a link carries, as far as that can be told. */
#ifndef NFZ_PLANNER_LOADS_H
#define NFZ_PLANNER_LOADS_H

#include "topology/topology.h"

/* Fills loads[link], packets per second in both directions together: what
 * given (by link, -1: nothing said; may be NULL) says; else its members' speed
 * in packets of 1000 bytes; where no speed is known the fastest link's load,
 * and 1 for each when none is known anywhere. */
void loads_find(const struct topology *t, const int64_t *given, int64_t *loads);

#endif
