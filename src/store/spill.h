/* Rows put aside on disk, in heaps by the hash of their keys: what is too much
 * to be merged at once is merged heap by heap.
 *
 * They are in a file (store/aside.h), in the form they have in logs
 * (store/state.h), 48 bytes for most. */
#ifndef NFZ_STORE_SPILL_H
#define NFZ_STORE_SPILL_H

#include "store/store.h"

enum { SPILL_HEAPS = 256 };

struct spill;

/* Equal seeds: equal heaps. */
int spill_new(const struct hash_key *seed, struct spill **ret,
	struct err *err) NFZ_MUST_CHECK;
/* NULL is fine. */
void spill_free(struct spill *s);
/* NFZ_E_DISK_FULL: the last of the room is left to others. */
int spill_add(struct spill *s, const struct flow_rows *rows,
	struct err *err) NFZ_MUST_CHECK;
/* Gives the rows of a heap, in the order they came. */
int spill_read(struct spill *s, size_t heap, store_rows_fn fn, void *ctx,
	struct err *err) NFZ_MUST_CHECK;

#endif
