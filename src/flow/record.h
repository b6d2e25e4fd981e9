/* The flow record: what a probe says about one flow at one observation point.
 * Plain data, host order, unit in each name.
 *
 * Records of one flow are deltas: each carries what was counted since the one
 * before, so totals are sums.  Times are the node's raw CLOCK_REALTIME. */
#ifndef NFZ_FLOW_RECORD_H
#define NFZ_FLOW_RECORD_H

#include "base/buf.h"
#include "base/cursor.h"
#include "flow/key.h"
#include "flow/sizes.h"
#include "flow/wire.h"

#include <stdbool.h>

enum { SLOT_GROUP = 0xfffe, SLOT_UNKNOWN = 0xffff };
enum { TAP_FOREIGN = 0xffff }; /* of records not from our taps */

/* RFC 7012 flowEndReason (136), and ours for a delta of a living flow. */
enum end_reason {
	END_LIVING = 0,
	END_IDLE = 1,
	END_ACTIVE = 2,
	END_DETECTED = 3,
	END_FORCED = 4,
	END_LACK_OF_RESOURCES = 5
};

enum {
	RECORD_SENT = 1,     /* the frame left through the tap's interface */
	RECORD_FOREIGN = 2,  /* from an exporter that cannot be authenticated */
	RECORD_ESTIMATED = 4 /* packet counts are estimates */
};

struct flow_record {
	struct flow_key key;
	uint64_t packets, bytes; /* true wire packets; IP octets */
	int64_t first_ns, last_ns;
	uint16_t tap; /* observation point: netflowize's tap number,
	                          * unique in the deployment */
	uint16_t src_slot, dst_slot; /* members of the tap's link between which
	                          * the frames travelled (by MAC on a LAN);
	                          * SLOT_GROUP, SLOT_UNKNOWN */
	uint8_t tcp_flags, tos;      /* OR of flags; first packet's ToS */
	uint8_t end_reason;
	uint8_t flags; /* RECORD_... */
	/* inside one program only: the number its flow cache has for the
	 * observation point, with what else tells its flows apart */
	uint16_t point;
	uint32_t id; /* and for the flow */
};
_Static_assert(sizeof(struct flow_record) == 88, "no hidden padding");

/* Exporters whose clock is set may tell an end before the beginning: whoever asks
 * for a part of the time would not find such a flow. */
static inline void flow_record_order(struct flow_record *r)
{
	const int64_t first_ns = r->first_ns;

	if (r->last_ns >= first_ns)
		return;
	r->first_ns = r->last_ns;
	r->last_ns = first_ns;
}

/* The form in our own transport: big-endian, fixed RECORD_WIRE bytes. */
enum { RECORD_WIRE = 88, RECORD_REST = 24 };
void flow_record_encode(const struct flow_record *r, struct buf *out);
void flow_record_decode(struct cursor *c, struct flow_record *ret);
/* What is behind its counts, in every form: RECORD_REST bytes. */
static inline void flow_record_encode_rest(
	const struct flow_record *r, struct wire *to)
{
	wire_u64(to, (uint64_t)r->first_ns);
	wire_u64(to, (uint64_t)r->last_ns);
	wire_u16(to, r->src_slot);
	wire_u16(to, r->dst_slot);
	wire_u8(to, r->tcp_flags);
	wire_u8(to, r->tos);
	wire_u8(to, r->end_reason);
	wire_u8(to, r->flags);
}
static inline void flow_record_decode_rest(
	struct cursor *c, struct flow_record *ret)
{
	ret->first_ns = (int64_t)cursor_u64(c);
	ret->last_ns = (int64_t)cursor_u64(c);
	ret->src_slot = cursor_u16(c);
	ret->dst_slot = cursor_u16(c);
	ret->tcp_flags = cursor_u8(c);
	ret->tos = cursor_u8(c);
	ret->end_reason = cursor_u8(c);
	ret->flags = cursor_u8(c);
}

/* Per-tap frame counters since the meter started: the wire side of the ledger.
 * wire = ip + non_ip + excluded + unsampled + every loss, in frames. */
#define TAP_LOSSES(X)                                                          \
	X(RING, "ring")           /* kernel: ring full */                      \
	X(TRUNCATED, "truncated") /* IP header not captured or malformed */    \
	X(CACHE, "cache")         /* flow cache could not take it */           \
	X(QUEUE, "queue")         /* record or digest queue full */

enum tap_loss {
#define X(name, text) LOSS_##name,
	TAP_LOSSES(X)
#undef X
		TAP_LOSS_COUNT
};
const char *tap_loss_name(enum tap_loss loss);

struct tap_counters {
	uint16_t tap;
	int64_t at_ns;        /* node clock */
	uint64_t wire_frames; /* kernel's count at the hook */
	uint64_t ip_frames, non_ip, excluded;
	uint64_t packets; /* sum of segments of ip_frames */
	uint64_t lost[TAP_LOSS_COUNT];
	/* of the interface itself, when the tap was attached and now: frames
	 * received and sent as the kernel counts them */
	uint64_t if_received, if_sent;
	uint64_t frames_received, frames_sent; /* what the tap saw of each */
	/* frames that may be in one count only: they passed between attaching,
	 * or the mark, and reading the interface's counters */
	uint64_t attach_uncertainty;
	/* the kernel's own counts when the tap was first attached: what came
	 * between two lives of a meter; COUNTERS_UNKNOWN: was not told */
	uint64_t base_received, base_sent;
	uint64_t unsampled; /* frames not chosen to be looked at */
	/* the packets by size, towards the tap's near member and from it;
	 * first of all COUNTERS_UNKNOWN: was not told */
	struct size_count sizes[2][PACKET_SIZES];
};
#define COUNTERS_UNKNOWN UINT64_MAX
enum { SIZES_TO_NEAR, SIZES_FROM_NEAR };
enum { COUNTERS_WIRE_MAX = 384 };
bool tap_counters_sized(const struct tap_counters *c);
void tap_counters_encode(const struct tap_counters *c, struct buf *out);
void tap_counters_decode(struct cursor *c, struct tap_counters *ret);

#endif
