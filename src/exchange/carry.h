/* Flows of a store to the tools of others:
 *
 *   ipfix://HOST:PORT and the like    a collector (flow/target.h)
 *   ipfix:FILE                        a file of IPFIX messages, RFC 5655
 *   sqlite:FILE                       a table `flows` of a database
 *   parquet:FILE                      a Parquet file, by libduckdb
 *
 * Each flow once, with the counts that a query gives. */
#ifndef NFZ_EXCHANGE_CARRY_H
#define NFZ_EXCHANGE_CARRY_H

#include "store/query.h"

struct carry_sums {
	uint64_t flows, packets, bytes;
	uint64_t messages; /* of collectors */
	uint64_t left_out; /* flows the format cannot carry */
	uint64_t retimed;  /* whose times it cannot tell: the nearest are */
	uint64_t unsent;   /* messages the system refused */
};

struct carry_ask {
	struct query query;
	const char *to;
	uint32_t pace; /* datagrams a second at most; 0: 8,000 */
	const volatile int *interrupted; /* not 0 ends it */
};

int carry(struct store *s, const struct carry_ask *ask, struct carry_sums *ret,
	struct err *err) NFZ_MUST_CHECK;

/* --- the kinds of targets -------------------------------------------------- */

/* Times of all flows, before the first is carried; and has any of them what
 * exporters tell besides? */
struct carry_times {
	int64_t first_ns, last_ns;
	bool extras;
};
struct carrier {
	const char *scheme; /* what `to` begins with */
	/* before anything is read: what cannot be written to fails at once */
	int (*open)(const struct carry_ask *ask, const char *rest, void **ret,
		struct err *err);
	/* NULL: times are of no use, and flows are read once */
	void (*begin)(void *it, const struct carry_times *times);
	int (*add)(void *it, const struct flow *f, struct err *err);
	/* the last word; sums what the others do not know */
	int (*end)(void *it, struct carry_sums *sums, struct err *err);
	void (*close)(void *it); /* NULL is fine */
};
extern const struct carrier carrier_collector, carrier_ipfix_file,
	carrier_sqlite, carrier_parquet;

#endif
