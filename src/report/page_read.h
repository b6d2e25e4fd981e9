/* A report that was written (report/page.h), read again. */
#ifndef NFZ_REPORT_PAGE_READ_H
#define NFZ_REPORT_PAGE_READ_H

#include "base/err.h"

#include <stddef.h>

/* What a page is made of.  summary (for facts_parse()) and topology (for
 * topofile_parse(); NULL if it is not in the page) lie within the text. */
struct page_found {
	const char *summary, *topology;
	size_t summary_len, topology_len;
	char *command, *times, *user; /* owned; "" where unknown */
};

/* text ends with 0; it may come from anybody. */
int page_read(const char *text, struct page_found *ret,
	struct err *err) NFZ_MUST_CHECK;
void page_found_release(struct page_found *f);

#endif
