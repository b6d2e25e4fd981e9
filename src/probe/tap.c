/* See the header for what a mark is. */
#include "probe/tap.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ALL_BLOCKS = 0, RETIRE_NAPS = 15 /* of 10 ms */ };

int tap_control(const struct setup *setup, int netdev_fd, int *ret_index,
	struct err *err)
{
	const struct net_addr *listen = &setup->listen;

	*ret_index = 0;
	if (net_addr_is_v4(listen) && net_addr_v4_value(listen) == 0)
		return 0;
	return netdev_with_addr(netdev_fd, listen, ret_index, err);
}

int tap_interface(const struct setup_tap *setup, int netdev_fd,
	int control_index, struct netdev *ret, struct err *err)
{
	struct netdev_list list = {0};
	const struct netdev *dev = NULL;
	int e = netdev_list(netdev_fd, &list, err);

	if (e == 0)
		e = netdev_find(&list, setup->ifname,
			setup->has_mac ? setup->mac : NULL, &dev, err);
	if (e == 0 && dev->index == control_index)
		e = err_set(err, NFZ_E_INPUT,
			"\"%s\" is the control interface: never tapped",
			dev->name);
	if (e == 0)
		*ret = *dev;
	free(list.items);
	return e;
}

static int find_interface(struct tap *tap, const struct tap_context *context,
	struct netdev *ret, struct err *err)
{
	int e = tap_interface(tap->setup, context->netdev_fd,
		context->control_index, ret, err);

	if (e < 0)
		return e;
	tap->ifindex = ret->index;
	memcpy(tap->ifname, ret->name, sizeof(tap->ifname));
	return 0;
}

static void note_mtu(struct tap *tap, const struct netdev *now)
{
	const struct capture *c = tap->capture;

	for (unsigned i = 0; i < tap->n_lanes; i++)
		account_estimate(&tap->lanes[i].account,
			c->way->has_segments(c) ? 0 : now->mtu);
}

static int attach(
	struct tap *tap, const struct tap_context *context, struct err *err)
{
	const struct capture_way *way = tap->capture->way;
	struct netdev before, after;
	int e = netdev_get(context->netdev_fd, tap->ifindex, &before, err);

	if (e == 0)
		e = way->attach(tap->capture, &before, err);
	if (e < 0)
		return e;
	e = netdev_get(context->netdev_fd, tap->ifindex, &after, err);
	if (e < 0) {
		way->detach(tap->capture);
		return e;
	}
	if (!tap->begun) {
		tap->ledger.base_received = before.received;
		tap->ledger.base_sent = before.sent;
	}
	note_mtu(tap, &after);
	tap->attached = tap->begun = true;
	tap->base_received = before.received;
	tap->base_sent = before.sent;
	tap->uncertainty +=
		after.received - before.received + after.sent - before.sent;
	return 0;
}

void tap_define(struct tap *tap, struct flows *const *flows)
{
	for (unsigned i = 0; i < tap->n_lanes; i++)
		account_define(&tap->lanes[i].account, flows[i]);
}

void tap_split(struct tap *tap, const struct definition *d)
{
	const struct capture_way *way = tap->capture->way;

	if (way->split)
		way->split(tap->capture, !(d->key & KEY_ADDRESSES));
}

/* From the first frame on. */
static void define(struct tap *tap, const struct tap_context *context)
{
	static const struct export_sampling all = {0};
	const struct definition *d = &context->flows[0]->definition;

	tap_define(tap, context->flows);
	tap_split(tap, d);
	tap_choose(tap, &all, !definition_adds_up(d));
}

static void init_lanes(struct tap *tap, const struct tap_context *context)
{
	tap->n_lanes = context->lanes;
	tap->lanes = mem_zalloc(tap->n_lanes, sizeof(*tap->lanes));
	for (unsigned i = 0; i < context->lanes; i++) {
		struct account *a = &tap->lanes[i].account;

		account_init(
			a, tap->setup, context->flows[i]->cache, context->own);
		a->refusal = context->refusal;
	}
}

static struct capture_options options_of(
	const struct tap *tap, const struct tap_context *context)
{
	struct capture_options o = {.bytes = context->bytes,
		.all_groups = tap->setup->lan && tap->setup->lowest,
		.with_macs = tap->setup->lan,
		.guard = context->guard,
		.lanes = context->lanes};

	for (unsigned i = 0; i < tap->n_lanes; i++)
		o.sinks[i] = (struct capture_sink){&tap->lanes[i].account,
			account_frames, account_flows, account_passed};
	return o;
}

int tap_open(struct tap *tap, const struct setup_tap *setup,
	const struct tap_context *context, struct err *err)
{
	struct capture_options options;
	struct netdev dev;
	int e;

	*tap = (struct tap){.setup = setup,
		.ledger = {.base_received = COUNTERS_UNKNOWN,
			.base_sent = COUNTERS_UNKNOWN}};
	init_lanes(tap, context);
	tap->ledger.tap = setup->id;
	e = find_interface(tap, context, &dev, err);
	options = options_of(tap, context);
	options.dev = &dev;
	if (e == 0)
		e = capture_open(context->choice, &options, &tap->capture, err);
	if (e == 0) {
		define(tap, context);
		e = attach(tap, context, err);
	}
	if (e < 0)
		return err_wrap(err, "tap %u (link %s)", setup->id,
			setup->link[0] ? setup->link : "?");
	return 0;
}

void tap_close(struct tap *tap)
{
	capture_close(tap->capture);
	tap->capture = NULL;
	tap->attached = false;
	for (unsigned i = 0; i < tap->n_lanes; i++)
		account_release(&tap->lanes[i].account);
	free(tap->lanes);
	tap->lanes = NULL;
	tap->n_lanes = 0;
}

/* The ring needs no more than what every meter keeps. */
static int take_ring(
	struct tap *tap, const struct tap_context *context, struct err *err)
{
	const struct capture_options options = options_of(tap, context);
	struct capture *ring = NULL;
	int e = capture_open(CAPTURE_PACKET, &options, &ring, err);

	if (e < 0)
		return e;
	capture_close(tap->capture);
	tap->capture = ring;
	tap_split(tap, &context->flows[0]->definition);
	return 0;
}

int tap_reopen(
	struct tap *tap, const struct tap_context *context, struct err *err)
{
	struct netdev dev;
	int e = find_interface(tap, context, &dev, err);

	if (e == 0 && tap->capture->way->once)
		e = take_ring(tap, context, err);
	return e < 0 ? e : attach(tap, context, err);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Drivers differ in what they count as one: a super-frame, or the packets it
 * was on the wire.  What the tap saw is given in the unit the interface seems
 * to use. */
static uint64_t in_its_unit(uint64_t frames, uint64_t more, uint64_t interface)
{
	return distance(frames + more, interface) < distance(frames, interface)
		       ? frames + more
		       : frames;
}

/* What the kernel has seen up to the mark.  Returns how many frames of it came
 * after that. */
static uint64_t note_statistics(struct tap *tap)
{
	struct capture_statistics s = tap->past;

	if (tap->attached) {
		struct capture_statistics now =
			tap->capture->way->statistics(tap->capture);

		s.placed += now.placed;
		s.dropped += now.dropped;
		s.ahead = now.ahead;
	}
	tap->coming.wire_frames = s.placed + s.dropped;
	tap->coming.lost[LOSS_RING] = s.dropped;
	return s.ahead;
}

static void add_counts(struct tap_counters *to, const struct tap_counters *n)
{
	to->ip_frames += n->ip_frames;
	to->non_ip += n->non_ip;
	to->excluded += n->excluded;
	to->packets += n->packets;
	to->frames_received += n->frames_received;
	to->frames_sent += n->frames_sent;
	to->unsampled += n->unsampled;
	for (size_t i = 0; i < TAP_LOSS_COUNT; i++)
		to->lost[i] += n->lost[i];
	for (int i = 0; i < 2; i++)
		sizes_merge(to->sizes[i], n->sizes[i], 1);
}

static struct tap_counters sum_lanes(const struct tap *tap, uint64_t more[2])
{
	struct tap_counters sum = tap->lanes[0].account.n;

	for (unsigned i = 0; i < tap->n_lanes; i++) {
		const struct account *a = &tap->lanes[i].account;

		if (i > 0)
			add_counts(&sum, &a->n);
		more[0] += a->more[0];
		more[1] += a->more[1];
	}
	return sum;
}

/* The counters now, beside what the kernel said when the mark was set. */
static void take_ledger(struct tap *tap)
{
	uint64_t more[2] = {0};
	struct tap_counters c = sum_lanes(tap, more);
	const uint64_t ahead = note_statistics(tap);

	c.at_ns = tap->coming.at_ns;
	c.wire_frames = tap->coming.wire_frames;
	c.lost[LOSS_RING] = tap->coming.lost[LOSS_RING];
	c.base_received = tap->ledger.base_received;
	c.base_sent = tap->ledger.base_sent;
	c.if_received = tap->coming.if_received;
	c.if_sent = tap->coming.if_sent;
	c.attach_uncertainty = tap->coming.attach_uncertainty + ahead;
	c.frames_received =
		in_its_unit(c.frames_received, more[0], c.if_received);
	c.frames_sent = in_its_unit(c.frames_sent, more[1], c.if_sent);
	tap->ledger = c;
	tap->marked = false;
}

static void read_to_mark(struct tap *tap, unsigned lane)
{
	struct tap_lane *l = &tap->lanes[lane];

	l->there = l->there || tap->capture->way->read(
				       tap->capture, lane, ALL_BLOCKS, true);
}

void tap_read(struct tap *tap, unsigned lane, unsigned max_blocks)
{
	if (!tap->attached || lane >= tap->capture->lanes)
		return;
	if (tap->marked)
		read_to_mark(tap, lane);
	else
		(void)tap->capture->way->read(
			tap->capture, lane, max_blocks, false);
}

bool tap_reached(struct tap *tap)
{
	if (!tap->marked || !tap->attached)
		return false;
	for (unsigned i = 0; i < tap->capture->lanes; i++)
		if (!tap->lanes[i].there)
			return false;
	take_ledger(tap);
	return true;
}

/* Asks the interface before and after the capture: what went through in
 * between may be in one count and not in the other. */
static bool ask_kernel(struct tap *tap, int netdev_fd)
{
	struct netdev before, after;
	bool known = netdev_get(netdev_fd, tap->ifindex, &before, NULL) == 0;

	if (!tap->capture->way->mark(tap->capture))
		return false;
	if (!known || netdev_get(netdev_fd, tap->ifindex, &after, NULL) < 0)
		return true; /* the interface's counts stay as they were */
	note_mtu(tap, &after);
	tap->coming.if_received =
		tap->past_received + before.received - tap->base_received;
	tap->coming.if_sent = tap->past_sent + before.sent - tap->base_sent;
	tap->coming.attach_uncertainty = tap->uncertainty + after.received -
					 before.received + after.sent -
					 before.sent;
	return true;
}

/* Without an answer nobody knows of a change. */
bool tap_bound(const struct tap *tap, int netdev_fd)
{
	struct err err = ERR_INIT;
	struct netdev now;
	int r = netdev_get(netdev_fd, tap->ifindex, &now, &err);

	if (r < 0 && err.sys != ENODEV)
		return true;
	return tap->capture->way->bound(tap->capture, r == 0 ? &now : NULL);
}

const char *tap_backend(const struct tap *tap)
{
	return tap->capture->way->name(tap->capture);
}

uint64_t tap_frames(const struct tap *tap, unsigned lane)
{
	const struct tap_counters *n = &tap->lanes[lane].account.n;

	return n->frames_received + n->frames_sent;
}

static void set_mark(struct tap *tap, int netdev_fd)
{
	if (!ask_kernel(tap, netdev_fd))
		return;
	tap->marked = true;
	for (unsigned i = 0; i < tap->n_lanes; i++)
		tap->lanes[i].there = false;
}

void tap_mark(struct tap *tap, int netdev_fd)
{
	tap->coming.at_ns = wall_now().ns;
	if (!tap->attached)
		take_ledger(tap);
	else
		set_mark(tap, netdev_fd);
}

void tap_turn(struct tap *tap)
{
	if (tap->attached && !tap->marked)
		(void)tap->capture->way->mark(tap->capture);
}

bool tap_is_idle(const struct tap *tap)
{
	const struct capture_way *way = tap->capture->way;

	return !tap->attached || !way->idle || way->idle(tap->capture);
}

void tap_choose(struct tap *tap, const struct export_sampling *how, bool each)
{
	const struct capture_way *way = tap->capture->way;

	tap->chosen = way->choose && way->choose(tap->capture, how, each);
}

void tap_chosen(struct tap *tap, const struct export_sampling *how)
{
	for (unsigned i = 0; i < tap->n_lanes; i++)
		account_sample(&tap->lanes[i].account, how, tap->chosen);
}

void tap_give_up(struct tap *tap)
{
	if (tap->marked)
		take_ledger(tap);
}

/* False: not all of it is there yet. */
static bool read_rest(struct tap *tap)
{
	bool all = true;

	for (unsigned i = 0; i < tap->capture->lanes; i++)
		all = tap->capture->way->read(
			      tap->capture, i, ALL_BLOCKS, true) &&
		      all;
	return all;
}

/* Given up: what the kernel counted for it stays counted.  A ring's last block
 * is handed over by the kernel's timeout, which goes on. */
void tap_retire(struct tap *tap)
{
	const struct capture_way *way = tap->capture->way;
	const struct timespec nap = {.tv_nsec = 10 * NS_PER_MS};

	if (way->mark(tap->capture)) {
		if (way->adds_up)
			capture_settle();
		for (int i = 0; i < RETIRE_NAPS && !read_rest(tap); i++)
			nanosleep(&nap, NULL);
	}
	(void)note_statistics(tap);
	tap->past = (struct capture_statistics){
		.placed = tap->coming.wire_frames - tap->coming.lost[LOSS_RING],
		.dropped = tap->coming.lost[LOSS_RING]};
	way->detach(tap->capture);
	tap->attached = false;
	tap->past_received = tap->coming.if_received;
	tap->past_sent = tap->coming.if_sent;
	/* what came since the interface was last asked */
	tap->uncertainty += tap->coming.wire_frames - tap->ledger.wire_frames;
	tap->coming.attach_uncertainty = tap->uncertainty;
	take_ledger(tap);
}
