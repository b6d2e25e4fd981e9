#include "topology/nameindex.h"
#include "base/mem.h"

#include <string.h>

void nameindex_init(struct nameindex *names)
{
	*names = (struct nameindex){.seed = hash_key_new()};
}

void nameindex_release(struct nameindex *names)
{
	free(names->slots);
	*names = (struct nameindex){.seed = names->seed};
}

static const char *name_at(struct nameindex_array array, size_t i)
{
	const char *name;

	/* elements are packed: their names lie anywhere */
	memcpy(&name, (const char *)array.items + i * array.stride,
		sizeof(name));
	return name;
}

enum { INDEX_BITS = 24, INDEX_MASK = (1 << INDEX_BITS) - 1 };

static uint64_t hash_of(const struct nameindex *names, const char *name)
{
	return hash_bytes(&names->seed, name, strlen(name));
}

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 56) << INDEX_BITS;
}

static void put(struct nameindex *names, const char *name, size_t i)
{
	uint64_t hash = hash_of(names, name);
	size_t at = hash & (names->size - 1);

	while (names->slots[at])
		at = (at + 1) & (names->size - 1);
	names->slots[at] = tag_of(hash) | ((uint32_t)i + 1);
}

/* Where the name is, or would be; the table must not be empty. */
static size_t place(const struct nameindex *names, struct nameindex_array array,
	const char *name, uint64_t hash)
{
	size_t at = hash & (names->size - 1);

	for (; names->slots[at]; at = (at + 1) & (names->size - 1)) {
		uint32_t slot = names->slots[at];

		if ((slot & ~(uint32_t)INDEX_MASK) == tag_of(hash) &&
			strcmp(name_at(array, (slot & INDEX_MASK) - 1), name) ==
				0)
			break;
	}
	return at;
}

static int index_at(const struct nameindex *names, size_t at)
{
	return (int)(names->slots[at] & INDEX_MASK) - 1;
}

int nameindex_find(const struct nameindex *names, struct nameindex_array array,
	const char *name)
{
	if (!names->size)
		return -1;
	return index_at(names, place(names, array, name, hash_of(names, name)));
}

static void resize(
	struct nameindex *names, struct nameindex_array array, size_t size)
{
	names->size = size;
	free(names->slots);
	names->slots = mem_zalloc(size, sizeof(*names->slots));
	for (size_t i = 0; i < names->n; i++)
		put(names, name_at(array, i), i);
}

void nameindex_fill(
	struct nameindex *names, struct nameindex_array array, size_t n)
{
	size_t size = names->size ? names->size : 16;

	while (n * 4 > size * 3)
		size *= 2;
	if (size != names->size)
		resize(names, array, size);
	for (; names->n < n; names->n++)
		put(names, name_at(array, names->n), names->n);
}

int nameindex_add(
	struct nameindex *names, struct nameindex_array array, const char *name)
{
	uint64_t hash = hash_of(names, name);
	size_t at;

	if ((names->n + 1) * 4 > names->size * 3)
		resize(names, array, names->size ? names->size * 2 : 16);
	at = place(names, array, name, hash);
	if (names->slots[at])
		return index_at(names, at);
	names->slots[at] = tag_of(hash) | (uint32_t)++names->n;
	return -1;
}
