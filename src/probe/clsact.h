/* eBPF programs at an interface in the way of kernels before tcx (Linux 6.6):
 * as filters of a clsact queueing discipline, tc-bpf(8).
 *
 * These outlive who made them, so each carries in its name whose it is, and
 * whether the discipline was made for it.  Nothing that is not ours is changed:
 * a discipline that is there is used, filters of others stay where they are,
 * none shares its priority with ours, and the discipline goes with our last
 * filter only if it was made for us and nobody else uses it. */
#ifndef NFZ_PROBE_CLSACT_H
#define NFZ_PROBE_CLSACT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Whose filters: of one life of a module.  A module or life of 0 is any, where
 * they are looked for. */
struct clsact_owner {
	uint64_t deployment;
	uint16_t module;
	uint64_t life;
};

/* Puts the program in front of all others, at what is received and at what is
 * sent; there its class (tc_classid) is TC_H_MIN_INGRESS and TC_H_MIN_EGRESS.
 * What an earlier life of the module has left goes.  Fails where it cannot be in
 * front, where an ingress discipline is in the way, and where the kernel has no
 * clsact. */
int clsact_attach(const struct clsact_owner *who, int ifindex, int program,
	struct err *err) NFZ_MUST_CHECK;
/* Are both still there and in front?  Needs no rights. */
bool clsact_in_front(const struct clsact_owner *who, int ifindex);
/* Removes filters, at one interface or, with 0, at all. */
int clsact_remove(const struct clsact_owner *who, int ifindex,
	struct err *err) NFZ_MUST_CHECK;
/* How many of them there are. */
unsigned clsact_count(const struct clsact_owner *who);
/* A line "filter INTERFACE ingress|egress PRIORITY KIND HANDLE NAME" for each
 * filter there, whosever it is. */
void clsact_print(int ifindex, struct buf *out);

#endif
