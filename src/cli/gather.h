/* What many nodes say alike becomes one line: "client[1-40,45]: ...". */
#ifndef NFZ_CLI_GATHER_H
#define NFZ_CLI_GATHER_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct gather {
	struct gather_line {
		char *text;
		int kind; /* the caller's; lines of two kinds never join */
		const char **names;
		size_t n, cap;
		int64_t from, to; /* of the values given */
	} * lines;                /* in the order of their first */
	size_t n, cap;
};

/* Takes one node's line.  The name must outlive it, the text need not. */
void gather_add(struct gather *g, int kind, const char *name, const char *text,
	int64_t value);
/* The names of one line as nodeset_print has them. */
void gather_names(const struct gather_line *l, struct buf *to);
void gather_release(struct gather *g);

#endif
