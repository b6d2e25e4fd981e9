/* A timing wheel over numbered entries: file one under a due time, get it back
 * when the time has come.  One tick is WHEEL_TICK_MS; what is due beyond the
 * wheel's span comes back early and is to be filed again.  An entry that was
 * given back, or never filed, is not on the wheel. */
#ifndef NFZ_PROBE_WHEEL_H
#define NFZ_PROBE_WHEEL_H

#include <stddef.h>
#include <stdint.h>

enum { WHEEL_TICK_MS = 100, WHEEL_SLOTS = 1024 };

struct wheel {
	struct wheel_entry *entries; /* owned by the caller, n of them */
	uint32_t heads[WHEEL_SLOTS];
	uint64_t tick; /* only ever grows */
};

struct wheel_entry {
	uint32_t next; /* WHEEL_NONE ends */
	uint32_t prev; /* WHEEL_NONE: not filed; WHEEL_HEAD + slot: the first */
};

#define WHEEL_NONE UINT32_MAX
#define WHEEL_HEAD (UINT32_C(1) << 31) /* numbers are below */

typedef void (*wheel_fn)(void *data, uint32_t id);

void wheel_init(struct wheel *w, struct wheel_entry *entries);
/* A new entry must be introduced once before it is filed. */
static inline void wheel_entry_init(struct wheel *w, uint32_t id)
{
	w->entries[id].prev = WHEEL_NONE;
}
/* Due at `tick` (absolute); refiles when it is filed already. */
void wheel_file(struct wheel *w, uint32_t id, uint64_t tick);
void wheel_remove(struct wheel *w, uint32_t id);
/* Moves on to `tick`, giving back what is due; fn may file and remove. */
void wheel_advance(struct wheel *w, uint64_t tick, wheel_fn fn, void *data);

#endif
