/* The meter: taps and a flow cache on a loop, records and counters out through
 * an output.  Knows no sockets of its own deployment. */
#ifndef NFZ_PROBE_METER_H
#define NFZ_PROBE_METER_H

#include "base/loop.h"
#include "probe/taps.h"

#include <stdbool.h>
#include <stddef.h>

struct meter;

/* Where what was counted goes. */
struct meter_output {
	void *data;
	/* Of those flows, in any thread, one at a time. */
	lanes_sink_fn record;
	/* Counters of all taps, once a second and after a flush; those that
	 * cannot be taken may be dropped: newer ones follow. */
	void (*counters)(void *data, const struct tap_counters *c, size_t n);
	/* Ten times a second, after what was due has been handed over; NULL:
	 * not wanted. */
	void (*ticked)(void *data);
	/* What a packet is lost to when the cache is full and the output
	 * takes nothing. */
	enum tap_loss refusal;
	int64_t first_ms, active_ms; /* of the flow cache; 0: as the setup */
	int64_t rest_ms; /* what comes where nothing did may be found so late;
	                  * 0: before its first record is due */
};

struct meter_options {
	struct loop *loop;
	const struct setup *setup;
	const struct meter_output *output;
	uint16_t port; /* we are bound to: excluded from metering */
	enum capture_choice choice;
	struct definition definition;
	uint32_t ring_bytes; /* per tap; 0: by the machine's memory */
	/* that read rings, as crew_size(); other captures take one */
	unsigned threads;
};

/* Attaches all taps of the setup, or none.  Options are copied, what they
 * point to is not. */
int meter_new(const struct meter_options *options, struct meter **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Before rights are given up: what would outlive this process is removed
 * whatever happens to it, by one of that user's (probe/guard.h). */
int meter_guard(
	struct meter *meter, uint32_t uid, struct err *err) NFZ_MUST_CHECK;
/* When they have been, and before the program is jailed: its threads start. */
int meter_start(struct meter *meter, struct err *err) NFZ_MUST_CHECK;
void meter_free(struct meter *meter);

/* Emits all that was counted until now, exactly: first every frame the kernel
 * had counted when this was called is read (at most METER_CUT_MS), then the
 * flows, then the counters of the same instant.  False: the output took not
 * all; call meter_flush_rest() when it has room. */
enum { METER_CUT_MS = 300 };
bool meter_flush(struct meter *meter);
bool meter_flush_rest(struct meter *meter);
/* As meter_flush, and the flows end; taps stay attached but unread. */
bool meter_end(struct meter *meter);
bool meter_end_rest(struct meter *meter);

/* Other flow timeouts from now on; 0, of fin_ms -1: as the setup says. */
void meter_set_timeouts(struct meter *meter, int64_t idle_ms, int64_t active_ms,
	int64_t fin_ms);
/* Living flows are reported as soon as they have so much. */
void meter_set_limit(struct meter *meter, const struct flow_limit *limit);
/* Most flows at once, from some tenths of a second on; 0: as the setup.  All that
 * was counted leaves, and the memory is another. */
void meter_set_most(struct meter *meter, uint32_t flows);
/* What a flow is, from some tenths of a second on: what was counted before
 * leaves as it was then, and nothing is missed in between. */
void meter_set_definition(struct meter *meter, const struct definition *d);
/* What packets are counted by, and how they are sampled, is what was set last.
 */
bool meter_is_set(const struct meter *meter);
/* For what is told of records (probe/flows.h); the first stands for all. */
struct flows *meter_flows(struct meter *meter);
/* How packets are sampled, from some tenths of a second on. */
void meter_set_sampling(struct meter *meter, const struct export_sampling *how);
/* How those of a record just handed over were. */
struct export_sampling meter_sampling_of(const struct meter *meter,
	const struct flows *flows, const struct flow_record *r);
/* A line on it; nothing where all are counted. */
void meter_print_sampling(const struct meter *meter, struct buf *out);
/* Every frame comes to the meter, which would else let the kernel add up: what
 * they are sampled or told apart by the kernel does not read. */
bool meter_takes_frames(const struct meter *meter);
/* How its taps capture: "packet", "ebpf-tcx", ...; the first stands for all. */
const char *meter_backend(const struct meter *meter);
size_t meter_taps(const struct meter *meter);
/* i-th tap's interface and last ledger; attached: false when it is gone. */
const struct tap *meter_tap(const struct meter *meter, size_t i);
/* Frames lost by now, by whatever cause. */
uint64_t meter_lost(const struct meter *meter);
/* Lines on them: what each has read by now; nothing where there is one. */
void meter_print_threads(const struct meter *meter, struct buf *out);
void meter_cache_stats(const struct meter *meter, struct flowcache_stats *ret);

#endif
