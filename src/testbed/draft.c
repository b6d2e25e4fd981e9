/* The draft owns the topology until draft_finish() gives it away.  Indices are
 * always in range here, and names unique, so that topology_add_*() has nothing
 * left to refuse but what the caller ought to hear of. */
#include "testbed/draft.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "topology/topofile.h"

#include <stdio.h>
#include <string.h>

enum { WARNINGS_MAX = 20 };

void draft_open(struct draft *d, const struct draft_text *from,
	const char *source, struct err *err)
{
	memset(d, 0, sizeof(*d));
	d->t = topology_new();
	d->from = from;
	d->err = err ? err : &d->own_err;
	map_init(&d->ids);
	map_init(&d->node_next);
	map_init(&d->link_next);
	d->t->source = arena_strdup(&d->t->arena, source);
}

void draft_release(struct draft *d)
{
	topology_free(d->t);
	d->t = NULL;
	arena_release(&d->scratch);
	map_release(&d->ids);
	map_release(&d->node_next);
	map_release(&d->link_next);
}

static void warn_loops(struct draft *d)
{
	if (d->n_loops == 1)
		draft_warn(d, d->loop_line,
			"a link from a node to itself was left out");
	else if (d->n_loops)
		draft_warn(d, d->loop_line,
			"this and %zu more links from a node to itself were "
			"left out",
			d->n_loops - 1);
}

/* Puts "NAME:LINE: " before the error made last. */
static int draft_located(struct draft *d, long line)
{
	if (line)
		return err_wrap(d->err, "%s:%ld", d->from->name, line);
	return err_wrap(d->err, "%s", d->from->name);
}

int draft_finish(struct draft *d, struct topology **ret)
{
	if (!d->t->n_nodes && !d->may_be_empty)
		return draft_fail(d, 0, "holds no node");
	if (d->t->n_nodes >= NAMEINDEX_MAX || d->t->n_links >= NAMEINDEX_MAX) {
		err_set(d->err, NFZ_E_LIMIT, "more than %d nodes or links",
			NAMEINDEX_MAX - 1);
		return draft_located(d, 0);
	}
	warn_loops(d);
	if (d->n_warnings > WARNINGS_MAX && d->from->warnings)
		buf_addf(d->from->warnings, "%s: %zu more of the same kind\n",
			d->from->name, d->n_warnings - WARNINGS_MAX);
	topology_finish(d->t);
	*ret = take(d->t);
	return 0;
}

/* Messages. */

int draft_fail(struct draft *d, long line, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(d->err, NFZ_E_INPUT, "%s", text);
	return draft_located(d, line);
}

void draft_warn(struct draft *d, long line, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	if (d->n_warnings++ >= WARNINGS_MAX || !d->from->warnings)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_disarm(text);
	buf_adds(d->from->warnings, d->from->name);
	if (line)
		buf_addf(d->from->warnings, ":%ld", line);
	buf_addf(d->from->warnings, ": %s\n", text);
}

/* Names. */

void draft_clean(struct span raw, struct buf *out)
{
	const char *s = raw.s;
	size_t left = raw.n, start = out->len;
	bool gap = false;

	while (left) {
		size_t len = utf8_length(s, left), take = len ? len : 1;

		if (len && (*s == ' ' || utf8_is_control(s, len))) {
			gap = out->len > start;
		} else {
			size_t room = TOPOFILE_NAME_MAX - (out->len - start);

			if (room < take + (gap ? 1u : 0u))
				return;
			if (gap)
				buf_addc(out, ' ');
			gap = false;
			if (len)
				buf_add(out, s, len);
			else
				buf_addc(out, '?');
		}
		s += take;
		left -= take;
	}
}

static bool is_taken(const struct draft *d, bool link, const char *name)
{
	return (link ? topology_link_exact(d->t, name)
		     : topology_node_exact(d->t, name)) >= 0;
}

/* "x", or "x#2" if it is taken.  `next` remembers where to go on, so that a
 * thousand of one name cost a thousand steps. */
static void unique(struct draft *d, bool link, struct buf *name)
{
	struct map *next = link ? &d->link_next : &d->node_next;
	size_t len = name->len;
	char number[32];
	uintptr_t k;

	if (!is_taken(d, link, buf_str(name)))
		return;
	if (len > TOPOFILE_NAME_MAX - sizeof(number)) {
		len = TOPOFILE_NAME_MAX - sizeof(number);
		while (len && ((unsigned char)name->data[len] & 0xc0) == 0x80)
			len--;
	}
	k = (uintptr_t)map_get(next, name->data, len);
	for (k = k ? k : 2;; k++) {
		struct buf trial = BUF_INIT(TOPOFILE_NAME_MAX);
		bool hit;

		snprintf(number, sizeof(number), "#%zu", (size_t)k);
		buf_add(&trial, name->data, len);
		buf_adds(&trial, number);
		hit = is_taken(d, link, buf_str(&trial));
		buf_release(&trial);
		if (!hit)
			break;
	}
	map_put(next, name->data, len, (void *)(k + 1));
	name->len = len;
	buf_adds(name, number);
}

static void usable_name(const char *raw, const char *instead, struct buf *name)
{
	draft_clean((struct span){raw, raw ? strlen(raw) : 0}, name);
	if (!name->len)
		buf_adds(name, instead);
}

const char *draft_copy(struct draft *d, const char *raw)
{
	struct buf text = BUF_INIT(TOPOFILE_NAME_MAX + 1);
	const char *copy = NULL;

	usable_name(raw, "", &text);
	if (text.len)
		copy = arena_strndup(&d->scratch, text.data, text.len);
	buf_release(&text);
	return copy;
}

/* Most names can be used as they are. */
static bool is_plain(const char *s)
{
	size_t n = 0;

	for (; s && s[n]; n++)
		if (s[n] <= ' ' || s[n] >= 0x7f || n >= TOPOFILE_NAME_MAX)
			return false;
	return n > 0;
}

int draft_node(struct draft *d, const struct topo_node *node)
{
	struct buf name = BUF_INIT(TOPOFILE_NAME_MAX + 1);
	struct topo_node copy = *node;
	int index = 0;

	if (is_plain(node->name) &&
		topology_add_node(d->t, node, &index, NULL) == 0)
		return index;
	usable_name(node->name, "node", &name);
	unique(d, false, &name);
	copy.name = buf_str(&name);
	if (topology_add_node(d->t, &copy, &index, d->err))
		index = 0; /* cannot be: it has a name of its own */
	buf_release(&name);
	return index;
}

int draft_node_id(struct draft *d, long line, struct span id,
	const struct topo_node *node, int *ret)
{
	if (map_has(&d->ids, id.s, id.n))
		return draft_fail(d, line, "a second node has the id \"%.*s\"",
			span_width(id), id.s);
	*ret = draft_node(d, node);
	map_put(&d->ids, id.s, id.n, (void *)((uintptr_t)*ret + 1));
	return 0;
}

int draft_find(const struct draft *d, struct span id)
{
	return (int)(uintptr_t)map_get(&d->ids, id.s, id.n) - 1;
}

int draft_link(struct draft *d, const char *raw, enum link_kind kind)
{
	struct buf name = BUF_INIT(TOPOFILE_NAME_MAX + 1);
	int index = 0;

	if (is_plain(raw) &&
		topology_add_link(d->t, raw, kind, &index, NULL) == 0)
		return index;
	usable_name(raw, "link", &name);
	unique(d, true, &name);
	if (topology_add_link(d->t, buf_str(&name), kind, &index, d->err))
		index = 0; /* cannot be: it has a name of its own */
	buf_release(&name);
	return index;
}
