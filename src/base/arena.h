/* Build-once, read-many memory: everything goes at once with arena_release().
 * For values such as a topology or a plan; never for data that changes size. */
#ifndef NFZ_BASE_ARENA_H
#define NFZ_BASE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;
};

#define ARENA_INIT                                                             \
	{                                                                      \
		0                                                              \
	}

/* Zeroed, aligned for any type, never NULL; lives until arena_release(). */
void *arena_alloc(struct arena *arena, size_t n, size_t size);
/* As above, aligned to align only (a power of 2, at most that of any type). */
void *arena_alloc_aligned(
	struct arena *arena, size_t n, size_t size, size_t align);
/* Copies; NULL stays NULL. */
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void arena_release(struct arena *arena);

#endif
