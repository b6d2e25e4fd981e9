/* What one meter has put at interfaces and would outlive it (probe/clsact.h),
 * and the process that removes it: a meter has given up the right to, and may
 * be killed.
 *
 * The guard is this program once more, with no right but CAP_NET_ADMIN.  It
 * waits until the meter says so or is gone, however it went. */
#ifndef NFZ_PROBE_GUARD_H
#define NFZ_PROBE_GUARD_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct guard;

struct guard *guard_new(uint64_t deployment, uint16_t module);
/* Removes what there is, and waits until that is done. */
void guard_free(struct guard *g); /* may be NULL */
/* As clsact_attach(), in_front() and remove(). */
int guard_attach(struct guard *g, int ifindex, int program,
	struct err *err) NFZ_MUST_CHECK;
bool guard_in_front(const struct guard *g, int ifindex);
void guard_detach(struct guard *g, int ifindex);
/* Before rights are given up: starts the process, as that user, if there is
 * anything to guard. */
int guard_begin(struct guard *g, uint32_t uid, struct err *err) NFZ_MUST_CHECK;

/* That process: PROGRAM GUARD_WORD and what guard_begin() says further. */
#define GUARD_WORD "--guard"
int guard_main(int argc, char **argv);

#endif
