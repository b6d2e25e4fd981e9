/* What a record may have besides, where that was asked for: inside one program,
 * and in what it prints and exports. */
#ifndef NFZ_FLOW_MORE_H
#define NFZ_FLOW_MORE_H

#include "flow/extra.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One direction of a flow. */
struct flow_half {
	uint64_t packets, bytes;
	int64_t first_ns, last_ns; /* of packets; 0 without any */
	uint8_t tcp_flags, tos;
};

enum {
	MORE_VLAN = 1,
	MORE_MAC = 2,
	MORE_REVERSE = 4, /* records are of both directions (RFC 5103) */
	MORE_VALUES = 8,
	MORE_EXTRA = 16 /* what exporters tell besides; with it no VLAN, MAC */
};

/* What becomes of a value when several records of a flow are one. */
enum merge_rule { RULE_FIRST, RULE_SUM, RULE_LEAST, RULE_GREATEST, RULE_MEAN };

/* A value that a metric gives for each flow: what it is called, and its element
 * in IPFIX.  In the values it is `len` bytes: a big-endian number, several of
 * `each` bytes, or text up to the first zero. */
struct export_field {
	uint16_t id, len;
	uint32_t enterprise; /* 0: IANA's */
	uint8_t each;        /* 0: one number */
	bool text;
	enum merge_rule rule; /* MEAN: by packets */
	const char *name;
};

/* What all records have, told once. */
struct flow_shape {
	unsigned more; /* MORE_... */
	const struct export_field *fields;
	size_t n_fields;
};

struct flow_more {
	uint16_t vlan;
	uint8_t src_mac[6], dst_mac[6];
	const struct flow_extra *extra;
	struct flow_half reverse; /* 0 packets: none came back */
	const uint8_t *values;    /* of all fields; then, of records of both
	                           * directions, those of the other */
	uint64_t known[2];        /* a bit for each field: it was measured */
};

/* Bytes of the values of one direction. */
size_t flow_values(const struct flow_shape *shape);
/* The other direction as a record of its own, for those who know no other. */
struct flow_record flow_more_reverse(
	const struct flow_record *r, const struct flow_more *more);

#endif
