/* Headers that cannot be, or not there: what no honest sender would put into a
 * packet, and addresses on links they are not of. */
#include "analysis/best.h"
#include "analysis/study.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/fold.h"

#include <stdlib.h>
#include <string.h>

#define PROBLEMS(X)                                                            \
	X(BOGON_SRC, "bogon-src") /* no host has such an address */            \
	X(BOGON_DST, "bogon-dst")                                              \
	X(SAME_ENDS, "same-ends") /* source = destination */                   \
	X(PORT_0, "port-0")                                                    \
	X(SHORT, "short") /* less than its headers need */                     \
	X(ODD_FLAGS, "odd-flags")                                              \
	X(UNKNOWN_SRC, "unknown-src") /* began on a link, of no node */        \
	X(NOT_ON_LINK, "not-on-link") /* began on a link its node is not on */

enum problem {
#define X(name, text) PROBLEM_##name,
	PROBLEMS(X)
#undef X
		PROBLEM_COUNT
};
enum { TCP = 6, UDP = 17, ROWS = 100 };

struct finding {
	struct {
		uint32_t problem;
		int32_t link;
		struct net_addr src, dst;
	} key;
	uint64_t flows, packets, bytes;
};
enum {
	FINDING_WORDS = sizeof(((struct finding *)NULL)->key) / sizeof(uint64_t)
};

enum list { NEVER, NO_SRC, NO_DST, LOCAL, LISTS };
enum { LIST_MAX = 8 };

struct headers {
	const struct study_ask *ask;
	struct map begins; /* of a node and a link: may it? */
	struct net_prefix in[LISTS][LIST_MAX];
	size_t n_in[LISTS];
	struct fold *findings;
};

/* RFC 6890 and its registry.  NEVER: no host's address out there; NO_SRC: not
 * of one host; NO_DST: of nobody; LOCAL: nobody's by name. */
static const char *const prefixes[LISTS][LIST_MAX] = {
	[NEVER] = {"127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24",
		"203.0.113.0/24", "::1/128", "100::/64", "2001:db8::/32"},
	[NO_SRC] = {"0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8"},
	[NO_DST] = {"0.0.0.0/8", "240.0.0.0/4", "::/128"},
	[LOCAL] = {"0.0.0.0/8", "169.254.0.0/16", "fe80::/10", "::/128"}};

static void add_finding(void *to, const void *more)
{
	struct finding *x = to;
	const struct finding *m = more;

	x->flows += m->flows;
	x->packets += m->packets;
	x->bytes += m->bytes;
}

static void *begin(const struct study_ask *ask)
{
	struct headers *h = mem_zalloc(1, sizeof(*h));

	h->ask = ask;
	map_init(&h->begins);
	h->findings = fold_new(&(struct fold_form){sizeof(struct finding),
		FINDING_WORDS, FINDING_WORDS, add_finding, 0});
	for (size_t l = 0; l < LISTS; l++)
		for (size_t i = 0; i < LIST_MAX && prefixes[l][i]; i++)
			h->n_in[l] += net_prefix_parse(
				prefixes[l][i], &h->in[l][h->n_in[l]]);
	return h;
}

static bool is(const struct headers *h, enum list l, const struct net_addr *a)
{
	for (size_t i = 0; i < h->n_in[l]; i++)
		if (net_prefix_has(&h->in[l][i], a))
			return true;
	return false;
}

/* That of a host that has no address yet. */
static bool is_unset(const struct net_addr *a)
{
	static const struct net_addr v6;

	return memcmp(a, &v6, sizeof(v6)) == 0 ||
	       (net_addr_is_v4(a) && net_addr_v4_value(a) == 0);
}

static bool is_everybody(const struct net_addr *a)
{
	return net_addr_is_v4(a) && net_addr_v4_value(a) == UINT32_MAX;
}

static bool is_short(const struct flow *f)
{
	const uint64_t ip = net_addr_is_v4(&f->key.src) ? 20 : 40;
	uint64_t least = ip;

	if (!(f->key.flags & KEY_FRAGMENT))
		least += f->key.proto == TCP ? 20 : f->key.proto == UDP ? 8 : 0;
	return f->packets && f->bytes / f->packets < least;
}

static bool has_port_0(const struct flow *f)
{
	return (f->key.proto == TCP || f->key.proto == UDP) &&
	       !(f->key.flags & KEY_FRAGMENT) &&
	       (!f->key.sport || !f->key.dport);
}

/* Is the node on the link?  True also where it might have sent over a link of
 * its own that nobody watched. */
static bool may_begin_at(struct headers *h, int node, int link)
{
	static const char yes[1], no[1];
	const struct catalog *c = h->ask->catalog;
	const int key[2] = {node, link};
	const char *known = map_get(&h->begins, key, sizeof(key));
	bool may = known == yes;

	if (known)
		return may;
	for (size_t i = 0; i < c->n_links && !may; i++)
		for (size_t m = 0; m < c->links[i].n_members; m++)
			may |= c->links[i].members[m].node == node &&
			       ((int)i == link || !c->links[i].covered);
	map_put(&h->begins, key, sizeof(key),
		(void *)(uintptr_t)(may ? yes : no));
	return may;
}

static int count(struct headers *h, enum problem problem, const struct flow *f,
	struct err *err)
{
	const struct finding x = {.key = {problem, f->n_path ? f->path[0] : -1,
					  f->key.src, f->key.dst},
		.flows = 1,
		.packets = f->packets,
		.bytes = f->bytes};

	return fold_add(h->findings, &x, err);
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct headers *h = it;
	const struct net_addr *src = &f->key.src, *dst = &f->key.dst;
	const bool seen = f->n_path && !is(h, LOCAL, src);
	const bool has[PROBLEM_COUNT] = {
		[PROBLEM_BOGON_SRC] = is(h, NEVER, src) ||
				      (is(h, NO_SRC, src) && !is_unset(src)),
		[PROBLEM_BOGON_DST] =
			is(h, NEVER, dst) ||
			(is(h, NO_DST, dst) && !is_everybody(dst)),
		[PROBLEM_SAME_ENDS] = memcmp(src, dst, sizeof(*src)) == 0,
		[PROBLEM_PORT_0] = has_port_0(f),
		[PROBLEM_SHORT] = is_short(f),
		[PROBLEM_ODD_FLAGS] = study_odd_flags(f),
		[PROBLEM_UNKNOWN_SRC] = seen && f->src_node < 0,
		[PROBLEM_NOT_ON_LINK] =
			seen && f->src_node >= 0 &&
			!may_begin_at(h, f->src_node, f->path[0])};
	int r = 0;

	for (unsigned i = 0; i < PROBLEM_COUNT && r == 0; i++)
		if (has[i])
			r = count(h, (enum problem)i, f, err);
	return r;
}

static int by_packets(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static void write_row(
	const struct catalog *c, const struct finding *x, struct sheet *to)
{
	static const char *const names[] = {
#define X(name, text) text,
		PROBLEMS(X)
#undef X
	};

	sheet_text(to, names[x->key.problem]);
	study_end_cell(to, c, &x->key.src);
	study_end_cell(to, c, &x->key.dst);
	sheet_text(to, x->key.link < 0 ? NULL : c->links[x->key.link].name);
	sheet_uint(to, x->flows);
	sheet_uint(to, x->packets);
	sheet_uint(to, x->bytes);
}

static int write_rows(void *it, struct sheet *to, struct err *err)
{
	struct headers *h = it;
	struct best best;
	int r;

	best_init(&best, sizeof(struct finding),
		h->ask->limit ? h->ask->limit : ROWS, by_packets);
	r = fold_each(h->findings, best_take, &best, err);
	best_sort(&best);
	to->n_all = best.given;
	for (size_t i = 0; i < best.n && r == 0; i++)
		write_row(h->ask->catalog, best_at(&best, i), to);
	best_release(&best);
	return r;
}

static void release(void *it)
{
	struct headers *h = it;

	map_release(&h->begins);
	fold_free(h->findings);
	free(h);
}

static const struct sheet_column columns[] = {{.name = "problem"},
	{.name = "src"}, {.name = "dst"}, {.name = "link"},
	{.name = "flows", .right = true}, {.name = "packets", .right = true},
	{.name = "bytes", .right = true}};

const struct study study_headers = {columns, sizeof(columns) / sizeof(*columns),
	begin, add, write_rows, release};
