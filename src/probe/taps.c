#include "probe/taps.h"
#include "base/clock.h"
#include "base/mem.h"

#include <poll.h>

enum { BLOCKS_A_TURN = 4 };
_Static_assert((int)CREW_MAX <= (int)CAPTURE_LANES, "a lane for each thread");

bool taps_add_up(const struct taps *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].capture->way->adds_up)
			return true;
	return false;
}

bool taps_are_idle(const struct taps *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!tap_is_idle(&t->items[i]))
			return false;
	return true;
}

static int fd_of(const struct tap *tap, unsigned lane)
{
	return tap->attached ? tap->capture->way->fd(tap->capture, lane) : -1;
}

static void read_lane(void *data, unsigned lane)
{
	struct taps *t = data;

	for (size_t i = 0; i < t->n; i++)
		tap_read(&t->items[i], lane, BLOCKS_A_TURN);
}

/* Was a mark in the way? */
static bool any_reached(struct taps *t)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++)
		any = tap_reached(&t->items[i]) || any;
	return any;
}

void taps_read(struct taps *t)
{
	do
		lanes_run(t->lanes, read_lane, t);
	while (any_reached(t));
}

/* Which tap's, in which lane; NULL: nobody's. */
static struct tap *tap_of(struct taps *t, int fd, unsigned *ret_lane)
{
	for (size_t i = 0; i < t->n; i++) {
		struct tap *tap = &t->items[i];

		for (unsigned l = 0; l < tap->capture->lanes; l++)
			if (fd_of(tap, l) == fd) {
				*ret_lane = l;
				return tap;
			}
	}
	return NULL;
}

void taps_ready(struct taps *t, int fd, short revents)
{
	unsigned lane = 0;
	struct tap *tap = tap_of(t, fd, &lane);

	if (!tap)
		return;
	/* down, or gone: on_second() finds out */
	if (revents & POLLERR)
		(void)tap->capture->way->error(tap->capture, lane);
	if (lanes_n(t->lanes) > 1)
		taps_read(t);
	else
		do
			tap_read(tap, lane, BLOCKS_A_TURN);
		while (tap_reached(tap));
}

void taps_watch(struct loop *loop, const struct tap *tap, loop_io_fn on_ready,
	void *data)
{
	for (unsigned i = 0; i < tap->capture->lanes; i++)
		loop_watch(loop, fd_of(tap, i), POLLIN, on_ready, data);
}

void taps_unwatch(struct loop *loop, const struct tap *tap)
{
	for (unsigned i = 0; tap->attached && i < tap->capture->lanes; i++)
		loop_unwatch(loop, fd_of(tap, i));
}

bool taps_marked(const struct taps *t)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++)
		any = any || (t->items[i].marked && t->items[i].attached);
	return any;
}

static void settle(const struct taps *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].attached && t->items[i].capture->way->adds_up) {
			capture_settle();
			return;
		}
}

void taps_mark(struct taps *t)
{
	for (size_t i = 0; i < t->n; i++)
		tap_mark(&t->items[i], t->netdev_fd);
	settle(t);
}

void taps_turn(struct taps *t)
{
	for (size_t i = 0; i < t->n; i++)
		tap_turn(&t->items[i]);
	settle(t);
}

/* What has its ledger waits for the others. */
static void read_marked(void *data, unsigned lane)
{
	struct taps *t = data;

	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].marked)
			tap_read(&t->items[i], lane, BLOCKS_A_TURN);
}

/* Waits for blocks of taps that have not reached their marks.  An interface
 * that went down makes its ring "ready" until the error is taken. */
static void wait_for_blocks(struct taps *t, int ms)
{
	cleanup_free struct pollfd *polls =
		mem_zalloc(t->n * lanes_n(t->lanes) + 1, sizeof(*polls));
	nfds_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct tap *tap = &t->items[i];

		if (!tap->attached || !tap->marked)
			continue;
		for (unsigned l = 0; l < tap->capture->lanes; l++)
			if (!tap->lanes[l].there)
				polls[n++] = (struct pollfd){
					.fd = fd_of(tap, l), .events = POLLIN};
	}
	if (poll(polls, n, ms) <= 0)
		return;
	for (nfds_t at = 0; at < n; at++) {
		unsigned lane = 0;
		struct tap *tap = tap_of(t, polls[at].fd, &lane);

		if (polls[at].revents & POLLERR)
			(void)tap->capture->way->error(tap->capture, lane);
	}
}

void taps_give_up(struct taps *t)
{
	for (size_t i = 0; i < t->n; i++)
		tap_give_up(&t->items[i]);
}

/* The wait is for blocks to be handed over, which the kernel does by its
 * timeout. */
void taps_cut(struct taps *t, int64_t limit_ms)
{
	const struct mono_time end = mono_add_ms(mono_now(), limit_ms);

	taps_mark(t);
	for (;;) {
		lanes_run(t->lanes, read_marked, t);
		(void)any_reached(t);
		if (!taps_marked(t) || mono_passed(end))
			break;
		wait_for_blocks(t, mono_ms_until(end));
	}
	taps_give_up(t);
}

uint64_t taps_frames(const struct taps *t)
{
	uint64_t frames = 0;

	for (size_t i = 0; i < t->n; i++)
		for (unsigned l = 0; l < t->items[i].n_lanes; l++)
			frames += tap_frames(&t->items[i], l);
	return frames;
}

uint64_t taps_lost(const struct taps *t)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < t->n; i++)
		for (size_t l = 0; l < TAP_LOSS_COUNT; l++)
			lost += t->items[i].ledger.lost[l];
	return lost;
}
