/* A timing wheel over numbered entries: file one under a due time, get it back
 * when the time has come.  One tick is WHEEL_TICK_MS; what is due beyond the
 * wheel's span comes back early and is to be filed again.  An entry that was
 * given back, or never filed, is not on the wheel.
 *
 * New numbers follow one another, in time and in memory: WHEEL_BROOD of them may
 * be filed as one, and those that are filed for themselves by the time it comes
 * are left to that.  Who is gone before has touched no memory of its own. */
#ifndef NFZ_PROBE_WHEEL_H
#define NFZ_PROBE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WHEEL_TICK_MS = 100,
	WHEEL_SLOTS = 1024,
	WHEEL_BROOD = 64,
	WHEEL_LISTS = 8 /* of a slot, by number: walked side by side */
};

struct wheel {
	struct wheel_entry *entries, *broods;
	uint32_t n;
	uint32_t heads[WHEEL_SLOTS * WHEEL_LISTS];
	uint64_t tick; /* only ever grows */
};

/* All zero: not filed. */
struct wheel_entry {
	uint32_t next; /* WHEEL_NONE ends */
	uint32_t prev; /* number + 1; WHEEL_HEAD + list: it is the first */
};

#define WHEEL_NONE UINT32_MAX
#define WHEEL_HEAD (UINT32_C(1) << 31) /* numbers are below */

/* At least that long. */
static inline uint64_t wheel_ticks(int64_t ms)
{
	return ms <= 0 ? 0 : (uint64_t)(ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
}

/* At most WHEEL_BROOD at once: what is known of them may be far off in memory. */
typedef void (*wheel_fn)(void *data, const uint32_t *ids, size_t n);

/* Numbers 0 to n - 1; memory is taken when it is touched. */
void wheel_init(struct wheel *w, uint32_t n);
void wheel_release(struct wheel *w);
/* Due at `tick` (absolute); refiles when it is filed already. */
void wheel_file(struct wheel *w, uint32_t id, uint64_t tick);
/* With its brood: under the tick at which the first of them was filed so. */
void wheel_file_new(struct wheel *w, uint32_t id, uint64_t tick);
/* The next of the brood of `id` is its first again; who was filed with it and
 * is not filed for itself is forgotten. */
void wheel_part(struct wheel *w, uint32_t id);
void wheel_remove(struct wheel *w, uint32_t id);
/* Moves on to `tick`, giving back what is due, and of a brood all who are not
 * filed, whether they ever were or not; fn may file and remove these. */
void wheel_advance(struct wheel *w, uint64_t tick, wheel_fn fn, void *data);

#endif
