/* A question about flows, put to a table of ClickHouse (exchange/clickhouse.h)
 * instead of a store. */
#ifndef NFZ_CLI_QUESTION_TABLE_H
#define NFZ_CLI_QUESTION_TABLE_H

#include "cli/question.h"

struct question_table {
	const struct question *question;
	const char *by, *show, *credentials;
	const char *names;     /* a store, for names in the filter */
	const char *of_stores; /* an option that is refused; NULL: none */
	bool observations, more, within;
	bool sql; /* print what would be asked, ask nobody */
};

/* words: the table's address, or a store whose names count (with sql), then the
 * filter. */
int question_table_ask(struct app *app, const struct question_table *q,
	char **words, int n_words, struct err *err) NFZ_MUST_CHECK;

#endif
