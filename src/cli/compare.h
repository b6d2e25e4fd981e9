/* Two texts of lines in no order: what one has and the other has not. */
#ifndef NFZ_CLI_COMPARE_H
#define NFZ_CLI_COMPARE_H

#include "base/buf.h"

#include <stddef.h>

struct compare_line {
	char sign; /* '-' only before, '+' only after */
	const char *text;
};

struct comparison {
	struct compare_line *lines; /* sorted by text */
	size_t n, cap;
	char **before, **after; /* owned by the texts */
};

/* Cuts both texts into lines; they must outlive the comparison. */
void compare_texts(
	struct buf *before, struct buf *after, struct comparison *ret);
void compare_release(struct comparison *c);

#endif
