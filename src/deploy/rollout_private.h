/* What the files of the rollout share; nobody else includes this. */
#ifndef NFZ_DEPLOY_ROLLOUT_PRIVATE_H
#define NFZ_DEPLOY_ROLLOUT_PRIVATE_H

#include "deploy/rollout.h"

enum { ROLLOUT_FIRST_METER = 2 };

static inline uint16_t rollout_meter_id(int node)
{
	return (uint16_t)(ROLLOUT_FIRST_METER + node);
}

static inline uint16_t rollout_tap_id(int iface)
{
	return (uint16_t)(1 + iface);
}

/* The names for the store, as text; the modules are there.  Not named: without
 * what only nodes say, as far as it can be done without. */
void rollout_catalog(const struct topology *t, const struct plan *plan,
	const struct rollout *r, bool named, struct buf *out);

#endif
