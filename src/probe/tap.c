/* See the header for what a mark is. */
#include "probe/tap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SNAP = 256,
	BLOCKS = 32,
	BLOCK_MIN = 1 << 16,
	BLOCK_MAX = 1 << 20,
	BLOCK_TIMEOUT_MS = 50,
	RETIRE_NAPS = 15 /* of 10 ms */
};

static uint32_t block_bytes(uint32_t ring_bytes)
{
	uint32_t bytes = BLOCK_MIN;

	while (bytes < BLOCK_MAX && bytes * 2 * BLOCKS <= ring_bytes)
		bytes *= 2;
	return bytes;
}

static int find_interface(
	struct tap *tap, const struct tap_context *context, struct err *err)
{
	struct netdev_list list = {0};
	const struct netdev *dev = NULL;
	int e = netdev_list(context->netdev_fd, &list, err);

	if (e == 0)
		e = netdev_find(&list, tap->setup->ifname,
			tap->setup->has_mac ? tap->setup->mac : NULL, &dev,
			err);
	if (e == 0 && dev->index == context->control_index)
		e = err_set(err, NFZ_E_INPUT,
			"\"%s\" is the control interface: never tapped",
			dev->name);
	if (e == 0) {
		tap->ifindex = dev->index;
		memcpy(tap->ifname, dev->name, sizeof(tap->ifname));
	}
	free(list.items);
	return e;
}

static int attach(
	struct tap *tap, const struct tap_context *context, struct err *err)
{
	struct netdev before, after;
	int e = find_interface(tap, context, err);

	tap->options = (struct ring_options){.ifindex = tap->ifindex,
		.block_bytes = block_bytes(context->ring_bytes),
		.blocks = BLOCKS,
		.timeout_ms = BLOCK_TIMEOUT_MS,
		.snap = SNAP,
		.all_groups = tap->setup->lan && tap->setup->lowest};
	if (e == 0)
		e = netdev_get(context->netdev_fd, tap->ifindex, &before, err);
	if (e == 0)
		e = ring_open(&tap->options, &tap->ring, err);
	if (e < 0)
		return e;
	e = netdev_get(context->netdev_fd, tap->ifindex, &after, err);
	if (e < 0) {
		ring_close(tap->ring);
		tap->ring = NULL;
		return e;
	}
	tap->base_received = before.received;
	tap->base_sent = before.sent;
	tap->uncertainty +=
		after.received - before.received + after.sent - before.sent;
	return 0;
}

int tap_open(struct tap *tap, const struct setup_tap *setup,
	const struct tap_context *context, struct err *err)
{
	int e;

	*tap = (struct tap){.setup = setup};
	account_init(&tap->account, setup, context->cache, context->own);
	tap->ledger.tap = setup->id;
	e = attach(tap, context, err);
	if (e < 0)
		return err_wrap(err, "tap %u (link %s)", setup->id,
			setup->link[0] ? setup->link : "?");
	return 0;
}

void tap_close(struct tap *tap)
{
	ring_close(tap->ring);
	tap->ring = NULL;
	account_release(&tap->account);
}

int tap_reopen(
	struct tap *tap, const struct tap_context *context, struct err *err)
{
	return attach(tap, context, err);
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

/* The counters now, beside what the kernel said when the mark was set. */
static void take_ledger(struct tap *tap)
{
	struct tap_counters c = tap->account.n;

	c.at_ns = tap->coming.at_ns;
	c.wire_frames = tap->coming.wire_frames;
	c.lost[LOSS_RING] = tap->coming.lost[LOSS_RING];
	c.if_received = tap->coming.if_received;
	c.if_sent = tap->coming.if_sent;
	c.attach_uncertainty = tap->coming.attach_uncertainty;
	c.frames_received = in_its_unit(
		c.frames_received, tap->account.more[0], c.if_received);
	c.frames_sent =
		in_its_unit(c.frames_sent, tap->account.more[1], c.if_sent);
	tap->ledger = c;
	tap->marked = false;
}

bool tap_read_to_mark(struct tap *tap)
{
	if (tap->marked && tap->ring &&
		ring_read(tap->ring, tap->mark, tap->options.blocks,
			account_frames, &tap->account) >= tap->mark)
		take_ledger(tap);
	return !tap->marked || !tap->ring;
}

void tap_read(struct tap *tap, unsigned max_blocks)
{
	if (!tap->ring)
		return;
	if (tap->marked && !tap_read_to_mark(tap))
		return;
	ring_read(tap->ring, UINT64_MAX, max_blocks, account_frames,
		&tap->account);
}

/* Asks the interface before and after the ring: what went through in between
 * may be in one count and not in the other. */
static bool ask_kernel(
	struct tap *tap, int netdev_fd, struct ring_statistics *ret)
{
	struct netdev before, after;
	bool known = netdev_get(netdev_fd, tap->ifindex, &before, NULL) == 0;

	if (!ring_statistics(tap->ring, ret))
		return false;
	if (!known || netdev_get(netdev_fd, tap->ifindex, &after, NULL) < 0)
		return true; /* the interface's counts stay as they were */
	tap->coming.if_received =
		tap->past_received + before.received - tap->base_received;
	tap->coming.if_sent = tap->past_sent + before.sent - tap->base_sent;
	tap->coming.attach_uncertainty = tap->uncertainty + after.received -
					 before.received + after.sent -
					 before.sent;
	return true;
}

void tap_mark(struct tap *tap, int netdev_fd)
{
	struct ring_statistics s;

	tap->coming.at_ns = wall_now().ns;
	if (!tap->ring) {
		take_ledger(tap);
		return;
	}
	if (!ask_kernel(tap, netdev_fd, &s))
		return;
	tap->coming.wire_frames =
		tap->past.placed + tap->past.dropped + s.placed + s.dropped;
	tap->coming.lost[LOSS_RING] = tap->past.dropped + s.dropped;
	tap->mark = s.placed;
	tap->marked = true;
	(void)tap_read_to_mark(tap);
}

void tap_settle(struct tap *tap)
{
	if (tap->marked)
		take_ledger(tap);
}

/* The ring is given up: what the kernel counted for it stays counted.  Its
 * last block is handed over by the kernel's timeout, which goes on. */
void tap_retire(struct tap *tap)
{
	const struct timespec nap = {.tv_nsec = 10 * NS_PER_MS};
	struct ring_statistics s = {0};

	if (ring_statistics(tap->ring, &s))
		for (int i = 0; i < RETIRE_NAPS; i++) {
			if (ring_read(tap->ring, s.placed, tap->options.blocks,
				    account_frames, &tap->account) >= s.placed)
				break;
			nanosleep(&nap, NULL);
		}
	if (ring_statistics(tap->ring, &s)) {
		tap->past.placed += s.placed;
		tap->past.dropped += s.dropped;
	}
	tap->coming.wire_frames = tap->past.placed + tap->past.dropped;
	tap->coming.lost[LOSS_RING] = tap->past.dropped;
	tap->past_received = tap->coming.if_received;
	tap->past_sent = tap->coming.if_sent;
	/* what came since the interface was last asked */
	tap->uncertainty += tap->coming.wire_frames - tap->ledger.wire_frames;
	tap->coming.attach_uncertainty = tap->uncertainty;
	ring_close(tap->ring);
	tap->ring = NULL;
	take_ledger(tap);
}
