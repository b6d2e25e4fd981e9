/* A seeded hash table: bytes -> pointer.  Keys are copied.  Iteration goes in
 * the order of insertion, so output made from a map is the same every time. */
#ifndef NFZ_BASE_MAP_H
#define NFZ_BASE_MAP_H

#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>

struct map_entry {
	char *key; /* NUL-terminated copy; key_len bytes count */
	size_t key_len;
	void *value;
	uint64_t hash;
};

struct map {
	struct map_entry *entries; /* insertion order; key NULL = removed */
	size_t n, used, cap;       /* n live entries, used slots */
	uint32_t *index;           /* open addressing, slot + 1, 0 = empty */
	size_t index_size;
	struct hash_key seed;
};

void map_init(struct map *map);
void map_release(struct map *map); /* values are the caller's */
/* Sets key to value, replacing; returns the value replaced or NULL.  A key of no
 * bytes may be NULL. */
void *map_put(struct map *map, const void *key, size_t len, void *value);
void *map_puts(struct map *map, const char *key, void *value);
/* NULL when absent (or when NULL was stored: ask map_has). */
void *map_get(const struct map *map, const void *key, size_t len);
void *map_gets(const struct map *map, const char *key);
bool map_has(const struct map *map, const void *key, size_t len);
/* Returns the value removed, or NULL. */
void *map_remove(struct map *map, const void *key, size_t len);
/* for (size_t i = 0; (e = map_next(map, &i));) ... */
struct map_entry *map_next(const struct map *map, size_t *i);

#endif
