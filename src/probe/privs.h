/* From root to nobody, keeping CAP_NET_RAW alone: a tap whose interface went
 * away and came back has to be attached again. */
#ifndef NFZ_PROBE_PRIVS_H
#define NFZ_PROBE_PRIVS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { PRIVS_NOBODY = 65534 };

/* Irreversible.  Does nothing when not started as root. */
int privs_drop(uint32_t uid, bool keep_raw, struct err *err) NFZ_MUST_CHECK;

/* Behind privs_drop, when all is open: no file can be opened any more, no
 * system call made but those of the loop (base/jail.h).  Says in the log what
 * holds. */
int privs_jail(struct err *err) NFZ_MUST_CHECK;

#endif
