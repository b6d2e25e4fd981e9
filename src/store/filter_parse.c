/* Text to tree, by recursive descent; parentheses and `not`, also those that a
 * short word stands for, nest at most DEPTH_MAX deep.  The first
 * thing that is not understood ends it. */
#include "base/mem.h"
#include "flow/metric_fields.h"
#include "store/filter_values.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 100 };

/* Joins the list of children that starts at first, when there are several. */
static int join(struct parser *p, enum filter_kind kind, int first)
{
	if (p->f->nodes[first].next < 0)
		return first;
	return filter_add(
		p, (struct filter_node){.kind = kind, .child = first});
}

/* Primitives ----------------------------------------------------------- */

/* Words that a value follows.  Directed ones may have src, dst and so on in
 * front; `about` is for the others. */
static const struct word {
	const char *text;
	filter_value_fn value;
	bool directed;
	unsigned about;
} words[] = {{"host", filter_host, true, 0}, {"ip", filter_host, true, 0},
	{"net", filter_net, true, 0}, {"port", filter_port, true, 0},
	{"node", filter_node_addr, true, 0}, {"as", filter_as, true, 0},
	{"vlan", filter_vlan, true, 0}, {"mac", filter_mac, true, 0},
	{"if", filter_if, false, DIR_EITHER}, {"mpls", filter_mpls, false, 0},
	{"proto", filter_proto, false, 0}, {"flags", filter_flags, false, 0},
	{"link", filter_named, false, FILTER_LINK},
	{"lan", filter_named, false, FILTER_LINK},
	{"via", filter_named, false, FILTER_VIA},
	{"path", filter_path, false, 0}, {"at", filter_named, false, FILTER_AT},
	{"probe", filter_named, false, FILTER_AT},
#define X(name, text) {text, filter_number, false, MEASURE_##name},
	MEASURES(X)
#undef X
};
enum { N_WORDS = sizeof(words) / sizeof(*words) };

static const char *const directed[] = {"host", "ip", "net", "port", "node",
	"experiment", "as", "vlan", "mac", NULL};
static const char *const keywords[] = {"host", "ip", "net", "port", "node",
	"experiment", "as", "vlan", "mac", "if", "mpls", "ie", "next", "link",
	"lan", "via", "path", "at", "probe", "proto", "src", "dst", "in", "out",
	"packets", "bytes", "duration", "bps", "pps", "bpp", "flags", "any",
	"ipv4", "ipv6", "fragment", "not", "tcp", "udp", "icmp", "icmp6",
#define X(NAME, enterprise, id, len, each, rule, name) name,
	METRIC_FIELDS(X)
#undef X
		NULL};

/* value, or: in [ value value ... ] */
static int parse_values(struct parser *p, filter_value_fn fn, unsigned about)
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

/* The word at the present place, which is eaten; NULL: it is none of them. */
static const struct word *eat_word(struct parser *p, bool only_directed)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if ((words[i].directed || !only_directed) &&
			lex_eat(p, words[i].text))
			return &words[i];
	return NULL;
}

/* An address, a network or a node without a word in front; false: none. */
static bool parse_end(struct parser *p, enum filter_dir dir, int *ret)
{
	char text[WORD_MAX + 1];
	struct net_prefix prefix;

	if (!lex_word(p, text))
		return false;
	if (net_prefix_parse(text, &prefix)) {
		lex_advance(p);
		*ret = filter_addr(p, dir, prefix);
		return true;
	}
	if (!filter_may_be_node(p, text))
		return false;
	*ret = filter_node_addr(p, dir);
	return true;
}

/* src and dst: each of them is not this, or one of these. */
static int parse_both(struct parser *p, const struct word *w)
{
	const struct token values = p->now;
	int first = parse_values(p, w->value, DIR_SRC), second;

	if (first < 0)
		return first;
	p->now = values;
	second = parse_values(p, w->value, DIR_DST);
	p->f->nodes[first].next = second;
	return second < 0 ? second : join(p, FILTER_AND, first);
}

static int parse_directed(struct parser *p, enum filter_dir dir)
{
	const struct word *w = eat_word(p, true);
	int n;

	if (w && dir == DIR_BOTH)
		return parse_both(p, w);
	if (w)
		return parse_values(p, w->value, dir);
	if (lex_is(p, "experiment"))
		return filter_experiment(p, dir);
	if (parse_end(p, dir, &n))
		return n;
	return lex_fail_near(p,
		"an address, a node, host, net, port, experiment, as, vlan, "
		"mac",
		directed);
}

/* in if, out if */
static int parse_way(struct parser *p, enum filter_dir dir)
{
	if (lex_eat(p, "if"))
		return parse_values(p, filter_if, dir);
	return lex_fail_near(p, "if", (const char *const[]){"if", NULL});
}

static int parse_next(struct parser *p)
{
	static const char *const all[] = {"host", "ip", "net", NULL};

	if (lex_eat(p, "host") || lex_eat(p, "ip"))
		return parse_values(p, filter_next_host, 0);
	if (lex_eat(p, "net"))
		return parse_values(p, filter_next_net, 0);
	return lex_fail_near(p, "host, ip, net", all);
}

static int parse_element(struct parser *p)
{
	if (!filter_element_id(p))
		return lex_fail(p,
			"the number of an element, such as 32 or 4242/7", NULL);
	return parse_values(p, filter_element, 0);
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

/* A word that stands alone: a protocol, an address, a network, a node. */
static int parse_bare(struct parser *p)
{
	char text[WORD_MAX + 1];
	int n;

	if (lex_word(p, text) && !isdigit((unsigned char)*text) &&
		filter_protocol(text, p->now.len) >= 0)
		return filter_proto(p, 0);
	if (parse_end(p, DIR_EITHER, &n))
		return n;
	return lex_fail_near(p,
		"host, net, port, proto, node, link, src, dst, not or (",
		keywords);
}

static int parse_primitive(struct parser *p)
{
	const struct word *w;
	enum filter_dir dir;

	if (parse_dir(p, &dir))
		return parse_directed(p, dir);
	w = eat_word(p, false);
	if (w)
		return parse_values(p, w->value,
			w->directed ? (unsigned)DIR_EITHER : w->about);
	if (lex_eat(p, "in"))
		return parse_way(p, DIR_SRC);
	if (lex_eat(p, "out"))
		return parse_way(p, DIR_DST);
	if (lex_eat(p, "next"))
		return parse_next(p);
	if (lex_eat(p, "ie"))
		return parse_element(p);
	if (filter_metric_name(p))
		return parse_values(p, filter_element, 0);
	if (lex_is(p, "experiment"))
		return filter_experiment(p, DIR_EITHER);
	if (lex_eat(p, "any"))
		return filter_leaf(p, FILTER_ANY);
	if (lex_eat(p, "ipv4") || lex_eat(p, "inet"))
		return filter_family(p, 4);
	if (lex_eat(p, "ipv6") || lex_eat(p, "inet6") || lex_eat(p, "ip6"))
		return filter_family(p, 6);
	if (lex_eat(p, "fragment"))
		return filter_leaf(p, FILTER_FRAGMENT);
	return parse_bare(p);
}

/* Expressions ---------------------------------------------------------- */

static int parse_or(struct parser *p);

/* How deep at most what a primitive stands for nests when it is printed. */
static int nesting(const struct filter *f, int n)
{
	const struct filter_node *node = &f->nodes[n];
	int most = 0;

	if (node->kind > FILTER_NOT) /* "(src ... or dst ...)", "not any" */
		return (node->dir != DIR_SRC && node->dir != DIR_DST) +
		       (node->low > node->high);
	for (int i = node->child; i >= 0; i = f->nodes[i].next) {
		int here = nesting(f, i);

		most = here > most ? here : most;
	}
	return most + 1;
}

static int parse(struct parser *p, struct filter **ret);

/* Would it be understood with an "and" before the present word?  Two letters
 * behind a number are a unit, not a word. */
static bool lacks_and(const struct parser *p)
{
	cleanup(filter_free_at) struct filter *f = NULL;
	struct buf text = BUF_INIT(FILTER_TEXT_MAX);
	struct err err = ERR_INIT;
	struct parser again = {.catalog = p->catalog,
		.any_name = p->any_name,
		.retried = true,
		.err = &err};
	const char *before = p->now.at;
	bool lacks;

	while (before > p->text && before[-1] == ' ')
		before--;
	if (p->retried || !p->now.len || before == p->text ||
		(isdigit((unsigned char)before[-1]) && p->now.len <= 2))
		return false;
	buf_addf(&text, "%.*s and %.*s", (int)(before - p->text), p->text,
		(int)(p->end - p->now.at), p->now.at);
	again.text = again.now.at = buf_str(&text);
	again.end = again.text + text.len;
	lacks = buf_ok(&text) && parse(&again, &f) == 0;
	buf_release(&text);
	return lacks;
}

static int fail_between(struct parser *p, const char *expected)
{
	char near[WORD_MAX + sizeof("and ")];

	if (p->now.len > WORD_MAX || !lacks_and(p))
		return lex_fail(p, expected, NULL);
	snprintf(near, sizeof(near), "and %.*s", (int)p->now.len, p->now.at);
	return lex_fail(p, expected, near);
}

static int parse_factor(struct parser *p)
{
	int n;

	if (++p->depth > DEPTH_MAX)
		return lex_fail(p, "fewer parentheses", NULL);
	if (lex_eat(p, "not") || lex_eat(p, "!")) {
		n = parse_factor(p);
		if (n >= 0)
			n = filter_add(
				p, (struct filter_node){
					   .kind = FILTER_NOT, .child = n});
	} else if (lex_eat(p, "(")) {
		n = parse_or(p);
		if (n >= 0 && !lex_eat(p, ")"))
			n = fail_between(p, "and, or, )");
	} else {
		n = parse_primitive(p);
		if (n >= 0 && p->depth + nesting(p->f, n) > DEPTH_MAX)
			n = lex_fail(p, "fewer parentheses", NULL);
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

static int parse(struct parser *p, struct filter **ret)
{
	const size_t len = (size_t)(p->end - p->text);
	cleanup(filter_free_at) struct filter *f = mem_zalloc(1, sizeof(*f));

	p->f = f;
	f->root = -1;
	if (len > FILTER_TEXT_MAX)
		return err_set(p->err, NFZ_E_FILTER,
			"the filter is longer than %d bytes", FILTER_TEXT_MAX);
	if (len && memchr(p->text, '\0', len))
		return err_set(p->err, NFZ_E_FILTER,
			"the filter holds a NUL character");
	lex_advance(p);
	if (p->now.len) {
		f->root = parse_or(p);
		if (f->root < 0)
			return f->root;
		if (p->now.len)
			return fail_between(p, "and, or, the end");
	}
	*ret = take(f);
	return 0;
}

int filter_parse(const char *text, size_t len, const struct catalog *c,
	struct filter **ret, struct err *err)
{
	struct parser p = {.text = text,
		.end = text + len,
		.now = {text, 0},
		.catalog = c,
		.err = err};

	return parse(&p, ret);
}

int filter_check(const char *text, size_t len, struct err *err)
{
	cleanup(filter_free_at) struct filter *f = NULL;
	struct parser p = {.text = text,
		.end = text + len,
		.now = {text, 0},
		.any_name = true,
		.err = err};
	int r = parse(&p, &f);

	if (r < 0 && p.guessed) {
		err_clear(err);
		return 0;
	}
	return r;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	arena_release(&f->arena);
	free(f->nodes);
	free(f);
}
