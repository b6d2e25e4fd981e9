/* Which keys have been there, by 64-bit hashes: a set that only grows, within
 * a limit. */
#ifndef NFZ_PROBE_SEEN_H
#define NFZ_PROBE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen {
	uint64_t *slots; /* 0 empty */
	size_t mask, n, most;
	bool full; /* some were left out */
};

/* At most `bytes` of memory. */
void seen_init(struct seen *s, size_t bytes);
void seen_release(struct seen *s);
void seen_add(struct seen *s, uint64_t hash);
bool seen_has(const struct seen *s, uint64_t hash);
/* It will be asked for, or added. */
static inline void seen_prefetch(const struct seen *s, uint64_t hash)
{
	if (s->slots)
		__builtin_prefetch(&s->slots[hash & s->mask]);
}
size_t seen_memory(const struct seen *s);

#endif
