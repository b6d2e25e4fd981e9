/* A topology in the making, from a file that somebody else wrote: what the
 * readers of foreign formats share.
 *
 * Names.  A name is taken as it stands, except that blanks and control
 * characters are cleaned, bytes that are not UTF-8 become "?", and it is cut
 * at 200 bytes.  Where a format does not ask for unique names, the second "x"
 * becomes "x#2".  A link without a name is called "A--B" after its ends. */
#ifndef NFZ_TESTBED_DRAFT_H
#define NFZ_TESTBED_DRAFT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/lines.h"
#include "base/map.h"
#include "topology/topology.h"

/* A text to read a topology from. */
struct draft_text {
	const char *text;
	size_t len;
	const char *name;     /* for messages */
	struct buf *warnings; /* one a line; may be NULL */
	const char *user;     /* whose logins to prefer; may be NULL */
};

struct draft {
	struct topology *t;
	const struct draft_text *from;
	struct arena scratch;            /* as long as the draft */
	struct map ids;                  /* the file's own id -> node + 1 */
	struct map node_next, link_next; /* "x" -> number for the next "x" */
	size_t n_warnings, n_loops;
	long loop_line;    /* of the first one */
	bool may_be_empty; /* no nodes at all are no mistake */
	struct err *err;
	struct err own_err;
};

/* source: the topology's, "graphml"; err may be NULL. */
void draft_open(struct draft *d, const struct draft_text *from,
	const char *source, struct err *err);
void draft_release(struct draft *d);
static inline void draft_release_at(struct draft *d)
{
	draft_release(d);
}
/* Ends the draft: roles, warnings.  A topology without nodes is refused. */
int draft_finish(struct draft *d, struct topology **ret) NFZ_MUST_CHECK;

/* NFZ_E_INPUT "NAME:LINE: sentence"; line 0: no line. */
int draft_fail(struct draft *d, long line, const char *fmt, ...)
	NFZ_PRINTF(3, 4);
/* Says "NAME:LINE: sentence"; after some, the rest is only counted. */
void draft_warn(struct draft *d, long line, const char *fmt, ...)
	NFZ_PRINTF(3, 4);

/* Appends the name as it can be used, "" when nothing is left of it. */
void draft_clean(struct span raw, struct buf *out);
/* A clean copy that lives as long as the draft; NULL when nothing is left. */
const char *draft_copy(struct draft *d, const char *raw);
/* Adds a node, its name made unique; returns its index. */
int draft_node(struct draft *d, const struct topo_node *node);
/* As above, known by its id in the file: a second one is refused. */
int draft_node_id(struct draft *d, long line, struct span id,
	const struct topo_node *node, int *ret) NFZ_MUST_CHECK;
/* The node of that id, or -1. */
int draft_find(const struct draft *d, struct span id);
/* Adds a link, its name made unique; returns its index. */
int draft_link(struct draft *d, const char *name, enum link_kind kind);
/* A link between two nodes, as graph formats have them. */
struct draft_wire {
	long line;
	const char *name;    /* may be NULL or "" */
	int ends[2];         /* nodes */
	const char *port[2]; /* names of the interfaces, may be NULL */
	int64_t speed_kbps;  /* 0: unknown */
};

/* A link of a node to itself was left out. */
void draft_loop(struct draft *d, long line);
/* Adds it.  A link of a node to itself connects nothing: it is left out and
 * counted. */
void draft_wire(struct draft *d, const struct draft_wire *w);

struct draft_wires {
	struct draft_wire *items;
	size_t n, cap;
};

/* Adds them all.  With fold, two that lead there and back are the two
 * directions of one link: of each pair of nodes as many remain as lead in the
 * direction that has more. */
void draft_wires(struct draft *d, const struct draft_wires *list, bool fold);
/* Every wire has one that leads back. */
bool draft_wires_mirrored(const struct draft_wires *list);

#endif
