/* Private to findings*.c. */
#ifndef NFZ_REPORT_FINDINGS_PARTS_H
#define NFZ_REPORT_FINDINGS_PARTS_H

#include "report/findings.h"

/* findings_list.c.  No more than FINDINGS_MAX are kept. */
void findings_add(struct findings *all, enum finding_level level,
	const char *filter, const char *fmt, ...) NFZ_PRINTF(4, 5);
/* Many hosts that send to one, which hardly answers. */
void findings_floods(const struct facts *f, struct findings *to);
/* The pair with most bytes. */
void findings_talker(const struct facts *f, struct findings *to);

#endif
