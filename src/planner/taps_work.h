/* Shared by the parts of the tap assignment; nobody else's business. */
#ifndef NFZ_PLANNER_TAPS_WORK_H
#define NFZ_PLANNER_TAPS_WORK_H

#include "planner/taps.h"

/* In place of an owner.  What carries nothing is recorded by anybody. */
enum { NOBODY = -1, ANYBODY = -2 };

struct taps_work {
	struct plan *plan;
	const struct topology *t;
	const struct coverage *c;
	const struct places *places;
	int *probe_of; /* node -> probe that watches it, -1 */
	int *load;     /* probe -> taps so far */
	int owners;    /* taps wanted of each row */
	/* With capacities, who records a link's slot: owner[owner_at[link] +
	 * slot]; slot 0 for a whole link.  NULL: no matter. */
	int *owner_at, *owner;
	int *owner_rx; /* the same of the second direction, if it is apart */
	/* Where several may own a row, or it is no link's: the records. */
	const struct share *shares; /* by row, then column */
	size_t n_shares;
	int group; /* the one being tapped */
	size_t cap;
};

void taps_add(struct taps_work *w, const struct plan_tap *tap);
/* The probe that watches this node, or -1. */
int taps_probe_at(const struct taps_work *w, int node);
/* May that node count this link's slot (0: the whole link)? */
bool taps_allowed(const struct taps_work *w, int link, int slot, int node);
/* Does the record of the group's slot go to that node, as a whole or in part?
 * Yes without limits, and where there is nothing to record. */
bool taps_records(const struct taps_work *w, int slot, int node);
int taps_member_node(const struct taps_work *w, int link, int slot);
/* A bridge counts what each port receives; what comes from the far side only
 * by that rule. */
void taps_bridge(
	struct taps_work *w, int bridge, int slot, enum count_rule far_side);
/* Both directions at one member. */
void taps_member(struct taps_work *w, int link, int slot);

/* taps_split.c: the directions of a link that one place can see as a whole, at
 * two places.  False: nothing to split. */
bool taps_split(struct taps_work *w, int link, int one, int other);
/* Do two probes record the directions at this member? */
bool taps_is_split(const struct taps_work *w, int link, int slot);
/* The same at a member of a LAN; rest: what comes in there. */
bool taps_split_slot(
	struct taps_work *w, int link, int slot, enum count_rule rest);
/* A member of a LAN whose second direction alone is recorded: whoever does that
 * may count both. */
void taps_adopt(struct taps_work *w, int link);

/* taps_kinds.c */
/* Of w->group. */
void taps_several(struct taps_work *w);
void taps_segment(struct taps_work *w);
void taps_paths(struct taps_work *w, const bool *satisfied);

#endif
