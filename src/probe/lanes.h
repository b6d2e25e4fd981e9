/* The flow caches of a meter: one for each of the threads that read its taps,
 * and each flow in one of them.  Without threads there is one.
 *
 * What is told to all belongs to the meter's own thread, while no other is at
 * work; so does what their records are told to. */
#ifndef NFZ_PROBE_LANES_H
#define NFZ_PROBE_LANES_H

#include "probe/crew.h"
#include "probe/flows.h"

#include <stdbool.h>
#include <stdint.h>

struct lanes;

/* Takes a record of those flows; never two at a time.  As flowcache_sink_fn. */
typedef bool (*lanes_sink_fn)(
	void *data, struct flows *flows, const struct flow_record *r);

struct lanes_options {
	unsigned n;
	struct definition definition;
	struct flowcache_options cache; /* of all; its sink is not used */
	lanes_sink_fn sink;
	void *data;
};

struct lanes *lanes_new(const struct lanes_options *options);
void lanes_free(struct lanes *l); /* may be NULL */
/* As crew_start(). */
int lanes_start(struct lanes *l, struct err *err) NFZ_MUST_CHECK;
unsigned lanes_n(const struct lanes *l);
/* By lane, as many as there are. */
struct flows *const *lanes_flows(const struct lanes *l);
/* job(data, lane) for each, at the same time. */
void lanes_run(struct lanes *l, crew_job job, void *data);

/* As those of a flow cache, and of flows, for all. */
void lanes_advance(struct lanes *l, int64_t now_ns);
bool lanes_flush(struct lanes *l);
bool lanes_end(struct lanes *l);
bool lanes_redefine(struct lanes *l, const struct definition *definition);
void lanes_set_most(struct lanes *l, uint32_t flows); /* of all together */
bool lanes_stale(const struct lanes *l);
void lanes_set_timeouts(
	struct lanes *l, int64_t idle_ms, int64_t active_ms, int64_t fin_ms);
void lanes_set_limit(struct lanes *l, const struct flow_limit *limit);
/* Sums; within a job, or where a record is taken: those of before. */
void lanes_stats(const struct lanes *l, struct flowcache_stats *ret);

#endif
