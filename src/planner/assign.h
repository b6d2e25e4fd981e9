/* Whole records to columns with several rooms, by search. */
#ifndef NFZ_PLANNER_ASSIGN_H
#define NFZ_PLANNER_ASSIGN_H

#include "planner/recording.h"

enum assign_answer { ASSIGN_FITS, ASSIGN_NEVER, ASSIGN_UNKNOWN };

/* Gives each row that is recorded to as many chosen columns as it needs.  On
 * ASSIGN_FITS the caller frees *shares (by row, then column).  UNKNOWN: the
 * search was cut off. */
enum assign_answer assign_whole(const struct cover_problem *p,
	const struct room *rooms, int n_rooms, const bool *chosen,
	struct share **shares, size_t *n_shares);

#endif
