/* One tap's bookkeeping: every frame captured goes into exactly one of the
 * tap's counters, and the IP packets that count into the flow cache. */
#ifndef NFZ_PROBE_ACCOUNT_H
#define NFZ_PROBE_ACCOUNT_H

#include "flow/record.h"
#include "flow/setup.h"
#include "probe/capture.h"
#include "probe/flows.h"
#include "probe/own.h"
#include "probe/rules.h"
#include "probe/sample.h"

struct account {
	struct tap_counters n; /* wire_frames and if_... are not kept here */
	struct flowcache *cache;
	const struct own *own;
	struct rules *rules;
	const struct definition *definition; /* NULL: plain */
	struct metric_packet *seen; /* of metrics: what is added together */
	struct sample sample;
	bool chosen;      /* by the kernel: what comes is what is sampled */
	uint64_t more[2]; /* [sent]: packets beyond one in all the frames that
	                   * way, counted or not */
	uint32_t mtu;     /* 0: the kernel tells how super-frames are cut; else
	                    * the interface's, and they are estimated by it */
	enum tap_loss refusal; /* what a refused packet is lost to */
	/* the last point in each direction, since the next frame's is mostly
	 * the same */
	struct flow_point point[2];
	uint16_t number[2];
};

/* Keeps references to cache and own. */
void account_init(struct account *a, const struct setup_tap *tap,
	struct flowcache *cache, const struct own *own);
void account_release(struct account *a);
/* From here on, and whenever they were redefined; they are kept by reference. */
void account_define(struct account *a, struct flows *flows);
/* From here on.  chosen: what is handed over has been sampled so. */
void account_sample(
	struct account *a, const struct export_sampling *how, bool chosen);
/* From here on; mtu as above. */
void account_estimate(struct account *a, uint32_t mtu);
/* For a capture_sink; data is the account. */
void account_frames(void *data, const struct capture_frame *frames, size_t n);
void account_flows(void *data, const struct capture_flow *flows, size_t n);
void account_passed(void *data, const struct capture_passed *passed);

#endif
