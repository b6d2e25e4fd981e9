/* Prefixes in a hash table, looked up from the longest length there is down to
 * the shortest; a range becomes the few prefixes that fill it. */
#include "analysis/regions.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/map.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 256 << 20, LINE_MAX_LEN = 512, PREFIX_BITS = 128 };

struct regions {
	struct arena arena;
	struct map by_prefix;          /* struct net_prefix -> name */
	struct map names;              /* each once */
	bool lengths[PREFIX_BITS + 1]; /* that there are */
};

static void add(struct regions *r, struct net_prefix p, const char *name)
{
	char *kept = map_gets(&r->names, name);

	if (!kept) {
		kept = arena_strdup(&r->arena, name);
		map_puts(&r->names, name, kept);
	}
	net_addr_mask(&p.addr, p.len);
	r->lengths[p.len] = true;
	map_put(&r->by_prefix, &p, sizeof(p), kept);
}

/* Bit i of 128 from the left. */
static bool bit(const struct net_addr *a, unsigned i)
{
	return a->b[i / 8] >> (7 - i % 8) & 1;
}

static void set_tail(struct net_addr *a, unsigned from, bool ones)
{
	for (unsigned i = from; i < PREFIX_BITS; i++)
		if (ones)
			a->b[i / 8] |= (uint8_t)(0x80 >> i % 8);
		else
			a->b[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

/* Adds one; false when there was no next address. */
static bool next_addr(struct net_addr *a)
{
	for (int i = 15; i >= 0; i--)
		if (++a->b[i])
			return true;
	return false;
}

/* The widest prefix that begins at low and ends by high, then the next. */
static void add_range(struct regions *r, struct net_addr low,
	const struct net_addr *high, const char *name)
{
	bool more = memcmp(&low, high, sizeof(low)) <= 0;

	while (more) {
		struct net_prefix p = {low, PREFIX_BITS};
		struct net_addr last = low;

		while (p.len && !bit(&low, p.len - 1u)) {
			struct net_addr wider = low;

			set_tail(&wider, p.len - 1u, true);
			if (memcmp(&wider, high, sizeof(wider)) > 0)
				break;
			last = wider;
			p.len--;
		}
		add(r, p, name);
		low = last;
		more = memcmp(&last, high, sizeof(last)) < 0 && next_addr(&low);
	}
}

/* "10.1.2.3", "2001:db8::1", or IPv4 as one number. */
static bool parse_addr(const char *text, struct net_addr *ret)
{
	int64_t v;

	if (net_addr_parse(text, ret))
		return true;
	if (!span_count(span_of(text), UINT32_MAX, &v))
		return false;
	*ret = net_addr_v4_host((uint32_t)v);
	return true;
}

static bool parse_prefix(
	const char *addr, const char *len, struct net_prefix *p)
{
	char text[LINE_MAX_LEN + 8];

	snprintf(text, sizeof(text), "%s/%s", addr, len);
	return net_prefix_parse(text, p);
}

static bool parse_line(struct regions *r, char *line)
{
	struct net_prefix p;
	struct net_addr high;
	char *word[4] = {NULL};
	size_t n = 0;

	while (n < 4 && (line += strspn(line, " \t\r,"), *line)) {
		word[n++] = line;
		line += strcspn(line, " \t\r,");
		if (*line)
			*line++ = '\0';
	}
	if (n == 0 || *word[0] == '#')
		return true;
	if (n == 2 && strchr(word[0], '/') && net_prefix_parse(word[0], &p)) {
		add(r, p, word[1]);
		return true;
	}
	if (n != 3)
		return false;
	if (strlen(word[1]) <= 3 && parse_prefix(word[0], word[1], &p)) {
		add(r, p, word[2]);
		return true;
	}
	if (!parse_addr(word[0], &p.addr) || !parse_addr(word[1], &high) ||
		memcmp(&p.addr, &high, sizeof(high)) > 0)
		return false;
	add_range(r, p.addr, &high, word[2]);
	return true;
}

static struct regions *regions_new(void)
{
	struct regions *r = mem_zalloc(1, sizeof(*r));

	map_init(&r->by_prefix);
	map_init(&r->names);
	return r;
}

int regions_parse(
	const char *text, size_t len, struct regions **ret, struct err *err)
{
	struct regions *r = regions_new();
	struct lines lines = lines_over(text, len);
	struct span s;

	while (lines_next(&lines, &s)) {
		char line[LINE_MAX_LEN];

		if (s.n < sizeof(line)) {
			memcpy(line, s.s, s.n);
			line[s.n] = '\0';
		}
		if (s.n >= sizeof(line) || memchr(line, '\0', s.n) ||
			!parse_line(r, line)) {
			regions_free(r);
			err_set(err, NFZ_E_INPUT,
				"line %ld is no prefix with a name", lines.no);
			return err_hint(err,
				"Lines are such as \"10.1.0.0/16 AS64500\"; "
				"netflowize-analyse(1), REGIONS.");
		}
	}
	*ret = r;
	return 0;
}

int regions_load(const char *path, struct regions **ret, struct err *err)
{
	struct buf text = BUF_INIT(FILE_MAX);
	int r = file_read_named(path, "the file of regions", &text, err);

	if (r == 0) {
		r = regions_parse(buf_str(&text), text.len, ret, err);
		if (r < 0)
			r = err_wrap(err, "%s", path);
	}
	buf_release(&text);
	return r;
}

void regions_free(struct regions *r)
{
	if (!r)
		return;
	map_release(&r->by_prefix);
	map_release(&r->names);
	arena_release(&r->arena);
	free(r);
}

const char *regions_of(const struct regions *r, const struct net_addr *a)
{
	for (int len = r ? PREFIX_BITS : -1; len >= 0; len--) {
		struct net_prefix p = {*a, (uint8_t)len};
		const char *name;

		if (!r->lengths[len])
			continue;
		net_addr_mask(&p.addr, p.len);
		name = map_get(&r->by_prefix, &p, sizeof(p));
		if (name)
			return name;
	}
	return NULL;
}
