/* Flows in the Arrow C data interface: two plain structs, defined by Apache
 * Arrow ("The Arrow C data interface", ABI stable since 1.0), through which
 * Python, R or DuckDB take rows as columns without a copy and without a library
 * of ours or theirs.
 *
 * A flow is a row of a struct with these members, none of which is ever null:
 *
 *   src, dst          w:16     as in struct net_addr
 *   sport, dport      S        uint16
 *   proto, tcp_flags  C        uint8
 *   packets, bytes    L        uint64
 *   first, last       tsn:UTC  ns since 1970 */
#ifndef NFZ_STORE_ARROW_H
#define NFZ_STORE_ARROW_H

#include "store/query.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
	const char *format, *name, *metadata;
	int64_t flags, n_children;
	struct ArrowSchema **children, *dictionary;
	void (*release)(struct ArrowSchema *);
	void *private_data;
};

struct ArrowArray {
	int64_t length, null_count, offset, n_buffers, n_children;
	const void **buffers;
	struct ArrowArray **children, *dictionary;
	void (*release)(struct ArrowArray *);
	void *private_data;
};

#endif

enum { ARROW_ROWS = 65536 }; /* at most, of one batch */

/* What the rows of arrow_flows() are.  The caller's, until it is released. */
void arrow_schema(struct ArrowSchema *ret);

/* Gets a batch of at least one row, and keeps it by moving it (copying the
 * struct and setting release to NULL); else it is released on return.  Not 0
 * stops and is returned. */
typedef int (*arrow_fn)(void *ctx, struct ArrowArray *batch, struct err *err);
/* The flows that the query wants, each once. */
int arrow_flows(struct store *s, const struct query *q, arrow_fn fn, void *ctx,
	struct err *err) NFZ_MUST_CHECK;

#endif
