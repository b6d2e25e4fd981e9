/* What the files about ClickHouse share; nobody else includes it. */
#ifndef NFZ_EXCHANGE_CLICKHOUSE_INSIDE_H
#define NFZ_EXCHANGE_CLICKHOUSE_INSIDE_H

#include "exchange/clickhouse.h"

/* ", first_ns, last_ns ..." */
extern const char clickhouse_columns[];
void clickhouse_definition(const char *table, struct buf *to);

#endif
