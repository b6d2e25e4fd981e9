/* A containerlab topology half read; for containerlab.c and clab_links.c. */
#ifndef NFZ_TESTBED_CLAB_DATA_H
#define NFZ_TESTBED_CLAB_DATA_H

#include "format/yaml.h"
#include "testbed/draft.h"

/* One end of a link.  at: a node, or, below zero, bridge -1 - at. */
struct clab_end {
	int at;
	const char *port;
	const char *mac, *addr; /* may be NULL */
};

struct clab_link {
	long line;
	struct clab_end end[2];
};

/* A Linux or Open vSwitch bridge on the host: a LAN without a node. */
struct clab_bridge {
	const char *name;
	int joined; /* the bridge it is one LAN with, or itself */
	size_t n_members;
	int link; /* of the topology, -1: not made yet */
};

struct clab {
	struct draft draft;
	const struct yval *root, *topology; /* topology NULL: deployed data */
	struct map bridge_ids;              /* name -> bridge + 1 */
	struct map ports;                   /* "node:port" -> used */
	struct clab_bridge *bridges;
	struct clab_link *links;
	size_t n_bridges, n_links, bridges_cap, links_cap;
};

/* Reads the list of links, whatever their form. */
int clab_read_links(struct clab *c, const struct yval *list) NFZ_MUST_CHECK;
/* Makes the topology's links of them. */
int clab_make_links(struct clab *c) NFZ_MUST_CHECK;

#endif
