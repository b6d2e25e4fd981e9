/* What the program absorbs and what it leaves are told apart once, by the
 * kernel: a mark is the end of an epoch of the one and a frame of the other,
 * and a frame is before it in exactly one of the two or behind it. */
#include "probe/capture_packet.h"
#include "base/mem.h"
#include "base/hash.h"
#include "base/log.h"
#include "probe/absorb.h"
#include "probe/fanout.h"

#include <string.h>

enum {
	BLOCKS = 32,
	BLOCKS_LEAST = 4,
	BLOCK_MIN = 1 << 16,
	BLOCK_MAX = 1 << 20,
	BLOCK_TIMEOUT_MS = 50
};

struct packet_capture {
	struct capture head;
	struct capture_options opt;
	struct absorb *absorb; /* NULL: rings alone */
	/* by lane; NULL: not attached, or at hooks */
	struct ring *rings[CAPTURE_LANES];
	bool hooked; /* the program is at the interface's hooks */
	bool late;   /* rights have been given up: a packet socket, or none */
	int filter;  /* the program for that, loaded in time; or -1 */
	int ifindex;
	bool by_ports; /* frames are split among lanes */
	uint64_t seed; /* of that */
	struct ring_statistics marks[CAPTURE_LANES];
	struct capture_statistics before; /* it was attached */
	bool turned;                      /* an epoch waits to be collected */
};

static struct packet_capture *of(struct capture *c)
{
	return (struct packet_capture *)c;
}

static const struct packet_capture *of_const(const struct capture *c)
{
	return (const struct packet_capture *)c;
}

static void packet_detach(struct capture *c)
{
	for (unsigned i = 0; i < c->lanes; i++) {
		ring_close(of(c)->rings[i]);
		of(c)->rings[i] = NULL;
	}
	if (of(c)->absorb)
		absorb_detach(of(c)->absorb);
	of(c)->hooked = false;
}

static void packet_close(struct capture *c)
{
	packet_detach(c);
	absorb_free(of(c)->absorb);
	free(c);
}

static struct packet_capture *new_capture(
	const struct capture_way *way, const struct capture_options *options)
{
	struct packet_capture *p = mem_zalloc(1, sizeof(*p));

	p->head = (struct capture){.way = way, .lanes = 1};
	p->opt = *options;
	p->filter = -1;
	p->seed = hash_key_new().k0;
	if (!p->opt.snap)
		p->opt.snap = CAPTURE_SNAP;
	return p;
}

static int packet_open(const struct capture_options *options,
	struct capture **ret, struct err *err)
{
	(void)err;
	*ret = &new_capture(&capture_packet, options)->head;
	if (options->lanes > 1)
		(*ret)->lanes = options->lanes;
	return 0;
}

/* The hooks see what is sent before its queue does: only where there is none
 * is that the same.  And it takes a packet socket to ask for all groups. */
static const char *why_no_hooks(
	const struct capture_options *o, const struct netdev *dev)
{
	return dev->queued                     ? "what is sent waits in a queue"
	       : o->all_groups                 ? "all groups are asked for"
	       : !ring_is_ethernet(dev->index) ? "it is not Ethernet"
					       : NULL;
}

/* Programs and memory for hooks take the kernel milliseconds: not where it shows
 * before that they cannot be had. */
static void choose_place(struct packet_capture *p)
{
	const struct netdev *dev = p->opt.dev;
	const char *why = dev && p->opt.place == PLACE_BEST
				  ? why_no_hooks(&p->opt, dev)
				  : NULL;

	p->opt.dev = NULL; /* it is the caller's */
	if (!why)
		return;
	(void)err_set(&p->head.why, NFZ_E_IO, "%s", why);
	p->opt.place = PLACE_SOCKET;
}

static int ebpf_open(const struct capture_options *options,
	struct capture **ret, struct err *err)
{
	struct packet_capture *p = new_capture(&capture_ebpf, options);
	struct absorb_options o = {.bytes = options->bytes / 64 * 5,
		.sample_bytes = options->bytes / 4,
		.snap = CAPTURE_SNAP,
		.with_macs = options->with_macs,
		.guard = options->guard};
	int r;

	choose_place(p);
	o.place = p->opt.place;
	r = absorb_new(&o, &p->absorb, err);
	if (r < 0) {
		packet_close(&p->head);
		return r;
	}
	*ret = &p->head;
	return 0;
}

static uint32_t block_bytes(uint32_t ring_bytes)
{
	uint32_t bytes = BLOCK_MIN;

	while (bytes < BLOCK_MAX && bytes * 2 * BLOCKS <= ring_bytes)
		bytes *= 2;
	return bytes;
}

/* Fewer where the smallest are too many for the memory there is. */
static uint32_t blocks_of(uint32_t ring_bytes)
{
	const uint32_t n = ring_bytes / block_bytes(ring_bytes);

	return n > BLOCKS ? BLOCKS : n < BLOCKS_LEAST ? BLOCKS_LEAST : n;
}

/* Where it is not to be at hooks, or not at those only, there are sockets. */
static int try_hooks(
	struct packet_capture *p, const struct netdev *dev, struct err *err)
{
	const enum capture_place place = p->opt.place;
	const char *why;
	int r;

	if (!p->absorb || place == PLACE_SOCKET)
		return 0;
	why = why_no_hooks(&p->opt, dev);
	if (!why && p->late)
		why = "rights have been given up";
	if (why) {
		(void)err_set(&p->head.why, NFZ_E_IO, "%s", why);
		if (!p->late)
			absorb_without_hooks(p->absorb);
		return 0;
	}
	err_clear(&p->head.why);
	r = absorb_attach(p->absorb, dev->index, &p->head.why);
	p->hooked = r == 0;
	if (p->hooked || place == PLACE_BEST)
		return 0;
	if (err)
		*err = p->head.why;
	return r;
}

/* The memory there is, for all lanes. */
static struct fanout_options ring_options(const struct packet_capture *p)
{
	const unsigned lanes = p->head.lanes;
	const uint32_t bytes = p->opt.bytes / lanes;

	return (struct fanout_options){
		.ring = {.ifindex = p->ifindex,
			.block_bytes = block_bytes(bytes),
			.blocks = blocks_of(bytes),
			.timeout_ms = BLOCK_TIMEOUT_MS,
			.snap = p->opt.snap,
			.program = -1,
			.all_groups = p->opt.all_groups},
		.rings = lanes,
		.seed = p->seed,
		.by_ports = p->by_ports};
}

/* Who was at the hooks and has lost them reads the ring alone. */
static int open_rings(struct packet_capture *p, struct err *err)
{
	const bool absorbs = p->absorb && ring_is_ethernet(p->ifindex);
	struct fanout_options o = ring_options(p);

	if (o.rings > 1)
		return fanout_open(&o, p->rings, err);
	if (absorbs && !p->late)
		p->filter = absorb_program(p->absorb, BPF_SOCKET);
	o.ring.program = absorbs ? p->filter : -1;
	return ring_open(&o.ring, &p->rings[0], err);
}

static int packet_attach(
	struct capture *c, const struct netdev *dev, struct err *err)
{
	struct packet_capture *p = of(c);
	int r;

	p->ifindex = dev->index;
	memset(p->marks, 0, sizeof(p->marks));
	if (p->absorb) {
		/* what was chosen since it was attached before holds now */
		absorb_turn(p->absorb);
		p->turned = true;
		p->before = absorb_statistics(p->absorb);
	}
	r = try_hooks(p, dev, err);
	if (r == 0 && !p->hooked)
		r = open_rings(p, err);
	p->late = true;
	return r;
}

static const char *packet_name(const struct capture *c)
{
	const struct packet_capture *p = of_const(c);

	if (!p->hooked)
		return p->absorb && p->filter >= 0 ? "ebpf-socket" : "packet";
	return absorb_place(p->absorb) == PLACE_TCX ? "ebpf-tcx"
						    : "ebpf-clsact";
}

static int packet_fd(const struct capture *c, unsigned lane)
{
	const struct packet_capture *p = of_const(c);

	return p->hooked ? absorb_fd(p->absorb) : ring_fd(p->rings[lane]);
}

static int packet_error(struct capture *c, unsigned lane)
{
	return of(c)->hooked ? 0 : ring_error(of(c)->rings[lane]);
}

static bool packet_bound(const struct capture *c, const struct netdev *now)
{
	const struct packet_capture *p = of_const(c);

	if (p->hooked)
		return now && !now->queued && absorb_in_front(p->absorb);
	return ring_bound(p->rings[0]);
}

static bool packet_mark(struct capture *c)
{
	struct packet_capture *p = of(c);

	for (unsigned i = 0; i < c->lanes && !p->hooked; i++)
		if (!ring_statistics(p->rings[i], &p->marks[i]))
			return false;
	if (p->absorb) {
		/* a mark that nobody read to: its epoch comes now, before it
		 * is written to again */
		if (p->turned)
			absorb_collect(p->absorb, &p->opt.sinks[0]);
		absorb_turn(p->absorb);
		p->turned = true;
	}
	return true;
}

static bool ebpf_choose(
	struct capture *c, const struct export_sampling *how, bool each)
{
	struct packet_capture *p = of(c);
	const bool runs =
		p->hooked || (p->filter >= 0 && ring_is_ethernet(p->ifindex));

	return absorb_choose(p->absorb, how, each) && runs;
}

static bool ebpf_idle(const struct capture *c)
{
	return !of_const(c)->turned && absorb_idle(of_const(c)->absorb);
}

static void packet_split(struct capture *c, bool by_ports)
{
	struct packet_capture *p = of(c);
	struct fanout_options o;
	struct err err = ERR_INIT;

	p->by_ports = by_ports;
	o = ring_options(p);
	if (o.rings > 1 && p->rings[0] &&
		fanout_split(&o, p->rings[0], &err) < 0)
		log_err(&err);
}

static bool packet_read(
	struct capture *c, unsigned lane, unsigned blocks, bool to_mark)
{
	struct packet_capture *p = of(c);
	const struct capture_sink *sink = &p->opt.sinks[lane];
	const uint64_t mark = p->marks[lane].placed;
	uint64_t stop = to_mark ? mark : UINT64_MAX;

	if (p->turned) {
		absorb_collect(p->absorb, &p->opt.sinks[0]);
		p->turned = false;
	} else if (p->hooked && !to_mark) {
		(void)absorb_read(p->absorb, &p->opt.sinks[0]);
	}
	if (p->hooked)
		return true;
	return ring_read(p->rings[lane], stop, blocks ? blocks : BLOCKS,
		       sink->frames, sink->data) >= mark;
}

static struct capture_statistics packet_statistics(const struct capture *c)
{
	const struct packet_capture *p = of_const(c);
	struct capture_statistics now, s = {0};

	for (unsigned i = 0; i < c->lanes; i++) {
		s.placed += p->marks[i].placed;
		s.dropped += p->marks[i].dropped;
	}
	if (p->absorb) {
		now = absorb_statistics(p->absorb);
		s.placed += now.placed - p->before.placed;
		s.dropped += now.dropped - p->before.dropped;
		s.ahead = now.ahead;
	}
	return s;
}

static bool packet_has_segments(const struct capture *c)
{
	return of_const(c)->hooked || ring_has_segments(of_const(c)->rings[0]);
}

static uint64_t packet_unfilled(const struct capture *c)
{
	const struct packet_capture *p = of_const(c);
	uint64_t sum = 0;

	for (unsigned i = 0; i < c->lanes && !p->hooked; i++)
		sum += ring_unfilled(p->rings[i]);
	return sum;
}

#define ON_A_RING                                                              \
	.name = packet_name, .close = packet_close, .attach = packet_attach,   \
	.detach = packet_detach, .fd = packet_fd, .error = packet_error,       \
	.bound = packet_bound, .mark = packet_mark, .read = packet_read,       \
	.statistics = packet_statistics, .has_segments = packet_has_segments,  \
	.unfilled = packet_unfilled

const struct capture_way capture_packet = {
	.open = packet_open, .split = packet_split, ON_A_RING};
const struct capture_way capture_ebpf = {.open = ebpf_open,
	.adds_up = true,
	.idle = ebpf_idle,
	.choose = ebpf_choose,
	ON_A_RING};
