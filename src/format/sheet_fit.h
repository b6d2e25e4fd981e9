/* How the columns of a table lie on a line (private to sheet). */
#ifndef NFZ_FORMAT_SHEET_FIT_H
#define NFZ_FORMAT_SHEET_FIT_H

#include "format/sheet.h"

enum { SHEET_GAP = 2 };

struct sheet_layout {
	size_t width; /* of the widest cell */
	size_t least; /* that much of it, when words of lists are left out */
	bool hidden;  /* there is no room for it */
	bool cut;     /* words in the middle of its lists are left out */
	bool folds;   /* its words go on below it */
	bool breaks;  /* a line ends before it */
};

/* Widths; and where rows are longer than a line, what is left out of them, in
 * the order in which it is missed least: the last digits of large numbers,
 * columns that may be spared, words in the middle of lists.  Where all of that
 * is not enough, nothing is.  What was goes to s->left. */
void sheet_fit(
	struct sheet *s, const char *const *heads, struct sheet_layout *layout);

#endif
