/* The topology of one experiment: nodes, interfaces, links and LANs, and the
 * shapers and bridges on them.
 *
 * A plain value, built once (topology_add_*) and then only read.  All strings
 * live in its arena.  Everything is referred to by index; indices follow the
 * order of addition and never change.  -1 means none.
 *
 * A link has members; each member is one interface of one node, numbered by
 * its slot (0..n-1).  A point-to-point link has two members, a LAN any number.
 * A shaper or bridge is a node of its own that stands on the wire: on a
 * point-to-point link one bridge serves both members; on a LAN each bridge
 * serves one member and stands between it and the switch. */
#ifndef NFZ_TOPOLOGY_TOPOLOGY_H
#define NFZ_TOPOLOGY_TOPOLOGY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/net.h"
#include "topology/nameindex.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node_role {
	ROLE_HOST,     /* one link */
	ROLE_ROUTER,   /* two links or more, or said to forward */
	ROLE_SWITCH,   /* user-allocatable switch: no login */
	ROLE_SHAPER,   /* delay node or bridge on a link */
	ROLE_VIRTUAL,  /* runs on another machine (host) */
	ROLE_VIRTHOST, /* hosts virtual nodes of the experiment */
	ROLE_EXTERNAL  /* outside the experiment */
};

/* What is known of a node besides its place in the network; of most nodes of
 * a graph file: nothing. */
struct topo_machine {
	const char *phys; /* machine id, "pc164" or "pcvm12-3"; may be NULL */
	const char *host; /* machine it runs on; = phys unless virtual */
	bool host_shared; /* the host belongs to somebody else */
	const char *type; /* hardware type, "pc850" */
	const char *os;   /* testbed's image name, "RHL90-STD" */
	const char
		*status; /* as the testbed says: "up", "down"; NULL unknown */
	const char
		*unusable; /* cause why no probe can run here, NULL if it can:
	                       * "os", "down", "no-login", "no-sudo", "virtual",
	                       * "silent": no login just now, "ports": which is
	                       * which is not known */
	/* how to log in; any may be NULL or 0 */
	const char *address;  /* numeric control-network address */
	const char *hostname; /* vname.exp.proj.domain */
	const char *login;    /* the host to log in at, where that is neither
	                       * of both: another machine passes it on */
	uint16_t port;
	const char *user;
	const char *gateway; /* jump host */
	const char *const
		*host_keys; /* public-key lines, NULL-ended, or NULL */
};

struct topo_node {
	const char *name;             /* virtual name; unique */
	const struct topo_machine *m; /* never NULL in a topology */
	enum node_role role;
	bool inferred; /* not stated by a source but concluded */
};

/* Shaping as one member sees it; halves are already rejoined by the importer
 * only in topology_path_shaping(). */
struct topo_shape {
	double delay_ms, r_delay_ms; /* node -> link, link -> node */
	int64_t bandwidth_kbps, r_bandwidth_kbps;
	double loss, r_loss; /* 0..1 */
};

/* What is known of an interface besides its ends. */
struct topo_card {
	const char *name;    /* the testbed's name, "eth1"; may be NULL */
	const char *os_name; /* the system's name, "em2"; NULL if unknown */
	const char *host_os_name; /* of a virtual node's: how its host calls
	                           * its end of the wire, or NULL */
	bool has_mac;
	uint8_t mac[6];
	bool has_addr;
	struct net_addr addr;
	uint8_t prefix_len;      /* 0..128 as struct net_prefix */
	int64_t speed_kbps;      /* 0 unknown */
	struct topo_shape shape; /* as a member of its link */
};

/* Of these a large topology has millions: no room is left between members. */
struct topo_iface {
	const struct topo_card *card; /* never NULL in a topology */
	int node;
	int link;      /* -1: control network */
	int slot : 31; /* slot on the link, -1 for a bridge's port */
	bool inferred : 1;
} __attribute__((packed, aligned(4)));

struct topo_member {
	int iface;
};

enum link_kind { LINK_P2P, LINK_LAN };

struct topo_link {
	const char *name;
	struct topo_member *members; /* index = slot */
	uint32_t n_members : 26;
	enum link_kind kind : 2;
	bool trivial : 1; /* all members on one host: no wire */
	bool traced : 1;  /* the testbed's own tracing is on */
	bool floods : 1;  /* any member of the LAN sees all frames */
	bool inferred : 1;
} __attribute__((packed, aligned(4)));

/* A node on the wire. */
struct topo_bridge {
	int node;
	int link;
	int slot;    /* LAN: the member it serves; -1: both of a p2p link */
	int port[2]; /* interfaces: [0] faces member 0 (p2p) or the member
	                    * served (LAN), [1] the other side */
	bool shapes; /* false: transparent (trace only) */
	bool inferred;
};

struct topo_names {
	struct nameindex nodes, links;
};

struct topology {
	struct arena arena;
	const char *project, *experiment; /* NULL for a file without them */
	const char *source;               /* "emulab", "ns", "json", ... */
	struct topo_node *nodes;
	struct topo_iface *ifaces;
	struct topo_link *links;
	struct topo_bridge *bridges;
	size_t n_nodes, n_ifaces, n_links, n_bridges;
	size_t nodes_cap, ifaces_cap, links_cap, bridges_cap;
	/* Their names; those of a graph are taken up when the first is looked
	 * for. */
	struct topo_names *names;
	uint32_t *bridge_slots; /* by link and slot; index + 1 */
	size_t bridge_slots_size;
};

struct topology *topology_new(void);
void topology_free(struct topology *t); /* NULL is fine */
static inline void topology_free_at(struct topology **t)
{
	topology_free(*t);
}

/* Of nodes and interfaces of which nothing is known. */
extern const struct topo_machine topology_no_machine;
extern const struct topo_card topology_no_card;

/* Adding.  The value is copied, its strings too; returns the new index.  m and
 * card may be NULL, and are not kept.
 * A name already taken, or an index that does not exist, is NFZ_E_INPUT. */
int topology_add_node(struct topology *t, const struct topo_node *node,
	int *ret, struct err *err) NFZ_MUST_CHECK;
int topology_add_link(struct topology *t, const char *name, enum link_kind kind,
	int *ret, struct err *err) NFZ_MUST_CHECK;
/* Adds an interface of iface->node as the next member of iface->link (slot is
 * set), or, with link -1, as a control interface.  shape: instead of the
 * card's, may be NULL. */
int topology_add_member(struct topology *t, const struct topo_iface *iface,
	const struct topo_shape *shape, int *ret_iface,
	struct err *err) NFZ_MUST_CHECK;
/* An interface that is no member: a bridge's port. */
int topology_add_port(struct topology *t, const struct topo_iface *iface,
	int *ret_iface, struct err *err) NFZ_MUST_CHECK;
int topology_add_bridge(struct topology *t, const struct topo_bridge *bridge,
	int *ret, struct err *err) NFZ_MUST_CHECK;
/* All of a graph at once, to an empty topology: n_nodes hosts named "1" to
 * n_nodes, and for each two ends (from 0, not the same) a point-to-point link
 * "a--b"; the second of a name is "a--b#2", the third "a--b#3". */
void topology_add_graph(struct topology *t, size_t n_nodes,
	const int (*ends)[2], size_t n_links);
/* The name of such a node, somewhere in room. */
enum { TOPOLOGY_NUMBER = 24 };
const char *topology_number(size_t node, char room[static TOPOLOGY_NUMBER]);
/* Sets ROLE_ROUTER on hosts with two links or more.  Call once, last. */
void topology_finish(struct topology *t);

/* What is known of a node or an interface, to be changed.  Strings put there
 * must live as long as the topology. */
struct topo_machine *topology_machine(struct topology *t, int node);
struct topo_card *topology_card(struct topology *t, int iface);

/* Index or -1.  The testbed compares names without regard to case; we look
 * for the exact name first. */
int topology_node(const struct topology *t, const char *name);
int topology_link(const struct topology *t, const char *name);
/* The same by the exact name only. */
int topology_node_exact(const struct topology *t, const char *name);
int topology_link_exact(const struct topology *t, const char *name);
/* The bridge that serves this member (or the whole p2p link), or -1. */
int topology_bridge_of(const struct topology *t, int link, int slot);
const char *topology_role_name(enum node_role role);
bool topology_role_parse(const char *name, enum node_role *ret);
/* Might somebody log in there, however little is thought of it now?  What is
 * "down" or "silent" may come back, with all that is installed on it. */
bool topology_may_answer(const struct topo_machine *m);
/* The host to log in at: login, else address, else hostname, else NULL. */
const char *topology_login(const struct topo_machine *m);
/* Can that be a host's name or address, a list of hosts to go through, a
 * user's name?  Nothing else ever reaches an ssh.  NULL is none of these. */
bool topology_host_valid(const char *text);
bool topology_gateway_valid(const char *text);
bool topology_user_valid(const char *text);
/* End-to-end shaping from member a to member b of a link: delay[a] +
 * r_delay[b], loss combined, bandwidth the lesser of both. */
struct topo_shape topology_path_shaping(
	const struct topology *t, int link, int slot_a, int slot_b);
/* What a member can send over the link: as shaped, else as its interface is
 * fast; 0 unknown. */
int64_t topology_speed_kbps(const struct topology *t, int link, int slot);

#endif
