/* The names of one run: what turns addresses, taps and slots of records into
 * nodes and links.  Written by deploy from topology and plan, kept with the
 * store, read wherever records are shown.  Text form: one `word value...` per
 * line (netflowize-store(5)); needs no library. */
#ifndef NFZ_STORE_CATALOG_H
#define NFZ_STORE_CATALOG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/net.h"

#include <stdbool.h>
#include <stdint.h>

struct catalog_node { const char *name; };

struct catalog_member {
	int node;               /* catalog node */
	bool has_addr;
	struct net_addr addr;
};

struct catalog_link {
	const char *name;
	bool lan;
	struct catalog_member *members; /* by slot */
	size_t n_members;
	bool covered;
	const char *gap;        /* why not, NULL when covered */
};

struct catalog_tap {
	uint16_t id;
	int node;               /* where the probe runs */
	const char *iface;      /* system's name, or the testbed's */
	int link;
	uint16_t slot;
	uint16_t module;        /* the meter's module id */
};

struct catalog {
	struct arena arena;
	const char *project, *experiment, *mode;
	uint64_t deployment;
	struct catalog_node *nodes;
	struct catalog_link *links;
	struct catalog_tap *taps;
	size_t n_nodes, n_links, n_taps;
	int collector;          /* node */
	struct map by_addr;     /* 16 bytes -> node index + 1 */
};

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);
void catalog_print(const struct catalog *c, struct buf *out);
/* Bounded: at most 100,000 of anything. */
int catalog_parse(const char *text, size_t len, struct catalog **ret,
        struct err *err) NFZ_MUST_CHECK;
int catalog_node_of(const struct catalog *c, const struct net_addr *a); /* -1 */
int catalog_node(const struct catalog *c, const char *name);
int catalog_link(const struct catalog *c, const char *name);
const struct catalog_tap *catalog_tap(const struct catalog *c, uint16_t id);

#endif
