/* A good cover with room for what it records, fast and without proof. */
#ifndef NFZ_PLANNER_HANDOUT_H
#define NFZ_PLANNER_HANDOUT_H

#include "planner/recording.h"

struct handout {
	bool *chosen;         /* by column */
	struct share *shares; /* whole records, by row, then column */
	size_t n_shares;
};

/* False when the records could not all be handed out this way. */
bool handout_find(const struct cover_problem *p, const struct room *rooms,
	int n_rooms, struct handout *ret);
void handout_release(struct handout *h);

#endif
