/* No swap is set aside for what may never be touched. */
#define _GNU_SOURCE
#include "probe/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

void *pages_map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		fprintf(stderr, "out of memory for %zu bytes of flows\n",
			bytes);
		exit(1);
	}
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

void pages_unmap(void *pages, size_t bytes)
{
	if (pages)
		munmap(pages, bytes);
}
