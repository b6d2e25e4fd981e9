/* A whole table of the virtual topology: parsed rows, or those the site adds,
 * in the order in which the original sends them. */
#define _GNU_SOURCE
#include "lab/rows.h"

#include <stdlib.h>
#include <string.h>

static int compare_rows(const void *a, const void *b)
{
	static const char *const keys[] = {"vname", "name", "member"};
	const struct value *const *x = a, *const *y = b;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *p = value_get_text(*x, keys[i]);
		const char *q = value_get_text(*y, keys[i]);

		r = p && q ? rows_by_name(p, q) : 0;
	}
	return r;
}

/* What the rows of nodes and of links' members hold otherwise than parsed. */
static void finish_row(const struct lab_site *site,
	const struct lab_experiment *e, struct value *row)
{
	static const char *const losses[] = {"lossrate", "rlossrate"};
	double loss;

	for (size_t i = 0; i < 2; i++)
		if (value_get_double(row, losses[i], &loss))
			row_double(row, losses[i], rows_loss(loss));
	for (size_t i = 0; value_get(row, "osname") && i < e->ns->n_nodes; i++)
		if (strcmp(e->ns->nodes[i].name,
			    value_get_text(row, "vname")) == 0)
			row_text(row, "osname",
				rows_osname(site, &e->ns->nodes[i]));
}

static bool sorted(const char *tag)
{
	return strcmp(tag, "nodes") == 0 || strcmp(tag, "lans") == 0;
}

struct value *rows_table(const struct lab_site *site,
	const struct lab_experiment *e, const char *tag)
{
	struct value *rows;

	if (e->ns && strcmp(tag, "agents") == 0)
		return rows_agents(e);
	if (e->ns && strcmp(tag, "event_groups") == 0)
		return rows_groups(e);
	rows = value_new(VALUE_ARRAY);
	if (!e->ns)
		return rows;
	rows_add_parsed(e, tag, rows);
	for (size_t i = 0; i < rows->n; i++)
		finish_row(site, e, rows->items[i]);
	if (sorted(tag) && rows->n > 1)
		qsort(rows->items, rows->n, sizeof(rows->items[0]),
			compare_rows);
	return rows;
}
