/* Reads, dissects and adds in batches, so that the memory a batch needs is on
 * its way while the batch is still being dissected.  A batch spans at most
 * BATCH_NS of packet time: no timeout is late.
 *
 * Later fragments belong to the flow of their addresses and protocol with
 * ports 0, unless asked otherwise; the record says that there were some.  Files hold no segmentation:
 * super-frames in them count as one packet each (see nfz-meter(8), BUGS). */
#include "probe/offline.h"
#include "base/clock.h"
#include "base/mem.h"
#include "probe/beside.h"
#include "probe/capfile.h"
#include "probe/fragments.h"
#include "probe/sample.h"
#include "probe/sieve.h"
#include "probe/timeouts.h"
#include "probe/tunnel.h"

#include <string.h>

#define BATCH_NS INT64_C(500000000)

/* A step in time that would end every flow is believed once a packet has come
 * that does not go back, a long one by the next step; where time did go back,
 * and otherwise, when DOUBT_PACKETS have come since: files are put together in
 * the wrong order, and clocks set and set back. */
#define LONG_NS (3600 * NS_PER_S)
enum { PROGRESS_BATCHES = 4096, DOUBT_PACKETS = 64 };

struct offline {
	struct offline_options opt;
	struct flowcache *cache;
	struct sieve *sieve;
	struct offline_result got;
	struct flow_point at; /* of the packet before, numbered `point` */
	uint16_t point;
	struct sample sample;
	struct fragments *fragments; /* NULL: they have no ports */
	int64_t now_ns;
	bool begun;     /* that there was a packet */
	bool went_back; /* time has, by more than disorder of packets explains */
	size_t doubt;   /* packets until the time is believed */
	struct flow_addition batch[CAPFILE_BATCH];
	bool choosy; /* more is asked for than to count all */
	/* of metrics: the packets, the batch's first of them, and what they
	 * gave */
	struct metric_packet seen[CAPFILE_BATCH];
	size_t first_seen;
	struct flow_shape shape;
	struct definition_told told;
};

static void on_joined(void *data, size_t i, void *state, void *other)
{
	struct offline *o = data;

	metrics_update(
		&o->opt.metrics, state, other, &o->seen[o->first_seen + i]);
}

static void on_left(void *data, void *state)
{
	metrics_restart(&((struct offline *)data)->opt.metrics, state);
}

struct flow_shape offline_shape(const struct offline_options *options)
{
	return definition_shape(
		options->key, options->flows.both, &options->metrics);
}

int offline_new(const struct offline_options *options, struct offline **ret,
	struct err *err)
{
	const struct flow_point point = {
		.src_slot = SLOT_UNKNOWN, .dst_slot = SLOT_UNKNOWN};
	struct sieve *sieve = NULL;
	int r = sieve_new(options->filter, &sieve, err);
	struct offline *o;

	if (r < 0)
		return r;
	o = mem_zalloc(1, sizeof(*o));
	o->opt = *options;
	o->sieve = sieve;
	o->shape = offline_shape(options);
	o->opt.flows.side =
		(struct flowcache_side){.bytes = options->metrics.bytes,
			.data = o,
			.joined = on_joined,
			.left = on_left};
	o->cache = flowcache_new(&o->opt.flows);
	o->at = point;
	o->point = flowcache_point(o->cache, &point);
	sample_init(&o->sample, &options->sampling);
	o->fragments = options->fragment_ports ? fragments_new() : NULL;
	o->choosy = sieve || options->sampling.one_of > 1 || options->inner ||
		    options->metrics.n || o->fragments;
	*ret = o;
	return 0;
}

void offline_free(struct offline *o)
{
	if (!o)
		return;
	flowcache_free(o->cache);
	sieve_free(o->sieve);
	fragments_free(o->fragments);
	free(o);
}

/* Packets until a step to the first of these times is believed, n of which are
 * added now. */
static size_t doubt(
	const struct offline *o, const int64_t *times, size_t n, size_t known)
{
	if (o->went_back || times[0] - o->now_ns >= LONG_NS)
		return DOUBT_PACKETS;
	for (size_t i = 1; i < known; i++)
		if (times[i] < times[0] - TIMEOUTS_DISORDER_NS)
			return DOUBT_PACKETS;
	return known > 1 ? 0 : n;
}

/* The time of a batch's first packet: no timeout may overtake the batch.  Of
 * `known` packets, its own and some to come, the times are. */
static void tell_time(
	struct offline *o, const int64_t *times, size_t n, size_t known)
{
	const int64_t at = times[0];

	o->went_back |=
		o->begun && (at < o->now_ns - TIMEOUTS_DISORDER_NS ||
				    times[n - 1] < at - TIMEOUTS_DISORDER_NS);
	if (o->begun && at - o->now_ns > o->opt.flows.idle_ms * NS_PER_MS) {
		if (!o->went_back)
			flowcache_advance(o->cache, o->now_ns);
		o->doubt = doubt(o, times, n, known);
		if (o->doubt)
			flowcache_doubt(o->cache);
	}
	if (!o->doubt)
		flowcache_advance(o->cache, at);
	o->doubt -= n < o->doubt ? n : o->doubt;
	o->begun = true;
	o->now_ns = times[n - 1];
}

/* The batch's n packets are the first of `known`. */
static void add(struct offline *o, const int64_t *times, size_t n, size_t known)
{
	uint64_t refused;

	if (n == 0)
		return;
	tell_time(o, times, n, known);
	refused = flowcache_add(o->cache, o->batch, n);
	if (!refused)
		return;
	o->got.ip -= (uint64_t)__builtin_popcountll(refused);
	o->got.cache += (uint64_t)__builtin_popcountll(refused);
}

/* Beyond the number of points there may be, flows are told apart by their
 * keys alone. */
static uint16_t number_of(
	struct offline *o, const struct dissect *d, bool turned)
{
	struct flow_point p = {
		.src_slot = SLOT_UNKNOWN, .dst_slot = SLOT_UNKNOWN};
	uint16_t number;

	definition_point(o->opt.key, d, turned, &p);
	if (memcmp(&p, &o->at, sizeof(p)) == 0)
		return o->point;
	number = flowcache_point(o->cache, &p);
	if (number == FLOWCACHE_NO_POINT)
		return 0;
	o->at = p;
	o->point = number;
	return number;
}

static void define(
	struct offline *o, const struct dissect *d, struct flow_addition *a)
{
	const bool both = o->opt.flows.both;

	definition_key(o->opt.key, &a->key);
	if (both || o->opt.key & ~(unsigned)KEY_ADDRESSES)
		a->point = number_of(o, d, both && beside_turns(&a->key));
}

/* Is the frame one to be looked at? */
static bool is_wanted(struct offline *o, const struct capfile_frame *f)
{
	if (o->sieve && !sieve_passes(o->sieve, f)) {
		o->got.filtered++;
		return false;
	}
	if (!sample_frame(&o->sample)) {
		o->got.unsampled++;
		return false;
	}
	return true;
}

/* Counts the frame; true when it is dissected into *ret. */
static inline bool judge(
	struct offline *o, const struct capfile_frame *f, struct dissect *ret)
{
	switch (dissect_frame(f->layer, &f->frame, ret)) {
	case DISSECT_IP:
		o->got.ip++;
		return true;
	case DISSECT_NON_IP:
		if (f->layer == LAYER_UNKNOWN) {
			o->got.link_type++;
			o->got.unread = f->link;
		} else {
			o->got.non_ip++;
		}
		return false;
	case DISSECT_TRUNCATED:
		o->got.truncated++;
		break;
	}
	return false;
}

/* The same where more was asked for than to count; the packet becomes number
 * `at` of those seen. */
static bool judge_choosy(struct offline *o, const struct capfile_frame *f,
	struct dissect *ret, size_t at)
{
	bool inner;

	if (!is_wanted(o, f) || !judge(o, f, ret))
		return false;
	if (!sample_packet(&o->sample, &f->frame, ret)) {
		o->got.ip--;
		o->got.unsampled++;
		return false;
	}
	if (o->fragments)
		fragments_join(o->fragments, ret, f->time_ns);
	inner = o->opt.inner && tunnel_enter(&f->frame, ret);
	if (o->opt.metrics.n) {
		metric_read(&f->frame, ret, inner, &o->seen[at]);
		o->seen[at].time_ns = f->time_ns;
	}
	return true;
}

/* Of single packets, too, which the flow cache's clock does not follow. */
static void count_jumps(struct offline *o, const int64_t *times, size_t n)
{
	const uint64_t calm = TIMEOUTS_JUMP_NS - 1;
	int64_t before = o->begun || !n ? o->now_ns : times[0];
	uint64_t jumps = 0;

	for (size_t i = 0; i < n; before = times[i++])
		jumps += (uint64_t)(times[i] - before) + calm > 2 * calm;
	o->got.clock_jumps += jumps;
}

/* Dissecting all before any is copied lets what was written byte by byte
 * settle before it is read in words. */
static void take_batch(
	struct offline *o, const struct capfile_frame *frames, size_t n)
{
	struct dissect d[CAPFILE_BATCH];
	int64_t times[CAPFILE_BATCH];
	size_t good = 0, used = 0;

	o->got.frames += n;
	for (size_t i = 0; i < n; i++) {
		times[good] = frames[i].time_ns;
		good += o->choosy ? judge_choosy(o, &frames[i], &d[good], good)
				  : judge(o, &frames[i], &d[good]);
	}
	count_jumps(o, times, good);
	o->first_seen = 0;
	for (size_t i = 0; i < good; i++) {
		if (used && times[i] - o->batch[0].first_ns > BATCH_NS) {
			add(o, &times[o->first_seen], used, good - i + used);
			o->first_seen = i;
			used = 0;
		}
		o->batch[used] = (struct flow_addition){.key = d[i].key,
			.octets = d[i].octets,
			.first_ns = times[i],
			.last_ns = times[i],
			.packets = 1,
			.point = o->point,
			.tcp_flags = d[i].tcp_flags,
			.tos = d[i].tos};
		if (o->opt.key || o->opt.flows.both)
			define(o, &d[i], &o->batch[used]);
		used++;
	}
	add(o, &times[o->first_seen], used, used);
}

int offline_read(struct offline *o, const char *path, struct err *err)
{
	struct capfile_frame frames[CAPFILE_BATCH];
	struct capfile *file = NULL;
	const struct window_pause pause = {o->opt.pause, o->opt.data};
	int r = capfile_open(path, &pause, &file, err);

	if (r < 0)
		return r;
	for (unsigned n = 0;; n++) {
		r = capfile_read(file, frames, CAPFILE_BATCH, err);
		if (r <= 0)
			break;
		take_batch(o, frames, (size_t)r);
		if (o->opt.progress && n % PROGRESS_BATCHES == 0 &&
			!o->opt.progress(o->opt.data, file, o->got.frames)) {
			r = err_set(err, NFZ_E_INTERRUPTED, "interrupted");
			break;
		}
	}
	capfile_close(file);
	return r;
}

int offline_end(struct offline *o, struct err *err)
{
	flowcache_advance(o->cache, o->now_ns);
	if (flowcache_end(o->cache, END_FORCED))
		return 0;
	return err_set(err, NFZ_E_IO, "records could not be written");
}

void offline_result(const struct offline *o, struct offline_result *ret)
{
	*ret = o->got;
	flowcache_stats(o->cache, &ret->flows);
}

int64_t offline_now(const struct offline *o)
{
	return o->now_ns;
}

const struct flow_more *offline_more(
	struct offline *o, const struct flow_record *r)
{
	if (!o->shape.more)
		return NULL;
	return definition_tell(&o->opt.metrics, o->cache, r, &o->told);
}
