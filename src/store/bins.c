/* Open addressing by the hash's low bits; parts go by its high ones. */
#include "store/bins.h"
#include "base/mem.h"

#include <string.h>

enum {
	/* a table of these sizes holds GROUP_BINS, at two thirds full */
	FIRST_SIZE = 2048,
	GROWTH = 2,
	COUNT_WORDS = 3,
	LINE = 64 /* bytes of the cache */
};
_Static_assert(sizeof(struct bins_counts) == 8 * COUNT_WORDS, "as words");

void bins_init(struct bins *t, const struct bins_form *form)
{
	const size_t words = bins_words(form);

	*t = (struct bins){.seed = hash_key_new(),
		.words = words,
		.stride = words + COUNT_WORDS + form->serials,
		.most = form->most};
	bins_begin(t, 1, 0);
}

void bins_release(struct bins *t)
{
	free(t->memory);
	*t = (struct bins){0};
}

static uint64_t *entry(const struct bins *t, size_t i)
{
	return t->entries + i * t->stride;
}

static struct bins_counts *counts(const struct bins *t, uint64_t *e)
{
	return (struct bins_counts *)(e + t->words);
}

static bool is_free(const struct bins *t, uint64_t *e)
{
	return counts(t, e)->flows == 0;
}

/* An entry of a short key lies in one line of the cache. */
static void resize(struct bins *t, size_t size)
{
	const size_t bytes = size * t->stride * sizeof(*t->entries);
	uintptr_t at;

	t->size = size;
	t->memory = mem_zalloc(bytes + LINE, 1);
	at = (uintptr_t)t->memory;
	t->entries = (uint64_t *)(at + (LINE - at % LINE) % LINE);
	mem_advise_table(t->entries, bytes);
}

void bins_begin(struct bins *t, uint64_t parts, uint64_t rest)
{
	free(t->memory);
	t->parts = parts;
	t->rest = rest;
	t->n = 0;
	resize(t, FIRST_SIZE);
}

void bins_empty(struct bins *t, size_t n)
{
	size_t size = FIRST_SIZE;

	while (size * 2 < n * 3)
		size *= 2;
	t->n = 0;
	if (t->size >= size && t->size <= size * GROWTH) {
		memset(t->entries, 0,
			t->size * t->stride * sizeof(*t->entries));
		return;
	}
	free(t->memory);
	resize(t, size);
}

/* The key's entry, or the free one where it goes. */
static uint64_t *find(const struct bins *t, const uint64_t *key, uint64_t hash)
{
	for (size_t i = hash & (t->size - 1);; i = (i + 1) & (t->size - 1)) {
		uint64_t *e = entry(t, i);
		size_t w = 0;

		if (is_free(t, e))
			return e;
		while (w < t->words && e[w] == key[w])
			w++;
		if (w == t->words)
			return e;
	}
}

/* Moves what is in old, and of this part, to a table of this size. */
static void rebuild(struct bins *t, size_t size)
{
	cleanup_free void *memory = t->memory;
	uint64_t *old = t->entries;
	size_t old_size = t->size, width = t->stride;

	resize(t, size);
	t->n = 0;
	for (size_t i = 0; i < old_size; i++) {
		uint64_t *e = old + i * width;
		uint64_t hash;

		if (is_free(t, e))
			continue;
		hash = bins_hash(t, e);
		if (!bins_is_mine(t, hash))
			continue;
		memcpy(find(t, e, hash), e, width * sizeof(*e));
		t->n++;
	}
}

struct bins_counts *bins_at(struct bins *t, const uint64_t *key, uint64_t hash)
{
	uint64_t *e;

	if (!bins_is_mine(t, hash))
		return NULL;
	e = find(t, key, hash);
	if (!is_free(t, e))
		return counts(t, e);
	if (t->n == t->most)
		return NULL;
	if (t->n * 3 >= t->size * 2) {
		rebuild(t, t->size * GROWTH);
		e = find(t, key, hash);
	}
	memcpy(e, key, t->words * sizeof(*e));
	t->n++;
	return counts(t, e);
}

void bins_prefetch(const struct bins *t, uint64_t hash)
{
	__builtin_prefetch(entry(t, hash & (t->size - 1)), 1);
}

void bins_halve(struct bins *t)
{
	t->parts *= 2;
	rebuild(t, t->size);
}

const struct bins_counts *bins_next(
	const struct bins *t, size_t *i, const uint64_t **ret_key)
{
	for (; *i < t->size; ++*i) {
		uint64_t *e = entry(t, *i);

		if (is_free(t, e))
			continue;
		++*i;
		*ret_key = e;
		return counts(t, e);
	}
	return NULL;
}
