/* The mapper's rooms: a draft of the whole pool that becomes the truth only
 * when everything fits.  Internal to the mapper's own files. */
#ifndef NFZ_LAB_MAPPER_H
#define NFZ_LAB_MAPPER_H

#include "base/map.h"
#include "lab/model.h"

enum {
	MAPPER_DELAYS_PER_BOX = 2,
	MAPPER_PER_HOST = 20,    /* virtual nodes on a host of their own */
	MAPPER_PER_SHARED = 128, /* and on one of the site's */
	MAPPER_NO_HOST = -1,
	MAPPER_SHARED = -2
};

/* A machine that is to host virtual nodes of this experiment. */
struct mapper_host {
	char vname[16];    /* "vhost-0" */
	const char *fixed; /* the machine it must be, or NULL */
	uint32_t types;    /* bit i: site->types[i] will do */
	int machine;       /* -1 until placed */
	size_t n;          /* virtual nodes on it */
};

struct mapper {
	struct lab_site *site;
	struct lab_experiment *e;
	const struct ns_experiment *ns;
	int owner;                    /* e's index */
	struct arena arena;           /* becomes the experiment's */
	struct lab_machine *machines; /* the draft, site->n_machines */
	struct map nodes;             /* node name -> machine index + 1 */
	struct map numbers;           /* node name -> its number + 1 */
	int *host_of; /* of each node: into hosts, or MAPPER_* */
	struct mapper_host *hosts;
	size_t n_hosts, hosts_cap;
	const struct ns_lan **lans; /* sorted by name */
	size_t n_lans;
	struct lab_wire *wires;
	struct lab_delay *delays;
	struct lab_trace *traces;
	struct lab_linkdelay *linkdelays;
	size_t n_wires, wires_cap, n_delays, delays_cap, n_traces, traces_cap;
	size_t n_linkdelays, linkdelays_cap;
	struct lab_veth *veths;
	size_t n_veths, veths_cap;
	struct lab_lookup lookup;
};

/* The members of a link or LAN in the testbed's order: by node name, then
 * port.  An array of lan->n_members pointers in the mapper's arena. */
const struct ns_member **mapper_members(
	struct mapper *m, const struct ns_lan *lan);
int mapper_machine(const struct mapper *m, const char *node);

/* Which logical delays there are, numbered and put into boxes of two;
 * machines are still missing (machine = -1). */
void mapper_find_delays(struct mapper *m);
/* Gives every node and every box a machine. */
int mapper_place(struct mapper *m, struct err *err) NFZ_MUST_CHECK;

/* Virtual nodes (mapper_hosts.c): is it one that can be had here? */
bool mapper_is_virtual(const struct ns_node *node);
/* Decides which of them share a host; hosts are not placed yet. */
int mapper_pack(struct mapper *m, struct err *err) NFZ_MUST_CHECK;
/* Gives each its place, when all hosts have machines. */
int mapper_seat(struct mapper *m, struct err *err) NFZ_MUST_CHECK;
/* Their interfaces on their hosts, when they have interfaces themselves. */
int mapper_plug_hosts(struct mapper *m, struct err *err) NFZ_MUST_CHECK;
/* The wires between the two; and where a member's wire to the world begins:
 * itself or, on a host of its own, a card of that (-1: nowhere, all members
 * are on one host). */
void mapper_wire_hosts(struct mapper *m);
void mapper_outer_end(const struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *member, int *ret_machine, int *ret_card);

/* Parts of mapper_place.c and mapper_wire.c that others need. */
/* The types that have this name or class and are fast enough for the node. */
uint32_t mapper_types(const struct mapper *m, const char *name,
	const char *node, bool *ret_known);
const struct lab_delay *mapper_delay_for(const struct mapper *m,
	const struct ns_lan *lan, const struct ns_member *member);
int mapper_card_of(const struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *member);
/* The card this node already has for this link, if it keeps its machine. */
int mapper_present_card(const struct mapper *m, int machine,
	const struct ns_lan *lan, const char *node);
bool mapper_usable(const struct lab_machine *machine, int card);
struct lab_wire *mapper_add_wire(struct mapper *m, const struct ns_lan *lan,
	const char *node, size_t max);
void mapper_add_end(
	struct mapper *m, struct lab_wire *w, int machine, int card);

/* Interfaces, wires, traces and end-node pipes of what was placed. */
int mapper_wire(struct mapper *m, struct err *err) NFZ_MUST_CHECK;
/* Fills m->lookup. */
void mapper_look_up(struct mapper *m);

#endif
