/* The runtime's inside, for its own files. */
#ifndef NFZ_LAB_RUNTIME_PARTS_H
#define NFZ_LAB_RUNTIME_PARTS_H

#include "lab/link.h"
#include "lab/runtime.h"

struct lab_runtime {
	struct runtime_setup setup;
	struct lab_site *site;
	struct lab_node *nodes; /* one for each machine of the site */
	bool *has_disk;
	struct lab_links links;
	int control_ns; /* where br0 and the boss are */
};

/* Host order address and mask of a machine's control interface, and the rest
 * of what its PID 1 needs; strings live as long as place and text do. */
struct runtime_place {
	struct node_place place;
	char store[512], hostname[256];
};
/* Name of the switch-side end of a machine's control wire. */
void runtime_control_port(
	const struct lab_runtime *rt, int machine, char name[static 16]);
/* Settings of a fresh network namespace, before it has interfaces. */
int runtime_prepare(
	struct lab_runtime *rt, int machine, struct err *err) NFZ_MUST_CHECK;
/* Files, addresses, queues of one machine; again after anything changed. */
int runtime_configure(struct lab_runtime *rt, struct lab_experiment *e,
	int machine, bool rewired, struct err *err) NFZ_MUST_CHECK;
/* Empties a stopped machine's disk. */
int runtime_wipe(
	struct lab_runtime *rt, int machine, struct err *err) NFZ_MUST_CHECK;
/* Waits until port 22 of these machines answers. */
int runtime_wait(struct lab_runtime *rt, const int *machines, size_t n,
	struct err *err) NFZ_MUST_CHECK;
/* Stops a machine and takes its wires away. */
void runtime_stop(struct lab_runtime *rt, int machine);
/* Starts these machines (mapped, not running) up to an answering sshd. */
int runtime_start(struct lab_runtime *rt, struct lab_experiment *e,
	const int *machines, size_t n, struct err *err) NFZ_MUST_CHECK;

#endif
