#define _GNU_SOURCE
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 << 20 };

static void out_of_memory(void) __attribute__((noreturn));
static void out_of_memory(void)
{
	static const char line[] = "out of memory\n";

	/* stdio may want memory of its own */
	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		_exit(1);
	_exit(1);
}

void *mem_zalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *mem_grow(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory();
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *mem_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = mem_zalloc(len + 1, 1);

	memcpy(p, s, len);
	return p;
}

void mem_advise_table(void *p, size_t bytes)
{
#ifdef MADV_HUGEPAGE
	const uintptr_t mask = (uintptr_t)LARGE_PAGE - 1;
	const uintptr_t from = ((uintptr_t)p + mask) & ~mask;
	const uintptr_t to = ((uintptr_t)p + bytes) & ~mask;

	if (to > from)
		(void)madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
	(void)p;
	(void)bytes;
#endif
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	return p;
}

void *mem_double(void *items, size_t *cap, size_t size)
{
	*cap = *cap ? *cap * 2 : 8;
	return mem_grow(items, *cap, size);
}
