/* What a program locks behind itself once it has opened all it needs: no files
 * but those below one directory (Landlock, where the kernel has it), no system
 * calls but those it makes while it runs (seccomp): any other kills it.
 *
 * For programs that read what strangers send. */
#ifndef NFZ_BASE_JAIL_H
#define NFZ_BASE_JAIL_H

#include "base/err.h"

#include <stdbool.h>

struct jail {
	const char *dir; /* files below it may be used; NULL: none at all */
	/* give up all capabilities, too; the user stays */
	bool no_capabilities;
	bool no_sockets; /* but those that are open */
};

/* What holds; for a log line. */
struct jail_state {
	bool seccomp;
	int landlock; /* version of its interface, 0: the kernel has none */
};

/* Irreversible, for this process and its children.  Does nothing in builds
 * with sanitizers, which need what it forbids. */
int jail_enter(const struct jail *jail, struct jail_state *ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
