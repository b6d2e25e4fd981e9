/* Templates, and what a data record says (private to flowset*.c). */
#ifndef NFZ_FLOW_FLOWSET_PARTS_H
#define NFZ_FLOW_FLOWSET_PARTS_H

#include "base/cursor.h"
#include "flow/flowset.h"

enum {
	FIELD_VARIABLE = 65535,
	ENTERPRISE_REVERSE = 29305 /* RFC 5103: the other direction */
};

struct flowset_field {
	uint32_t enterprise; /* 0: IANA */
	uint16_t id, len;    /* len FIELD_VARIABLE: each says its own */
};

struct flowset_template {
	uint16_t id;
	bool options;
	size_t n_fields, least; /* least bytes of a record */
	struct flowset_field *fields;
};

/* What every record of a message goes by. */
struct flowset_times {
	bool v9;
	int64_t export_ns, boot_ns; /* boot: of an uptime of 0 */
	uint32_t sampling;          /* 1 in so many; 0 or 1: all */
};

/* One data record. */
struct flowset_values {
	struct flow_record forward, reverse;
	bool has_addrs, has_reverse;
	uint32_t sampling; /* told by this record; 0: not */
};
/* Reads a record; false when it ends too early. */
bool flowset_values_read(struct cursor *c, const struct flowset_template *t,
	const struct flowset_times *times, struct flowset_values *ret);

#endif
