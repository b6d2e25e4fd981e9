/* Memory for tables: mapped at once, taken from the system when touched, in
 * huge pages where there are some, but for the first 2 MiB: what has few flows
 * takes little. */
#ifndef NFZ_PROBE_PAGES_H
#define NFZ_PROBE_PAGES_H

#include <stddef.h>

/* Zeroed; never NULL: without memory the process ends with one line. */
void *pages_map(size_t bytes);
void pages_unmap(void *pages, size_t bytes);
/* Gives the first of them back to the system, as far as they are whole huge
 * pages; touched again, they are zero. */
void pages_drop(void *pages, size_t bytes);
/* Zeroes all, giving back what can be. */
void pages_clear(void *pages, size_t bytes);

/* Arrays that are filled from the start take one piece after the other.  In a
 * guest whose host takes back what is free (free page reporting), a huge page
 * may take forty times as long as elsewhere, since all of it is lent anew;
 * small ones mostly come from remainders that were never taken back.  Only the
 * first touch tells. */
enum { PAGES_PIECE = 2 << 20 };
struct pages_pace {
	unsigned small; /* so many pieces to come are of small pages */
	unsigned last;  /* so many were, the last time */
};
/* The piece at `at` is to be touched now, for the first time; `left`: bytes
 * there are from there on. */
void pages_next(struct pages_pace *pace, void *at, size_t left);
/* All of it is to be written now: its small pages are taken at once, where each
 * would be a fault, and two if it is read first. */
void pages_touch(void *at, size_t bytes);
/* The same of an array beside, which may never be touched. */
void pages_beside(const struct pages_pace *pace, void *at, size_t left);

#endif
