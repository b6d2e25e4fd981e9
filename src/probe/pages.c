/* No swap is set aside for what may never be touched. */
#define _GNU_SOURCE
#include "probe/pages.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

void *pages_map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		fprintf(stderr, "out of memory for %zu bytes of flows\n",
			bytes);
		exit(1);
	}
	if (bytes > HUGE_PAGE)
		madvise((char *)p + HUGE_PAGE, bytes - HUGE_PAGE,
			MADV_HUGEPAGE);
	return p;
}

void pages_unmap(void *pages, size_t bytes)
{
	if (pages)
		munmap(pages, bytes);
}

/* Of the bytes those that are whole huge pages. */
struct whole {
	uint8_t *at;
	size_t len;
};

static struct whole whole_in(void *pages, size_t bytes)
{
	size_t before = -(uintptr_t)pages % HUGE_PAGE;

	if (bytes < before + HUGE_PAGE)
		return (struct whole){pages, 0};
	return (struct whole){(uint8_t *)pages + before,
		(bytes - before) / HUGE_PAGE * HUGE_PAGE};
}

void pages_drop(void *pages, size_t bytes)
{
	const struct whole w = whole_in(pages, bytes);

	if (w.len)
		madvise(w.at, w.len, MADV_DONTNEED);
}

void pages_clear(void *pages, size_t bytes)
{
	const struct whole w = whole_in(pages, bytes);
	uint8_t *end = (uint8_t *)pages + bytes;

	if (!w.len || madvise(w.at, w.len, MADV_DONTNEED) < 0) {
		memset(pages, 0, bytes);
		return;
	}
	memset(pages, 0, (size_t)(w.at - (uint8_t *)pages));
	memset(w.at + w.len, 0, (size_t)(end - (w.at + w.len)));
}
