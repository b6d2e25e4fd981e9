/* Topologies from SNDlib's native network format. */
#ifndef NFZ_TESTBED_SNDLIB_H
#define NFZ_TESTBED_SNDLIB_H

#include "testbed/draft.h"

/* Looks like one: "?SNDlib" or "NODES (" comes first. */
bool sndlib_is(const char *text, size_t len);
/* Nodes and links by their names.  Where every link has one that leads back,
 * the two are one.  Errors name the line. */
int sndlib_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
