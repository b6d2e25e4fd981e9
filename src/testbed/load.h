/* Topologies from files, whatever kind they are. */
#ifndef NFZ_TESTBED_LOAD_H
#define NFZ_TESTBED_LOAD_H

#include "base/err.h"
#include "testbed/draft.h"
#include "topology/topology.h"

struct buf;

/* Reads path ("-": stdin) and recognises its format by its content
 * (netflowize-topology(5)).  Warnings are added to *warnings (may be NULL),
 * one a line, for the caller to show. */
int topology_load(const char *path, struct topology **ret, struct buf *warnings,
	struct err *err) NFZ_MUST_CHECK;

/* The same from a text. */
int topology_parse(const struct draft_text *from, struct topology **ret,
	struct err *err) NFZ_MUST_CHECK;

/* A file that can be read again, and no JSON: that tells as its source what it
 * was made of. */
bool topology_is_source(const char *path);

#endif
