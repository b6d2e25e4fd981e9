/* Text to tree, by recursive descent; parentheses and `not` nest at most
 * DEPTH_MAX deep.  The first thing that is not understood ends it. */
#include "base/mem.h"
#include "base/opt.h"
#include "store/filter_lex.h"

#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 100 };

/* Building ------------------------------------------------------------- */

static int add(struct parser *p, struct filter_node node)
{
	struct filter *f = p->f;

	node.next = -1;
	MEM_PUSH(f->nodes, f->n, f->cap) = node;
	return (int)f->n - 1;
}

static int leaf(struct parser *p, enum filter_kind kind)
{
	return add(p, (struct filter_node){.kind = kind, .child = -1});
}

/* Joins the list of children that starts at first, when there are several. */
static int join(struct parser *p, enum filter_kind kind, int first)
{
	if (p->f->nodes[first].next < 0)
		return first;
	return add(p, (struct filter_node){.kind = kind, .child = first});
}

static int addr_leaf(struct parser *p, unsigned dir, struct net_prefix prefix)
{
	int n = leaf(p, FILTER_ADDR);
	struct filter_node *node = &p->f->nodes[n];

	node->dir = (enum filter_dir)dir;
	node->index = -1;
	node->prefixes = arena_alloc(&p->f->arena, 1, sizeof(prefix));
	*node->prefixes = prefix;
	node->n_prefixes = 1;
	return n;
}

/* Values --------------------------------------------------------------- */

static int parse_host(struct parser *p, unsigned dir)
{
	struct net_prefix prefix = {.len = 128};
	char text[WORD_MAX + 1];

	if (!lex_word(p, text) || !net_addr_parse(text, &prefix.addr))
		return lex_fail(
			p, "an address such as 10.1.2.3 or 2001:db8::1", NULL);
	lex_advance(p);
	return addr_leaf(p, dir, prefix);
}

/* PREFIX, or ADDRESS MASK as in older filters */
static int parse_net(struct parser *p, unsigned dir)
{
	char text[WORD_MAX + 1];
	struct net_prefix prefix;
	struct net_addr mask;
	int len;

	if (!lex_word(p, text) || !net_prefix_parse(text, &prefix))
		return lex_fail(p, "a network such as 10.1.0.0/16", NULL);
	lex_advance(p);
	if (!strchr(text, '/') && lex_word(p, text) &&
		net_addr_parse(text, &mask)) {
		len = net_mask_length(&mask);
		if (len < 0)
			return lex_fail(p, "a mask without holes", NULL);
		prefix.len = (uint8_t)(96 + len);
		lex_advance(p);
	}
	return addr_leaf(p, dir, prefix);
}

static const char *nth_node(const void *ctx, size_t i)
{
	const struct catalog *c = ctx;

	return i < c->n_nodes ? c->nodes[i].name : NULL;
}

static const char *nth_link(const void *ctx, size_t i)
{
	const struct catalog *c = ctx;

	return i < c->n_links ? c->links[i].name : NULL;
}

static int name_index(struct parser *p, bool link)
{
	const struct catalog *c = p->catalog;
	char text[WORD_MAX + 1];
	int i = -1;

	if (c && lex_word(p, text))
		i = link ? catalog_link(c, text) : catalog_node(c, text);
	if (i < 0) {
		const char *near = NULL;

		if (c && lex_word(p, text))
			near = opt_nearest(text, link ? nth_link : nth_node, c);
		return lex_fail(p,
			link ? "the name of a link" : "the name of a node",
			near);
	}
	lex_advance(p);
	return i;
}

static int parse_node(struct parser *p, unsigned dir)
{
	const struct token at = p->now;
	int node = name_index(p, false), n;
	const struct map_entry *e;
	struct filter_node *to;
	size_t k = 0;

	if (node < 0)
		return node;
	n = leaf(p, FILTER_ADDR);
	to = &p->f->nodes[n];
	to->dir = (enum filter_dir)dir;
	to->index = node;
	for (size_t i = 0; (e = map_next(&p->catalog->by_addr, &i));)
		to->n_prefixes += (intptr_t)e->value == node + 1;
	if (to->n_prefixes == 0) {
		p->now = at;
		return lex_fail(p,
			"a node with an address in the experiment (for what "
			"its probe saw: at NAME)",
			NULL);
	}
	to->prefixes = arena_alloc(
		&p->f->arena, to->n_prefixes, sizeof(*to->prefixes));
	for (size_t i = 0; (e = map_next(&p->catalog->by_addr, &i));) {
		if ((intptr_t)e->value != node + 1)
			continue;
		memcpy(to->prefixes[k].addr.b, e->key, 16);
		to->prefixes[k++].len = 128;
	}
	return n;
}

/* Sets low..high of node n, wrapped in a NOT for "!=". */
static int compared(struct parser *p, int n, enum compare cmp, uint64_t v)
{
	struct filter_node *node = &p->f->nodes[n];

	node->low = cmp == CMP_LT || cmp == CMP_LE ? 0 : v;
	node->high = cmp == CMP_GT || cmp == CMP_GE ? UINT64_MAX : v;
	if ((cmp == CMP_LT && v == 0) || (cmp == CMP_GT && v == UINT64_MAX)) {
		node->low = 1; /* nothing can be */
		node->high = 0;
	} else if (cmp == CMP_LT) {
		node->high = v - 1;
	} else if (cmp == CMP_GT) {
		node->low = v + 1;
	}
	if (cmp == CMP_NE)
		return add(p,
			(struct filter_node){.kind = FILTER_NOT, .child = n});
	return n;
}

/* [cmp] N, or N-M, at most max, into a new node. */
static int parse_range(struct parser *p, enum filter_kind kind, uint64_t max,
	const char *expected)
{
	enum compare cmp = lex_compare(p);
	const char *dash =
		p->now.len ? memchr(p->now.at, '-', p->now.len) : NULL;
	size_t first = dash ? (size_t)(dash - p->now.at) : p->now.len;
	uint64_t low, high = 0;
	int n;

	if (!lex_number(p->now.at, first, max, &low) ||
		(dash && !lex_number(
				 dash + 1, p->now.len - first - 1, max, &high)))
		return lex_fail(p, expected, NULL);
	if (dash && cmp != CMP_EQ && cmp != CMP_NE)
		return lex_fail(
			p, "one number, not a range, after < or >", NULL);
	lex_advance(p);
	n = leaf(p, kind);
	if (!dash)
		return compared(p, n, cmp, low);
	p->f->nodes[n].low = low;
	p->f->nodes[n].high = high;
	if (cmp == CMP_NE)
		return add(p,
			(struct filter_node){.kind = FILTER_NOT, .child = n});
	return n;
}

/* The leaf of what parse_range made. */
static struct filter_node *ranged(struct parser *p, int n)
{
	struct filter_node *nodes = p->f->nodes;

	return nodes[n].kind == FILTER_NOT ? &nodes[nodes[n].child] : &nodes[n];
}

static int parse_port(struct parser *p, unsigned dir)
{
	int n = parse_range(p, FILTER_PORT, UINT16_MAX,
		"a port, 0 to 65535, or a range such as 1024-2047");

	if (n >= 0)
		ranged(p, n)->dir = (enum filter_dir)dir;
	return n;
}

/* Primitives ----------------------------------------------------------- */

/* about: what the value is of, a direction, a measure, a kind of node */
typedef int (*value_fn)(struct parser *p, unsigned about);

static const char *const directed[] = {
	"host", "ip", "net", "port", "node", NULL};
static const value_fn directed_fn[] = {
	parse_host, parse_host, parse_net, parse_port, parse_node};
static const char *const keywords[] = {"host", "ip", "net", "port", "node",
	"link", "via", "at", "proto", "src", "dst", "packets", "bytes",
	"duration", "bps", "pps", "bpp", "flags", "any", "ipv4", "ipv6",
	"fragment", "not", "tcp", "udp", "icmp", "icmp6", NULL};

/* value, or: in [ value value ... ] */
static int parse_values(struct parser *p, value_fn fn, unsigned about)
{
	int first, last;

	if (!lex_eat(p, "in"))
		return fn(p, about);
	if (!lex_eat(p, "["))
		return lex_fail(p, "[", NULL);
	first = last = fn(p, about);
	while (last >= 0 && !lex_eat(p, "]")) {
		int n;

		lex_eat(p, ",");
		n = fn(p, about);
		if (n < 0)
			return n;
		p->f->nodes[last].next = n;
		last = n;
	}
	return last < 0 ? last : join(p, FILTER_OR, first);
}

static int parse_directed(struct parser *p, enum filter_dir dir)
{
	for (size_t i = 0; directed[i]; i++)
		if (lex_eat(p, directed[i]))
			return parse_values(p, directed_fn[i], dir);
	return lex_fail_near(p, "host, net, port, node", directed);
}

/* src | dst | src or dst | src and dst; false when there is none */
static bool parse_dir(struct parser *p, enum filter_dir *ret)
{
	bool first = lex_is(p, "src"), both;

	if (!first && !lex_is(p, "dst"))
		return false;
	lex_advance(p);
	*ret = first ? DIR_SRC : DIR_DST;
	both = lex_is(p, "and");
	if (both || lex_is(p, "or")) {
		const struct token joint = p->now;

		lex_advance(p);
		if (lex_is(p, first ? "dst" : "src")) {
			lex_advance(p);
			*ret = both ? DIR_BOTH : DIR_EITHER;
			return true;
		}
		p->now = joint;
	}
	return true;
}

static int parse_number(struct parser *p, unsigned field)
{
	int n = parse_range(p, FILTER_NUMBER, UINT64_MAX,
		"a number such as 100, 64k or 10m, or a range such as 10-99");

	if (n >= 0)
		ranged(p, n)->field = (enum measure)field;
	return n;
}

static int parse_flags(struct parser *p, unsigned about)
{
	static const char letters[] = "FSRPAUEC"; /* bit 0 first */
	uint64_t mask = 0;
	int n;

	(void)about;
	for (size_t i = 0; i < p->now.len; i++) {
		const char *at =
			strchr(letters, toupper((unsigned char)p->now.at[i]));

		if (!at || !*at)
			return lex_fail(p, "letters of FSRPAUEC", NULL);
		mask |= UINT64_C(1) << (at - letters);
	}
	if (!mask)
		return lex_fail(p, "letters of FSRPAUEC", NULL);
	lex_advance(p);
	n = leaf(p, FILTER_FLAGS);
	p->f->nodes[n].low = mask;
	return n;
}

static int parse_proto(struct parser *p, unsigned about)
{
	int n, proto = filter_protocol(p->now.at, p->now.len);

	(void)about;
	if (proto < 0)
		return lex_fail(
			p, "a protocol: tcp, udp, icmp, ... or 0 to 255", NULL);
	lex_advance(p);
	n = leaf(p, FILTER_PROTO);
	p->f->nodes[n].low = (uint64_t)proto;
	return n;
}

static int parse_named(struct parser *p, unsigned kind)
{
	int i = name_index(p, kind == FILTER_LINK), n;

	if (i < 0)
		return i;
	n = leaf(p, (enum filter_kind)kind);
	p->f->nodes[n].index = i;
	return n;
}

static int parse_family(struct parser *p, uint64_t family)
{
	int n = leaf(p, FILTER_FAMILY);

	p->f->nodes[n].low = family;
	return n;
}

/* A word that stands alone: a protocol, an address, a network, a node. */
static int parse_bare(struct parser *p)
{
	char text[WORD_MAX + 1];
	struct net_prefix prefix;

	if (lex_word(p, text)) {
		if (!isdigit((unsigned char)*text) &&
			filter_protocol(text, p->now.len) >= 0)
			return parse_proto(p, 0);
		if (net_prefix_parse(text, &prefix)) {
			lex_advance(p);
			return addr_leaf(p, DIR_EITHER, prefix);
		}
		if (p->catalog && catalog_node(p->catalog, text) >= 0)
			return parse_node(p, DIR_EITHER);
	}
	return lex_fail_near(p,
		"host, net, port, proto, node, link, src, dst, not or (",
		keywords);
}

static int parse_primitive(struct parser *p)
{
	static const struct {
		const char *word;
		value_fn fn;
		unsigned about;
	} others[] = {{"proto", parse_proto, 0}, {"flags", parse_flags, 0},
		{"link", parse_named, FILTER_LINK},
		{"via", parse_named, FILTER_VIA},
		{"at", parse_named, FILTER_AT}};
	enum filter_dir dir;

	if (parse_dir(p, &dir))
		return parse_directed(p, dir);
	for (size_t i = 0; directed[i]; i++)
		if (lex_is(p, directed[i]))
			return parse_directed(p, DIR_EITHER);
	for (int i = 0; i < MEASURE_COUNT; i++)
		if (lex_eat(p, measure_name((enum measure)i)))
			return parse_values(p, parse_number, (unsigned)i);
	if (lex_eat(p, "any"))
		return leaf(p, FILTER_ANY);
	if (lex_eat(p, "ipv4") || lex_eat(p, "inet"))
		return parse_family(p, 4);
	if (lex_eat(p, "ipv6") || lex_eat(p, "inet6"))
		return parse_family(p, 6);
	if (lex_eat(p, "fragment"))
		return leaf(p, FILTER_FRAGMENT);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (lex_eat(p, others[i].word))
			return parse_values(p, others[i].fn, others[i].about);
	return parse_bare(p);
}

/* Expressions ---------------------------------------------------------- */

static int parse_or(struct parser *p);

static int parse_factor(struct parser *p)
{
	int n;

	if (++p->depth > DEPTH_MAX)
		return lex_fail(p, "fewer parentheses", NULL);
	if (lex_eat(p, "not") || lex_eat(p, "!")) {
		n = parse_factor(p);
		if (n >= 0)
			n = add(p, (struct filter_node){
					   .kind = FILTER_NOT, .child = n});
	} else if (lex_eat(p, "(")) {
		n = parse_or(p);
		if (n >= 0 && !lex_eat(p, ")"))
			n = lex_fail(p, "and, or, )", NULL);
	} else {
		n = parse_primitive(p);
	}
	p->depth--;
	return n;
}

static int parse_and(struct parser *p)
{
	int first = parse_factor(p), last = first;

	while (last >= 0 && (lex_eat(p, "and") || lex_eat(p, "&&"))) {
		int n = parse_factor(p);

		if (n < 0)
			return n;
		p->f->nodes[last].next = n;
		last = n;
	}
	return first < 0 ? first : join(p, FILTER_AND, first);
}

static int parse_or(struct parser *p)
{
	int first = parse_and(p), last = first;

	while (last >= 0 && (lex_eat(p, "or") || lex_eat(p, "||"))) {
		int n = parse_and(p);

		if (n < 0)
			return n;
		p->f->nodes[last].next = n;
		last = n;
	}
	return first < 0 ? first : join(p, FILTER_OR, first);
}

int filter_parse(const char *text, size_t len, const struct catalog *c,
	struct filter **ret, struct err *err)
{
	cleanup(filter_free_at) struct filter *f = mem_zalloc(1, sizeof(*f));
	struct parser p = {.text = text,
		.end = text + len,
		.now = {text, 0},
		.catalog = c,
		.f = f,
		.err = err};

	f->root = -1;
	if (len > FILTER_TEXT_MAX)
		return err_set(err, NFZ_E_FILTER,
			"the filter is longer than %d bytes", FILTER_TEXT_MAX);
	if (len && memchr(text, '\0', len))
		return err_set(
			err, NFZ_E_FILTER, "the filter holds a NUL character");
	lex_advance(&p);
	if (p.now.len) {
		f->root = parse_or(&p);
		if (f->root < 0)
			return f->root;
		if (p.now.len)
			return lex_fail(&p, "and, or, the end", NULL);
	}
	*ret = take(f);
	return 0;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	arena_release(&f->arena);
	free(f->nodes);
	free(f);
}
