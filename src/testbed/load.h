/* Topologies from files, whatever kind they are. */
#ifndef NFZ_TESTBED_LOAD_H
#define NFZ_TESTBED_LOAD_H

#include "base/err.h"
#include "topology/topology.h"

/* Reads path ("-": stdin) and recognises it by its content: our JSON, or an NS
 * file.  Warnings of the NS parser are added to *warnings (may be NULL), one a
 * line, for the caller to show. */
struct buf;
int topology_load(const char *path, struct topology **ret, struct buf *warnings,
	struct err *err) NFZ_MUST_CHECK;

#endif
