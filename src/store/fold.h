/* Items of one size, those of equal keys folded into one: conversations, pieces
 * of time, targets of a scan.  Memory is bounded: what is too much is sorted,
 * waits on disk (store/aside.h) and is folded when runs are merged. */
#ifndef NFZ_STORE_FOLD_H
#define NFZ_STORE_FOLD_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { FOLD_KEY_WORDS = 8 };

struct fold_form {
	size_t size; /* of an item, which begins with its key; all of it is
	              * words of 64 bits, without padding */
	size_t key_words;
	size_t group_words; /* the first ones of the key: those that have
	                     * these come one after the other; 0: all are
	                     * in the order of their keys */
	/* adds an item of the same key; NULL: there is nothing to be added */
	void (*fold)(void *to, const void *more);
	size_t most; /* items in memory; 0: as many as are good */
};

struct fold;

struct fold *fold_new(const struct fold_form *form);
void fold_free(struct fold *f); /* NULL is fine */
int fold_add(struct fold *f, const void *item, struct err *err) NFZ_MUST_CHECK;

/* Not 0 stops and is returned. */
typedef int (*fold_fn)(void *ctx, const void *item, struct err *err);
/* Gives each once, in an order that only their keys decide: groups in any, in
 * a group by the words of the key as unsigned numbers.  May be asked for again;
 * nothing can be added any more. */
int fold_each(
	struct fold *f, fold_fn fn, void *ctx, struct err *err) NFZ_MUST_CHECK;

#endif
