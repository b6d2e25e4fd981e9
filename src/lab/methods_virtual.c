/* The virtual topology, as values and as an XML text.
 *
 * The structure of the XML text is the converter's of 2011: one element a
 * table, one a row, NULL as __NULL__, rows' members in any order. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "format/xml_escape.h"
#include "lab/dispatch.h"
#include "lab/pyrepr.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>

enum { XML_MAX = 32 << 20 };

/* Is the tag in this selection?  A string is searched for the tag as a part of
 * it, as Python's `in` does. */
static bool selected(const struct value *selection, const char *tag)
{
	if (selection->kind == VALUE_STRING)
		return strstr(selection->text, tag) != NULL;
	for (size_t i = 0; i < selection->n; i++) {
		const struct value *v = selection->kind == VALUE_ARRAY
						? selection->items[i]
						: NULL;

		if (v && v->kind == VALUE_STRING && strcmp(v->text, tag) == 0)
			return true;
		if (selection->kind == VALUE_STRUCT &&
			strcmp(selection->names[i], tag) == 0)
			return true;
	}
	return false;
}

static struct value *settings(
	const struct lab_call *c, const struct lab_experiment *e)
{
	struct value *row = row_experiment(c->site, e);

	row_blank(row);
	return row;
}

static void virtual_topology(struct lab_call *c, struct lab_experiment *e)
{
	const struct value *wanted = call_arg(c, "tables");
	const struct value *exclude = call_arg(c, "exclude");
	struct value *all = value_new(VALUE_STRUCT);
	struct value *outer = value_new(VALUE_STRUCT), *list;
	struct value *tables = rows_tables();

	value_set(all, "settings", settings(c, e));
	for (size_t i = 0; i < tables->n; i++) {
		const char *tag = tables->items[i]->text;
		struct value *rows;

		if (strcmp(tag, "experiment") == 0 ||
			(wanted && !selected(wanted, tag)) ||
			(exclude && selected(exclude, tag)))
			continue;
		rows = rows_table(c->site, e, tag);
		for (size_t k = 0; k < rows->n; k++)
			row_blank(rows->items[k]);
		value_set(all, tag, rows);
	}
	value_free(tables);
	pydict_order(all);
	value_set(outer, "experiment", all);
	list = value_new(VALUE_ARRAY);
	value_append(list, outer);
	call_ok(c, list);
}

/* The XML text's elements for a table and one of its rows. */
static const struct {
	const char *tag, *table, *row;
} elements[] = {{"lan_lans", "lans", "lan"}, {"nodes", "nodes", "node"},
	{"event_groups", "event_groups", "event_group"},
	{"lans", "lan_members", "lan_member"}, {"agents", "agents", "agent"},
	{"lan_settings", "lan_settings", "lan_setting"},
	{"lan_member_settings", "lan_member_settings", "lan_member_setting"},
	{"trafgens", "trafgens", "trafgen"},
	{"node_desires", "node_desires", "node_desire"},
	{"routes", "routes", "route"}, {"vtypes", "vtypes", "vtype"},
	{"programs", "programs", "program"},
	{"user_environment", "user_environment", "user_environment"},
	{"events", "events", "event"}};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* As the database prints it: decimals have fixed places. */
static void add_xml_value(
	const char *name, const struct value *v, struct buf *out)
{
	switch (v->kind) {
	case VALUE_INT:
		buf_addf(out, "%lld", (long long)v->integer);
		break;
	case VALUE_DOUBLE:
		buf_addf(out,
			ends_with(name, "delay")      ? "%.2f"
			: ends_with(name, "lossrate") ? "%.8f"
						      : "%g",
			v->number);
		break;
	case VALUE_STRING:
		xml_escape(out, v->text, strlen(v->text), XML_ATTRIBUTE);
		break;
	case VALUE_TIME: /* 20111102T14:05:09 */
		buf_addf(out, "%.4s-%.2s-%.2s %s", v->text, v->text + 4,
			v->text + 6, v->text + 9);
		break;
	case VALUE_NIL:
	case VALUE_BOOL:
	case VALUE_BASE64:
	case VALUE_ARRAY:
	case VALUE_STRUCT:
		buf_adds(out, "__NULL__");
		break;
	}
}

static void add_xml_row(const struct value *row, struct buf *out)
{
	for (size_t i = 0; i < row->n; i++) {
		const struct value *v = row->items[i];

		if (v->kind == VALUE_STRING && v->text_len == 0) {
			buf_addf(out, "<%s/>", row->names[i]);
			continue;
		}
		buf_addf(out, "<%s>", row->names[i]);
		add_xml_value(row->names[i], v, out);
		buf_addf(out, "</%s>", row->names[i]);
	}
}

static void add_xml_table(const struct value *rows, const char *table,
	const char *row, struct buf *out)
{
	if (rows->n == 0)
		return;
	buf_addf(out, " <%s>\n", table);
	for (size_t i = 0; i < rows->n; i++) {
		buf_addf(out, "  <%s>\n   ", row);
		add_xml_row(rows->items[i], out);
		buf_addf(out, "\n  </%s>\n", row);
	}
	buf_addf(out, " </%s>\n", table);
}

static void virtual_topology_xml(struct lab_call *c, struct lab_experiment *e)
{
	struct buf out cleanup(buf_release) = BUF_INIT(XML_MAX);
	struct value *row = row_experiment(c->site, e);

	buf_adds(&out, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n");
	buf_addf(&out, "<experiment pid='%s' eid='%s'>\n <settings>\n  ",
		e->pid, e->eid);
	add_xml_row(row, &out);
	buf_adds(&out, " </settings>\n");
	value_free(row);
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		struct value *rows = rows_table(c->site, e, elements[i].tag);

		add_xml_table(rows, elements[i].table, elements[i].row, &out);
		value_free(rows);
	}
	buf_adds(&out, "</experiment>\n");
	call_ok(c, value_string(buf_str(&out)));
}

const struct call_method methods_virtual[] = {
	{"experiment", "virtual_topology",
		CALL_VERSION | CALL_CHARS_ARGS | CALL_PERM, "proj exp",
		virtual_topology},
	{"experiment", "virtual_topology_xml",
		CALL_VERSION | CALL_CHARS_ARGS | CALL_PERM, "proj exp",
		virtual_topology_xml},
	{0}};
