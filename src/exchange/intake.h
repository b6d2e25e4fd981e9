/* Files of others into a store: captures, IPFIX files, CSV of nfdump.  Their
 * records are kept as those of foreign exporters: flows as they stand. */
#ifndef NFZ_EXCHANGE_INTAKE_H
#define NFZ_EXCHANGE_INTAKE_H

#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

struct intake_sums {
	uint64_t records, packets, bytes;
	uint64_t left_out; /* rows and sets that are no flows */
};

struct intake;

struct metrics; /* probe/metric.h */

/* The store must be open for writing and live longer; so must the metrics, which
 * are those of packets in captures.  Not 0 in interrupted ends the reading. */
struct intake *intake_new(struct store *s, const struct metrics *of_captures,
	const volatile int *interrupted);
void intake_free(struct intake *in);
/* Reads a file, by what it begins with.  NFZ_E_INPUT when it is none of them, or
 * breaks off; what was read until then is kept. */
int intake_read(
	struct intake *in, const char *path, struct err *err) NFZ_MUST_CHECK;
/* All that was read is on the disk. */
int intake_end(struct intake *in, struct intake_sums *ret,
	struct err *err) NFZ_MUST_CHECK;

/* --- for the readers ------------------------------------------------------ */

/* Takes records, with what they lend; what goes wrong is told by intake_end. */
void intake_add(struct intake *in, const struct flow_rows *rows);
void intake_leave_out(struct intake *in, uint64_t n);
/* Why nothing is taken any more; 0: all is well. */
int intake_failed(const struct intake *in, struct err *err);

const struct metrics *intake_metrics(const struct intake *in);

/* One reader each. */
int intake_capture(
	struct intake *in, const char *path, struct err *err) NFZ_MUST_CHECK;
int intake_ipfix(
	struct intake *in, const char *path, struct err *err) NFZ_MUST_CHECK;
int intake_nfdump(
	struct intake *in, const char *path, struct err *err) NFZ_MUST_CHECK;

/* A line of nfdump's CSV, and what the columns of the first line are: for the
 * reader, and tests. */
enum { NFDUMP_COLUMNS = 64 };
struct nfdump_columns {
	int8_t of[NFDUMP_COLUMNS]; /* what a column is; -1: not wanted */
	size_t n;
	bool whole; /* all that a flow needs is there */
};
void nfdump_head(struct nfdump_columns *ret, const char *line);
/* One or, with counts of both directions, two records; 0: no flow. */
size_t nfdump_row(const struct nfdump_columns *c, const char *line,
	struct flow_record ret[static 2], struct flow_extra extras[static 2]);

#endif
