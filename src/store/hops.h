/* The hops of one flow (private to merge): which of them count, and the walk
 * along them. */
#ifndef NFZ_STORE_HOPS_H
#define NFZ_STORE_HOPS_H

#include "flow/record.h"
#include "store/catalog.h"

/* One direction of travel on one link. */
struct hop {
	int link;          /* -1: the tap is not in the catalog */
	uint16_t src, dst; /* slots; SLOT_GROUP, SLOT_UNKNOWN */
	uint16_t tap;      /* told apart by it where link is -1 */
	uint64_t packets, bytes;
	size_t begin, end; /* its rows, in the flow's order */
	bool origin, walked;
};

struct hops;

struct hops *hops_new(const struct catalog *c);
void hops_free(struct hops *h);
/* Node of a slot, -1 for group, unknown or none such. */
int hops_node(const struct catalog *c, int link, uint16_t slot);
/* Nodes of the key's addresses, -1 unknown. */
struct flow_ends {
	int src_node, dst_node;
};
/* Sets `origin` of each, at least of one. */
void hops_find_origins(struct hops *h, struct hop *hop, size_t n,
	const struct flow_ends *ends);
/* Links in the order they are passed; room for n in path.  Returns how many. */
size_t hops_walk(struct hops *h, struct hop *hop, size_t n, int *path);

#endif
