/* Topologies from Rocketfuel weight files: "FROM TO WEIGHT" lines, each link
 * listed in both directions. */
#ifndef NFZ_TESTBED_ROCKETFUEL_H
#define NFZ_TESTBED_ROCKETFUEL_H

#include "testbed/draft.h"

/* Looks like one: the first line is two names and a number. */
bool rocketfuel_is(const char *text, size_t len);
/* Nodes by their names in the file; both directions are one link.  Errors name
 * the line. */
int rocketfuel_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
