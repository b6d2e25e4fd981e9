/* The table of living flows at one or more observation points: packets (or
 * digests of several) in, flow records out.
 *
 * All memory is mapped at the start; the number of flows is capped.  Records
 * are deltas: everything added is in exactly one record, unless flowcache_add
 * said that it was refused. */
#ifndef NFZ_PROBE_FLOWCACHE_H
#define NFZ_PROBE_FLOWCACHE_H

#include "base/hash.h"
#include "flow/more.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flowcache;

/* Where a packet was seen, and between which members of the link it went; and
 * what else tells flows apart by choice, 0 where it does not. */
struct flow_point {
	uint16_t tap, src_slot, dst_slot;
	uint16_t vlan;
	uint8_t src_mac[6], dst_mac[6];
	uint8_t tos;
	bool sent;
	/* one of so many packets comes here: records are estimates, of so many
	 * times what was added; 1: they are estimates already; 0: none are */
	uint16_t one_of;
	uint16_t clock; /* which dates its packets: flowcache_set_clock() */
};
_Static_assert(sizeof(struct flow_point) == 26, "no hidden padding");
/* What a record has, of what was added. */
static inline uint64_t flow_point_times(const struct flow_point *p)
{
	return p->one_of ? p->one_of : 1;
}

/* What one packet, or n packets of one flow, add. */
struct flow_addition {
	struct flow_key key;
	uint64_t octets;
	int64_t first_ns, last_ns;
	uint32_t packets;
	uint16_t point; /* from flowcache_point() */
	uint8_t tcp_flags, tos;
};

/* Takes a record; false: not now, offer it again later (nothing is lost, the
 * flow just keeps what it has counted). */
typedef bool (*flowcache_sink_fn)(void *data, const struct flow_record *r);

/* What is kept of a flow besides, by somebody who knows what: `bytes` for each
 * direction, zeroed when the flow begins. */
struct flowcache_side {
	size_t bytes; /* 0: nothing; a multiple of 8 */
	void *data;
	/* The i-th addition of the call under way has joined its flow.
	 * other: that of the other direction, NULL where flows have one. */
	void (*joined)(void *data, size_t i, void *state, void *other);
	/* What was counted has left in a record: the next begins. */
	void (*left)(void *data, void *state);
};

/* A living flow is reported as soon as its records will have so much, and by each
 * multiple of that, whatever was told of it in between; 0: however much. */
struct flow_limit {
	uint64_t octets, packets;
};

struct flowcache_options {
	uint32_t flows; /* most at once */
	struct flow_limit limit;
	uint16_t clocks;   /* of points, all below that; 0: clock 0 */
	int64_t idle_ms;   /* no packet for longer: the flow has ended */
	int64_t active_ms; /* longer since the last record: another one */
	int64_t fin_ms;    /* as idle, after FIN or RST; 0: never */
	int64_t first_ms;  /* a new flow's first record; 0: as any other */
	int64_t late_ms;   /* packets are added so long after their time, at
	                    * most: no flow is idle before that is over, too */
	bool live;         /* a flow whose time goes back by more than disorder
	                    * of packets explains is told of before: somebody
	                    * set the clock, and no record spans that */
	bool merge_fragments; /* KEY_FRAGMENT is told, but no part of keys */
	bool grows;           /* take memory as flows come, and give that of the
	                    * index and of most of a flow back as they leave at
	                    * the end: the sink takes all then, or fails for
	                    * good; false: the index of all at the start */
	bool both;            /* one flow of both directions: the first packet's
	                    * source began it, unless that is an answer (SYN
	                    * and ACK) */
	size_t seen_bytes; /* count distinct keys with so much memory; 0: no */
	struct flowcache_side side;
	flowcache_sink_fn sink;
	void *data;
};

struct flowcache_stats {
	uint64_t packets, octets;           /* added */
	uint64_t sent_packets, sent_octets; /* in records taken by the sink */
	uint64_t records, created, evicted;
	uint64_t refused;   /* additions there was no room for */
	uint64_t held_back; /* records the sink did not take at once */
	uint64_t distinct;  /* keys; at most so many unless exact */
	bool distinct_exact;
	uint32_t flows, most_flows, room; /* now, at most, can be */
	uint32_t points;
	size_t memory; /* bytes taken by now */
};

enum {
	FLOWCACHE_BATCH = 64,
	FLOWCACHE_POINTS = 0xfff0,
	FLOWCACHE_NO_POINT = 0xffff
};

struct flowcache *flowcache_new(const struct flowcache_options *options);
/* Does not emit: flowcache_end() first. */
void flowcache_free(struct flowcache *cache);
/* Other timeouts from now on, for the flows that are there, too.  Nothing that
 * was counted is lost or reported twice. */
void flowcache_set_timeouts(struct flowcache *cache, int64_t idle_ms,
	int64_t active_ms, int64_t fin_ms);
/* Reports those that have as much as that already at the next tick. */
void flowcache_set_limit(
	struct flowcache *cache, const struct flow_limit *limit);
/* The number under which packets of a point are added; FLOWCACHE_NO_POINT when
 * there are too many.  Cheap, but to be remembered by the caller. */
uint16_t flowcache_point(struct flowcache *cache, const struct flow_point *p);
/* Adds up to FLOWCACHE_BATCH at once; bit i of the answer is set when a[i] was
 * refused: full, and nothing could be evicted since the sink takes none.  The
 * padding of keys is overwritten. */
uint64_t flowcache_add(
	struct flowcache *cache, struct flow_addition *a, size_t n);
/* The most flows for which a growing cache stays within that many bytes; of
 * `options` both and side count. */
uint32_t flowcache_fit(const struct flowcache_options *options, size_t bytes);
/* Of a record just offered to the sink, and only there. */
struct flowcache_offer {
	const struct flow_point *point;
	bool turned; /* the point tells directions the other way round: one
	              * key is in the table for both, with what came with it */
	const struct flow_half *reverse; /* NULL: none, or nothing */
	const void *kept[2]; /* of the record's way, of the other; or NULL */
};
void flowcache_offered(const struct flowcache *cache,
	const struct flow_record *r, struct flowcache_offer *ret);
/* Tells the time, in the clock of the additions; runs the timeouts. */
void flowcache_advance(struct flowcache *cache, int64_t now_ns);
/* By this clock it is so much later than the time told; at first no clock is.
 * For timeouts only: records have the times that were added. */
void flowcache_set_clock(
	struct flowcache *cache, uint16_t clock, int64_t ahead_ns);
/* The time told cannot be relied on to pass for all packets: from now on each
 * packet is held against its flow's times exactly.  Slower. */
void flowcache_doubt(struct flowcache *cache);
/* Emits what has been counted so far and keeps the flows.  False when the sink
 * refused some. */
bool flowcache_flush(struct flowcache *cache);
/* Emits everything, what is not due by the time told as `reason`, and empties
 * the table.  False when the sink refused some, which stay. */
bool flowcache_end(struct flowcache *cache, enum end_reason reason);
void flowcache_stats(
	const struct flowcache *cache, struct flowcache_stats *ret);

#endif
