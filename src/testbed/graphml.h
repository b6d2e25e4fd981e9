/* Topologies from GraphML, as the Internet Topology Zoo and graph editors
 * write it. */
#ifndef NFZ_TESTBED_GRAPHML_H
#define NFZ_TESTBED_GRAPHML_H

#include "testbed/draft.h"

bool graphml_is(const char *text, size_t len);
/* Nodes by their label, else their id; hyperedges are LANs.  In a directed
 * graph where every edge has one that leads back, the two are one link.
 * Errors name the line. */
int graphml_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
