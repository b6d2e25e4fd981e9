/* The terminal's view of a summary: one frame as lines of text, so that a
 * screen, a file and a test get the same. */
#ifndef NFZ_REPORT_TOP_H
#define NFZ_REPORT_TOP_H

#include "base/buf.h"
#include "report/facts.h"

enum top_screen { TOP_LINKS, TOP_FLOWS, TOP_HOSTS, TOP_PROBES };
extern const char *const top_screen_names[]; /* NULL-ended */
/* The part of a summary that it shows. */
extern const char *const top_screen_parts[];

enum top_sort { TOP_BITS, TOP_PACKETS };

struct top {
	enum top_screen screen;
	enum top_sort sort;
	const char *find; /* only rows with this in them; NULL: all */
	size_t skip;      /* rows scrolled over */
	int width, height;
	bool ascii;  /* no signs beyond ASCII */
	bool paused; /* says so */
	bool asking; /* the part of this screen is yet to come */
};

/* Adds lines of at most `width` columns, `height` of them or fewer.  Rates are
 * means over all pieces of time; of a flow, over its own time. */
void top_print(const struct top *top, const struct facts *f,
	const struct topology *t, struct buf *out);

#endif
