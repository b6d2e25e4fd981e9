/* The wires of running machines: veth pairs and the switch's bridges. */
#ifndef NFZ_LAB_LINK_H
#define NFZ_LAB_LINK_H

#include "base/err.h"
#include "lab/model.h"
#include "lab/node.h"

/* One veth pair that exists: between two machines, or (machine[1] < 0) from a
 * machine into the switch, on the bridge of a LAN. */
struct lab_plug {
	int machine[2], iface[2];
	unsigned boot[2]; /* of which start of the machine it is */
	uint8_t mac[2][6];
	char lan[80]; /* "" between two machines */
};

struct lab_bridge {
	char lan[80]; /* experiment index and name */
	char name[16];
};

struct lab_links {
	int switch_ns;
	struct lab_plug *plugs;
	struct lab_bridge *bridges;
	size_t n_plugs, plugs_cap, n_bridges, bridges_cap;
	unsigned next_bridge;
};

int links_init(struct lab_links *links, struct err *err) NFZ_MUST_CHECK;
void links_release(struct lab_links *links);
/* Unplugs what the mapping of all active experiments does not have any more
 * (or what belongs to an earlier start of a machine). */
int links_unplug(struct lab_links *links, const struct lab_site *site,
	const struct lab_node *nodes, struct err *err) NFZ_MUST_CHECK;
/* Plugs in what is missing; changed[machine] is set where an interface is
 * new.  All these machines must be running. */
int links_plug(struct lab_links *links, const struct lab_site *site,
	const struct lab_node *nodes, bool *changed,
	struct err *err) NFZ_MUST_CHECK;
/* Takes every wire of one machine away, before it stops. */
void links_drop(struct lab_links *links, const struct lab_site *site,
	const struct lab_node *nodes, int machine);

#endif
