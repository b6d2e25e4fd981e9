/* What a topology leaves open, from what its nodes say of themselves: where
 * other nodes reach them, and how their systems call the interfaces that links
 * end at. */
#ifndef NFZ_CLI_RESOLVE_H
#define NFZ_CLI_RESOLVE_H

#include "deploy/deploy.h"
#include "topology/topology.h"

/* Interfaces of members are found by MAC address, then by IP address, then,
 * where nothing is known of them, as those of one subnet that all members of
 * the link share and no other link of theirs.  Nodes that gave no answer are
 * passed over.  Asking again changes nothing. */
void resolve_nodes(struct topology *t, const struct deploy_report *r);
/* Gives a topology without links those that its nodes' subnets make: one for
 * each subnet with two or more of them, called after it.  The control network
 * is none, nor is one of which several nodes have the same address: those are
 * wires of their own.  Returns how many. */
size_t resolve_links(struct topology *t, const struct deploy_report *r);
/* Is it a list of hosts, which says nothing of links? */
bool resolve_is_list(const struct topology *t);
/* Are there interfaces of which neither MAC address nor system name is known,
 * or is it a list of hosts?  Then all nodes must be asked. */
bool resolve_needed(const struct topology *t);

#endif
