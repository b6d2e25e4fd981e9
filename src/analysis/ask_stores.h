/* Several stores, asked as one. */
#ifndef NFZ_ANALYSIS_ASK_STORES_H
#define NFZ_ANALYSIS_ASK_STORES_H

#include "base/opt.h"
#include "store/query.h"

struct ask_stores {
	struct query_store *v; /* all of them, the first one among them... */
	size_t n, cap;         /* ...or none: there is one alone */
};

/* Opens the store at dir and those of `also`; *ret_catalog is that of all.  What
 * was opened is to be released also after a failure. */
int ask_stores_open(const char *dir, const struct opt_list *also,
	struct ask_stores *ret, struct catalog **ret_catalog,
	struct err *err) NFZ_MUST_CHECK;
void ask_stores_release(struct ask_stores *s);

#endif
