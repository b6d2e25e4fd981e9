/* What the program in the kernel tells of flows (probe/absorb_layout.h), as
 * capture has it.  offset_ns: from its clock to ours. */
#ifndef NFZ_PROBE_ABSORBED_H
#define NFZ_PROBE_ABSORBED_H

#include "probe/absorb_layout.h"
#include "probe/capture.h"

struct capture_flow absorbed_flow(
	const struct absorb_flow *flow, int64_t offset_ns);
/* A frame that found no room, as a flow of its own.  with_macs: it has them. */
struct capture_flow absorbed_frame(
	const struct absorb_digest *digest, bool with_macs, int64_t offset_ns);

#endif
