/* A list of blocks, each filled from its start; large requests get their own. */
#include "base/arena.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_SIZE = 16384 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

void *arena_alloc_aligned(
	struct arena *arena, size_t n, size_t size, size_t align)
{
	struct arena_block *b = arena->blocks;
	size_t want, start;

	if (__builtin_mul_overflow(n, size, &want) || want > (size_t)1 << 40)
		want = (size_t)1 << 40; /* mem_zalloc refuses that aloud */
	start = b ? (b->used + align - 1) & ~(align - 1) : 0;
	if (!b || start > b->size || b->size - start < want) {
		size_t room = want > BLOCK_SIZE ? want : BLOCK_SIZE;

		b = mem_zalloc(1, sizeof(*b) + room);
		b->size = room;
		b->next = arena->blocks;
		arena->blocks = b;
		start = 0;
	}
	b->used = start + want;
	return b->data + start;
}

void *arena_alloc(struct arena *arena, size_t n, size_t size)
{
	return arena_alloc_aligned(arena, n, size, _Alignof(max_align_t));
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
	size_t len;
	char *p;

	if (!s)
		return NULL;
	len = strnlen(s, n);
	p = arena_alloc_aligned(arena, len + 1, 1, 1);
	memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *arena, const char *s)
{
	return s ? arena_strndup(arena, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	p = arena_alloc_aligned(arena, (size_t)n + 1, 1, 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void arena_release(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *b = arena->blocks;

		arena->blocks = b->next;
		free(b);
	}
}
