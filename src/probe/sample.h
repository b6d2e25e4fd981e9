/* One of so many frames, or packets: RFC 5475. */
#ifndef NFZ_PROBE_SAMPLE_H
#define NFZ_PROBE_SAMPLE_H

#include "flow/exporter.h"
#include "probe/dissect.h"

#include <stdbool.h>
#include <stdint.h>

struct sample {
	struct export_sampling how;
	uint32_t skip;  /* frames until the next */
	uint64_t state; /* of chance */
};

void sample_init(struct sample *s, const struct export_sampling *how);
/* Before a frame is looked at: true for all where packets are chosen. */
bool sample_frame(struct sample *s);
/* A frame that is IP; true for all where frames are chosen. */
bool sample_packet(
	const struct sample *s, const struct frame *f, const struct dissect *d);

#endif
