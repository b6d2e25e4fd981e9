/* Questions asked often, by name: a filter, keys, an order and a number of
 * rows for store/answer.h. */
#ifndef NFZ_STORE_ANALYSES_H
#define NFZ_STORE_ANALYSES_H

#include "store/answer.h"

struct analysis {
	const char *name, *summary;
	const char *filter; /* "": all flows */
	const char *by;     /* keys with commas */
	enum answer_sort sort;
	size_t limit; /* 0: all */
};

/* In the order help shows them; name NULL at the end. */
extern const struct analysis analyses[];
/* NFZ_E_USAGE, with the names, when there is none. */
int analysis_find(const char *name, const struct analysis **ret,
	struct err *err) NFZ_MUST_CHECK;
/* The keys, and order and number where the asker has no wish. */
int analysis_apply(const struct analysis *of, struct answer *to,
	struct err *err) NFZ_MUST_CHECK;

#endif
