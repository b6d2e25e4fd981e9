/* Two of a million million hashes are equal with a chance of one in twenty;
 * of ten million, one in 400,000. */
#include "probe/seen.h"
#include "probe/pages.h"

enum { SEEN_LEAST = 4096 };

void seen_init(struct seen *s, size_t bytes)
{
	*s = (struct seen){.most = SEEN_LEAST};
	/* while it grows it is there one and a half times */
	while (s->most * 2 * sizeof(*s->slots) / 2 * 3 <= bytes)
		s->most *= 2;
}

void seen_release(struct seen *s)
{
	if (s->slots)
		pages_unmap(s->slots, (s->mask + 1) * sizeof(*s->slots));
	*s = (struct seen){0};
}

static void put(struct seen *s, uint64_t hash)
{
	size_t at = hash & s->mask;

	while (s->slots[at] && s->slots[at] != hash)
		at = (at + 1) & s->mask;
	s->n += !s->slots[at];
	s->slots[at] = hash;
}

static void resize(struct seen *s, size_t slots)
{
	uint64_t *old = s->slots;
	size_t n = old ? s->mask + 1 : 0;

	s->slots = pages_map(slots * sizeof(*s->slots));
	s->mask = slots - 1;
	s->n = 0;
	for (size_t i = 0; i < n; i++)
		if (old[i])
			put(s, old[i]);
	pages_unmap(old, n * sizeof(*old));
}

void seen_add(struct seen *s, uint64_t hash)
{
	hash += hash == 0;
	if (!s->slots)
		resize(s, SEEN_LEAST);
	if (s->n >= (s->mask + 1) / 4 * 3 && s->mask + 1 < s->most)
		resize(s, (s->mask + 1) * 2);
	if (s->n >= (s->mask + 1) / 8 * 7)
		s->full = s->full || !seen_has(s, hash);
	else
		put(s, hash);
}

bool seen_has(const struct seen *s, uint64_t hash)
{
	size_t at;

	hash += hash == 0;
	if (!s->n)
		return false;
	for (at = hash & s->mask; s->slots[at]; at = (at + 1) & s->mask)
		if (s->slots[at] == hash)
			return true;
	return false;
}

size_t seen_memory(const struct seen *s)
{
	return s->slots ? (s->mask + 1) * sizeof(*s->slots) : 0;
}
