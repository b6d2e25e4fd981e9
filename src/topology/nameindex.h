/* Finding elements of an array by their names, without a copy of the names.
 *
 * The elements are of any type whose first member is `const char *name`; the
 * array may move, the names may not change. */
#ifndef NFZ_TOPOLOGY_NAMEINDEX_H
#define NFZ_TOPOLOGY_NAMEINDEX_H

#include "base/hash.h"

#include <stddef.h>
#include <stdint.h>

struct nameindex {
	uint32_t *slots; /* index + 1, 0 is empty; open addressing */
	size_t size, n;
	struct hash_key seed;
};

/* An array as this sees it. */
struct nameindex_array {
	const void *items;
	size_t stride;
};

void nameindex_init(struct nameindex *names);
void nameindex_release(struct nameindex *names);
/* The index of that name, or -1. */
int nameindex_find(const struct nameindex *names, struct nameindex_array array,
	const char *name);
/* Element n (the next one) is in the array now; its name is new. */
void nameindex_add(struct nameindex *names, struct nameindex_array array);

#endif
