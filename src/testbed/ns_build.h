/* Rows of virtual tables -> struct ns_experiment. */
#ifndef NFZ_TESTBED_NS_BUILD_H
#define NFZ_TESTBED_NS_BUILD_H

#include "base/cursor.h"
#include "testbed/ns.h"

/* Reads the rows of an answer (ns_tcl.h) and fills everything of e.  The
 * bytes come from a program that ran a stranger's text: counts and lengths
 * are checked, values are only text. */
int ns_build(struct cursor *rows, struct ns_experiment *e,
	struct err *err) NFZ_MUST_CHECK;

#endif
