/* Flow records and tap counters as lines of text, for people and tests. */
#ifndef NFZ_PROBE_RECPRINT_H
#define NFZ_PROBE_RECPRINT_H

#include "base/buf.h"
#include "flow/more.h"

enum record_style { RECORD_TEXT, RECORD_JSON, RECORD_CSV };

/* The line above the records; nothing for JSON.  shape: NULL where records have
 * nothing besides. */
void record_print_head(struct buf *out, enum record_style style,
	const struct flow_shape *shape);
/* With what it has besides, if anything (more: NULL): members vlan, src_mac,
 * dst_mac, reverse_packets and the like, and those of metrics.  Text tells of
 * the other direction only. */
void record_print(struct buf *out, enum record_style style,
	const struct flow_record *r, const struct flow_shape *shape,
	const struct flow_more *more);
void counters_print(
	struct buf *out, enum record_style style, const struct tap_counters *c);

#endif
