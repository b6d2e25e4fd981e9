/* Rows of one answer as the filter of the next: a flow is wanted when it has
 * the addresses, ports, names ... of one of them. */
#ifndef NFZ_CLI_AMONG_H
#define NFZ_CLI_AMONG_H

#include "base/buf.h"
#include "base/err.h"

/* Reads NDJSON, "-" is stdin, and adds a filter (netflowize-filter(7)) made of
 * the members that queries and analyses have: src dst src_net dst_net sport
 * dport proto link node src_node dst_node.  Other members are passed over, and
 * so are those that are null.  No row at all: a filter that nothing fits. */
int among_read(
	const char *path, struct buf *out, struct err *err) NFZ_MUST_CHECK;

#endif
