/* Old segments take less room: each column once more, by Zstandard where that
 * saves (store/plane.h).  Of a made-up day (tests/bench/store.py) it saves 24 %
 * of 19.7 bytes a flow, for 0.2 us of a processor a flow; a scan takes 1.3 to
 * 2 times as long then, a host's few flows 3 to 4 times.  So it is done for who
 * asks for it.
 *
 * The new file is written whole and synced before it takes the place of the
 * other, as old as that one was: a crash loses nothing, and readers have the one
 * or the other, with the same rows in the same order.
 *
 * One block at a time, so that nobody waits for it for long.  A segment that
 * cannot be read stays as it is, and one that finds no room on the disk until
 * there is some. */
#ifndef NFZ_STORE_PACK_H
#define NFZ_STORE_PACK_H

#include "base/err.h"

#include <stdint.h>

struct pack;

/* Of segments that were sealed so long ago.  For who may write to DIR. */
struct pack *pack_new(const char *dir, int64_t after_ms);
/* What was begun is forgotten.  NULL is fine. */
void pack_free(struct pack *p);
/* Does one block; returns how long to rest after it.  *err tells of a segment
 * that stays as it is, once.  No file of DIR may be removed meanwhile by another
 * thread. */
int64_t pack_step(struct pack *p, struct err *err);

#endif
