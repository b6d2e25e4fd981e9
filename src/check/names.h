/* Nodes and links of a topology by their exact names: a plan's own words. */
#ifndef NFZ_CHECK_NAMES_H
#define NFZ_CHECK_NAMES_H

#include "base/map.h"
#include "topology/topology.h"

struct names {
	const struct topology *t;
	struct map nodes, links; /* value: index + 1 */
};

void names_init(struct names *n, const struct topology *t);
void names_release(struct names *n);
/* -1: none of that name, or no name at all. */
int names_node(const struct names *n, const char *name);
int names_link(const struct names *n, const char *name);

#endif
