/* All taps of a meter at once: marks at one moment, and cuts through all. */
#ifndef NFZ_PROBE_TAPS_H
#define NFZ_PROBE_TAPS_H

#include "probe/tap.h"

/* Some of them add up flows elsewhere, which come only with marks. */
bool taps_add_up(const struct tap *taps, size_t n);
/* Nothing waits there. */
bool taps_are_idle(const struct tap *taps, size_t n);
/* Marks are set at all; nothing is in the making in front of them any more. */
void taps_mark(struct tap *taps, size_t n, int netdev_fd);
/* So are those turns that take no ledger. */
void taps_turn(struct tap *taps, size_t n);
/* True: all marks are reached. */
bool taps_read_to_marks(struct tap *taps, size_t n);
void taps_give_up(struct tap *taps, size_t n);
/* A consistent cut: each is read up to the frame the kernel had reached, and no
 * further, until all are there, or limit_ms are over. */
void taps_cut(struct tap *taps, size_t n, int netdev_fd, int64_t limit_ms);
/* That were read, or counted elsewhere. */
uint64_t taps_frames(const struct tap *taps, size_t n);
uint64_t taps_lost(const struct tap *taps, size_t n);

#endif
