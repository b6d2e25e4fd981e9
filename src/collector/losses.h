/* When probes lost frames: their counts are sums since they began, so what came
 * to them is noted as an event (store/events.h) soon after. */
#ifndef NFZ_COLLECTOR_LOSSES_H
#define NFZ_COLLECTOR_LOSSES_H

#include "collector/collector.h"

struct losses;

/* What the store knows already was noted before, or never will be. */
struct losses *losses_new(const struct collector *c);
void losses_free(struct losses *l); /* NULL is fine */
/* Asked each second: notes what is new, of one module at a time, since that
 * waits for the disk; of each not more often than every 10 s, and more and more
 * seldom while it goes on; of all, half of EVENTS_MAX. */
void losses_look(struct losses *l, struct collector *c);
/* The same, of what is left, of a hundred at most. */
void losses_end(struct losses *l, struct collector *c);

#endif
