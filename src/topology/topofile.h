/* The topology's file form: JSON, schema "netflowize.topology/1"
 * (netflowize-topology(5)). */
#ifndef NFZ_TOPOLOGY_TOPOFILE_H
#define NFZ_TOPOLOGY_TOPOFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "topology/topology.h"

enum { TOPOFILE_NAME_MAX = 200 }; /* bytes of a node's or link's name */

/* Parses text; an error names line and cause.  A newer major schema is
 * refused politely. */
int topofile_parse(const char *text, size_t len, const char *name,
	struct topology **ret, struct err *err) NFZ_MUST_CHECK;
/* Deterministic: same topology, same bytes. */
void topofile_print(const struct topology *t, struct buf *out);

#endif
