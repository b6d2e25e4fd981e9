/* What must be the same before and after a change. */
#include "testbed/change.h"
#include "base/mem.h"
#include "base/sort.h"
#include "testbed/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void change_view_release(struct change_view *v)
{
	value_free(v->mapping);
	value_free(v->links);
	*v = (struct change_view){0};
}

int change_view(struct client *c, const struct client_exp *e,
	struct change_view *ret, struct err *err)
{
	int r = client_info(c, e, "mapping", &ret->mapping, err);

	if (r < 0)
		return r;
	r = client_info(c, e, "links", &ret->links, err);
	if (r == -NFZ_E_FAULT) {
		/* a member without address: it trips over that */
		err_clear(err);
		ret->links = NULL;
		r = 0;
	}
	return r;
}

static const char *text_of(const struct value *v, const char *name)
{
	const char *s = v ? value_get_text(v, name) : NULL;

	return s ? s : "";
}

/* Not the user's: shapers, which the testbed numbers as it likes, and ours. */
static bool is_extra(const struct change_view *v, size_t i)
{
	const struct value *m = v->mapping;

	return strcmp(text_of(m->items[i], "erole"), "delaynode") == 0 ||
	       (v->ours && strcmp(m->names[i], v->ours) == 0);
}

static size_t compare_nodes(
	const struct change_view *v, const struct value *after, struct buf *out)
{
	const struct value *before = v->mapping;
	size_t n = 0;

	for (size_t i = 0; i < before->n; i++) {
		const char *name = before->names[i];
		const struct value *now = value_get(after, name);
		const char *was = text_of(before->items[i], "pnode");
		const char *is = text_of(now, "pnode");

		if (is_extra(v, i) || strcmp(was, is) == 0)
			continue;
		n++;
		if (*is)
			buf_addf(out, "%s was on %s and is on %s\n", name, was,
				is);
		else
			buf_addf(out, "%s (%s) is gone\n", name, was);
	}
	return n;
}

static size_t compare_addresses(
	const struct value *before, const struct value *after, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < before->n; i++) {
		const struct value *now = value_get(after, before->names[i]);
		const char *was = text_of(before->items[i], "ipaddr");
		const char *is = text_of(now, "ipaddr");

		if (strcmp(was, is) == 0 &&
			strcmp(text_of(before->items[i], "mask"),
				text_of(now, "mask")) == 0)
			continue;
		n++;
		buf_addf(out, "%s on %s had %s and has %s\n", before->names[i],
			text_of(before->items[i], "name"), was,
			*is ? is : "none");
	}
	return n;
}

size_t change_compare(const struct change_view *before,
	const struct change_view *after, struct buf *out)
{
	size_t n = compare_nodes(before, after->mapping, out);

	if (before->links && after->links)
		n += compare_addresses(before->links, after->links, out);
	return n;
}

void change_machines(const struct change_view *v, struct buf *out)
{
	const struct value *m = v->mapping;
	char **lines;

	if (!m)
		return;
	lines = mem_zalloc(m->n + 1, sizeof(*lines));

	for (size_t i = 0; i < m->n; i++)
		lines[i] = mem_printf("%s %s %s", m->names[i],
			text_of(m->items[i], "node"),
			text_of(m->items[i], "erole"));
	sort_texts(lines, m->n);
	for (size_t i = 0; i < m->n; i++) {
		buf_addf(out, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
}

/* ---- images ---- */

/* Does the site say that it is a Linux?  Where it says nothing, its name
 * must do. */
static bool is_linux(const struct value *images, const char *name)
{
	const struct value *row = images ? value_get(images, name) : NULL;
	const char *os = text_of(row, "OS");

	if (!*name)
		return false;
	if (!*os)
		return !import_os_unusable(name);
	return strcmp(os, "Linux") == 0 || strcmp(os, "Fedora") == 0;
}

/* The image most nodes of a role have, if it is a Linux. */
static void most_used(const struct value *mapping, const char *role,
	const struct value *images, char ret[static 64])
{
	size_t best = 0;

	for (size_t i = 0; i < mapping->n; i++) {
		const char *os = text_of(mapping->items[i], "osid");
		size_t n = 0;

		if (strcmp(text_of(mapping->items[i], "erole"), role) != 0 ||
			!is_linux(images, os) || strlen(os) >= 64)
			continue;
		for (size_t k = 0; k < mapping->n; k++)
			n += strcmp(text_of(mapping->items[k], "osid"), os) ==
			     0;
		if (n > best) {
			best = n;
			snprintf(ret, 64, "%s", os);
		}
	}
}

/* The first of the site's, in the order of names, that is made for it. */
static void first_image(
	const struct value *images, const char *word, char ret[static 64])
{
	for (size_t i = 0; images && i < images->n; i++) {
		const char *name = images->names[i];

		if (strstr(name, word) && is_linux(images, name) &&
			strlen(name) < 64 && (!ret[0] || strcmp(name, ret) < 0))
			snprintf(ret, 64, "%s", name);
	}
}

/* Names in a file of Tcl: nothing it would understand. */
static void only_plain(char name[static 64])
{
	for (const char *s = name; *s; s++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+/",
			    *s)) {
			name[0] = '\0';
			return;
		}
}

int change_pick_images(struct client *c, const struct change_view *v,
	struct change_images *ret, struct err *err)
{
	cleanup(value_free_at) struct value *images = NULL;
	int r = client_images(c, &images, err);

	*ret = (struct change_images){0};
	if (r == -NFZ_E_INTERRUPTED)
		return r;
	if (r < 0)
		err_clear(err); /* names must do */
	most_used(v->mapping, "node", images, ret->node);
	most_used(v->mapping, "delaynode", images, ret->delay);
	if (!ret->node[0])
		first_image(images, "-STD", ret->node);
	if (!ret->delay[0])
		first_image(images, "DELAY", ret->delay);
	if (!ret->delay[0])
		snprintf(ret->delay, 64, "%s", ret->node);
	only_plain(ret->node);
	only_plain(ret->delay);
	return 0;
}
