#define _GNU_SOURCE
#include "probe/pages.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECES = 8 };

/* Was the memory at `at` asked to be of small pages? */
static bool is_small(const void *at)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	uintptr_t from, to;
	bool here = false, small = false;
	char line[512];

	cr_assert(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2)
			here = from <= (uintptr_t)at && (uintptr_t)at < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			small = strstr(line, " nh") != NULL;
	}
	fclose(f);
	return small;
}

/* So many pieces as were to be small are, behind them it is tried again; what
 * is there stays as it is. */
Test(pages, pace)
{
	const size_t bytes = PIECES * PAGES_PIECE;
	uint8_t *pages = pages_map(bytes);
	uint8_t *at = pages + -(uintptr_t)pages % PAGES_PIECE;
	struct pages_pace pace = {.small = 2, .last = 2};

	for (size_t i = 0; i < bytes; i += 64)
		pages[i] = (uint8_t)(i / 64);
	for (size_t i = 0; i < 3; i++)
		pages_next(&pace, at + i * PAGES_PIECE,
			bytes - PAGES_PIECE - i * PAGES_PIECE);
	for (size_t i = 0; i < bytes; i += 64)
		cr_assert_eq(pages[i], (uint8_t)(i / 64));
	cr_assert_eq(pace.small, 0);
	cr_assert_eq(pace.last, 0, "what is there costs nothing");
	if (access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0) {
		cr_assert(is_small(at) && is_small(at + 2 * PAGES_PIECE - 1));
		cr_assert(!is_small(at + 2 * PAGES_PIECE));
	}
	pages_unmap(pages, bytes);
}

static size_t there(void *at, size_t bytes)
{
	uint8_t in[PAGES_PIECE >> 12];
	size_t n = 0;

	cr_assert_eq(mincore(at, bytes, in), 0);
	for (size_t i = 0; i < bytes >> 12; i++)
		n += in[i] & 1;
	return n;
}

/* Small pages are taken before they are touched, as far as the piece goes. */
Test(pages, small_ones_at_once)
{
	const size_t bytes = 3 * PAGES_PIECE;
	uint8_t *pages = pages_map(bytes);
	uint8_t *at = pages + -(uintptr_t)pages % PAGES_PIECE;
	struct pages_pace pace = {.small = 1, .last = 1};

	if (sysconf(_SC_PAGESIZE) != 4096 ||
		madvise(pages, 4096, MADV_POPULATE_WRITE) < 0)
		cr_skip("SKIPPED: pages are not taken at once here");
	pages_next(&pace, at, bytes - (size_t)(at - pages));
	cr_expect_eq(there(at, PAGES_PIECE), PAGES_PIECE >> 12);
	cr_expect_eq(there(at + PAGES_PIECE, 4096), 0);
	pages_touch(at + PAGES_PIECE + 100, 3 * 4096);
	cr_expect_eq(there(at + PAGES_PIECE, 3 * 4096), 3);
	pages_unmap(pages, bytes);
}

/* The last piece of an array may be less than one. */
Test(pages, end)
{
	uint8_t *pages = pages_map(PAGES_PIECE);
	struct pages_pace pace = {.small = 2, .last = 2};

	pages_next(&pace, pages, PAGES_PIECE - 1);
	cr_assert_eq(pace.small, 2);
	cr_assert(!is_small(pages));
	pages_unmap(pages, PAGES_PIECE);
}
