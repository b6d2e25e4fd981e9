/* A filter as a tree (private to filter*.c).  Nodes lie in one array; children
 * are linked through `next`, so that depth is that of parentheses only. */
#ifndef NFZ_STORE_FILTER_TREE_H
#define NFZ_STORE_FILTER_TREE_H

#include "base/arena.h"
#include "base/net.h"
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
	FILTER_FLAGS, /* low: mask */
	FILTER_NUMBER /* field, low..high */
};

enum filter_dir { DIR_EITHER, DIR_SRC, DIR_DST, DIR_BOTH };
struct filter_node {
	enum filter_kind kind;
	int child, next; /* -1: none */
	enum filter_dir dir;
	enum measure field;
	int index; /* catalog node or link; ADDR: node or -1 */
	uint64_t low, high;
	struct net_prefix *prefixes;
	size_t n_prefixes;
};

struct filter {
	struct arena arena;
	struct filter_node *nodes;
	size_t n, cap;
	int root; /* -1: lets everything through */
};

/* A leaf that is not about the key. */
enum filter_answer filter_ask_whole(
	const struct filter_node *n, const struct filter_subject *s);

#endif
