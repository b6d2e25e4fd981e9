/* Rows gathered on their way into a block (private to the store). */
#ifndef NFZ_STORE_ROWS_H
#define NFZ_STORE_ROWS_H

#include "flow/extra.h"

struct rows {
	struct flow_record *records;
	struct flow_extra *extras; /* NULL: nobody told any yet */
	size_t n;
};

/* Room for BLOCK_ROWS. */
void rows_init(struct rows *r);
void rows_release(struct rows *r);
/* Takes as many of them from the `from`-th on as there is room for; returns
 * their number. */
size_t rows_take(struct rows *r, const struct flow_rows *more, size_t from);
static inline struct flow_rows rows_all(const struct rows *r)
{
	return (struct flow_rows){r->records, r->extras, r->n};
}

#endif
