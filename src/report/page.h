/* The page: one HTML document that holds everything, or is served and asks
 * for more.  No request to anybody else, ever; without JavaScript there are
 * the map, the findings and tables. */
#ifndef NFZ_REPORT_PAGE_H
#define NFZ_REPORT_PAGE_H

#include "base/buf.h"
#include "report/facts.h"

struct page {
	const struct topology *topology;
	const struct facts *facts;
	const char *summary; /* the text facts came from */
	size_t summary_len;
	const char *name;    /* of what has no experiment's name; or NULL */
	const char *command; /* in front of a filter: "netflowize query p/e" */
	const char *times;   /* its options for the same time, "" for all */
	const char *version;
	const char *user;   /* who made it, or "" */
	bool anonymised;    /* addresses are not the real ones */
	int64_t refresh_ms; /* 0: a report; else served, asking so often */
};

/* The document.  facts_join() must have been called. */
int page_print(
	const struct page *p, struct buf *out, struct err *err) NFZ_MUST_CHECK;
/* What the page asks its server for: new data, as JSON. */
int page_print_data(
	const struct page *p, struct buf *out, struct err *err) NFZ_MUST_CHECK;

/* The policy of the page, for the header as well as in it. */
void page_policy(const struct page *p, struct buf *out);

#endif
