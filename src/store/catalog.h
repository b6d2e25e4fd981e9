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
#include "flow/record.h"

#include <stdbool.h>
#include <stdint.h>

struct catalog_node {
	const char *name;
	const char *why; /* a probe runs there; NULL: not said */
	uint16_t cache;  /* module id of the flow cache there; 0: none */
	size_t n_addrs;  /* that members have; the first of them */
	struct net_addr addr;
};

struct catalog_member {
	int node; /* catalog node */
	bool has_addr;
	struct net_addr addr;
	int64_t speed_bps; /* what it can send; 0: not known */
};

struct catalog_link {
	const char *name;
	bool lan;
	struct catalog_member *members; /* by slot */
	size_t n_members, members_cap;
	bool covered;
	const char *gap; /* why not, NULL when covered */
};

struct catalog_tap {
	uint16_t id;
	int node;          /* where the probe runs */
	const char *iface; /* system's name, or the testbed's */
	int link;
	uint16_t slot;
	uint16_t module; /* the meter's module id */
	bool idle;       /* not watched now; an earlier plan may have been */
};

struct catalog {
	struct arena arena;
	const char *project, *experiment, *mode;
	const char *plan; /* its SHA-256, hex; NULL: not said */
	uint64_t deployment;
	struct catalog_node *nodes;
	struct catalog_link *links;
	struct catalog_tap *taps;
	size_t n_nodes, n_links, n_taps;
	size_t nodes_cap, links_cap, taps_cap;
	int collector;      /* node, -1 unknown */
	int64_t idle_ms;    /* the meters' idle timeout; 0: not said */
	bool several;       /* taps of a link may record the same packets */
	struct map by_addr; /* 16 bytes -> node index + 1 */
	uint16_t *tap_of;   /* tap id -> index + 1, 0: none */
};

enum {
	CATALOG_MAX = 100000,
	CATALOG_TEXT_MAX = 64 << 20,
	CATALOG_TAPS = 65536 /* numbers of taps */
};

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);
static inline void catalog_free_at(struct catalog **c)
{
	catalog_free(*c);
}
/* Building one; strings are copied, the index (slot) is returned, -1 when
 * there are CATALOG_MAX already or a node, link or tap id makes no sense.  The
 * first node that is said to have an address keeps it. */
int catalog_add_node(struct catalog *c, const char *name);
int catalog_add_link(struct catalog *c, const char *name, bool lan);
int catalog_add_member(
	struct catalog *c, int link, int node, const struct net_addr *addr);
int catalog_add_tap(struct catalog *c, const struct catalog_tap *tap);
/* gap NULL: covered. */
void catalog_set_gap(struct catalog *c, int link, const char *gap);
/* An address of a node that no member has. */
void catalog_add_addr(struct catalog *c, int node, const struct net_addr *a);
void catalog_set_speed(struct catalog *c, int link, int slot, int64_t bps);
void catalog_print(const struct catalog *c, struct buf *out);
/* Of that only which plan it was, and its reasons. */
void catalog_print_plan(const struct catalog *c, struct buf *out);
/* Bounded: at most CATALOG_MAX of anything. */
int catalog_parse(const char *text, size_t len, struct catalog **ret,
	struct err *err) NFZ_MUST_CHECK;
/* DIR/catalog; an empty catalog when there is none. */
int catalog_load(
	const char *dir, struct catalog **ret, struct err *err) NFZ_MUST_CHECK;
/* Adds what another store names (catalog_join.c).  Nodes of one name are one;
 * an address stays with its first node; a link that differs from the one of its
 * name becomes name~2.  taps: by its number there, that of a tap in `to`. */
int catalog_join(struct catalog *to, const struct catalog *from,
	uint16_t taps[static CATALOG_TAPS], struct err *err) NFZ_MUST_CHECK;
int catalog_node_of(const struct catalog *c, const struct net_addr *a); /* -1 */
/* For people: "client1", of nodes with several "router (10.1.1.2)"; the address
 * where nobody has it.  Returns text. */
enum { CATALOG_ADDR_TEXT = 80 + NET_ADDR_TEXT };
char *catalog_addr_name(const struct catalog *c, const struct net_addr *a,
	char text[static CATALOG_ADDR_TEXT]);
int catalog_node(const struct catalog *c, const char *name);
int catalog_link(const struct catalog *c, const char *name);
const struct catalog_tap *catalog_tap(const struct catalog *c, uint16_t id);

#endif
