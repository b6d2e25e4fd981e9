#include "topology/nameindex.h"
#include "base/mem.h"

#include <stdbool.h>
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

/* A name, and the number at its end: -1 when it ends otherwise. */
struct name {
	const char *s;
	size_t len, stem; /* stem: without the number */
	int64_t number;
};

/* Only as a number is written: "n07" is another name than "n7". */
static struct name name_of(const char *s)
{
	enum { DIGITS = 8 };
	struct name name = {.s = s, .len = strlen(s), .number = -1};
	size_t at = name.len;
	int64_t v = 0, ten = 1;

	while (at && s[at - 1] >= '0' && s[at - 1] <= '9') {
		if (name.len - at == DIGITS)
			return name;
		v += (s[--at] - '0') * ten;
		ten *= 10;
	}
	if (at == name.len || (s[at] == '0' && at + 1 < name.len))
		return name;
	name.stem = at;
	name.number = v;
	return name;
}

/* Is it in the run, or with `more` elements of it? */
static bool is_in(const struct name_run *run, struct nameindex_array array,
	const struct name *name, size_t more)
{
	return name->number >= run->number &&
	       (uint64_t)name->number - run->number < run->n + more &&
	       name->stem == run->len &&
	       memcmp(name->s, name_at(array, run->first), run->len) == 0;
}

static uint64_t hash_of(const struct nameindex *names, const struct name *name)
{
	return hash_bytes(&names->seed, name->s, name->len);
}

static uint32_t tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 56) << INDEX_BITS;
}

static void put(struct nameindex *names, const struct name *name, size_t i)
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

static int find(const struct nameindex *names, struct nameindex_array array,
	const struct name *name)
{
	for (size_t i = 0; i < names->n_runs; i++) {
		const struct name_run *run = &names->runs[i];

		if (is_in(run, array, name, 0))
			return (int)(run->first + (size_t)name->number -
				     run->number);
	}
	if (!names->held)
		return -1;
	return index_at(
		names, place(names, array, name->s, hash_of(names, name)));
}

int nameindex_find(const struct nameindex *names, struct nameindex_array array,
	const char *text)
{
	const struct name name = name_of(text);

	return find(names, array, &name);
}

/* The table anew, of the elements before `end` that are in no run. */
static void resize(struct nameindex *names, struct nameindex_array array,
	size_t end, size_t size)
{
	size_t run = 0;

	names->size = size;
	free(names->slots);
	names->slots = mem_zalloc(size, sizeof(*names->slots));
	for (size_t i = 0; i < end; i++) {
		struct name name;

		if (run < names->n_runs && i == names->runs[run].first) {
			i += names->runs[run++].n - 1;
			continue;
		}
		name = name_of(name_at(array, i));
		put(names, &name, i);
	}
}

/* Into the table; those before it are in a run or in the table. */
static void hold(struct nameindex *names, struct nameindex_array array,
	const struct name *name, size_t i)
{
	if ((names->held + 1) * 4 > names->size * 3)
		resize(names, array, i, names->size ? names->size * 2 : 16);
	put(names, name, i);
	names->held++;
}

/* A run that ended soon is none. */
static void end_run(struct nameindex *names, struct nameindex_array array)
{
	enum { SHORT = 64 };
	struct name_run *run = &names->runs[names->n_runs - 1];

	if (run->n >= SHORT)
		return;
	names->n_runs--;
	for (size_t i = run->first; i < run->first + run->n; i++) {
		const struct name name = name_of(name_at(array, i));

		hold(names, array, &name, i);
	}
}

/* The name of element n, which no other has. */
static void take_up(struct nameindex *names, struct nameindex_array array,
	const struct name *name)
{
	struct name_run *last =
		names->n_runs ? &names->runs[names->n_runs - 1] : NULL;
	size_t i = names->n++;

	if (last && last->first + last->n == i) {
		if (is_in(last, array, name, 1)) {
			last->n++;
			return;
		}
		end_run(names, array);
	}
	if (name->number >= 0 && names->n_runs < NAME_RUNS)
		names->runs[names->n_runs++] = (struct name_run){
			i, 1, name->stem, (uint32_t)name->number};
	else
		hold(names, array, name, i);
}

void nameindex_fill(
	struct nameindex *names, struct nameindex_array array, size_t n)
{
	while (names->n < n) {
		const struct name name = name_of(name_at(array, names->n));

		take_up(names, array, &name);
	}
}

int nameindex_add(
	struct nameindex *names, struct nameindex_array array, const char *text)
{
	const struct name name = name_of(text);
	int index = find(names, array, &name);

	if (index < 0)
		take_up(names, array, &name);
	return index;
}
