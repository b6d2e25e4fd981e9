/* What may follow a word of a filter, as leaves of its tree. */
#include "base/mem.h"
#include "base/opt.h"
#include "base/word.h"
#include "flow/metric_fields.h"
#include "store/filter_values.h"

#include <ctype.h>
#include <string.h>

int filter_add(struct parser *p, struct filter_node node)
{
	struct filter *f = p->f;

	node.next = -1;
	MEM_PUSH(f->nodes, f->n, f->cap) = node;
	return (int)f->n - 1;
}

int filter_leaf(struct parser *p, enum filter_kind kind)
{
	return filter_add(p, (struct filter_node){.kind = kind, .child = -1});
}

int filter_addr(struct parser *p, unsigned dir, struct net_prefix prefix)
{
	int n = filter_leaf(p, FILTER_ADDR);
	struct filter_node *node = &p->f->nodes[n];

	node->dir = (enum filter_dir)dir;
	node->index = INDEX_NONE;
	node->prefixes = arena_alloc(&p->f->arena, 1, sizeof(prefix));
	*node->prefixes = prefix;
	node->n_prefixes = 1;
	return n;
}

/* Values --------------------------------------------------------------- */

bool filter_may_be_node(struct parser *p, const char *text)
{
	struct net_addr addr;

	if (!p->any_name)
		return p->catalog && catalog_node(p->catalog, text) >= 0;
	if (net_addr_parse(text, &addr) || strpbrk(text, "()[]"))
		return false;
	p->guessed = true;
	return true;
}

int filter_host(struct parser *p, unsigned dir)
{
	struct net_prefix prefix = {.len = 128};
	char text[WORD_MAX + 1];
	const bool word = lex_word(p, text);

	if (word && filter_may_be_node(p, text))
		return filter_node_addr(p, dir);
	if (!word || !net_addr_parse(text, &prefix.addr))
		return lex_fail(p,
			"an address such as 10.1.2.3 or 2001:db8::1, or a node",
			NULL);
	lex_advance(p);
	return filter_addr(p, dir, prefix);
}

/* PREFIX, or ADDRESS MASK as in older filters */
int filter_net(struct parser *p, unsigned dir)
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
	return filter_addr(p, dir, prefix);
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

enum { NAMES_SHOWN = 8 };

/* With the nearest name, or, where none is near, some that there are. */
static int fail_name(struct parser *p, bool link)
{
	const char *(*const name)(const void *, size_t) =
		link ? nth_link : nth_node;
	const size_t n = !p->catalog ? 0
			 : link      ? p->catalog->n_links
				     : p->catalog->n_nodes;
	struct buf expected = BUF_INIT(400);
	char text[WORD_MAX + 1];
	const char *near = NULL;
	int r;

	buf_addf(&expected, "the name of a %s", link ? "link" : "node");
	if (n && lex_word(p, text))
		near = opt_nearest(text, name, p->catalog);
	for (size_t i = 0; !near && i < n && i < NAMES_SHOWN; i++)
		buf_addf(&expected, "%s%.30s%s", i ? ", " : ": ",
			name(p->catalog, i),
			i + 1 == NAMES_SHOWN && n > NAMES_SHOWN ? " ..." : "");
	r = lex_fail(p, buf_str(&expected), near);
	buf_release(&expected);
	return r;
}

static int name_index(struct parser *p, bool link)
{
	const struct catalog *c = p->catalog;
	char text[WORD_MAX + 1];
	int i = -1;

	if (c && lex_word(p, text))
		i = link ? catalog_link(c, text) : catalog_node(c, text);
	else if (p->any_name && lex_word(p, text) && !strpbrk(text, "()[]"))
		i = 0;
	if (i < 0)
		return fail_name(p, link);
	lex_advance(p);
	return i;
}

/* All addresses of a node, or of all nodes; -1: there are none. */
static int add_addrs(struct parser *p, enum filter_dir dir, int index)
{
	const struct catalog *c = p->catalog;
	const struct map_entry *e;
	struct filter_node *to;
	size_t k = 0, n = 0;
	int leaf;

	for (size_t i = 0; c && (e = map_next(&c->by_addr, &i));)
		n += index < 0 || (intptr_t)e->value == index + 1;
	if (n == 0)
		return -1;
	leaf = filter_leaf(p, FILTER_ADDR);
	to = &p->f->nodes[leaf];
	to->dir = dir;
	to->index = index;
	to->n_prefixes = n;
	to->prefixes = arena_alloc(&p->f->arena, n, sizeof(*to->prefixes));
	for (size_t i = 0; (e = map_next(&c->by_addr, &i));) {
		if (index >= 0 && (intptr_t)e->value != index + 1)
			continue;
		memcpy(to->prefixes[k].addr.b, e->key, 16);
		to->prefixes[k++].len = 128;
	}
	return leaf;
}

static int unknown_addrs(struct parser *p, enum filter_dir dir)
{
	const int leaf = filter_leaf(p, FILTER_ADDR);

	p->f->nodes[leaf].dir = dir;
	return leaf;
}

int filter_node_addr(struct parser *p, unsigned dir)
{
	const struct token at = p->now;
	const int node = name_index(p, false);
	int n;

	if (node < 0)
		return node;
	if (p->any_name)
		return unknown_addrs(p, (enum filter_dir)dir);
	n = add_addrs(p, (enum filter_dir)dir, node);
	if (n < 0) {
		p->now = at;
		return lex_fail(p,
			"a node with an address in the experiment (for what "
			"its probe saw: at NAME)",
			NULL);
	}
	return n;
}

int filter_experiment(struct parser *p, enum filter_dir dir)
{
	const int n = p->any_name ? unknown_addrs(p, dir)
				  : add_addrs(p, dir, INDEX_EXPERIMENT);

	if (n < 0)
		return lex_fail(p, "what is known of flows: no node is", NULL);
	lex_advance(p);
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
		return filter_add(p,
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
	if (dash && low > high)
		return lex_fail(
			p, "a range from less to more, such as 10-99", NULL);
	lex_advance(p);
	n = filter_leaf(p, kind);
	if (!dash)
		return compared(p, n, cmp, low);
	p->f->nodes[n].low = low;
	p->f->nodes[n].high = high;
	if (cmp == CMP_NE)
		return filter_add(p,
			(struct filter_node){.kind = FILTER_NOT, .child = n});
	return n;
}

/* The leaf of what parse_range made. */
static struct filter_node *ranged(struct parser *p, int n)
{
	struct filter_node *nodes = p->f->nodes;

	return nodes[n].kind == FILTER_NOT ? &nodes[nodes[n].child] : &nodes[n];
}

int filter_port(struct parser *p, unsigned dir)
{
	int n = parse_range(p, FILTER_PORT, UINT16_MAX,
		"a port, 0 to 65535, or a range such as 1024-2047");

	if (n >= 0)
		ranged(p, n)->dir = (enum filter_dir)dir;
	return n;
}

static int parse_pair(struct parser *p, enum filter_pair pair, unsigned dir,
	uint64_t max, const char *expected)
{
	int n = parse_range(p, FILTER_PAIR, max, expected);

	if (n >= 0) {
		ranged(p, n)->index = (int)pair;
		ranged(p, n)->dir = (enum filter_dir)dir;
	}
	return n;
}

int filter_as(struct parser *p, unsigned dir)
{
	return parse_pair(p, PAIR_AS, dir, UINT32_MAX,
		"the number of an AS, or a range such as 64512-65534");
}

int filter_if(struct parser *p, unsigned dir)
{
	return parse_pair(p, PAIR_IF, dir, UINT32_MAX,
		"the number of an interface (SNMP), or a range such as 1-4");
}

int filter_vlan(struct parser *p, unsigned dir)
{
	return parse_pair(p, PAIR_VLAN, dir, 4095,
		"a VLAN, 0 to 4095, or a range such as 100-199");
}

int filter_mpls(struct parser *p, unsigned about)
{
	(void)about;
	return parse_pair(p, PAIR_MPLS, DIR_SRC, 1048575,
		"an MPLS label, 0 to 1048575, or a range such as 16-99");
}

int filter_mac(struct parser *p, unsigned dir)
{
	char text[WORD_MAX + 1];
	uint8_t mac[6];
	int n;

	if (!lex_word(p, text) || !net_mac_parse(text, mac))
		return lex_fail(
			p, "a MAC address such as 02:00:00:00:00:01", NULL);
	lex_advance(p);
	n = filter_leaf(p, FILTER_PAIR);
	p->f->nodes[n].index = PAIR_MAC;
	p->f->nodes[n].dir = (enum filter_dir)dir;
	return compared(p, n, CMP_EQ, flow_extra_mac(mac));
}

static int next_of(struct parser *p, int n)
{
	if (n >= 0)
		p->f->nodes[n].kind = FILTER_NEXT;
	return n;
}

int filter_next_host(struct parser *p, unsigned about)
{
	return next_of(p, filter_host(p, about));
}

int filter_next_net(struct parser *p, unsigned about)
{
	return next_of(p, filter_net(p, about));
}

bool filter_element_id(struct parser *p)
{
	const char *slash =
		p->now.len ? memchr(p->now.at, '/', p->now.len) : NULL;
	const size_t first = slash ? (size_t)(slash - p->now.at) : 0;
	const char *id = slash ? slash + 1 : p->now.at;
	uint64_t enterprise = 0, v;

	if (!lex_number(
		    id, p->now.len - (size_t)(id - p->now.at), 0x7fff, &v) ||
		(slash &&
			!lex_number(p->now.at, first, UINT32_MAX, &enterprise)))
		return false;
	lex_advance(p);
	p->element = (struct flow_element){
		.enterprise = (uint32_t)enterprise, .id = (uint16_t)v};
	return true;
}

bool filter_metric_name(struct parser *p)
{
	const enum metric_field f = metric_field_named(p->now.at, p->now.len);

	if (f == METRIC_FIELD_COUNT)
		return false;
	lex_advance(p);
	p->element =
		(struct flow_element){.enterprise = metric_fields[f].enterprise,
			.id = metric_fields[f].id};
	return true;
}

/* The digits behind 0x, two a byte; 0: they are none. */
static size_t hex_bytes(const struct token *t, uint8_t to[static WORD_MAX])
{
	const size_t n = t->len / 2;

	for (size_t i = 1; i < n; i++) {
		const int high = word_digit(t->at[2 * i]);
		const int low = word_digit(t->at[2 * i + 1]);

		if (high < 0 || low < 0)
			return 0;
		to[i - 1] = (uint8_t)(high << 4 | low);
	}
	return t->len % 2 || t->len < 4 ? 0 : n - 1;
}

/* 0xBYTES or "TEXT"; its length, 0: it is neither. */
static size_t element_bytes(const struct token *t, uint8_t to[static WORD_MAX])
{
	const size_t n = t->len;

	if (n > 2 && n < WORD_MAX && t->at[0] == '"' && t->at[n - 1] == '"') {
		memcpy(to, t->at + 1, n - 2);
		return n - 2;
	}
	if (n > 2 && n <= 2 + 2 * WORD_MAX && memcmp(t->at, "0x", 2) == 0)
		return hex_bytes(t, to);
	return 0;
}

/* Up to eight bytes in hexadecimal digits are a number as well. */
int filter_element(struct parser *p, unsigned about)
{
	static const char expected[] =
		"a number, a range, bytes such as 0x0a01 or \"text\"";
	const struct token cmp_at = p->now;
	const enum compare cmp = lex_compare(p);
	struct flow_element *e = arena_alloc(&p->f->arena, 1, sizeof(*e));
	uint8_t bytes[WORD_MAX];
	const size_t len = element_bytes(&p->now, bytes);
	const enum metric_field metric = metric_field_of(&p->element);
	const bool known = metric < METRIC_FIELD_COUNT;
	const bool text = known && metric_fields[metric].text;
	const bool number = len && len <= 8 && *p->now.at == '0';
	uint64_t v = 0;
	int n;

	(void)about;
	*e = p->element;
	if (text && !len)
		return lex_fail(p, "text in quotes, such as \"TLS\"", NULL);
	if (known && !text && len && !number)
		return lex_fail(p, "a number, or a range such as 10-99", NULL);
	if (!len) {
		p->now = cmp_at;
		n = parse_range(p, FILTER_ELEMENT, UINT64_MAX, expected);
		if (n >= 0)
			ranged(p, n)->element = e;
		return n;
	}
	if (!number && cmp != CMP_EQ && cmp != CMP_NE)
		return lex_fail(p, "a number after < or >", NULL);
	for (size_t i = 0; i < len && number; i++)
		v = v << 8 | bytes[i];
	if (!number) {
		uint8_t *value = arena_alloc_aligned(&p->f->arena, len, 1, 1);

		memcpy(value, bytes, len);
		e->value = value;
		e->len = len;
	}
	lex_advance(p);
	n = filter_leaf(p, FILTER_ELEMENT);
	p->f->nodes[n].element = e;
	return compared(p, n, cmp, v);
}

int filter_number(struct parser *p, unsigned field)
{
	int n = parse_range(p, FILTER_NUMBER, UINT64_MAX,
		"a number such as 100, 64k or 10m, or a range such as 10-99");

	if (n >= 0)
		ranged(p, n)->field = (enum measure)field;
	return n;
}

int filter_flags(struct parser *p, unsigned about)
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
	n = filter_leaf(p, FILTER_FLAGS);
	p->f->nodes[n].low = mask;
	return n;
}

int filter_proto(struct parser *p, unsigned about)
{
	int n, proto = filter_protocol(p->now.at, p->now.len);

	(void)about;
	if (proto < 0)
		return lex_fail(
			p, "a protocol: tcp, udp, icmp, ... or 0 to 255", NULL);
	lex_advance(p);
	n = filter_leaf(p, FILTER_PROTO);
	p->f->nodes[n].low = (uint64_t)proto;
	return n;
}

int filter_named(struct parser *p, unsigned kind)
{
	int i = name_index(p, kind == FILTER_LINK), n;

	if (i < 0)
		return i;
	n = filter_leaf(p, (enum filter_kind)kind);
	p->f->nodes[n].index = i;
	return n;
}

/* Over a link; or from, to or through a node. */
int filter_path(struct parser *p, unsigned about)
{
	char text[WORD_MAX + 1];
	int first, second;

	(void)about;
	if (!p->catalog || !lex_word(p, text) ||
		catalog_node(p->catalog, text) < 0 ||
		catalog_link(p->catalog, text) >= 0)
		return filter_named(p, FILTER_LINK);
	first = filter_named(p, FILTER_VIA);
	second = add_addrs(p, DIR_EITHER, p->f->nodes[first].index);
	if (second < 0)
		return first;
	p->f->nodes[first].next = second;
	return filter_add(
		p, (struct filter_node){.kind = FILTER_OR, .child = first});
}

int filter_family(struct parser *p, unsigned family)
{
	int n = filter_leaf(p, FILTER_FAMILY);

	p->f->nodes[n].low = family;
	return n;
}
