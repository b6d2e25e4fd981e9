/* From root to nobody, keeping one right at most. */
#ifndef NFZ_PROBE_PRIVS_H
#define NFZ_PROBE_PRIVS_H

#include "base/err.h"

#include <stdint.h>

enum { PRIVS_NOBODY = 65534 };

enum privs_keep {
	PRIVS_NONE,
	/* a tap whose interface went away and came back is attached again */
	PRIVS_NET_RAW,
	/* filters are removed from interfaces (probe/guard.h) */
	PRIVS_NET_ADMIN
};

/* Irreversible.  Does nothing when not started as root. */
int privs_drop(
	uint32_t uid, enum privs_keep keep, struct err *err) NFZ_MUST_CHECK;

/* Behind privs_drop, when all is open: no file can be opened any more, no
 * system call made but those of the loop (base/jail.h).  Says in the log what
 * holds. */
int privs_jail(struct err *err) NFZ_MUST_CHECK;

#endif
