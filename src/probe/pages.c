/* No swap is set aside for what may never be touched. */
#define _GNU_SOURCE
#include "probe/pages.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE /* of Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

enum { HUGE_PAGE = PAGES_PIECE };

/* A huge page takes 0.1 ms, or 3 to 5 where the host lends it; as many small
 * ones 1 ms.  Tried again after so many pieces, then after more. */
#define DEAR_NS INT64_C(1500000)
enum { SMALL_FIRST = 8, SMALL_TIMES = 4, SMALL_MOST = 512 };

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

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static bool is_dear(uint8_t *at)
{
	const int64_t before_ns = cpu_ns();

	__atomic_fetch_or(at, 0, __ATOMIC_RELAXED);
	return cpu_ns() - before_ns > DEAR_NS;
}

/* A kernel that does not know how takes each when it is written. */
void pages_touch(void *at, size_t bytes)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const uintptr_t from = (uintptr_t)at / page * page;
	const uintptr_t to = ((uintptr_t)at + bytes) / page * page;

	if (to > from)
		(void)madvise((void *)from, to - from, MADV_POPULATE_WRITE);
}

void pages_beside(const struct pages_pace *pace, void *at, size_t left)
{
	const struct whole w = whole_in(at, left);

	if (w.len && pace->small)
		madvise(w.at, HUGE_PAGE, MADV_NOHUGEPAGE);
}

void pages_next(struct pages_pace *pace, void *at, size_t left)
{
	const struct whole w = whole_in(at, left);

	if (!w.len)
		return;
	if (pace->small) {
		pages_beside(pace, at, left);
		pages_touch(w.at, HUGE_PAGE);
		pace->small--;
	} else if (!is_dear(w.at)) {
		pace->last = 0;
	} else {
		if (pace->last < SMALL_MOST)
			pace->last *= SMALL_TIMES;
		if (!pace->last)
			pace->last = SMALL_FIRST;
		pace->small = pace->last;
	}
}
