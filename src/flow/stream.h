/* What travels in the record stream: items in batches. */
#ifndef NFZ_FLOW_STREAM_H
#define NFZ_FLOW_STREAM_H

#include "flow/extra.h"
#include "flow/reliable.h"

#include <stdbool.h>

enum {
	STREAM_RECORD = 1,   /* flow record */
	STREAM_COUNTERS = 2, /* tap counters */
	STREAM_FLUSHED = 3,  /* number: all before it answers that flush */
	STREAM_ROW = 4,      /* flow record, and what is told of it besides */
	/* of what nobody knows and metrics, in a row */
	STREAM_OTHERS = 512,
	STREAM_ROW_MAX = RECORD_WIRE + 4 + sizeof(struct flow_extra) +
			 sizeof(uint16_t) + STREAM_OTHERS,
	STREAM_ITEM_MAX = 1 + STREAM_ROW_MAX,
	STREAM_ROWS = 2, /* at once: a batch has room for them in any case */
	STREAM_RECORDS = RELIABLE_BYTES / (1 + RECORD_WIRE), /* in a batch */
	STREAM_COUNTERS_MAX = 16
};

_Static_assert(
	(int)STREAM_ROW_MAX >= (int)COUNTERS_WIRE_MAX &&
		(int)STREAM_ROWS * (int)STREAM_ITEM_MAX <= (int)RELIABLE_BYTES,
	"one of any kind, so many rows");

/* False: no room. */
bool stream_add_record(struct reliable_sender *s, const struct flow_record *r);
/* All or none; at most STREAM_ROWS, each with at most STREAM_OTHERS. */
bool stream_add_rows(struct reliable_sender *s, const struct flow_rows *rows);
bool stream_add_counters(
	struct reliable_sender *s, const struct tap_counters *c);
bool stream_add_flushed(struct reliable_sender *s, uint64_t number);

struct stream_content {
	struct flow_record records[STREAM_RECORDS];
	struct flow_extra extras[STREAM_RECORDS]; /* with any_extra */
	struct tap_counters counters[STREAM_COUNTERS_MAX];
	size_t n_records, n_counters;
	bool any_extra;
	uint64_t flushed; /* highest number; 0: none */
};
/* Hostile input.  False: ill-formed, or more of a kind than fits. */
bool stream_read(const uint8_t *items, size_t len, struct stream_content *ret);

#endif
