/* Private to page*.c. */
#ifndef NFZ_REPORT_PAGE_PARTS_H
#define NFZ_REPORT_PAGE_PARTS_H

#include "report/findings.h"
#include "report/page.h"

/* The texts beside this folder's sources, in page/. */
extern const char *const page_scripts[]; /* in order, NULL-ended */
const char *page_template(void);
const char *page_style(void);

/* Of what script-less readers get. */
void page_tables(const struct page *p, struct buf *out);
void page_method(const struct page *p, struct buf *out);
void page_findings(const struct findings *f, struct buf *out);
/* "22 Nov 2026, 05:03:39 to 05:05:29 UTC, ..." */
void page_subtitle(const struct page *p, struct buf *out);

#endif
