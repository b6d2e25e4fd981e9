/* When probes lost frames: their counts are sums since they began, so what came
 * to them is noted as an event (store/events.h) soon after. */
#ifndef NFZ_COLLECTOR_LOSSES_H
#define NFZ_COLLECTOR_LOSSES_H

#include "collector/collector.h"

struct losses;

/* What the store knows already was noted before, or never will be. */
struct losses *losses_new(const struct collector *c);
void losses_free(struct losses *l); /* NULL is fine */
/* Notes what is new, of each module not more often than every 10 s, and more
 * and more seldom while it goes on. */
void losses_look(struct losses *l, struct collector *c);
/* The same, of what is left. */
void losses_end(struct losses *l, struct collector *c);

#endif
