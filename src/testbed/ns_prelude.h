/* The Tcl texts that define what NS files use. */
#ifndef NFZ_TESTBED_NS_PRELUDE_H
#define NFZ_TESTBED_NS_PRELUDE_H

#include <stddef.h>

struct ns_prelude {
	const char *name;
	const char *text;
};

/* In the order in which they must be evaluated; name NULL ends the list. */
const struct ns_prelude *ns_prelude(void);

#endif
