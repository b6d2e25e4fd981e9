/* Reads in batches, as the ring does.  Files hold no segmentation: super-frames
 * in them count as one packet each (see nfz-meter(8), BUGS). */
#include "probe/offline.h"
#include "probe/pcapfile.h"

struct offline {
	struct flowcache *cache;
	struct flow_addition batch[FLOWCACHE_BATCH];
	size_t n;
	uint16_t point;
};

static int add_batch(struct offline *o, struct err *err)
{
	uint64_t refused = 0;

	if (o->n == 0)
		return 0;
	/* the time of the first: no timeout may overtake the batch */
	flowcache_advance(o->cache, o->batch[0].first_ns);
	refused = flowcache_add(o->cache, o->batch, o->n);
	o->n = 0;
	if (refused)
		return err_set(err, NFZ_E_LIMIT, "the flow cache is full");
	return 0;
}

static int read_frames(struct offline *o, struct pcapfile *file,
	struct offline_result *ret, struct err *err)
{
	struct frame f;
	int64_t ns;
	int r;

	while ((r = pcapfile_next(file, &f, &ns, err)) > 0) {
		struct dissect d;

		ret->frames++;
		if (dissect_frame(pcapfile_layer(file), &f, &d) != DISSECT_IP) {
			ret->other++;
			continue;
		}
		ret->ip++;
		o->batch[o->n++] = (struct flow_addition){.key = d.key,
			.octets = d.octets,
			.packets = 1,
			.first_ns = ns,
			.last_ns = ns,
			.point = o->point,
			.tcp_flags = d.tcp_flags,
			.tos = d.tos};
		if (o->n == FLOWCACHE_BATCH && add_batch(o, err) < 0)
			return -NFZ_E_LIMIT;
	}
	return r;
}

int offline_run(const char *path, const struct flowcache_options *options,
	struct offline_result *ret, struct err *err)
{
	const struct flow_point point = {
		.src_slot = SLOT_UNKNOWN, .dst_slot = SLOT_UNKNOWN};
	struct offline o = {.n = 0};
	struct pcapfile *file = NULL;
	int r = pcapfile_open(path, &file, err);

	if (r < 0)
		return r;
	*ret = (struct offline_result){0};
	o.cache = flowcache_new(options);
	o.point = flowcache_point(o.cache, &point);
	r = read_frames(&o, file, ret, err);
	if (add_batch(&o, r < 0 ? NULL : err) < 0 && r == 0)
		r = -NFZ_E_LIMIT;
	if (!flowcache_end(o.cache, END_FORCED) && r == 0)
		r = err_set(err, NFZ_E_IO, "records could not be written");
	flowcache_stats(o.cache, &ret->cache);
	flowcache_free(o.cache);
	pcapfile_close(file);
	return r;
}
