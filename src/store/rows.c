#include "store/rows.h"
#include "base/mem.h"
#include "store/column.h"

#include <stdlib.h>
#include <string.h>

void rows_init(struct rows *r)
{
	*r = (struct rows){
		.records = mem_zalloc(BLOCK_ROWS, sizeof(*r->records))};
}

void rows_release(struct rows *r)
{
	free(r->records);
	free(r->extras);
	*r = (struct rows){0};
}

size_t rows_take(struct rows *r, const struct flow_rows *more, size_t from)
{
	const size_t room = BLOCK_ROWS - r->n, left = more->n - from;
	const size_t n = left < room ? left : room;

	memcpy(r->records + r->n, more->records + from,
		n * sizeof(*r->records));
	if (more->extras && !r->extras)
		r->extras = mem_zalloc(BLOCK_ROWS, sizeof(*r->extras));
	if (more->extras)
		memcpy(r->extras + r->n, more->extras + from,
			n * sizeof(*r->extras));
	else if (r->extras)
		memset(r->extras + r->n, 0, n * sizeof(*r->extras));
	r->n += n;
	return n;
}
