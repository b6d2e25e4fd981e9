/* What is set up inside a node's network namespace, as lines for `ip -batch`
 * and `tc -batch`: addresses, routes, bridges, queues.  Pure text. */
#ifndef NFZ_LAB_NETPLAN_H
#define NFZ_LAB_NETPLAN_H

#include "base/buf.h"
#include "lab/model.h"

/* Addresses, links up and routes of one machine. */
void netplan_node(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct buf *ip);
/* Bridges and queues of a shaper, or the queues of end-node shaping; false
 * when there are none. */
bool netplan_delay(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct buf *ip, struct buf *tc);
/* A host's bridges, one for each link of virtual nodes on it, and the queues
 * of end-node shaping towards them; returns how many bridges. */
int netplan_host(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct buf *ip, struct buf *tc);
/* The queues of end-node shaping towards the node: they sit on the switch's
 * side of its wire, whose ends are named by netplan_port(). */
bool netplan_switch(const struct lab_site *site, const struct lab_experiment *e,
	struct buf *tc);
/* "pc164.1": the switch's end of a machine's wire. */
void netplan_port(const struct lab_site *site, int machine, int iface,
	char name[static 16]);
/* Does anything in this experiment delay or lose on purpose? */
bool netplan_delays(const struct lab_experiment *e);
/* Static shortest paths and manual routes of one machine. */
void netplan_routes(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct buf *ip);
/* Batch lines as a shell script: each with the command in front. */
void netplan_script(const char *batch, const char *command, struct buf *out);

#endif
