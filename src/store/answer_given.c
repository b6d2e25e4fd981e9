#include "store/answer_given.h"
#include "base/mem.h"
#include "store/answer_rows.h"

struct answer_given {
	struct answer_rows rows;
};

struct answer_given *answer_given_new(const struct answer *a)
{
	struct answer_given *g = mem_zalloc(1, sizeof(*g));

	answer_rows_init(&g->rows, a);
	return g;
}

void answer_given_free(struct answer_given *g)
{
	if (!g)
		return;
	answer_rows_release(&g->rows);
	free(g);
}

void answer_given_flow(struct answer_given *g, const struct flow *f)
{
	answer_rows_put(&g->rows, f);
}

int answer_given_group(
	struct answer_given *g, const struct group_row *row, struct err *err)
{
	g->rows.found++;
	return answer_rows_keep_group(&g->rows, row, err);
}

int answer_given_write(
	struct answer_given *g, struct answer_sums *ret, struct err *err)
{
	*ret = (struct answer_sums){0};
	answer_rows_finish(&g->rows);
	return answer_rows_write(&g->rows, ret, err);
}
