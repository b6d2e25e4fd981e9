/* Flows of a store into a table of ClickHouse, each exactly once, now and as
 * they end.
 *
 * A flow goes when it has ended: when its last packet is older than `lag`, or
 * when nobody writes the store any more.  Flows go in the order of their end,
 * cut into batches; how far they went is in a position file, which is durable
 * before the first batch of a window of time and after each.  Who is killed in
 * the middle of a batch asks the table, when started again, whether the batch
 * is there: the server takes a batch (rows of one day, of one block) whole or
 * not at all.  What comes into the store later than lag after it ended is not
 * sent. */
#ifndef NFZ_EXCHANGE_SINK_H
#define NFZ_EXCHANGE_SINK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SINK_BATCH = 100000, SINK_LAG_MS = 120000, SINK_EVERY_MS = 10000 };

struct sink_sums {
	uint64_t flows, packets, bytes, batches;
	uint64_t before; /* flows that went earlier */
};

struct sink_ask {
	const char *dir, *filter;     /* "": all */
	const char *to, *credentials; /* exchange/clickhouse.h */
	const char *position;         /* NULL: a file in dir */
	bool create, follow;
	size_t batch;             /* rows; 0: SINK_BATCH */
	int64_t lag_ms, every_ms; /* 0: SINK_LAG_MS, SINK_EVERY_MS */
	const volatile int *interrupted;
	/* told when the server has to be tried again, and after each window */
	void (*tell)(void *ctx, const char *what);
	void *ctx;
};

int sink_run(const struct sink_ask *ask, struct sink_sums *ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
