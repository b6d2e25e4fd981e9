/* The cheapest cover whose columns have room for what they record. */
#ifndef NFZ_PLANNER_CAPACITY_H
#define NFZ_PLANNER_CAPACITY_H

#include "planner/recording.h"

enum { CAPACITY_ROOMS = 2 };

struct capacity_goal {
	/* Groups that no choice satisfies must not be there; within a group
	 * all rows need the same. */
	const struct cover_problem *problem;
	/* One room: records may be shared out, rows are recorded in full.  Two rooms: each record stays
	 * whole, since a part of one takes all of the other. */
	struct room rooms[CAPACITY_ROOMS];
	int n_rooms;
	int64_t time_ms; /* 0: none */
};

struct capacity_result {
	bool *chosen;
	int64_t cost;        /* -1: none found */
	int64_t lower_bound; /* proven, also without a cover */
	bool optimal;
	bool impossible;      /* proven: not even all columns have room */
	int rounds;           /* covers solved on the way */
	struct share *shares; /* who records what; by row, then column */
	size_t n_shares;
	/* When impossible: these groups together (none when it took two rooms
	 * to say so) ask for need, and nobody has more than have. */
	int *groups;
	int n_groups, room; /* room: index into rooms */
	int64_t need, have;
};

/* Deterministic unless the time runs out. */
void capacity_solve(
	const struct capacity_goal *goal, struct capacity_result *ret);
void capacity_release(struct capacity_result *r);

#endif
