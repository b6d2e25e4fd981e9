/* Counts put aside, in piles by the hash of their keys: what is too much for
 * one table in the cache is added up pile by pile, each in a small one.  They
 * are written one after the other; most take one word besides their key. */
#ifndef NFZ_STORE_PILES_H
#define NFZ_STORE_PILES_H

#include "store/bins.h"

enum { PILES = 1024 /* a power of 2 */ };

struct piles {
	size_t words; /* of a key */
	bool serials;
	struct pile *all; /* PILES; NULL: nothing was put aside yet */
	size_t used;      /* words */
	struct pile_chunk *spare;
	void **slabs; /* that chunks are cut from */
	size_t n_slabs, slabs_cap;
};

void piles_init(struct piles *p, const struct bins_form *form);
void piles_release(struct piles *p);
static inline size_t piles_of(uint64_t hash)
{
	return bins_part(hash) & (PILES - 1);
}
void piles_put(struct piles *p, size_t pile, const uint64_t *key,
	const struct bins_more *more);
/* What was put on a pile, by key; the table is of the same form. */
void piles_add_up(const struct piles *p, size_t pile, struct bins *ret);
/* Each key of a pile once; room is a table as above. */
void piles_squeeze(struct piles *p, size_t pile, struct bins *room);
void piles_drop(struct piles *p, size_t pile);

#endif
