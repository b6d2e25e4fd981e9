/* Brings a mapped experiment to life: namespaces, wires, shapers, sshd; and
 * changes it while it runs.  Single-threaded; called by the daemon's loop. */
#ifndef NFZ_LAB_RUNTIME_H
#define NFZ_LAB_RUNTIME_H

#include "base/err.h"
#include "lab/model.h"

struct lab_runtime;

/* Builds the LAB network namespace and the store; sweeps left-overs. */
int lab_runtime_new(struct lab_site *site, const char *state_dir,
        struct lab_runtime **ret, struct err *err) NFZ_MUST_CHECK;
void lab_runtime_free(struct lab_runtime *rt); /* takes everything down */
/* Makes the running machines and wires equal to the mapping: starts what is
 * new, re-plugs what moved, stops what is gone; survivors keep their disk.
 * Also swap-in (from nothing) and swap-out (mapping empty). */
int lab_runtime_apply(struct lab_runtime *rt, struct lab_experiment *e,
        struct err *err) NFZ_MUST_CHECK;
/* A fault knob (deploy-targets 2.12) on one node: "stop", "down", ... */
int lab_runtime_fault(struct lab_runtime *rt, struct lab_experiment *e,
        const char *vname, const char *kind, struct err *err) NFZ_MUST_CHECK;
const char *const *lab_fault_kinds(void); /* NULL-ended */

#endif
