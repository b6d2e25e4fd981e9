/* The Tcl side of NS files: runs the text in a safe interpreter and writes
 * down what came of it.  The only user of libtcl.  Called in the child of
 * ns_sandbox_run(). */
#ifndef NFZ_TESTBED_NS_TCL_H
#define NFZ_TESTBED_NS_TCL_H

#include "testbed/ns.h"

struct ns_job {
	const char *text;
	size_t len;
	const char *name;        /* of the file, for messages */
	struct ns_limits limits; /* all set */
};

/* How the evaluation ended. */
enum ns_outcome {
	NS_FINE,
	NS_REFUSED,   /* the parser said why ("*** ...") */
	NS_TCL_ERROR, /* Tcl stopped */
	NS_OVER_TIME,
	NS_OVER_COMMANDS
};

/* The answer, big-endian: u8 outcome, u32 line of the user's file (0 none),
 * then texts of u32 length: Tcl's error, messages; then the rows until the
 * end: text table, u32 number of columns, per column text name, text value.
 * arg is a struct ns_job. */
void ns_tcl_run(void *arg, int fd);

#endif
