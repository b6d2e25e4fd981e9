/* Brings a mapped experiment to life: namespaces, wires, shapers, sshd; and
 * changes it while it runs.  Single-threaded; called by the daemon's loop. */
#ifndef NFZ_LAB_RUNTIME_H
#define NFZ_LAB_RUNTIME_H

#include "base/err.h"
#include "lab/keys.h"
#include "lab/model.h"

struct lab_runtime;
struct lab_node;

struct runtime_setup {
	struct lab_site *site;  /* outlives the runtime */
	const char *store;      /* a directory for the nodes' disks */
	struct keys_dirs keys;  /* where host keys are kept */
	const char *authorized; /* the public key line that may log in */
	int64_t disk_bytes;     /* of each node, 0: 512 MiB */
};

/* Makes the control network in the network namespace the caller is in (never
 * the machine's own: it must have unshared) and the switch beside it. */
int lab_runtime_new(const struct runtime_setup *setup, struct lab_runtime **ret,
	struct err *err) NFZ_MUST_CHECK;
void lab_runtime_free(struct lab_runtime *rt); /* takes everything down */
/* Makes the running machines and wires equal to the mapping: starts what is
 * new, re-plugs what moved, stops what is gone; survivors keep their disk.
 * Also swap-in (from nothing) and swap-out (mapping empty).  Returns when
 * every node's sshd answers. */
int lab_runtime_apply(struct lab_runtime *rt, struct lab_experiment *e,
	struct err *err) NFZ_MUST_CHECK;
/* A fault knob (deploy-targets 2.12) on one node: "stop", "down", ... */
int lab_runtime_fault(struct lab_runtime *rt, struct lab_experiment *e,
	const char *vname, const char *kind, struct err *err) NFZ_MUST_CHECK;
const char *lab_fault_kind(size_t i); /* NULL after the last */
/* What the kind does, one line; NULL when there is no such kind. */
const char *lab_fault_help(const char *kind);
/* A running machine, or NULL. */
const struct lab_node *lab_runtime_node(
	const struct lab_runtime *rt, int machine);

#endif
