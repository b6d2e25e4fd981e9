/* Rows that somebody else found, written as those of a store are. */
#ifndef NFZ_STORE_ANSWER_GIVEN_H
#define NFZ_STORE_ANSWER_GIVEN_H

#include "store/answer.h"

struct answer_given;

/* The answer must live longer. */
struct answer_given *answer_given_new(const struct answer *a);
void answer_given_free(struct answer_given *g); /* NULL is fine */
/* Rows may come in any order.  Of a flow no links and no rows are asked for. */
void answer_given_flow(struct answer_given *g, const struct flow *f);
/* NFZ_E_LIMIT: more than GROUP_ROWS_MAX. */
int answer_given_group(struct answer_given *g, const struct group_row *row,
	struct err *err) NFZ_MUST_CHECK;
/* Sorts, cuts and writes them. */
int answer_given_write(struct answer_given *g, struct answer_sums *ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
