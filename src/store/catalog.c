/* The catalog and its text form.
 *
 * One `word value...` per line; the order of nodes, links, members and taps is
 * their numbering.  Names are escaped (%20) where they hold a blank, a control
 * character or a percent sign, and an absent value is a lone "-".  Unknown
 * words are skipped, so that later versions may say more; a first line other
 * than ours, an index that leads nowhere or a number out of range is refused
 * with its line number. */
#include "store/catalog.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/word.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIRST_LINE "netflowize.catalog/1"
enum { WORDS_MAX = 8 };

struct catalog *catalog_new(void)
{
	struct catalog *c = mem_zalloc(1, sizeof(*c));

	c->collector = -1;
	map_init(&c->by_addr);
	c->tap_of = mem_zalloc(CATALOG_TAPS, sizeof(*c->tap_of));
	return c;
}

void catalog_free(struct catalog *c)
{
	if (!c)
		return;
	map_release(&c->by_addr);
	arena_release(&c->arena);
	free(c->tap_of);
	free(c);
}

/* Room for one more in an arena's array; the old one stays until the end. */
static void *grown(
	struct arena *a, void *items, size_t n, size_t *cap, size_t size)
{
	void *more;

	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 8;
	more = arena_alloc(a, *cap, size);
	if (n)
		memcpy(more, items, n * size);
	return more;
}

int catalog_add_node(struct catalog *c, const char *name)
{
	if (c->n_nodes >= CATALOG_MAX)
		return -1;
	c->nodes = grown(&c->arena, c->nodes, c->n_nodes, &c->nodes_cap,
		sizeof(*c->nodes));
	c->nodes[c->n_nodes].name = arena_strdup(&c->arena, name);
	return (int)c->n_nodes++;
}

int catalog_add_link(struct catalog *c, const char *name, bool lan)
{
	if (c->n_links >= CATALOG_MAX)
		return -1;
	c->links = grown(&c->arena, c->links, c->n_links, &c->links_cap,
		sizeof(*c->links));
	c->links[c->n_links] =
		(struct catalog_link){.name = arena_strdup(&c->arena, name),
			.lan = lan,
			.covered = true};
	return (int)c->n_links++;
}

static bool is_node(const struct catalog *c, int node)
{
	return node >= 0 && (size_t)node < c->n_nodes;
}

static bool is_link(const struct catalog *c, int link)
{
	return link >= 0 && (size_t)link < c->n_links;
}

void catalog_add_addr(struct catalog *c, int node, const struct net_addr *a)
{
	if (is_node(c, node) && !map_has(&c->by_addr, a->b, sizeof(a->b)))
		map_put(&c->by_addr, a->b, sizeof(a->b),
			(void *)(uintptr_t)(node + 1));
}

int catalog_add_member(
	struct catalog *c, int link, int node, const struct net_addr *addr)
{
	struct catalog_link *l;

	if (!is_link(c, link) || !is_node(c, node) ||
		c->links[link].n_members >= SLOT_GROUP)
		return -1;
	l = &c->links[link];
	l->members = grown(&c->arena, l->members, l->n_members, &l->members_cap,
		sizeof(*l->members));
	l->members[l->n_members] = (struct catalog_member){.node = node};
	if (addr) {
		l->members[l->n_members].has_addr = true;
		l->members[l->n_members].addr = *addr;
		if (!c->nodes[node].n_addrs++)
			c->nodes[node].addr = *addr;
		catalog_add_addr(c, node, addr);
	}
	return (int)l->n_members++;
}

void catalog_set_speed(struct catalog *c, int link, int slot, int64_t bps)
{
	if (is_link(c, link) && slot >= 0 &&
		(size_t)slot < c->links[link].n_members)
		c->links[link].members[slot].speed_bps = bps;
}

int catalog_add_tap(struct catalog *c, const struct catalog_tap *tap)
{
	if (!is_node(c, tap->node) || !is_link(c, tap->link) ||
		c->tap_of[tap->id] || c->n_taps >= CATALOG_TAPS - 1)
		return -1;
	c->taps = grown(
		&c->arena, c->taps, c->n_taps, &c->taps_cap, sizeof(*c->taps));
	c->taps[c->n_taps] = *tap;
	c->taps[c->n_taps].iface = arena_strdup(&c->arena, tap->iface);
	c->tap_of[tap->id] = (uint16_t)(c->n_taps + 1);
	return (int)c->n_taps++;
}

void catalog_set_gap(struct catalog *c, int link, const char *gap)
{
	if (!is_link(c, link))
		return;
	c->links[link].covered = !gap;
	c->links[link].gap = arena_strdup(&c->arena, gap);
}

/* Printing ------------------------------------------------------------- */

/* "-" is none, "%" the empty one. */
static void add_word(struct buf *out, const char *word)
{
	buf_addc(out, ' ');
	if (!word || strcmp(word, "-") == 0)
		buf_adds(out, word ? "%2d" : "-");
	else if (!*word)
		buf_addc(out, '%');
	else
		word_add(out, word);
}

static void print_link(const struct catalog_link *l, struct buf *out)
{
	buf_adds(out, "link");
	add_word(out, l->name);
	buf_adds(out, l->lan ? " lan" : " p2p");
	if (l->covered)
		buf_adds(out, " covered\n");
	else {
		buf_adds(out, " gap");
		add_word(out, l->gap ? l->gap : "unknown");
		buf_addc(out, '\n');
	}
	for (size_t i = 0; i < l->n_members; i++) {
		char text[NET_ADDR_TEXT];

		buf_addf(out, "member %d %s", l->members[i].node,
			l->members[i].has_addr
				? net_addr_print(&l->members[i].addr, text)
				: "-");
		if (l->members[i].speed_bps)
			buf_addf(out, " %" PRId64, l->members[i].speed_bps);
		buf_addc(out, '\n');
	}
}

/* Addresses that no member of their node has. */
static void print_addrs(const struct catalog *c, struct buf *out)
{
	const struct map_entry *e;
	struct map of_members;

	map_init(&of_members);
	for (size_t i = 0; i < c->n_links; i++)
		for (size_t m = 0; m < c->links[i].n_members; m++)
			if (c->links[i].members[m].has_addr)
				map_put(&of_members,
					c->links[i].members[m].addr.b, 16,
					NULL);
	for (size_t i = 0; (e = map_next(&c->by_addr, &i));) {
		char text[NET_ADDR_TEXT];
		struct net_addr a;

		if (e->key_len != sizeof(a.b) ||
			map_has(&of_members, e->key, e->key_len))
			continue;
		memcpy(a.b, e->key, sizeof(a.b));
		buf_addf(out, "address %d %s\n", (int)((uintptr_t)e->value - 1),
			net_addr_print(&a, text));
	}
	map_release(&of_members);
}

void catalog_print_plan(const struct catalog *c, struct buf *out)
{
	if (c->plan)
		buf_addf(out, "plan %s\n", c->plan);
	for (size_t i = 0; i < c->n_nodes; i++) {
		if (!c->nodes[i].why)
			continue;
		buf_addf(out, "why %zu", i);
		add_word(out, c->nodes[i].why);
		buf_addc(out, '\n');
	}
}

void catalog_print(const struct catalog *c, struct buf *out)
{
	buf_adds(out, FIRST_LINE "\nproject");
	add_word(out, c->project);
	buf_adds(out, "\nexperiment");
	add_word(out, c->experiment);
	buf_adds(out, "\nmode");
	add_word(out, c->mode);
	buf_addf(out, "\ndeployment %016" PRIx64 "\nidle_ms %" PRId64 "\n",
		c->deployment, c->idle_ms);
	if (c->several)
		buf_adds(out, "witnesses several\n");
	for (size_t i = 0; i < c->n_nodes; i++) {
		buf_adds(out, "node");
		add_word(out, c->nodes[i].name);
		buf_addc(out, '\n');
	}
	if (c->collector >= 0)
		buf_addf(out, "collector %d\n", c->collector);
	for (size_t i = 0; i < c->n_nodes; i++)
		if (c->nodes[i].cache)
			buf_addf(out, "cache %zu %u\n", i, c->nodes[i].cache);
	for (size_t i = 0; i < c->n_links; i++)
		print_link(&c->links[i], out);
	print_addrs(c, out);
	for (size_t i = 0; i < c->n_taps; i++) {
		const struct catalog_tap *t = &c->taps[i];

		buf_addf(out, "%s %u %d %d %u %u", t->idle ? "idle" : "tap",
			t->id, t->node, t->link, t->slot, t->module);
		add_word(out, t->iface);
		buf_addc(out, '\n');
	}
	catalog_print_plan(c, out);
}

/* Parsing -------------------------------------------------------------- */

struct parser {
	struct catalog *c;
	char *words[WORDS_MAX];
	size_t n;
	unsigned line;
	struct err *err;
};

static int bad(struct parser *p, const char *what)
{
	return err_set(p->err, NFZ_E_INPUT, "catalog:%u: %s", p->line, what);
}

/* Undoes add_word, in place; NULL for "-" and what nobody wrote. */
static const char *plain(char *word)
{
	if (strcmp(word, "%") == 0)
		return "";
	if (strcmp(word, "-") == 0 || !word_undo(word, word, strlen(word) + 1))
		return NULL;
	return word;
}

/* Word i as a number up to max; -1 when it is none. */
static int64_t number(const struct parser *p, size_t i, int64_t max)
{
	int64_t v;

	return i < p->n && span_count(span_of(p->words[i]), max, &v) ? v : -1;
}

static int parse_link(struct parser *p)
{
	int link;

	if (p->n < 4)
		return bad(p, "link needs a name, a kind and its coverage");
	link = catalog_add_link(
		p->c, plain(p->words[1]), strcmp(p->words[2], "lan") == 0);
	if (link < 0 || !p->c->links[link].name)
		return bad(p, "too many links, or one without a name");
	if (strcmp(p->words[3], "gap") == 0)
		catalog_set_gap(
			p->c, link, p->n > 4 ? plain(p->words[4]) : "unknown");
	return 0;
}

static int parse_member(struct parser *p, bool member)
{
	int64_t node = number(p, 1, CATALOG_MAX);
	const char *text = p->n > 2 ? plain(p->words[2]) : NULL;
	const int link = (int)p->c->n_links - 1;
	const int64_t bps = number(p, 3, INT64_MAX);
	struct net_addr a;
	int slot;

	if (node < 0 || !is_node(p->c, (int)node))
		return bad(p, "there is no such node");
	if (text && !net_addr_parse(text, &a))
		return bad(p, "this is not an address");
	if (!member) {
		if (text)
			catalog_add_addr(p->c, (int)node, &a);
		return 0;
	}
	slot = catalog_add_member(p->c, link, (int)node, text ? &a : NULL);
	if (slot < 0)
		return bad(p, "a member needs a link before it");
	catalog_set_speed(p->c, link, slot, bps > 0 ? bps : 0);
	return 0;
}

static int parse_tap(struct parser *p, bool idle)
{
	int64_t v[5];
	struct catalog_tap tap;

	for (size_t i = 0; i < 5; i++) {
		v[i] = number(
			p, i + 1, i == 1 || i == 2 ? CATALOG_MAX : UINT16_MAX);
		if (v[i] < 0)
			return bad(p, "tap needs five numbers");
	}
	tap = (struct catalog_tap){.id = (uint16_t)v[0],
		.node = (int)v[1],
		.link = (int)v[2],
		.slot = (uint16_t)v[3],
		.module = (uint16_t)v[4],
		.idle = idle,
		.iface = p->n > 6 ? plain(p->words[6]) : NULL};
	if (catalog_add_tap(p->c, &tap) < 0)
		return bad(p, "a tap without node or link, or a second one "
			      "with its number");
	return 0;
}

static int parse_node(struct parser *p)
{
	const char *name = p->n > 1 ? plain(p->words[1]) : NULL;

	int node = name ? catalog_add_node(p->c, name) : -1;

	if (node < 0)
		return bad(p, "too many nodes, or one without a name");
	return 0;
}

/* What a node has besides its name: cache NODE MODULE, why NODE TEXT. */
static int parse_more(struct parser *p, bool cache)
{
	int64_t node = p->n > 2 ? number(p, 1, CATALOG_MAX) : -1;
	int64_t module = cache ? number(p, 2, UINT16_MAX) : 0;

	if (node < 0 || !is_node(p->c, (int)node) || module < 0)
		return bad(p, "a node and its cache, or why it is one");
	if (cache)
		p->c->nodes[node].cache = (uint16_t)module;
	else
		p->c->nodes[node].why =
			arena_strdup(&p->c->arena, plain(p->words[2]));
	return 0;
}

static int parse_words(struct parser *p)
{
	struct catalog *c = p->c;
	const char *word = p->words[0];

	if (strcmp(word, "node") == 0)
		return parse_node(p);
	if (strcmp(word, "link") == 0)
		return parse_link(p);
	if (strcmp(word, "member") == 0 || strcmp(word, "address") == 0)
		return parse_member(p, *word == 'm');
	if (strcmp(word, "tap") == 0)
		return parse_tap(p, false);
	if (strcmp(word, "idle") == 0)
		return parse_tap(p, true);
	if (strcmp(word, "cache") == 0 || strcmp(word, "why") == 0)
		return parse_more(p, *word == 'c');
	if (p->n < 2)
		return 0;
	if (strcmp(word, "project") == 0)
		c->project = arena_strdup(&c->arena, plain(p->words[1]));
	else if (strcmp(word, "experiment") == 0)
		c->experiment = arena_strdup(&c->arena, plain(p->words[1]));
	else if (strcmp(word, "mode") == 0)
		c->mode = arena_strdup(&c->arena, plain(p->words[1]));
	else if (strcmp(word, "plan") == 0)
		c->plan = arena_strdup(&c->arena, plain(p->words[1]));
	else if (strcmp(word, "deployment") == 0)
		c->deployment = strtoull(p->words[1], NULL, 16);
	else if (strcmp(word, "idle_ms") == 0)
		c->idle_ms = number(p, 1, INT64_C(1000) * 86400 * 365);
	else if (strcmp(word, "witnesses") == 0)
		c->several = strcmp(p->words[1], "several") == 0;
	else if (strcmp(word, "collector") == 0)
		c->collector = (int)number(p, 1, (int64_t)c->n_nodes - 1);
	if (c->idle_ms < 0)
		return bad(p, "this idle timeout makes no sense");
	return 0;
}

static void split(struct parser *p, char *line)
{
	for (p->n = 0; p->n < WORDS_MAX; p->n++) {
		line += strspn(line, " \t\r");
		if (!*line)
			return;
		p->words[p->n] = line;
		line += strcspn(line, " \t\r");
		if (*line)
			*line++ = '\0';
	}
}

int catalog_parse(
	const char *text, size_t len, struct catalog **ret, struct err *err)
{
	cleanup(catalog_free_at) struct catalog *c = catalog_new();
	cleanup_free char *copy = NULL;
	struct parser p = {.c = c, .err = err};
	char *at;

	if (len > CATALOG_TEXT_MAX)
		return err_set(err, NFZ_E_LIMIT,
			"the catalog is larger than %d bytes",
			CATALOG_TEXT_MAX);
	at = copy = mem_strndup(text, len);
	while (*at) {
		char *line = at;
		int r;

		at += strcspn(at, "\n");
		if (*at)
			*at++ = '\0';
		p.line++;
		if (p.line == 1 && strcmp(line, FIRST_LINE) != 0)
			return bad(&p, "this is not a " FIRST_LINE " file");
		split(&p, line);
		if (p.line == 1 || p.n == 0 || *line == '#')
			continue;
		r = parse_words(&p);
		if (r < 0)
			return r;
	}
	if (p.line == 0)
		return err_set(err, NFZ_E_INPUT, "the catalog is empty");
	*ret = take(c);
	return 0;
}

int catalog_load(const char *dir, struct catalog **ret, struct err *err)
{
	cleanup_free char *path = mem_printf("%s/catalog", dir);
	struct buf text = BUF_INIT(CATALOG_TEXT_MAX);
	struct stat st;
	int r;

	if (stat(path, &st) < 0 && errno == ENOENT) {
		*ret = catalog_new();
		return 0;
	}
	r = file_read(path, &text, err);
	if (r == 0)
		r = catalog_parse(buf_str(&text), text.len, ret, err);
	if (r < 0)
		err_wrap(err, "%s", dir);
	buf_release(&text);
	return r;
}

/* Looking up ----------------------------------------------------------- */

int catalog_node_of(const struct catalog *c, const struct net_addr *a)
{
	uintptr_t v = (uintptr_t)map_get(&c->by_addr, a->b, sizeof(a->b));

	return (int)v - 1;
}

char *catalog_addr_name(const struct catalog *c, const struct net_addr *a,
	char text[static CATALOG_ADDR_TEXT])
{
	const int at = catalog_node_of(c, a);
	const struct catalog_node *node = at < 0 ? NULL : &c->nodes[at];
	char addr[NET_ADDR_TEXT];

	net_addr_print(a, addr);
	if (!node)
		snprintf(text, CATALOG_ADDR_TEXT, "%s", addr);
	else if (node->n_addrs == 1 && memcmp(&node->addr, a, sizeof(*a)) == 0)
		snprintf(text, CATALOG_ADDR_TEXT, "%.76s", node->name);
	else
		snprintf(text, CATALOG_ADDR_TEXT, "%.76s (%s)", node->name,
			addr);
	return text;
}

int catalog_node(const struct catalog *c, const char *name)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		if (strcmp(c->nodes[i].name, name) == 0)
			return (int)i;
	for (size_t i = 0; i < c->n_nodes; i++)
		if (strcasecmp(c->nodes[i].name, name) == 0)
			return (int)i;
	return -1;
}

int catalog_link(const struct catalog *c, const char *name)
{
	for (size_t i = 0; i < c->n_links; i++)
		if (strcmp(c->links[i].name, name) == 0)
			return (int)i;
	for (size_t i = 0; i < c->n_links; i++)
		if (strcasecmp(c->links[i].name, name) == 0)
			return (int)i;
	return -1;
}

const struct catalog_tap *catalog_tap(const struct catalog *c, uint16_t id)
{
	uint16_t i = c->tap_of[id];

	return i ? &c->taps[i - 1] : NULL;
}
