/* Topologies from GENI RSpecs, version 3 and ProtoGENI's 2: requests, and the
 * manifests that answer them. */
#ifndef NFZ_TESTBED_RSPEC_H
#define NFZ_TESTBED_RSPEC_H

#include "testbed/draft.h"

bool rspec_is(const char *text, size_t len);
/* Nodes and links by their client_id.  A bridge (a node of sliver type "delay"
 * between two links) becomes a shaper on one link.  Errors name the line. */
int rspec_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Several documents of one experiment, one from each site, as one topology.
 * A node that several tell of is the one with a sliver; a link between sites
 * is in the documents of both.  Warnings go where the first one's go. */
int rspec_parse_all(const struct draft_text *from, size_t n,
	struct topology **ret, struct err *err) NFZ_MUST_CHECK;

#endif
