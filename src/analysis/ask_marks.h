/* Marks, and what the testbed had happen: nfz-query is told, and asked. */
#ifndef NFZ_ANALYSIS_ASK_MARKS_H
#define NFZ_ANALYSIS_ASK_MARKS_H

#include "base/opt.h"
#include "format/sheet.h"
#include "store/query.h"

#include <stdint.h>

/* at_ns 0: now. */
int ask_mark(const char *dir, const char *text, int64_t at_ns,
	struct err *err) NFZ_MUST_CHECK;
/* Each "TIME TEXT", once; prints how many were new. */
int ask_tell(const char *dir, const struct opt_list *told,
	struct err *err) NFZ_MUST_CHECK;
/* Prints those of that time. */
int ask_events(const char *dir, const struct catalog *catalog,
	const struct query_times *times, struct sheet_form form,
	struct err *err) NFZ_MUST_CHECK;

#endif
