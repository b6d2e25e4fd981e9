/* Finding elements of an array by their names, without a copy of the names.
 *
 * The elements are of any type whose first member is `const char *name`; the
 * array may move, the names may not change. */
#ifndef NFZ_TOPOLOGY_NAMEINDEX_H
#define NFZ_TOPOLOGY_NAMEINDEX_H

#include "base/hash.h"

#include <stddef.h>
#include <stdint.h>

enum { NAMEINDEX_MAX = (1 << 24) - 2 }; /* elements */

/* Elements whose names are numbered as they stand, "n0" "n1" "n2": which one is
 * meant is seen from the number, and no table is looked into. */
struct name_run {
	size_t first, n;
	size_t len; /* of what stands before the number */
	uint32_t number;
};

enum { NAME_RUNS = 8 };

struct nameindex {
	/* Of names in no run: index + 1, 0 is empty; above it 8 bits of the
	 * hash, so that names are compared only where they are probably
	 * equal. */
	uint32_t *slots;
	size_t size, held, n;
	struct name_run runs[NAME_RUNS]; /* by first; only the last is short */
	size_t n_runs;
	struct hash_key seed;
};

/* An array as this sees it. */
struct nameindex_array {
	const void *items;
	size_t stride;
};

void nameindex_init(struct nameindex *names);
void nameindex_release(struct nameindex *names);
/* Takes up the names of all elements up to n that are not yet; they must differ
 * from each other and from those before. */
void nameindex_fill(
	struct nameindex *names, struct nameindex_array array, size_t n);
/* The index of that name, or -1. */
int nameindex_find(const struct nameindex *names, struct nameindex_array array,
	const char *name);
/* Takes up a name for element n, the next one, which must then be put into the
 * array; or returns the index that has it already.  -1: taken up. */
int nameindex_add(struct nameindex *names, struct nameindex_array array,
	const char *name);

#endif
