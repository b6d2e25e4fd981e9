/* Parsers of node files and of the testbed's text report.  Everything is split
 * at white space, as columns overflow; a field too long for its place makes
 * the line one to pass over, never a cut name. */
#include "testbed/nodefile.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/net.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_MAX = 128, FIELDS_MAX = 64 };

static size_t split(const struct span *line, struct span *fields)
{
	const char *s = line->s, *end = line->s + line->n;
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
		fields[n++] = (struct span){from, (size_t)(s - from)};
	}
	return n;
}

static bool copy(const struct span *f, char *to, size_t size)
{
	if (f->n >= size)
		return false;
	memcpy(to, f->s, f->n);
	to[f->n] = '\0';
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

static bool copy_name(const struct span *f, char *to, bool of_link)
{
	return copy(f, to, NODEFILE_NAME_MAX) &&
	       nodefile_name_valid(to, of_link);
}

static bool copy_iface(const struct span *f, char *to)
{
	if (!f->n || !copy(f, to, NODEFILE_IFACE_MAX))
		return false;
	for (const char *s = to; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("-_.:", *s))
			return false;
	return true;
}

static bool copy_mac(const struct span *f, uint8_t mac[static 6])
{
	char text[FIELD_MAX];

	return copy(f, text, sizeof(text)) && net_mac_parse(text, mac);
}

static bool copy_addr(const struct span *f, struct net_addr *ret)
{
	char text[FIELD_MAX];

	return copy(f, text, sizeof(text)) && net_addr_parse(text, ret);
}

/* OSIFACE IP MAC, the IP perhaps missing. */
void nodefile_ifmap(const char *text, size_t len, struct nodefile_ifaces *ret)
{
	struct lines lines = lines_over(text, len);
	struct span line, f[FIELDS_MAX];

	while (lines_next(&lines, &line)) {
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
	struct lines lines = lines_over(text, len);
	struct span line, f[FIELDS_MAX];

	while (lines_next(&lines, &line)) {
		struct nodefile_shaper s = {.shapes = true};

		if (split(&line, f) == 8 && span_is(f[1], "duplex") &&
			copy_name(&f[0], s.link, true) &&
			copy_name(&f[2], s.vnode[0], false) &&
			copy_name(&f[3], s.vnode[1], false) &&
			copy_iface(&f[4], s.port[0].os_name) &&
			copy_iface(&f[5], s.port[1].os_name))
			MEM_PUSH(ret->items, ret->n, ret->cap) = s;
	}
}

/* The value of KEY=value among the fields. */
static struct span value_of(const struct span *f, size_t n, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < n; i++)
		if (f[i].n > len && memcmp(f[i].s, key, len) == 0 &&
			f[i].s[len] == '=')
			return (struct span){
				f[i].s + len + 1, f[i].n - len - 1};
	return (struct span){"", 0};
}

void nodefile_tmcc_delay(
	const char *text, size_t len, struct nodefile_shapers *ret)
{
	struct lines lines = lines_over(text, len);
	struct span line, f[FIELDS_MAX];

	while (lines_next(&lines, &line)) {
		struct nodefile_shaper s = {0};
		size_t n = split(&line, f);
		struct span link = value_of(f, n, "LINKNAME");
		struct span vnode0 = value_of(f, n, "VNODE0");
		struct span vnode1 = value_of(f, n, "VNODE1");
		struct span mac0 = value_of(f, n, "INT0");
		struct span mac1 = value_of(f, n, "INT1");
		struct span noshaping = value_of(f, n, "NOSHAPING");

		if (!n || !span_is(f[0], "DELAY") ||
			!copy_name(&link, s.link, true) ||
			!copy_name(&vnode0, s.vnode[0], false) ||
			!copy_name(&vnode1, s.vnode[1], false) ||
			!copy_mac(&mac0, s.port[0].mac) ||
			!copy_mac(&mac1, s.port[1].mac))
			continue;
		s.port[0].has_mac = s.port[1].has_mac = true;
		s.shapes = !span_is(noshaping, "1");
		MEM_PUSH(ret->items, ret->n, ret->cap) = s;
	}
}

/* ID Member DelayNode Card/Port Iface Switch Card/Port; two rows a shaper. */
static bool report_row(const struct span *line, struct nodefile_shaper *row)
{
	struct span f[FIELDS_MAX];
	size_t n = split(line, f);

	memset(row, 0, sizeof(*row));
	return n >= 5 && memchr(f[3].s, '/', f[3].n) &&
	       copy_name(&f[0], row->link, true) &&
	       copy_name(&f[1], row->vnode[0], false) &&
	       copy_name(&f[2], row->node, false) &&
	       copy_iface(&f[4], row->port[0].name);
}

void nodefile_report(const char *text, size_t len, struct nodefile_shapers *ret)
{
	static const char title[] = "Delay Node Switch Info:";
	struct lines lines = lines_over(text, len);
	struct nodefile_shaper first, row;
	bool inside = false, half = false;
	struct span line;

	while (lines_next(&lines, &line)) {
		if (span_is(line, title)) {
			inside = true;
			continue;
		}
		if (!inside || !report_row(&line, &row)) {
			/* an empty line ends the section */
			inside = inside && line.n > 0;
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
