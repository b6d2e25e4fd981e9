/* Metrics: what can be told of a flow besides its counts.
 *
 * A metric keeps a state for each direction of a flow, looks at each packet, and
 * gives values for each record.  One that is not asked for costs nothing.  To
 * add one: a struct flow_metric in a file of its own, and its name in the list
 * of metrics.c (examples/metric_ecn.c shows a whole one); its fields in
 * flow/metric_fields.h, so that stores know what they are. */
#ifndef NFZ_PROBE_METRIC_H
#define NFZ_PROBE_METRIC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/opt.h"
#include "flow/metric_fields.h"
#include "probe/dissect.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A packet as metrics see it. */
struct metric_packet {
	int64_t time_ns;
	uint32_t packets; /* on the wire: a super-frame is several, of `each`
	                   * octets but for the last; 0: nothing is known */
	uint32_t octets, each; /* IP, of all */
	uint8_t version, ttl;  /* of IP; hop limit */
	uint8_t tos;
	bool df;
	uint8_t proto;
	/* TCP, where its header has been captured up to its options */
	bool tcp;
	uint8_t tcp_flags;
	uint16_t window;
	uint32_t seq, ack;
	uint32_t payload; /* bytes */
	const uint8_t *options;
	size_t n_options; /* bytes captured */
	/* ICMP, where so much has been captured: its type and code */
	bool icmp;
	uint16_t icmp_message;
	/* all that was captured of it, from its IP header on, while `update`
	 * or `inspect` runs; NULL: a later fragment, or the inside of a tunnel */
	const uint8_t *ip;
	size_t n_ip;
};

struct flow_metric {
	const char *name;  /* word of --metrics */
	const char *about; /* one line of help */
	size_t size;       /* of the state; all zero when a flow begins */
	const struct export_field *fields;
	size_t n_fields;
	/* A packet came.  other: the other direction's state, NULL where flows
	 * have one direction only. */
	void (*update)(void *state, void *other, const struct metric_packet *p);
	/* The values, in the order of fields; returns where they end. */
	uint8_t *(*write)(const void *state, uint8_t *to);
	/* Which of them were measured, a bit each; NULL: all.  A text of no
	 * length was not, in any case. */
	unsigned (*known)(const void *state);
	/* A record has left: counting starts over, what is known of the flow
	 * stays.  NULL: all becomes zero. */
	void (*restart)(void *state);

	/* For one that needs more than a state of each flow: what all flows
	 * share, and the bytes that it may take.  NULL: it is not to be had. */
	size_t shared_bytes;
	void *(*start)(struct err *err);
	void (*end)(void *shared);
	/* instead of update */
	void (*inspect)(void *shared, void *state, void *other,
		const struct metric_packet *p);
	void (*say)(const void *shared, struct buf *out); /* a line, at last */
	bool apart;   /* not part of "all" */
	bool offline; /* of captures only, and apart */
};

/* --- for metrics --------------------------------------------------------- */

/* A count of 4 bytes of our own. */
#define METRIC_COUNT(number, label)                                            \
	{                                                                      \
		.id = (number), .len = 4, .enterprise = METRIC_ENTERPRISE,     \
		.rule = RULE_SUM, .name = (label)                              \
	}

/* Writes the low `len` bytes of v, big-endian. */
uint8_t *metric_put(uint8_t *to, uint64_t v, size_t len);

/* From one time to another, however far apart, without overflow of sums. */
int64_t metric_gap(int64_t from_ns, int64_t to_ns);

/* --- for those who run them ---------------------------------------------- */

enum { METRICS_MAX = 16, METRIC_VALUES_MAX = 512 };

struct metrics {
	const struct flow_metric *chosen[METRICS_MAX];
	size_t at[METRICS_MAX];      /* of its state in the whole */
	void *shared[METRICS_MAX];   /* owned */
	size_t n, bytes;             /* of the whole state, a multiple of 8 */
	size_t shared_bytes;         /* of all */
	struct export_field *fields; /* of all, owned */
	size_t n_fields, values;     /* bytes of the values */
};

/* Words are names, "all", or names joined by '+'.  NFZ_E_USAGE names the one that
 * is none, or is not to be had.  For captures. */
int metrics_choose(const struct opt_list *words, struct metrics *ret,
	struct err *err) NFZ_MUST_CHECK;
/* The same for what is live, as bits, numbered as metric_at() does; and those
 * of the bits. */
int metrics_choose_bits(const struct opt_list *words, unsigned *ret,
	struct err *err) NFZ_MUST_CHECK;
void metrics_of(unsigned bits, struct metrics *ret);
void metrics_release(struct metrics *m);
/* What there is to say of a run, in lines. */
void metrics_say(const struct metrics *m, struct buf *out);
/* The i-th there is; NULL: no more. */
const struct flow_metric *metric_at(size_t i);
/* Of one word; false: there is none of that name for what is live. */
bool metric_bits(const char *word, unsigned *ret);
/* For captures. */
bool metric_capture_bits(const char *word, unsigned *ret);

/* entered: d is of what is inside a tunnel, the headers outside. */
void metric_read(const struct frame *f, const struct dissect *d, bool entered,
	struct metric_packet *ret);
void metrics_update(const struct metrics *m, void *state, void *other,
	const struct metric_packet *p);
/* At most METRIC_VALUES_MAX bytes; returns which of the fields were measured, a
 * bit each. */
uint64_t metrics_write(const struct metrics *m, const void *state, uint8_t *to);
void metrics_restart(const struct metrics *m, void *state);

#endif
