/* Asking a filter of all rows of a block at once, column by column.
 *
 * Every node of the tree gives a verdict a row: NO, MAYBE or YES.  Rows of
 * foreign exporters are flows as they stand and are judged by all they say; of
 * rows of our own taps only the key is known before they are merged.  Columns
 * are read when a verdict needs them, addresses first looked up in the block's
 * dictionary. */
#include "base/mem.h"
#include "store/block.h"
#include "store/filter_tree.h"

#include <string.h>

struct judge {
	const struct filter *f;
	struct block *b;
	struct err *err;
};

static int judge(struct judge *j, int at, uint8_t *to);

static bool any(const uint8_t *v, size_t n)
{
	uint8_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= v[i];
	return all;
}

/* Addresses ------------------------------------------------------------ */

static void mark4(
	const struct block *b, const struct net_prefix *p, uint8_t *marks)
{
	const uint32_t word = net_addr_v4_value(&p->addr);
	const uint32_t mask = p->len <= 96 ? 0 : UINT32_MAX << (128 - p->len);
	const struct net_addr v4 = net_addr_v4_host(word);
	const struct net_prefix mapped = {v4, p->len < 96 ? p->len : 96};
	const uint32_t *restrict hosts = b->hosts4;
	uint8_t *restrict to = marks;

	if (!net_prefix_has(&mapped, &p->addr))
		return;
	for (size_t i = 0; i < b->parts.n_hosts4; i++)
		to[i] |= ((hosts[i] ^ word) & mask) == 0;
}

static void mark(
	const struct block *b, const struct net_prefix *p, uint8_t *marks)
{
	mark4(b, p, marks);
	for (size_t i = 0; i < b->parts.n_hosts6; i++)
		marks[b->parts.n_hosts4 + i] |=
			net_prefix_has(p, &b->hosts6[i]);
}

/* One side, joined to the other as the direction says. */
static void join_side(enum filter_dir dir, bool first, bool yes, uint8_t *to)
{
	const uint8_t v = yes ? FILTER_YES : FILTER_NO;

	if (first)
		*to = v;
	else if (dir == DIR_BOTH)
		*to &= v;
	else
		*to |= v;
}

/* One address of the block: its place is compared, which the compiler does for
 * many rows at once. */
static void judge_place(const struct block *b, enum filter_dir dir,
	uint16_t place, uint8_t *restrict to)
{
	const size_t n = b->n;
	const uint16_t *restrict one =
		dir == DIR_DST ? block_DST(b) : block_SRC(b);
	const uint16_t *restrict other = block_DST(b);

	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(one[i] == place ? FILTER_YES : FILTER_NO);
	for (size_t i = 0; dir == DIR_EITHER && i < n; i++)
		to[i] |= (uint8_t)(other[i] == place ? FILTER_YES : FILTER_NO);
	for (size_t i = 0; dir == DIR_BOTH && i < n; i++)
		to[i] &= (uint8_t)(other[i] == place ? FILTER_YES : FILTER_NO);
}

static void judge_places(const struct block *b, enum filter_dir dir,
	const uint8_t *marks, uint8_t *to)
{
	for (size_t i = 0; i < b->n && dir != DIR_DST; i++)
		join_side(dir, true, marks[block_SRC(b)[i]], &to[i]);
	for (size_t i = 0; i < b->n && dir != DIR_SRC; i++)
		join_side(dir, dir == DIR_DST, marks[block_DST(b)[i]], &to[i]);
}

static int judge_addr(struct judge *j, const struct filter_node *n, uint8_t *to)
{
	struct block *b = j->b;
	cleanup_free uint8_t *marks = NULL;
	const uint8_t *first;
	size_t place;
	int r = block_need_hosts(b, j->err);

	if (r < 0)
		return r;
	marks = mem_zalloc(b->n_hosts, 1);
	for (size_t i = 0; i < n->n_prefixes; i++)
		mark(b, &n->prefixes[i], marks);
	first = memchr(marks, 1, b->n_hosts);
	if (!first) {
		memset(to, FILTER_NO, b->n);
		return 0;
	}
	r = block_need(b,
		(n->dir != DIR_DST ? COLUMN_BIT(SRC) : 0) |
			(n->dir != DIR_SRC ? COLUMN_BIT(DST) : 0),
		j->err);
	if (r < 0)
		return r;
	place = (size_t)(first - marks);
	if (memchr(first + 1, 1, b->n_hosts - place - 1))
		judge_places(b, n->dir, marks, to);
	else
		judge_place(b, n->dir, (uint16_t)place, to);
	return 0;
}

/* Other parts of the key ------------------------------------------------ */

static int judge_port(struct judge *j, const struct filter_node *n, uint8_t *to)
{
	const struct block *b = j->b;
	const uint16_t low = (uint16_t)n->low;
	const uint16_t high =
		n->high > UINT16_MAX ? UINT16_MAX : (uint16_t)n->high;
	const bool none = n->low > high;
	int r = block_need(j->b,
		(n->dir != DIR_DST ? COLUMN_BIT(SPORT) : 0) |
			(n->dir != DIR_SRC ? COLUMN_BIT(DPORT) : 0),
		j->err);

	for (size_t i = 0; i < b->n && r == 0 && n->dir != DIR_DST; i++) {
		uint16_t v = block_SPORT(b)[i];

		join_side(
			n->dir, true, !none & (v >= low) & (v <= high), &to[i]);
	}
	for (size_t i = 0; i < b->n && r == 0 && n->dir != DIR_SRC; i++) {
		uint16_t v = block_DPORT(b)[i];

		join_side(n->dir, n->dir == DIR_DST,
			!none & (v >= low) & (v <= high), &to[i]);
	}
	return r;
}

static int judge_key(struct judge *j, const struct filter_node *n, uint8_t *to)
{
	struct block *b = j->b;
	int r = block_need(b,
		n->kind == FILTER_PROTO    ? COLUMN_BIT(PROTO)
		: n->kind == FILTER_FAMILY ? COLUMN_BIT(SRC)
					   : COLUMN_BIT(KEY_FLAGS),
		j->err);

	for (size_t i = 0; i < b->n && r == 0; i++) {
		bool yes;

		if (n->kind == FILTER_PROTO)
			yes = block_PROTO(b)[i] == n->low;
		else if (n->kind == FILTER_FAMILY)
			yes = (block_SRC(b)[i] < b->parts.n_hosts4) ==
			      (n->low == 4);
		else
			yes = block_KEY_FLAGS(b)[i] & KEY_FRAGMENT;
		to[i] = yes ? FILTER_YES : FILTER_NO;
	}
	return r;
}

/* What is known of whole flows only ------------------------------------- */

static int judge_whole(
	struct judge *j, const struct filter_node *n, uint8_t *to)
{
	struct block *b = j->b;
	struct filter_subject s = {.whole = true};
	int r = block_need(b,
		COLUMN_BIT(FLAGS) | COLUMN_BIT(TCP_FLAGS) |
			(n->kind == FILTER_NUMBER ? COLUMN_BIT(PACKETS) |
							    COLUMN_BIT(BYTES) |
							    COLUMN_BIT(DURATION)
						  : 0),
		j->err);

	for (size_t i = 0; i < b->n && r == 0; i++) {
		if (!(block_FLAGS(b)[i] & RECORD_FOREIGN)) {
			to[i] = FILTER_MAYBE;
			continue;
		}
		s.tcp_flags = block_TCP_FLAGS(b)[i];
		if (n->kind == FILTER_NUMBER) {
			s.packets = block_PACKETS(b)[i];
			s.bytes = block_BYTES(b)[i];
			s.duration_ns = (int64_t)block_DURATION(b)[i];
		}
		to[i] = (uint8_t)filter_ask_whole(n, &s);
	}
	return r;
}

/* What was told besides: of rows of our own taps nobody knows yet. */
static int judge_extra(
	struct judge *j, const struct filter_node *n, uint8_t *to)
{
	struct block *b = j->b;
	int r = filter_extra_judge(n, b, to, j->err);

	if (r == 0 && !filter_zone_whole(&b->zone))
		r = block_need(b, COLUMN_BIT(FLAGS), j->err);
	else
		return r;
	for (size_t i = 0; i < b->n && r == 0; i++)
		if (!(block_FLAGS(b)[i] & RECORD_FOREIGN))
			to[i] = FILTER_MAYBE;
	return r;
}

static int judge_leaf(struct judge *j, const struct filter_node *n, uint8_t *to)
{
	switch (n->kind) {
	case FILTER_ADDR:
		return judge_addr(j, n, to);
	case FILTER_PORT:
		return judge_port(j, n, to);
	case FILTER_PROTO:
	case FILTER_FAMILY:
	case FILTER_FRAGMENT:
		return judge_key(j, n, to);
	case FILTER_LINK:
	case FILTER_VIA:
	case FILTER_AT:
	case FILTER_FLAGS:
	case FILTER_NUMBER:
		return judge_whole(j, n, to);
	case FILTER_PAIR:
	case FILTER_NEXT:
	case FILTER_ELEMENT:
		return judge_extra(j, n, to);
	case FILTER_ANY:
	case FILTER_AND:
	case FILTER_OR:
	case FILTER_NOT:
		break;
	}
	memset(to, FILTER_YES, j->b->n);
	return 0;
}

/* AND is the least of its children, OR the greatest. */
static int judge_list(struct judge *j, const struct filter_node *n, uint8_t *to)
{
	const size_t rows = j->b->n;
	cleanup_free uint8_t *next = mem_grow(NULL, rows, 1);
	int r = judge(j, n->child, to);

	for (int i = j->f->nodes[n->child].next; i >= 0 && r == 0;
		i = j->f->nodes[i].next) {
		if (n->kind == FILTER_AND && !any(to, rows))
			return 0;
		r = judge(j, i, next);
		for (size_t k = 0; k < rows && r == 0; k++) {
			uint8_t a = to[k], b = next[k];

			if (n->kind == FILTER_AND)
				to[k] = a < b ? a : b;
			else
				to[k] = a > b ? a : b;
		}
	}
	return r;
}

static int judge(struct judge *j, int at, uint8_t *to)
{
	const struct filter_node *n = &j->f->nodes[at];
	int r;

	if (n->kind > FILTER_NOT)
		return judge_leaf(j, n, to);
	if (n->kind != FILTER_NOT)
		return judge_list(j, n, to);
	r = judge(j, n->child, to);
	for (size_t i = 0; i < j->b->n && r == 0; i++)
		to[i] = (uint8_t)(FILTER_YES - to[i]);
	return r;
}

int filter_block(const struct filter *f, struct block *b, uint8_t *verdicts,
	struct err *err)
{
	struct judge j = {f, b, err};

	if (f->root >= 0)
		return judge(&j, f->root, verdicts);
	memset(verdicts, FILTER_YES, b->n);
	return 0;
}
