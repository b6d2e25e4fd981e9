/* Questions about flows, answered by a table of ClickHouse: the same filter and
 * groups planned to SQL, the same rows written. */
#ifndef NFZ_EXCHANGE_CLICKHOUSE_QUERY_H
#define NFZ_EXCHANGE_CLICKHOUSE_QUERY_H

#include "exchange/clickhouse.h"
#include "store/answer.h"

/* What it asks, of `table` (quoted as it has to be).  NFZ_E_USAGE: what only a
 * store can tell. */
int clickhouse_sql(const struct answer *a, const char *table, struct buf *out,
	struct err *err) NFZ_MUST_CHECK;
/* Writes the rows that it answered, in RowBinary. */
int clickhouse_rows(const struct answer *a, const struct buf *rows,
	struct answer_sums *ret, struct err *err) NFZ_MUST_CHECK;
/* Both.  The answer's catalog is for names in the filter only. */
int clickhouse_answer(struct clickhouse *c, const struct answer *a,
	struct answer_sums *ret, struct err *err) NFZ_MUST_CHECK;

#endif
