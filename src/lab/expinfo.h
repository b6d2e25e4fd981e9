/* The testbed's text report of an experiment (emulab-api reference, 5.5). */
#ifndef NFZ_LAB_EXPINFO_H
#define NFZ_LAB_EXPINFO_H

#include "base/buf.h"
#include "lab/model.h"

enum expinfo_sections {
	EXPINFO_NODES = 1,
	EXPINFO_MAPPING = 2,
	EXPINFO_LINKS = 4,
	EXPINFO_DELAYS = 8
};

/* Appends the report.  Physical sections appear for active experiments only;
 * in states other than active and swapped there is one sentence. */
void expinfo_report(const struct lab_site *site, const struct lab_experiment *e,
	unsigned sections, struct buf *out);

#endif
