/* One module on the wire: a UDP socket on a loop, and towards each peer of the
 * setup an authenticated channel, the management session and the acknowledged
 * record stream.  What nfz-meter, nfz-cache and nfz-collector are built on.
 *
 * Meter and cache connect to the collector (records), a meter also to each
 * cache of its setup (digests).  They keep trying until they are answered, so
 * programs may start in any order.  Single-threaded: call from the loop's
 * thread only.  Handlers may call anything here but endpoint_free().
 *
 * All memory is taken at start, except for the buffers of a peer that has
 * proved who it is. */
#ifndef NFZ_FLOW_ENDPOINT_H
#define NFZ_FLOW_ENDPOINT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "flow/digest.h"
#include "flow/extra.h"
#include "flow/health.h"
#include "flow/record.h"
#include "flow/setup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct endpoint;

enum peer_state {
	PEER_UNHEARD, /* nothing accepted from it yet */
	PEER_UP,      /* connected and alive */
	PEER_SILENT,  /* was up; nothing for three intervals */
	PEER_ENDING,  /* draining before it leaves */
	PEER_GONE,    /* left in order */
	PEER_ABORTED
};
const char *peer_state_name(enum peer_state state); /* "up" */

/* Who sent something, and in which of its lives: the first 8 bytes of the
 * epoch, another at every start of its process. */
struct endpoint_source {
	uint16_t module;
	enum module_role role;
	uint64_t life;
};

/* What one datagram of the record stream carried.  Batches of one life come in
 * order, without gaps, and each once -- unless on_last_seq said less than what
 * was taken. */
struct endpoint_batch {
	struct endpoint_source from;
	uint64_t seq; /* from 1 in each life */
	const struct flow_record *records;
	const struct flow_extra *extras; /* of each; NULL: none has any */
	size_t n_records;
	const struct tap_counters *counters;
	size_t n_counters;
};

struct endpoint_handlers {
	void *data;

	/* Receivers of records (collector).  False: cannot be taken now (disk
	 * full); it is offered again when it is resent. */
	bool (*on_batch)(void *data, const struct endpoint_batch *batch);
	/* The highest seq of this life that is already durable; 0: none. */
	uint64_t (*on_last_seq)(
		void *data, const struct endpoint_source *source);
	/* A module has sent all it had when flush `number` reached it, and
	 * that is durable. */
	void (*on_flushed)(void *data, uint16_t module, uint64_t number);

	/* Receivers of digests (cache).  `header` has the meter's id. */
	void (*on_digests)(void *data, const struct digest_header *header,
		const struct digest *digests, size_t n);

	/* Meter, cache: hand over all that has been counted (flow cache, tap
	 * counters) with the endpoint_send_... functions, then call
	 * endpoint_flushed() -- now, or later when there was no room. */
	void (*on_flush)(void *data, uint64_t number);
	/* Asked to end: hand over all there is, then endpoint_leave(). */
	void (*on_end)(void *data);
	/* The deployment is aborted: stop at once.  `from` is the module that
	 * said so. */
	void (*on_abort)(void *data, uint16_t from);
	/* Nobody renewed the lease: as on_end. */
	void (*on_lease_over)(void *data);
	/* endpoint_leave() is done: everything is durable and said good-bye,
	 * or `complete` is false: the time was over before. */
	void (*on_left)(void *data, bool complete);

	/* Anyone: a peer's state changed. */
	void (*on_peer)(void *data, uint16_t module, enum peer_state state);
	/* Filled before each sign of life (once a second). */
	void (*on_health)(void *data, struct module_health *ret);
};

/* Binds setup's listen address and port (0: any port) and starts.  `setup` must
 * outlive the endpoint.  Handlers not needed are NULL. */
int endpoint_new(struct loop *loop, const struct setup *setup,
	const struct endpoint_handlers *handlers, struct endpoint **ret,
	struct err *err) NFZ_MUST_CHECK;
void endpoint_free(struct endpoint *ep); /* says nothing to anyone */
uint16_t endpoint_port(const struct endpoint *ep);

/* --- records, towards the collector ------------------------------------ */

/* Queue for the collector.  Records are taken all or none, at most
 * ENDPOINT_ROWS; of counters it returns how many (less than n when the queue is
 * full: keep the rest, or count them as lost).  What was taken is resent until
 * the collector has it on disk.  Goes out within 50 ms, or when a datagram is
 * full. */
enum { ENDPOINT_ROWS = 2 };
bool endpoint_send_rows(struct endpoint *ep, const struct flow_rows *rows);
size_t endpoint_send_counters(
	struct endpoint *ep, const struct tap_counters *counters, size_t n);
/* Everything queued before this answers flush `number`. */
void endpoint_flushed(struct endpoint *ep, uint64_t number);
/* Records were made that could not be queued: says so in health. */
void endpoint_count_lost(struct endpoint *ep, uint64_t records);

/* --- digests, towards caches ------------------------------------------- */

/* Is there a cache in the setup?  Then the meter sends digests. */
bool endpoint_has_caches(const struct endpoint *ep);
/* To the living cache that has this flow's share.  False: no credit or no
 * cache alive; add up more and try again, or count it as lost. */
bool endpoint_send_digest(struct endpoint *ep, const struct digest *d);
/* Sends datagrams that are not full yet. */
void endpoint_push_digests(struct endpoint *ep);

/* --- management -------------------------------------------------------- */

/* Leave in order: waits until all queued records are durable and digests are
 * acknowledged, says DISCONN, calls on_left.  At most limit_ms. */
void endpoint_leave(struct endpoint *ep, int64_t limit_ms);
/* Receivers of digests, before they hand over what they have: good-bye to the
 * meters.  True when none sends any more; else once more a little later. */
bool endpoint_part(struct endpoint *ep);
/* Ends everything at once: told to all peers, best effort, thrice. */
void endpoint_abort(struct endpoint *ep);
/* As the program knows it; NULL-safe names.  False: no such module. */
bool endpoint_peer_state(
	const struct endpoint *ep, uint16_t module, enum peer_state *ret);

/* Collector only: */
/* Asks every connected module to flush; returns the number, which on_flushed
 * will name for each.  Meters first; caches when all meters have. */
uint64_t endpoint_flush(struct endpoint *ep);
/* Modules that are connected and have not answered flush `number`. */
size_t endpoint_unflushed(const struct endpoint *ep, uint64_t number,
	uint16_t *modules, size_t max);
/* Everything handed to on_batch so far is on its way to the disk. */
void endpoint_mark(struct endpoint *ep);
/* It is there, up to the last mark: acknowledges it. */
void endpoint_durable(struct endpoint *ep);
/* Asks modules of a role to end; on_peer tells when each is PEER_GONE. */
void endpoint_end(struct endpoint *ep, enum module_role role);
/* Renews the lease of all modules that have one: for ms from now, 0: for the
 * setup's lease_ms. */
void endpoint_renew(struct endpoint *ep, int64_t ms);

/* --- what is known, for status ------------------------------------------ */

struct endpoint_peer {
	struct endpoint_source source;
	enum peer_state state;
	int64_t heard_ms; /* since it was last heard; -1: never */
	bool has_health;
	struct module_health health;
	int64_t clock_offset_ns;  /* to add to its times: ours - its, at
	                             * arrival; an upper bound of the truth
	                             * by the transit time */
	int64_t clock_stepped_ns; /* by how much it was set, all in all */
	uint64_t batches, duplicates, out_of_order;
};
/* i-th peer of the setup; false past the last. */
bool endpoint_peer(
	const struct endpoint *ep, size_t i, struct endpoint_peer *ret);
/* How often the clock of any was set. */
uint64_t endpoint_clock_steps(const struct endpoint *ep);
/* Of the record queue and the wire, since start. */
struct endpoint_stats {
	uint64_t records_taken, records_refused;
	uint64_t queue_batches;
	uint64_t bytes_out;    /* of datagrams, with IP and UDP headers */
	uint64_t kernel_drops; /* SO_RXQ_OVFL */
	uint64_t refused;      /* datagrams not accepted, any cause */
};
void endpoint_stats(const struct endpoint *ep, struct endpoint_stats *ret);
/* Refused datagrams by cause: "tag", "replay"...; false past the last. */
bool endpoint_refusals(const struct endpoint *ep, size_t i,
	const char **ret_cause, uint64_t *ret_n);

#endif
