#include "probe/taps.h"
#include "base/clock.h"
#include "base/mem.h"

#include <poll.h>

bool taps_add_up(const struct tap *taps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (taps[i].capture->way->adds_up)
			return true;
	return false;
}

bool taps_are_idle(const struct tap *taps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!tap_is_idle(&taps[i]))
			return false;
	return true;
}

static void settle(const struct tap *taps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (taps[i].attached && taps[i].capture->way->adds_up) {
			capture_settle();
			return;
		}
}

void taps_mark(struct tap *taps, size_t n, int netdev_fd)
{
	for (size_t i = 0; i < n; i++)
		tap_mark(&taps[i], netdev_fd);
	settle(taps, n);
}

void taps_turn(struct tap *taps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tap_turn(&taps[i]);
	settle(taps, n);
}

bool taps_read_to_marks(struct tap *taps, size_t n)
{
	bool all = true;

	for (size_t i = 0; i < n; i++)
		all = tap_read_to_mark(&taps[i]) && all;
	return all;
}

void taps_give_up(struct tap *taps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tap_give_up(&taps[i]);
}

/* Waits for blocks of taps that have not reached their marks.  An interface
 * that went down makes its ring "ready" until the error is taken. */
static void wait_for_blocks(struct tap *taps, size_t n, int ms)
{
	cleanup_free struct pollfd *polls = mem_zalloc(n + 1, sizeof(*polls));
	nfds_t waiting = 0;

	for (size_t i = 0; i < n; i++) {
		struct capture *c = taps[i].capture;

		if (taps[i].attached && taps[i].marked)
			polls[waiting++] = (struct pollfd){
				.fd = c->way->fd(c), .events = POLLIN};
	}
	if (poll(polls, waiting, ms) <= 0)
		return;
	for (size_t i = 0, at = 0; i < n && at < waiting; i++) {
		struct capture *c = taps[i].capture;

		if (!taps[i].attached || polls[at].fd != c->way->fd(c))
			continue;
		if (polls[at++].revents & POLLERR)
			(void)c->way->error(c);
	}
}

/* The wait is for blocks to be handed over, which the kernel does by its
 * timeout. */
void taps_cut(struct tap *taps, size_t n, int netdev_fd, int64_t limit_ms)
{
	const struct mono_time end = mono_add_ms(mono_now(), limit_ms);

	taps_mark(taps, n, netdev_fd);
	while (!taps_read_to_marks(taps, n) && !mono_passed(end))
		wait_for_blocks(taps, n, mono_ms_until(end));
	taps_give_up(taps, n);
}

uint64_t taps_frames(const struct tap *taps, size_t n)
{
	uint64_t frames = 0;

	for (size_t i = 0; i < n; i++)
		frames += taps[i].account.n.frames_received +
			  taps[i].account.n.frames_sent;
	return frames;
}

uint64_t taps_lost(const struct tap *taps, size_t n)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t l = 0; l < TAP_LOSS_COUNT; l++)
			lost += taps[i].ledger.lost[l];
	return lost;
}
