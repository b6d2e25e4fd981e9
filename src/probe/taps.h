/* All taps of a meter at once: read by as many threads as there are lanes, marks
 * at one moment, and cuts through all. */
#ifndef NFZ_PROBE_TAPS_H
#define NFZ_PROBE_TAPS_H

#include "base/loop.h"
#include "probe/lanes.h"
#include "probe/tap.h"

struct taps {
	struct tap *items;
	size_t n;
	struct lanes *lanes;
	int netdev_fd;
};

/* Some of them add up flows elsewhere, which come only with marks. */
bool taps_add_up(const struct taps *t);
/* Nothing waits there. */
bool taps_are_idle(const struct taps *t);
/* on_ready is to call taps_ready(). */
void taps_watch(struct loop *loop, const struct tap *tap, loop_io_fn on_ready,
	void *data);
void taps_unwatch(struct loop *loop, const struct tap *tap);
void taps_ready(struct taps *t, int fd, short revents);
/* Reads what is ready, through marks that are reached: they take ledgers. */
void taps_read(struct taps *t);
/* Marks are set at all; nothing is in the making in front of them any more. */
void taps_mark(struct taps *t);
bool taps_marked(const struct taps *t); /* one has not been reached */
/* As marks are those turns that take no ledger. */
void taps_turn(struct taps *t);
void taps_give_up(struct taps *t);
/* A consistent cut: each is read up to the frame the kernel had reached, and no
 * further, until all are there, or limit_ms are over. */
void taps_cut(struct taps *t, int64_t limit_ms);
/* That were read, or counted elsewhere. */
uint64_t taps_frames(const struct taps *t);
uint64_t taps_lost(const struct taps *t);

#endif
