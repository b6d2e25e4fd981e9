/* The testbed's own records: machines, users, experiments and how an
 * experiment is mapped onto machines.  What a real testbed keeps in its
 * database.  Pure data: no processes, no sockets.  The mapper fills it, the
 * runtime brings it up, the service answers from it. */
#ifndef NFZ_LAB_MODEL_H
#define NFZ_LAB_MODEL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/net.h"
#include "testbed/ns.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	LAB_IFACES_MAX = 10, /* eth0 control, then experiment: 4 of a machine,
	                      * up to 9 of a virtual node */
	LAB_VETH = 1000      /* as an end of a wire: LAB_VETH + unit is a host's
	                      * end of a virtual node's wire */
};

/* A machine type of the site: what the mapper may hand out. */
struct lab_type {
	const char *name, *class_name; /* "pc850", "pc" */
	const char *nic;               /* interface_type: "fxp" */
	int expt_ifaces;               /* experiment interfaces per machine */
	int64_t speed_kbps;
	const char *default_os;
	const char *delay_os;
};

struct lab_iface {
	char name[16];    /* the testbed's name: "eth1" */
	char os_name[16]; /* the system's name, different on purpose */
	int card, port;
	uint8_t mac[6];
	bool control;
	struct net_addr ip, mask; /* all zero when unnumbered */
	bool has_ip;
	const char *lan; /* virtual link or LAN, NULL if unused */
	int vport;       /* the member's virtual port, -1 */
	int peer_wire;   /* which lab_wire it is plugged into, -1 */
	char switch_name[16];
	int switch_card, switch_port; /* the switch's, as on the report */
};

/* A machine, or a place for a virtual node on one. */
struct lab_machine {
	char id[16];  /* "pc164", "pcvm164-1"; "" for a free place */
	char key[16]; /* the same for ever: names its disk and its ports */
	const struct lab_type *type;
	bool is_virtual;
	bool is_shared_host; /* of the site: for virtual nodes of everybody */
	int host;            /* of a virtual node that is mapped, else -1 */
	struct lab_iface ifaces[LAB_IFACES_MAX];
	int n_ifaces;
	int owner;               /* index into site experiments, -1 free */
	const char *vname;       /* "client", "tbdelay0"; NULL when free */
	const char *erole;       /* "node", "delaynode" */
	const char *osid;        /* OS name it runs */
	const char *eventstatus; /* "ISUP", "BOOTING", ... */
	const char *status;      /* "up", "down", ... */
	char *host_key_rsa, *host_key_ed25519,
		*host_key_ecdsa; /* public lines */
	pid_t init;              /* its PID 1, 0 when not running */
};

/* Where two ends meet: a veth pair (two ends) or a switch VLAN (a bridge). */
struct lab_wire {
	const char *lan; /* virtual link or LAN it belongs to */
	char vlan[24];   /* "lan0", "lan0/client" */
	struct {
		int machine, iface;
	} * ends;
	size_t n_ends;
};

/* A virtual node's interface as its host has it (a row of vinterfaces), where
 * the host belongs to the experiment; nobody sees inside a shared host. */
struct lab_veth {
	int machine, iface; /* the virtual node's */
	int host, unit;     /* "veth<unit>" on the host */
	const char *lan;
	int card; /* the host's interface the link leaves by, 0: it does not */
};

/* One shaper or trace bridge: two ports of a delay machine. */
struct lab_delay {
	char vname[16]; /* of the machine: "tbdelay0" */
	int number;     /* its own number: 0, 1, 2 (gaps in vnames) */
	int machine;
	int port[2]; /* iface indices on that machine */
	const char *lan;
	const char *vnode[2]; /* equal: LAN member */
	int pipe[2];          /* 110, 120, ... per box */
	double delay[2];      /* ms */
	int64_t bandwidth[2]; /* kb/s */
	double loss[2];
	int q_limit[2];
	bool noshaping;
	const struct ns_member *member[2];
};

/* End-node shaping: a pipe on the node itself, no machine in between.  A link
 * is shaped where it leaves each node (simplex, to == toward the LAN); a LAN
 * member both ways (duplex). */
struct lab_linkdelay {
	int machine, iface;
	const char *lan, *vnode;
	bool duplex;
	int pipe[2]; /* 110, 120: from the node, to the node */
	double delay[2];
	int64_t bandwidth[2];
	double loss[2];
	int q_limit[2];
	const struct ns_member *member;
};

struct lab_trace {
	int idx;
	int machine;                 /* the delay machine, or the node itself */
	const char *iface0, *iface1; /* testbed names; "" end node */
	const char *lan, *vnode, *type, *expr;
	int snaplen, db;
	char delayvname[16];
};

/* What is asked for often about a mapped experiment, worked out once: where
 * each node sits, what each link's network is.  Node and link numbers are
 * those of ns->nodes and ns->lans. */
struct lab_seat {
	int lan, member;
};
struct lab_net {
	struct net_prefix prefix;
	bool has_prefix;
	bool overlaps; /* its addresses are also in another's range */
	int cost;
	int *nodes; /* of each member */
};
struct lab_lookup {
	struct lab_net *nets;
	int *machine;            /* of each node, -1 */
	struct lab_seat **seats; /* of each node, in the links' order */
	int *n_seats;
};

enum lab_state { /* experiment states, section 4.1 of the reference */
	LAB_NEW,
	LAB_PRERUNNING,
	LAB_SWAPPED,
	LAB_QUEUED,
	LAB_SWAPPING,
	LAB_ACTIVATING,
	LAB_ACTIVE,
	LAB_PANICED,
	LAB_TERMINATING,
	LAB_ENDED,
	LAB_MODIFY_PARSE,
	LAB_MODIFY_REPARSE,
	LAB_MODIFY_RESWAP,
	LAB_RESTARTING
};

struct lab_experiment {
	struct arena arena; /* mapping's strings; emptied on remap */
	char pid[64], eid[64], gid[64];
	char head[32]; /* login of its head */
	char *description;
	enum lab_state state;
	bool locked, batch;
	int idx;
	int64_t created, swapped_in; /* unix seconds */
	char *ns_text;
	struct ns_experiment *ns;
	struct lab_wire *wires;
	struct lab_delay *delays;
	struct lab_trace *traces;
	struct lab_linkdelay *linkdelays;
	struct lab_veth *veths;
	size_t n_wires, n_delays, n_traces, n_linkdelays, n_veths;
	struct lab_lookup lookup;  /* valid while mapped */
	struct lab_portal *portal; /* its side of one, NULL: classic */
};

struct lab_user {
	char uid[32], uuid[40], name[64];
	bool active, admin;
	int64_t cert_serial; /* registered; -1 none */
	struct {
		char pid[64], gid[64], trust[16];
	} groups[8];
	int n_groups;
};

struct lab_site {
	char domain[64]; /* "example.net" */
	struct lab_type *types;
	struct lab_type vm_type; /* of virtual nodes: "pcvm" */
	struct lab_machine *machines;
	struct lab_experiment **experiments;
	struct lab_user *users;
	size_t n_types, n_machines, n_experiments, n_users;
	size_t experiments_cap, users_cap;
	char *nologins; /* notice text while logins are closed, or NULL */
	char *message;  /* the notice when they are open, or NULL */
	double delay_threshold_ms;
	const char *delay_os; /* image of shapers; NULL: the type's own */
	bool has_netem;       /* the kernel can delay and lose */
	uint64_t seed;
	char boss_ip[16]; /* on the control network; port 3069 */
	char control_mask[16];
	char login[32]; /* whose account is on every node */
};

const char *lab_state_name(enum lab_state state);

/* Two members: a link to the mapper, whoever declared it (section 4.1). */
static inline bool lab_is_link(const struct ns_lan *lan)
{
	return lan->n_members == 2;
}
/* An experiment-wide setting of its NS file, or NULL. */
const char *lab_setting(const struct ns_experiment *ns, const char *name);
/* "" and "0" are no, all else is yes. */
bool lab_flag(const char *value);

/* A site with its pool of machines (deterministic ids, MACs, switch ports)
 * and no experiment.  `seed` varies MACs and assignments. */
struct lab_site *lab_site_new(const char *domain, uint64_t seed);
void lab_site_free(struct lab_site *site);
struct lab_experiment *lab_experiment_add(struct lab_site *site,
	const char *pid, const char *eid, const char *head);
struct lab_experiment *lab_experiment_find(const struct lab_site *site,
	const char *pid, const char *eid); /* without regard to case */
int lab_machine_of(const struct lab_site *site, const struct lab_experiment *e,
	const char *vname); /* index or -1 */

/* The number of a node in the NS file, or -1. */
int lab_node_index(const struct lab_experiment *e, const char *vname);
/* The machine called id, or -1. */
int lab_machine_find(const struct lab_site *site, const char *id);
/* Its control interface. */
struct lab_iface *lab_control(struct lab_machine *m);
int lab_index(const struct lab_site *site, const struct lab_experiment *e);
/* May the mapper hand it out as a machine? */
static inline bool lab_is_free(const struct lab_machine *m)
{
	return m->owner < 0 && !m->is_virtual && !m->is_shared_host;
}
/* A virtual node's interface on its host, NULL when that is not known. */
const struct lab_veth *lab_veth_of(
	const struct lab_experiment *e, int machine, int iface);
/* Name and MAC of the end of a wire. */
void lab_end_name(const struct lab_site *site, int machine, int iface,
	char name[static 16]);
void lab_end_mac(const struct lab_site *site, int machine, int iface,
	uint8_t mac[static 6]);

/* The mapper (section 5.3): machines for nodes and shapers, wires, pipes,
 * traces.  Keeps the machines of surviving virtual names.  Not enough of
 * something is NFZ_E_RESOURCES in the testbed's own words, and the old
 * mapping stays as it was.  On success the experiment owns ns (which may be
 * e->ns itself: mapped again); on failure the caller still does. */
int lab_map(struct lab_site *site, struct lab_experiment *e,
	struct ns_experiment *ns, struct err *err) NFZ_MUST_CHECK;
void lab_unmap(struct lab_site *site, struct lab_experiment *e);
/* The machine is nobody's again. */
void lab_machine_release(struct lab_machine *machine);

#endif
