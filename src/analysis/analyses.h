/* Questions asked often, by name.  Most are a filter, keys, figures, an order
 * and a number of rows for store/answer.h; the others a study (study.h). */
#ifndef NFZ_ANALYSIS_ANALYSES_H
#define NFZ_ANALYSIS_ANALYSES_H

#include "analysis/study.h"
#include "store/answer.h"

struct analysis {
	const char *name, *summary;
	const struct study *study; /* NULL: what follows */
	const char *filter;        /* NULL: all flows */
	const char *by;            /* keys with commas */
	const char *show;          /* figures with commas; NULL: none */
	const char *sort;          /* NULL: as groups are by default */
	size_t limit;              /* 0: all */
	const char *note;  /* what its rows do not tell; NULL: nothing */
	const char *needs; /* without which there are none; NULL: nothing */
	bool bucket, threshold; /* it heeds these options */
	const char *none; /* what it means that there are; NULL: nothing */
};

/* In the order help shows them; name NULL at the end. */
extern const struct analysis analyses[];
/* NFZ_E_USAGE, with the names, when there is none. */
const char *analysis_name(size_t i); /* NULL: there are no more */
int analysis_find(const char *name, const struct analysis **ret,
	struct err *err) NFZ_MUST_CHECK;
/* The keys and figures, and order and number where the asker has no wish. */
int analysis_apply(const struct analysis *of, struct answer *to,
	struct err *err) NFZ_MUST_CHECK;
/* Asks a store and writes the rows, as answer_write does.  Of a study, only
 * query, format and to of the answer count, and of some how many rows were
 * found is not known: 0. */
int analysis_write(const struct analysis *of, struct store *s,
	const struct answer *a, const struct study_ask *ask,
	struct answer_sums *ret, struct err *err) NFZ_MUST_CHECK;

#endif
