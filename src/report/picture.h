/* A topology and its plan as something to look at: what is drawn, where, and
 * with which words.  Plain data that writers (svg, dot) and pages turn into
 * their form.
 *
 * Nodes are the topology's nodes, one hub for each LAN, and each shaper or
 * bridge on the line it stands on (a machine that shapes two links is there
 * twice).  Lines are the links, one for each member of a LAN.  Above
 * PICTURE_FOLD nodes, leaves that differ in nothing but their name are folded
 * into one ("+12 hosts").  Units are px, y grows downwards.  The same input
 * always gives the same picture. */
#ifndef NFZ_REPORT_PICTURE_H
#define NFZ_REPORT_PICTURE_H

#include "base/arena.h"
#include "base/err.h"
#include "topology/plan.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stddef.h>

/* FOLD: leaves are folded above so many nodes.  MAX: more are not drawn. */
enum { PICTURE_FOLD = 150, PICTURE_MAX = 20000 };

enum picture_shape {
	SHAPE_HOST,
	SHAPE_ROUTER,
	SHAPE_SWITCH,
	SHAPE_SHAPER,
	SHAPE_VIRTUAL,
	SHAPE_VIRTHOST,
	SHAPE_EXTERNAL,
	SHAPE_LAN, /* hub */
	SHAPE_FOLD,
	SHAPE_COUNT
};

struct picture_box {
	double x0, y0, x1, y1;
};

enum picture_anchor { ANCHOR_START, ANCHOR_MIDDLE, ANCHOR_END };

/* One line of text.  box is what it may take in any font. */
struct picture_text {
	const char *text; /* shortened for display; "" for none */
	bool bold;
	bool shown;  /* there was room for it */
	double x, y; /* on the base line, at the anchor */
	enum picture_anchor anchor;
	struct picture_box box;
};

struct picture_node {
	enum picture_shape shape;
	int node;          /* topology node; -1: hub, fold */
	int link;          /* hub: the LAN; else -1 */
	int line;          /* stands on this line; -1: at lines' ends */
	const char *fresh; /* name of a node the plan adds; else NULL */
	size_t many;       /* nodes it stands for, 1 or more */
	const int *folded; /* fold: these, in the topology's order */
	bool probe, collector;
	double x, y, half_w, half_h; /* centre and half its size */
	const char *note;            /* full name and facts, several lines */
	struct picture_text text;
};

enum picture_state {
	LINE_PLAIN,    /* no plan, or not asked for */
	LINE_WATCHED,  /* a probe sees it */
	LINE_UNCOVERED /* asked for, but not (wholly) seen */
};

/* Where on a line probes listen, as seen from its end a. */
enum picture_tap { TAP_A = 1, TAP_SHAPER_A = 2, TAP_SHAPER_B = 4, TAP_B = 8 };

struct picture_line {
	int a, b;    /* nodes; a == b: a loop; LAN: b is the hub */
	int link;    /* the (first) link it stands for */
	int slot;    /* LAN: whose member; -1 */
	size_t many; /* links or members it stands for */
	int shaper;  /* node on it, or -1 */
	enum picture_state state;
	unsigned taps;
	double cx, cy; /* control point of a quadratic curve from a to b */
	bool curved;
	const char *note;
	struct picture_text text; /* p2p links only */
};

struct picture {
	struct arena arena;
	const char *title, *subtitle;
	struct picture_node *nodes;
	struct picture_line *lines;
	size_t n_nodes, n_lines;
	bool dense;                      /* more lines than an eye can follow */
	double width, height;            /* of what is drawn, from 0, 0 */
	const struct topology *topology; /* borrowed */
	const struct plan *plan;         /* borrowed; may be NULL */
};

/* name: what to call it when the topology does not know ("dumbbell.ns").
 * t and plan (NULL: none yet) must outlive the picture.  NFZ_E_LIMIT when
 * more than PICTURE_MAX nodes would be drawn. */
int picture_new(const struct topology *t, const struct plan *plan,
	const char *name, struct picture **ret, struct err *err) NFZ_MUST_CHECK;
void picture_free(struct picture *p);
static inline void picture_free_at(struct picture **p)
{
	picture_free(*p);
}
/* The point at share s (0..1) of a line. */
void picture_along(const struct picture *p, const struct picture_line *l,
	double s, double *ret_x, double *ret_y);
/* Where the mark of one tap of a line lies. */
void picture_tap_at(const struct picture *p, const struct picture_line *l,
	enum picture_tap tap, double *ret_x, double *ret_y);
const char *picture_shape_name(enum picture_shape shape);

#endif
