/* Topologies from graph files as solvers exchange them (".gr" of the PACE
 * contests): "p td N M", then one line "u v" for each link, nodes from 1. */
#ifndef NFZ_TESTBED_GR_H
#define NFZ_TESTBED_GR_H

#include "testbed/draft.h"

/* Looks like one: the first line that is no comment is "p WORD N M". */
bool gr_is(const char *text, size_t len);
/* Nodes are named by their numbers.  Errors name the line. */
int gr_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
