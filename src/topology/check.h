/* What is odd about a topology, though it is well-formed. */
#ifndef NFZ_TOPOLOGY_CHECK_H
#define NFZ_TOPOLOGY_CHECK_H

#include "topology/topology.h"

typedef void (*check_fn)(void *ctx, const char *sentence);

/* Calls say (may be NULL) once for each finding, in the order of nodes and
 * links, and returns how many there were: links with fewer than two members, a
 * member twice on one link, an address held twice, an address of another
 * subnet than its link's, nodes without link, an experiment in separate
 * parts. */
size_t check_topology(const struct topology *t, check_fn say, void *ctx);
/* Numbers the connected parts from 0, by links; shapers belong to the part of
 * their link.  part has one element a node.  Returns the number of parts that
 * have a link; a node without link gets -1. */
int check_parts(const struct topology *t, int *part);

#endif
