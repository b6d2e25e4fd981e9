/* A filter as a tree (private to filter*.c).  Nodes lie in one array; children
 * are linked through `next`, so that depth is that of parentheses only. */
#ifndef NFZ_STORE_FILTER_TREE_H
#define NFZ_STORE_FILTER_TREE_H

#include "base/arena.h"
#include "base/net.h"
#include "store/block.h"
#include "store/filter.h"
#include "store/measure.h"

enum filter_kind {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_ANY,
	FILTER_ADDR,   /* host, net, node: any of the prefixes */
	FILTER_PORT,   /* low..high */
	FILTER_PROTO,  /* low */
	FILTER_FAMILY, /* low: 4 or 6 */
	FILTER_FRAGMENT,
	FILTER_LINK, /* index */
	FILTER_VIA,
	FILTER_AT,
	FILTER_FLAGS,  /* low: mask */
	FILTER_NUMBER, /* field, low..high */
	FILTER_PAIR,   /* index: enum filter_pair; low..high */
	FILTER_NEXT,   /* next hop: any of the prefixes */
	FILTER_ELEMENT /* element: its value, or as a number low..high */
};

/* What was told besides and has two sides (filter_extra.c); of interfaces they
 * are in and out, of VLANs before and behind; of labels they are the same. */
enum filter_pair { PAIR_AS, PAIR_IF, PAIR_VLAN, PAIR_MAC, PAIR_MPLS };

enum filter_dir { DIR_EITHER, DIR_SRC, DIR_DST, DIR_BOTH };
enum { INDEX_NONE = -1, INDEX_EXPERIMENT = -2 }; /* of an address */
struct filter_node {
	enum filter_kind kind;
	int child, next; /* -1: none */
	enum filter_dir dir;
	enum measure field;
	int index; /* catalog node or link; pair; ADDR: node, or below 0 */
	uint64_t low, high;
	struct net_prefix *prefixes;
	size_t n_prefixes;
	const struct flow_element *element; /* len 0: a number is asked for */
};

struct filter {
	struct arena arena;
	struct filter_node *nodes;
	size_t n, cap;
	int root; /* -1: lets everything through */
};

/* One value of each side, joined as the direction says. */
static inline bool filter_joined(enum filter_dir dir, bool src, bool dst)
{
	switch (dir) {
	case DIR_SRC:
		return src;
	case DIR_DST:
		return dst;
	case DIR_BOTH:
		return src && dst;
	case DIR_EITHER:
		break;
	}
	return src || dst;
}
bool filter_in_prefixes(const struct filter_node *n, const struct net_addr *a);
static inline bool filter_overlaps(
	const struct filter_node *n, const struct column_range *r)
{
	return r->max >= n->low && r->min <= n->high;
}
/* Are all rows of the zone foreign, flows as they stand? */
bool filter_zone_whole(const struct store_zone *z);

/* "src net 10.0.0.0/8" */
void filter_print_prefix(
	const char *side, const struct net_prefix *p, struct buf *out);
/* "bytes >= 1000" */
void filter_print_range(
	const char *what, const struct filter_node *n, struct buf *out);

/* PAIR, NEXT and ELEMENT: of a flow, of a block, of each of its rows, which must be
 * whole; printed. */
bool filter_extra_test(
	const struct filter_node *n, const struct flow_extra *extra);
bool filter_extra_may(const struct filter_node *n, const struct store_zone *z);
int filter_extra_judge(const struct filter_node *n, struct block *b,
	uint8_t *to, struct err *err) NFZ_MUST_CHECK;
void filter_extra_print(const struct filter_node *n, struct buf *out);

/* A leaf that is not about the key. */
enum filter_answer filter_ask_whole(
	const struct filter_node *n, const struct filter_subject *s);

#endif
