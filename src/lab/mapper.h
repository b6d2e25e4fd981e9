/* The mapper's rooms: a draft of the whole pool that becomes the truth only
 * when everything fits.  Internal to the mapper's own files. */
#ifndef NFZ_LAB_MAPPER_H
#define NFZ_LAB_MAPPER_H

#include "base/map.h"
#include "lab/model.h"

enum { MAPPER_DELAYS_PER_BOX = 2 };

struct mapper {
	struct lab_site *site;
	struct lab_experiment *e;
	const struct ns_experiment *ns;
	int owner;                    /* e's index */
	struct arena arena;           /* becomes the experiment's */
	struct lab_machine *machines; /* the draft, site->n_machines */
	struct map nodes;             /* node name -> machine index + 1 */
	const struct ns_lan **lans;   /* sorted by name */
	size_t n_lans;
	struct lab_wire *wires;
	struct lab_delay *delays;
	struct lab_trace *traces;
	struct lab_linkdelay *linkdelays;
	size_t n_wires, wires_cap, n_delays, delays_cap, n_traces, traces_cap;
	size_t n_linkdelays, linkdelays_cap;
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
/* Interfaces, wires, traces and end-node pipes of what was placed. */
int mapper_wire(struct mapper *m, struct err *err) NFZ_MUST_CHECK;
/* Fills m->lookup. */
void mapper_look_up(struct mapper *m);

#endif
