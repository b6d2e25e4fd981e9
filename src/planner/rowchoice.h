/* Which rows of a group are recorded, where it demands only some of them.
 *
 * A record may be shared out among columns, but a row is recorded in full or
 * not at all: half of two rows is neither of them. */
#ifndef NFZ_PLANNER_ROWCHOICE_H
#define NFZ_PLANNER_ROWCHOICE_H

#include "planner/assign.h"

#include <stddef.h>

/* Does any group leave a choice? */
bool rowchoice_any(const struct cover_problem *p);
/* Into the rooms of the chosen columns.  ASSIGN_FITS: *shares (the caller frees
 * it) has who records what, by row, then column; else NULL. */
enum assign_answer rowchoice_find(const struct cover_problem *p,
	const struct room *room, const bool *chosen, struct share **shares,
	size_t *n_shares);

#endif
