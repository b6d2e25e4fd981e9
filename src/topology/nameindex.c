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
	const char *element = (const char *)array.items + i * array.stride;

	return *(const char *const *)(const void *)element;
}

static void put(struct nameindex *names, const char *name, size_t i)
{
	size_t at = hash_bytes(&names->seed, name, strlen(name));

	for (at &= names->size - 1; names->slots[at];)
		at = (at + 1) & (names->size - 1);
	names->slots[at] = (uint32_t)i + 1;
}

/* Where the name is, or would be; the table must not be empty. */
static size_t place(const struct nameindex *names, struct nameindex_array array,
	const char *name)
{
	size_t at = hash_bytes(&names->seed, name, strlen(name));

	for (at &= names->size - 1; names->slots[at];
		at = (at + 1) & (names->size - 1))
		if (strcmp(name_at(array, names->slots[at] - 1), name) == 0)
			break;
	return at;
}

int nameindex_find(const struct nameindex *names, struct nameindex_array array,
	const char *name)
{
	if (!names->size)
		return -1;
	return (int)names->slots[place(names, array, name)] - 1;
}

int nameindex_add(
	struct nameindex *names, struct nameindex_array array, const char *name)
{
	size_t at;

	if ((names->n + 1) * 4 > names->size * 3) {
		names->size = names->size ? names->size * 2 : 16;
		free(names->slots);
		names->slots = mem_zalloc(names->size, sizeof(*names->slots));
		for (size_t i = 0; i < names->n; i++)
			put(names, name_at(array, i), i);
	}
	at = place(names, array, name);
	if (names->slots[at])
		return (int)names->slots[at] - 1;
	names->slots[at] = (uint32_t)++names->n;
	return -1;
}
