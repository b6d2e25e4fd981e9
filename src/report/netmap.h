/* The map of a page: the picture of a topology with its traffic on it.  Each
 * line has two halves, one for each direction, coloured by the half's load;
 * how thick it is tells the same.  Colours and sizes come from the page's
 * style sheet. */
#ifndef NFZ_REPORT_NETMAP_H
#define NFZ_REPORT_NETMAP_H

#include "base/buf.h"
#include "format/jsonw.h"
#include "report/facts.h"
#include "report/picture.h"

struct netmap {
	const struct picture *picture;
	const struct facts *facts;
	const struct topology *topology;
	int *link_of;               /* topology link -> facts link, -1 */
	struct netmap_side **sides; /* by line */
	size_t *n_sides;
};

/* What a line stands for: its end a is the member `slot` of `link`. */
struct netmap_side {
	int link; /* of facts */
	int slot;
};

/* All of them must outlive the map. */
struct netmap *netmap_new(const struct picture *p, const struct facts *f,
	const struct topology *t);
void netmap_free(struct netmap *m);
static inline void netmap_free_at(struct netmap **m)
{
	netmap_free(*m);
}
void netmap_print_svg(const struct netmap *m, struct buf *out);
/* The array of lines, in the order of data-line: [[link, slot], ...] each. */
void netmap_print_lines(const struct netmap *m, struct jsonw *w);

/* Steps of load: idle, up to 10, 25, 50, 80 % of the capacity, and more. */
enum { NETMAP_STEPS = 6 };

#endif
