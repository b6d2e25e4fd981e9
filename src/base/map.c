/* Entries stand in an array in insertion order; an index of slot numbers with
 * open addressing finds them.  Removal leaves a hole that the next growth
 * squeezes out. */
#include "base/map.h"
#include "base/mem.h"

#include <string.h>

void map_init(struct map *map)
{
	*map = (struct map){.seed = hash_key_new()};
}

void map_release(struct map *map)
{
	for (size_t i = 0; i < map->used; i++)
		free(map->entries[i].key);
	free(map->entries);
	free(map->index);
	*map = (struct map){.seed = map->seed};
}

static void rebuild(struct map *map, size_t size)
{
	size_t to = 0;

	free(map->index);
	map->index = mem_zalloc(size, sizeof(*map->index));
	map->index_size = size;
	for (size_t i = 0; i < map->used; i++) {
		size_t at;

		if (!map->entries[i].key)
			continue;
		map->entries[to] = map->entries[i];
		at = map->entries[to].hash & (size - 1);
		while (map->index[at])
			at = (at + 1) & (size - 1);
		map->index[at] = (uint32_t)++to;
	}
	map->used = to;
}

static struct map_entry *find(
	const struct map *map, const void *key, size_t len, uint64_t hash)
{
	size_t at;

	if (!map->index_size)
		return NULL;
	at = hash & (map->index_size - 1);
	for (; map->index[at]; at = (at + 1) & (map->index_size - 1)) {
		struct map_entry *e = &map->entries[map->index[at] - 1];

		if (e->key && e->hash == hash && e->key_len == len &&
			(len == 0 || memcmp(e->key, key, len) == 0))
			return e;
	}
	return NULL;
}

void *map_put(struct map *map, const void *key, size_t len, void *value)
{
	uint64_t hash = hash_bytes(&map->seed, key, len);
	struct map_entry *e = find(map, key, len, hash);
	size_t at;

	if (e) {
		void *old = e->value;

		e->value = value;
		return old;
	}
	if ((map->used + 1) * 4 > map->index_size * 3)
		rebuild(map, map->index_size ? map->index_size * 2 : 16);
	map->entries = mem_reserve(
		map->entries, map->used, &map->cap, sizeof(*map->entries));
	e = &map->entries[map->used++];
	*e = (struct map_entry){.key = mem_zalloc(len + 1, 1),
		.key_len = len,
		.value = value,
		.hash = hash};
	if (len)
		memcpy(e->key, key, len);
	at = hash & (map->index_size - 1);
	while (map->index[at])
		at = (at + 1) & (map->index_size - 1);
	map->index[at] = (uint32_t)map->used;
	map->n++;
	return NULL;
}

void *map_puts(struct map *map, const char *key, void *value)
{
	return map_put(map, key, strlen(key), value);
}

void *map_get(const struct map *map, const void *key, size_t len)
{
	struct map_entry *e =
		find(map, key, len, hash_bytes(&map->seed, key, len));

	return e ? e->value : NULL;
}

void *map_gets(const struct map *map, const char *key)
{
	return map_get(map, key, strlen(key));
}

bool map_has(const struct map *map, const void *key, size_t len)
{
	return find(map, key, len, hash_bytes(&map->seed, key, len)) != NULL;
}

void *map_remove(struct map *map, const void *key, size_t len)
{
	struct map_entry *e =
		find(map, key, len, hash_bytes(&map->seed, key, len));

	if (!e)
		return NULL;
	free(e->key);
	e->key = NULL;
	map->n--;
	return e->value;
}

struct map_entry *map_next(const struct map *map, size_t *i)
{
	while (*i < map->used) {
		struct map_entry *e = &map->entries[(*i)++];

		if (e->key)
			return e;
	}
	return NULL;
}
