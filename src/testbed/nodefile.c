/* Parsers of node files and of the testbed's text report.  Everything is split
 * at white space, as columns overflow; a field too long for its place makes
 * the line one to pass over, never a cut name. */
#include "testbed/nodefile.h"
#include "base/mem.h"
#include "base/net.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_MAX = 128, FIELDS_MAX = 64 };

struct field {
	const char *at;
	size_t len;
};

struct lines {
	const char *at, *end;
};

static bool next_line(struct lines *l, struct field *ret)
{
	const char *eol;

	if (l->at >= l->end)
		return false;
	eol = memchr(l->at, '\n', (size_t)(l->end - l->at));
	if (!eol)
		eol = l->end;
	*ret = (struct field){l->at, (size_t)(eol - l->at)};
	l->at = eol + 1;
	return true;
}

static size_t split(const struct field *line, struct field *fields)
{
	const char *s = line->at, *end = line->at + line->len;
	size_t n = 0;

	while (n < FIELDS_MAX) {
		const char *from;

		while (s < end && (unsigned char)*s <= ' ')
			s++;
		from = s;
		while (s < end && (unsigned char)*s > ' ')
			s++;
		if (s == from)
			break;
		fields[n++] = (struct field){from, (size_t)(s - from)};
	}
	return n;
}

static bool is(const struct field *f, const char *word)
{
	return f->len == strlen(word) && memcmp(f->at, word, f->len) == 0;
}

static bool copy(const struct field *f, char *to, size_t size)
{
	if (f->len >= size)
		return false;
	memcpy(to, f->at, f->len);
	to[f->len] = '\0';
	return true;
}

bool nodefile_name_valid(const char *name, bool of_link)
{
	size_t n = strlen(name);

	if (!n || n >= NODEFILE_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) &&
			!strchr(of_link ? "-_.()" : "-_", name[i]))
			return false;
	return true;
}

static bool copy_name(const struct field *f, char *to, bool of_link)
{
	return copy(f, to, NODEFILE_NAME_MAX) &&
	       nodefile_name_valid(to, of_link);
}

static bool copy_iface(const struct field *f, char *to)
{
	if (!f->len || !copy(f, to, NODEFILE_IFACE_MAX))
		return false;
	for (const char *s = to; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.:", *s))
			return false;
	return true;
}

static bool copy_mac(const struct field *f, uint8_t mac[static 6])
{
	char text[FIELD_MAX];

	return copy(f, text, sizeof(text)) && net_mac_parse(text, mac);
}

static bool copy_addr(const struct field *f, struct net_addr *ret)
{
	char text[FIELD_MAX];

	return copy(f, text, sizeof(text)) && net_addr_parse(text, ret);
}

/* OSIFACE IP MAC, the IP perhaps missing. */
void nodefile_ifmap(const char *text, size_t len, struct nodefile_ifaces *ret)
{
	struct lines lines = {text, text + len};
	struct field line, f[FIELDS_MAX];

	while (next_line(&lines, &line)) {
		struct nodefile_iface iface = {0};
		size_t n = split(&line, f);

		if (n == 3)
			iface.has_addr = copy_addr(&f[1], &iface.addr);
		if ((n == 2 || n == 3) && copy_iface(&f[0], iface.os_name) &&
			copy_mac(&f[n - 1], iface.mac))
			MEM_PUSH(ret->items, ret->n, ret->cap) = iface;
	}
}

void nodefile_ifaces_release(struct nodefile_ifaces *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* LINK duplex VNODE0 VNODE1 IFACE0 IFACE1 PIPE0 PIPE1 */
void nodefile_delay_mapping(
	const char *text, size_t len, struct nodefile_shapers *ret)
{
	struct lines lines = {text, text + len};
	struct field line, f[FIELDS_MAX];

	while (next_line(&lines, &line)) {
		struct nodefile_shaper s = {.shapes = true};

		if (split(&line, f) == 8 && is(&f[1], "duplex") &&
			copy_name(&f[0], s.link, true) &&
			copy_name(&f[2], s.vnode[0], false) &&
			copy_name(&f[3], s.vnode[1], false) &&
			copy_iface(&f[4], s.port[0].os_name) &&
			copy_iface(&f[5], s.port[1].os_name))
			MEM_PUSH(ret->items, ret->n, ret->cap) = s;
	}
}

/* The value of KEY=value among the fields. */
static struct field value_of(const struct field *f, size_t n, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < n; i++)
		if (f[i].len > len && memcmp(f[i].at, key, len) == 0 &&
			f[i].at[len] == '=')
			return (struct field){
				f[i].at + len + 1, f[i].len - len - 1};
	return (struct field){"", 0};
}

void nodefile_tmcc_delay(
	const char *text, size_t len, struct nodefile_shapers *ret)
{
	struct lines lines = {text, text + len};
	struct field line, f[FIELDS_MAX];

	while (next_line(&lines, &line)) {
		struct nodefile_shaper s = {0};
		size_t n = split(&line, f);
		struct field link = value_of(f, n, "LINKNAME");
		struct field vnode0 = value_of(f, n, "VNODE0");
		struct field vnode1 = value_of(f, n, "VNODE1");
		struct field mac0 = value_of(f, n, "INT0");
		struct field mac1 = value_of(f, n, "INT1");
		struct field noshaping = value_of(f, n, "NOSHAPING");

		if (!n || !is(&f[0], "DELAY") ||
			!copy_name(&link, s.link, true) ||
			!copy_name(&vnode0, s.vnode[0], false) ||
			!copy_name(&vnode1, s.vnode[1], false) ||
			!copy_mac(&mac0, s.port[0].mac) ||
			!copy_mac(&mac1, s.port[1].mac))
			continue;
		s.port[0].has_mac = s.port[1].has_mac = true;
		s.shapes = !is(&noshaping, "1");
		MEM_PUSH(ret->items, ret->n, ret->cap) = s;
	}
}

/* ID Member DelayNode Card/Port Iface Switch Card/Port; two rows a shaper. */
static bool report_row(const struct field *line, struct nodefile_shaper *row)
{
	struct field f[FIELDS_MAX];
	size_t n = split(line, f);

	memset(row, 0, sizeof(*row));
	return n >= 5 && memchr(f[3].at, '/', f[3].len) &&
	       copy_name(&f[0], row->link, true) &&
	       copy_name(&f[1], row->vnode[0], false) &&
	       copy_name(&f[2], row->node, false) &&
	       copy_iface(&f[4], row->port[0].name);
}

void nodefile_report(const char *text, size_t len, struct nodefile_shapers *ret)
{
	static const char title[] = "Delay Node Switch Info:";
	struct lines lines = {text, text + len};
	struct nodefile_shaper first, row;
	bool inside = false, half = false;
	struct field line;

	while (next_line(&lines, &line)) {
		if (is(&line, title)) {
			inside = true;
			continue;
		}
		if (!inside || !report_row(&line, &row)) {
			/* an empty line ends the section */
			inside = inside && line.len > 0;
			half = false;
			continue;
		}
		if (half && strcmp(first.link, row.link) == 0 &&
			strcmp(first.node, row.node) == 0) {
			memcpy(first.vnode[1], row.vnode[0],
				sizeof(first.vnode[1]));
			first.port[1] = row.port[0];
			MEM_PUSH(ret->items, ret->n, ret->cap) = first;
			half = false;
		} else {
			first = row;
			first.shapes = true;
			half = true;
		}
	}
}

void nodefile_shapers_release(struct nodefile_shapers *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}
