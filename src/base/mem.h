/* Checked allocation and ownership at the variable.
 *
 * Out of memory ends the process with one line: acceptable in commands and at
 * a daemon's start, the only times these are called.  Packet and record paths
 * take all their memory at start and never call them. */
#ifndef NFZ_BASE_MEM_H
#define NFZ_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* Zeroed; n * size is checked for overflow.  Never NULL, free() releases. */
void *mem_zalloc(size_t n, size_t size) __attribute__((malloc));
/* As realloc(3) with the product checked; the new part is not cleared. */
void *mem_grow(void *p, size_t n, size_t size);
/* A table of many megabytes that is looked into at random: large pages, where
 * the kernel has them, spare most misses of address translation.  Advice only. */
void mem_advise_table(void *p, size_t bytes);
char *mem_strdup(const char *s) __attribute__((malloc));
char *mem_strndup(const char *s, size_t n) __attribute__((malloc));
char *mem_printf(const char *fmt, ...)
	__attribute__((malloc, format(printf, 1, 2)));

/* Makes room for one more element in a growing array: doubles *cap as needed.
 * `MEM_PUSH(v->items, v->n, v->cap) = item;` appends. */
void *mem_double(void *items, size_t *cap, size_t size);
static inline void *mem_reserve(void *items, size_t n, size_t *cap, size_t size)
{
	return n < *cap ? items : mem_double(items, cap, size);
}
#define MEM_PUSH(items, n, cap)                                                \
	((items) = mem_reserve((items), (n), &(cap), sizeof(*(items))),        \
		&(items)[(n)++])[0]

/* Gives an owned pointer away: the variable becomes NULL. */
#define take(p)                                                                \
	__extension__({                                                        \
		__typeof__(p) taken_ = (p);                                    \
		(p) = NULL;                                                    \
		taken_;                                                        \
	})

static inline void mem_free_at(void *p)
{
	free(*(void **)p);
}

static inline void mem_close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define cleanup_free __attribute__((__cleanup__(mem_free_at)))
#define cleanup_close __attribute__((__cleanup__(mem_close_at)))
#define cleanup(fn) __attribute__((__cleanup__(fn)))

#endif
