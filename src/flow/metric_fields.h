/* The values that metrics of flows give: what each is called, its element in
 * IPFIX, and what becomes of the values of several records of one flow, which
 * came one after the other, or from several probes.  One table for those who
 * measure, send, keep, ask and export them.
 *
 * Between programs and in stores a value is one of flow/others.h.  What was not
 * measured is not there; a 0 that is there was measured. */
#ifndef NFZ_FLOW_METRIC_FIELDS_H
#define NFZ_FLOW_METRIC_FIELDS_H

#include "flow/extra.h"
#include "flow/more.h"

/* IANA's number for examples in documents (RFC 5612): the project has none. */
enum { METRIC_ENTERPRISE = 32473, METRIC_TEXT = 80, METRIC_NUMBERS = 8 };
/* Of elements: as IANA's have an enterprise for those of the other direction
 * (RFC 5103 6), ours have one bit of their number. */
enum { METRIC_REVERSE = 0x4000, REVERSE_ENTERPRISE = 29305 };

/* X(NAME, enterprise, element, bytes, of each number in them, rule, name);
 * each 0: it is text.  Enterprise 0: IANA's, where there is one that says the
 * same.  Those of a metric stand together; more may be added anywhere. */
#define METRIC_FIELDS(X)                                                       \
	X(MIN_OCTETS, 0, 25, 4, 4, LEAST, "min_octets")                        \
	X(MAX_OCTETS, 0, 26, 4, 4, GREATEST, "max_octets")                     \
	X(SIZES, METRIC_ENTERPRISE, 1, 4 * PACKET_SIZES, 4, SUM, "sizes")      \
	X(MIN_TTL, 0, 52, 1, 1, LEAST, "min_ttl")                              \
	X(MAX_TTL, 0, 53, 1, 1, GREATEST, "max_ttl")                           \
	X(RTT, METRIC_ENTERPRISE, 16, 4, 4, FIRST, "rtt_us")                   \
	X(SERVER_RTT, METRIC_ENTERPRISE, 17, 4, 4, FIRST, "server_rtt_us")     \
	X(AGAIN, METRIC_ENTERPRISE, 24, 4, 4, SUM, "retransmissions")          \
	X(AGAIN_BYTES, METRIC_ENTERPRISE, 25, 4, 4, SUM,                       \
		"retransmitted_bytes")                                         \
	X(UNORDERED, METRIC_ENTERPRISE, 26, 4, 4, SUM, "out_of_order")         \
	X(GAPS, METRIC_ENTERPRISE, 27, 4, 4, SUM, "gaps")                      \
	X(MIN_WINDOW, METRIC_ENTERPRISE, 32, 4, 4, LEAST, "min_window")        \
	X(MAX_WINDOW, METRIC_ENTERPRISE, 33, 4, 4, GREATEST, "max_window")     \
	X(ZERO_WINDOWS, METRIC_ENTERPRISE, 34, 4, 4, SUM, "zero_windows")      \
	X(JITTER, METRIC_ENTERPRISE, 40, 4, 4, MEAN, "jitter_us")              \
	X(LONGEST_GAP, METRIC_ENTERPRISE, 41, 4, 4, GREATEST,                  \
		"longest_gap_us")                                              \
	X(FINGERPRINT, METRIC_ENTERPRISE, 48, METRIC_TEXT, 0, FIRST,           \
		"fingerprint")                                                 \
	X(ICMP, 0, 32, 2, 2, FIRST, "icmp_message")                            \
	X(ICMP6, 0, 139, 2, 2, FIRST, "icmp6_message")                         \
	X(APPLICATION, 0, 96, METRIC_TEXT, 0, FIRST, "application")

enum metric_field {
#define X(NAME, enterprise, id, len, each, rule, name) METRIC_##NAME,
	METRIC_FIELDS(X)
#undef X
		METRIC_FIELD_COUNT
};
extern const struct export_field metric_fields[METRIC_FIELD_COUNT];

/* Of that name, of len characters; of that element.  METRIC_FIELD_COUNT: it is
 * none of these. */
enum metric_field metric_field_named(const char *name, size_t len);
enum metric_field metric_field_of(const struct flow_element *e);
/* Is it of the other direction?  Then it becomes what it is there. */
bool metric_field_turn(struct flow_element *e);
/* One number, not several or text. */
bool metric_field_is_number(enum metric_field f);
/* Text of e, which is of that field: its numbers, or up to the first zero.  False:
 * it is not as that field is. */
bool metric_field_print(enum metric_field f, const struct flow_element *e,
	char text[static ELEMENT_TEXT]);
/* The number; false: nobody measured it. */
bool metric_field_get(
	const struct flow_others *o, enum metric_field f, uint64_t *ret);

/* Values of one direction, as metrics write them, to elements: those of which
 * `known` has the bit.  What there is no room for is left out. */
void metric_fields_tell(const struct flow_shape *shape, const uint8_t *values,
	uint64_t known, struct wire *to);

/* --- several records of one flow ------------------------------------------ */

__extension__ typedef unsigned __int128 metric_sum;

/* Lends from the records until it is written.  Begins with all zeros. */
struct metric_merge {
	struct {
		int64_t at_ns;   /* of FIRST */
		uint64_t weight; /* of MEAN: packets */
		metric_sum v[METRIC_NUMBERS];
		const uint8_t *text;
		size_t len; /* of the value; 0: nobody told it */
	} of[METRIC_FIELD_COUNT];
	/* elements that nobody knows are those of the first record */
	struct flow_others others;
	int64_t others_ns;
};
void metric_merge_add(struct metric_merge *m, const struct flow_record *r,
	const struct flow_others *o);
/* As elements; a number greater than its field is the greatest there is. */
void metric_merge_write(const struct metric_merge *m, struct wire *to);

#endif
