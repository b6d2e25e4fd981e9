/* Flow records and tap counters as lines of text, for people and tests. */
#ifndef NFZ_PROBE_RECPRINT_H
#define NFZ_PROBE_RECPRINT_H

#include "base/buf.h"
#include "flow/record.h"

enum record_style { RECORD_TEXT, RECORD_JSON, RECORD_CSV };

/* The line above the records; nothing for JSON. */
void record_print_head(struct buf *out, enum record_style style);
void record_print(
	struct buf *out, enum record_style style, const struct flow_record *r);
/* The same; in JSON with what told the flow apart besides its key, as members
 * vlan, src_mac and dst_mac. */
struct record_extra {
	uint16_t vlan;
	const uint8_t *src_mac, *dst_mac; /* NULL: not told */
};
void record_print_with(struct buf *out, enum record_style style,
	const struct flow_record *r, const struct record_extra *extra);
void counters_print(
	struct buf *out, enum record_style style, const struct tap_counters *c);
/* wire frames that are in no counter: 0 unless there is a fault of ours. */
int64_t counters_unaccounted(const struct tap_counters *c);

#endif
