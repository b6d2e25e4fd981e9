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

#endif
