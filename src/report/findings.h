/* What a summary says, in plain sentences, the most important first. */
#ifndef NFZ_REPORT_FINDINGS_H
#define NFZ_REPORT_FINDINGS_H

#include "base/buf.h"
#include "report/facts.h"

enum finding_level { FINDING_BAD, FINDING_WARN, FINDING_NOTE, FINDING_GOOD };

struct finding {
	enum finding_level level;
	const char *text;
	const char *filter; /* shows its flows; NULL: none */
};

enum { FINDINGS_MAX = 16 };
struct findings {
	struct arena arena;
	struct finding all[FINDINGS_MAX];
	size_t n;
};

/* facts_join() must have been called. */
void findings_make(
	const struct facts *f, const struct topology *t, struct findings *ret);
void findings_release(struct findings *f);
/* "Attention", ... */
const char *finding_level_name(enum finding_level level);

#endif
