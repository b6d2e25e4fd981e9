#include "unit/testbed/ns_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct err err;

struct ns_experiment *ns_text(const char *text)
{
	struct ns_experiment *e = NULL;
	int code =
		ns_evaluate(text, strlen(text), "t.ns", NULL, &e, NULL, &err);

	cr_assert_eq(code, 0, "%s", err.text);
	return e;
}

char *ns_refused_output(const char *text)
{
	struct ns_experiment *e = NULL;
	char *messages = NULL;
	int code;

	err_clear(&err);
	code = ns_evaluate(
		text, strlen(text), "t.ns", NULL, &e, &messages, &err);
	cr_assert_eq(code, -NFZ_E_NS, "accepted: %s", text);
	cr_assert_null(e);
	cr_assert_not_null(messages);
	return messages;
}

const char *ns_refusal(const char *text)
{
	free(ns_refused_output(text));
	return err.text;
}

const struct ns_lan *ns_text_lan(
	const struct ns_experiment *e, const char *name)
{
	for (size_t i = 0; i < e->n_lans; i++)
		if (strcmp(e->lans[i].name, name) == 0)
			return &e->lans[i];
	cr_assert_fail("no link or lan %s", name);
	return NULL;
}

const struct ns_node *ns_text_node(
	const struct ns_experiment *e, const char *name)
{
	for (size_t i = 0; i < e->n_nodes; i++)
		if (strcmp(e->nodes[i].name, name) == 0)
			return &e->nodes[i];
	cr_assert_fail("no node %s", name);
	return NULL;
}

const char *ns_text_cell(const struct ns_experiment *e, const char *table,
	size_t n, const char *column)
{
	for (size_t i = 0; i < e->n_rows; i++)
		if (strcmp(e->rows[i].table, table) == 0 && n-- == 0)
			return ns_row_get(&e->rows[i], column);
	return NULL;
}
