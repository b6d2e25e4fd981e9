/* What is up, for people and for programs ("nfz-testbed.describe/1"). */
#ifndef NFZ_LAB_DESCRIBE_H
#define NFZ_LAB_DESCRIBE_H

#include "base/buf.h"
#include "lab/model.h"

/* What the experiment asks for and this testbed does not do, one a line. */
void describe_notes(const struct lab_site *site, const struct lab_experiment *e,
	struct buf *out);
void describe_text(const struct lab_site *site, const struct lab_experiment *e,
	const char *notes, struct buf *out);
void describe_json(const struct lab_site *site, const struct lab_experiment *e,
	const char *notes, struct buf *out);

#endif
