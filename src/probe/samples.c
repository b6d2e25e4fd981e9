/* Documentation/bpf/ringbuf.rst.  Two counters, each on a page of its own: how
 * far the kernel has written, how far we have read; behind them the ring.  Before
 * each sample stands its length, with a flag while it is being written.
 *
 * The kernel would map the ring twice in a row, so that each sample is in one
 * piece.  That takes two milliseconds of starting and ending; to copy the one of
 * so many that goes over the end takes none. */
#include "probe/samples.h"
#include "base/mem.h"
#include "probe/absorbed.h"
#include "probe/bpf.h"
#include "probe/tunnel.h"
#include "probe/wire.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>

enum { HEADER = 8, SAMPLE = sizeof(struct absorb_sample) };

struct samples {
	int fd;
	uint32_t bytes;
	size_t page;
	uint64_t *read;      /* a page; ours to write */
	const uint8_t *ring; /* a page with what is written, then the ring */
};

_Static_assert(
	(int)ABSORB_SAMPLE == (int)CAPTURE_SNAP, "as much as through any ring");

int samples_new(uint32_t bytes, struct samples **ret, struct err *err)
{
	struct samples *s = mem_zalloc(1, sizeof(*s));
	void *at = MAP_FAILED;
	int r;

	s->fd = -1;
	s->bytes = bytes;
	s->page = (size_t)sysconf(_SC_PAGESIZE);
	r = bpf_ring_new(bytes, &s->fd, err);
	if (r == 0)
		at = mmap(NULL, s->page, PROT_READ | PROT_WRITE, MAP_SHARED,
			s->fd, 0);
	if (at != MAP_FAILED) {
		s->read = at;
		at = mmap(NULL, s->page + bytes, PROT_READ, MAP_SHARED, s->fd,
			(off_t)s->page);
	}
	if (at != MAP_FAILED) {
		s->ring = at;
		/* no child of ours needs them, and the way to each page would
		 * be copied for it */
		(void)madvise(s->read, s->page, MADV_DONTFORK);
		(void)madvise(at, s->page + bytes, MADV_DONTFORK);
	}
	if (r == 0 && !s->ring)
		r = err_sys(err, "cannot map the ring of eBPF");
	if (r < 0) {
		samples_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void samples_free(struct samples *s)
{
	if (!s)
		return;
	if (s->ring)
		munmap((void *)(uintptr_t)s->ring, s->page + s->bytes);
	if (s->read)
		munmap(s->read, s->page);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

int samples_fd(const struct samples *s)
{
	return s->fd;
}

/* The kernel does not say what kind of super-frame it is: TCP's, be it in a
 * tunnel, or else UDP's. */
static struct segmentation segmentation_of(const struct frame *f, uint16_t size)
{
	struct segmentation seg = {.type = GSO_TCP4, .size = size};
	struct dissect d;

	if (size == 0 || dissect_frame(LAYER_ETHERNET, f, &d) != DISSECT_IP)
		return (struct segmentation){0};
	if (d.key.proto == PROTO_TCP)
		return seg;
	seg.csum_start = (uint16_t)tunnel_tcp_at(f, &d);
	if (!seg.csum_start)
		seg.type = GSO_UDP;
	return seg;
}

static struct capture_frame frame_of(
	const struct absorb_sample *s, int64_t offset_ns)
{
	struct capture_frame f = {.frame = {s->bytes, s->captured, s->wire},
		.time_ns = (int64_t)s->time_ns + offset_ns,
		.layer = LAYER_ETHERNET,
		.sent = s->way & ABSORB_SENT,
		.to_host = s->way & ABSORB_TO_HOST,
		.vlan = s->tag & VLAN_BITS};

	f.seg = segmentation_of(&f.frame, s->gso_size);
	return f;
}

/* Of the sample at that place of the ring, with its flags. */
static uint32_t length_at(const struct samples *s, size_t from)
{
	const void *at = s->ring + s->page + from;

	return __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);
}

/* What is behind that; what goes over the ring's end is put together. */
static const void *sample_at(const struct samples *s, size_t from, size_t len,
	struct absorb_sample *whole)
{
	const uint8_t *ring = s->ring + s->page;
	const size_t left = s->bytes - from;

	if (left >= len)
		return ring + from;
	memcpy(whole, ring + from, left);
	memcpy((uint8_t *)whole + left, ring, len - left);
	return whole;
}

/* Of one reading: frames as they are, and those that come as flows. */
struct batch {
	struct capture_frame frames[CAPTURE_BATCH];
	struct capture_flow flows[CAPTURE_BATCH];
	size_t n_frames, n_flows;
	struct absorb_sample whole; /* of a batch, which is less than a ring */
	int64_t offset_ns;
	struct samples_epoch *epochs;
};

static void add_sample(struct batch *b, const void *at, size_t len)
{
	const struct absorb_sample *frame = at;
	const struct absorb_digest *digest = at;
	struct samples_epoch *epoch;

	if (len == SAMPLE) {
		epoch = &b->epochs[frame->epoch & 1];
		b->frames[b->n_frames] = frame_of(frame, b->offset_ns);
		b->frames[b->n_frames++].one_of = epoch->one_of;
	} else {
		epoch = &b->epochs[digest->epoch & 1];
		b->flows[b->n_flows] = absorbed_frame(
			digest, len == sizeof(*digest), b->offset_ns);
		b->flows[b->n_flows++].one_of = epoch->one_of;
	}
	epoch->n++;
}

static void hand_over(struct batch *b, const struct capture_sink *sink)
{
	if (b->n_frames)
		sink->frames(sink->data, b->frames, b->n_frames);
	if (b->n_flows)
		sink->flows(sink->data, b->flows, b->n_flows);
	b->n_frames = b->n_flows = 0;
}

bool samples_read(struct samples *s, int64_t offset_ns,
	const struct capture_sink *sink, struct samples_epoch epochs[2])
{
	const uint64_t written = __atomic_load_n(
		(const uint64_t *)(const void *)s->ring, __ATOMIC_ACQUIRE);
	struct batch b;
	uint64_t at = *s->read;

	b.n_frames = b.n_flows = 0; /* the rest is filled as far as that */
	b.offset_ns = offset_ns;
	b.epochs = epochs;
	while (at < written) {
		uint32_t len = 0;

		for (int k = 0; at < written && k < CAPTURE_BATCH; k++) {
			const size_t from = at & (s->bytes - 1);

			len = length_at(s, from);
			if (len & BPF_RINGBUF_BUSY_BIT)
				break;
			add_sample(&b,
				sample_at(s, (from + HEADER) & (s->bytes - 1),
					len, &b.whole),
				len);
			at += (len + HEADER + 7) / 8 * 8;
		}
		hand_over(&b, sink);
		__atomic_store_n(s->read, at, __ATOMIC_RELEASE);
		if (len & BPF_RINGBUF_BUSY_BIT)
			return false;
	}
	return true;
}
