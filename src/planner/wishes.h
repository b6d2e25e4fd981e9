/* What a user asks for in files: which links count, which pairs of nodes, what
 * a probe on a node costs.
 *
 * Lines of text; "#" begins a comment, empty lines are nothing.  A list of links
 * has one name a line; a list of pairs two names, with a tab between them or,
 * where neither has a space in it, spaces; a list of costs a node's name and
 * behind it a whole number, 0 or more. */
#ifndef NFZ_PLANNER_WISHES_H
#define NFZ_PLANNER_WISHES_H

#include "base/err.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stdint.h>

#define WISHES_COST_MAX INT64_C(1000000000000)

/* Zeroed: no wishes.  All on the heap: wishes_release(). */
struct wishes {
	bool *select;    /* by link: counts; NULL: all do */
	int (*pairs)[2]; /* lower index first, in order; NULL: all hosts */
	size_t n_pairs;
	int64_t *costs; /* by node, 1 where nothing was said; NULL: none */
	int64_t *loads; /* by link, -1 where nothing was said; NULL: none */
};

/* name is what errors call the text.  NFZ_E_INPUT names line and cause; a name
 * that is not in the topology is one, too. */
int wishes_links(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err) NFZ_MUST_CHECK;
int wishes_pairs(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err) NFZ_MUST_CHECK;
int wishes_costs(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err) NFZ_MUST_CHECK;
int wishes_loads(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err) NFZ_MUST_CHECK;
void wishes_release(struct wishes *w);

#endif
