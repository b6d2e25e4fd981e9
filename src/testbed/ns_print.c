/* What the testbed's parser makes of an NS file, as JSON.
 *
 * Everything printed comes from the rows, never from the parsed numbers: the
 * spelling of a value ("25.0" or "25") is part of the answer. */
#include "base/buf.h"
#include "base/mem.h"
#include "format/jsonw.h"
#include "testbed/ns.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_MESSAGES = 12 };

static const char *const lan_columns[] = {"bandwidth", "delay", "emulated",
	"ip", "lossrate", "mask", "member", "mustdelay", "q_gentle", "q_limit",
	"q_red", "rbandwidth", "rdelay", "rlossrate", "trace_endnode",
	"trace_expr", "trace_type", "traced", "uselinkdelay"};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line that says something: trimmed, not a "***" heading. */
static bool next_message(const char **at, const char **ret, size_t *ret_len)
{
	while (**at) {
		const char *line = *at;
		size_t len = strcspn(line, "\n");

		*at += len + (line[len] == '\n');
		while (len && is_blank(*line))
			line++, len--;
		while (len && is_blank(line[len - 1]))
			len--;
		if (len == 0 || (len >= 3 && memcmp(line, "***", 3) == 0))
			continue;
		*ret = line;
		*ret_len = len;
		return true;
	}
	return false;
}

static void print_messages(struct jsonw *w, const char *messages)
{
	const char *line;
	size_t len;

	jsonw_key(w, "messages");
	jsonw_array(w);
	for (int n = 0; n < MAX_MESSAGES; n++) {
		if (!next_message(&messages, &line, &len))
			break;
		jsonw_string_n(w, line, len);
	}
	jsonw_end(w);
}

static int by_name(const void *a, const void *b)
{
	const struct ns_row *const *x = a, *const *y = b;

	return strcmp(ns_row_get(*x, "vname"), ns_row_get(*y, "vname"));
}

static int by_table(const void *a, const void *b)
{
	const struct ns_row *const *x = a, *const *y = b;

	return strcmp((*x)->table, (*y)->table);
}

/* The rows of one table (NULL: of all), in their order; free() the array. */
static const struct ns_row **rows_of(
	const struct ns_experiment *e, const char *table, size_t *ret_n)
{
	const struct ns_row **rows = mem_zalloc(e->n_rows + 1, sizeof(*rows));
	size_t n = 0;

	for (size_t i = 0; i < e->n_rows; i++) {
		if (table && (strcmp(e->rows[i].table, table) != 0 ||
				     !ns_row_get(&e->rows[i], "vname")))
			continue;
		rows[n++] = &e->rows[i];
	}
	*ret_n = n;
	return rows;
}

static const char *column(const struct ns_row *row, const char *name)
{
	const char *s = ns_row_get(row, name);

	return s ? s : "";
}

static void print_member(struct jsonw *w, const struct ns_row *row)
{
	jsonw_object(w);
	for (size_t i = 0; i < sizeof(lan_columns) / sizeof(char *); i++)
		jsonw_put(w, lan_columns[i], column(row, lan_columns[i]));
	jsonw_end(w);
}

/* Members stay in their order, so each lan's rows are gone through by name. */
static void print_lans(struct jsonw *w, const struct ns_experiment *e)
{
	size_t n_lans, n;
	const struct ns_row **lans cleanup_free =
		rows_of(e, "virt_lan_lans", &n_lans);
	const struct ns_row **members cleanup_free =
		rows_of(e, "virt_lans", &n);

	qsort(lans, n_lans, sizeof(*lans), by_name);
	jsonw_key(w, "lans");
	jsonw_object(w);
	for (size_t i = 0; i < n_lans; i++) {
		const char *name = ns_row_get(lans[i], "vname");

		jsonw_key(w, name);
		jsonw_array(w);
		for (size_t j = 0; j < n; j++) {
			if (strcmp(column(members[j], "vname"), name) == 0)
				print_member(w, members[j]);
		}
		jsonw_end(w);
	}
	jsonw_end(w);
}

static int by_port(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* "0:10.1.1.2 1:10.1.2.4" */
static void print_ips(struct jsonw *w, const char *ips)
{
	char *copy cleanup_free = mem_strdup(ips);
	const char **items cleanup_free =
		mem_zalloc(strlen(ips) / 2 + 1, sizeof(char *));
	size_t n = 0;

	for (char *at = copy, *item; (item = strsep(&at, " "));) {
		if (strchr(item, ':'))
			items[n++] = item;
	}
	for (size_t i = 0; i < n; i++)
		*strchr(items[i], ':') = '\0';
	qsort(items, n, sizeof(*items), by_port);
	jsonw_key(w, "ips");
	jsonw_object(w);
	for (size_t i = 0; i < n; i++)
		jsonw_put(w, items[i], items[i] + strlen(items[i]) + 1);
	jsonw_end(w);
}

static void print_nodes(struct jsonw *w, const struct ns_experiment *e)
{
	size_t n;
	const struct ns_row **rows cleanup_free = rows_of(e, "virt_nodes", &n);

	qsort(rows, n, sizeof(*rows), by_name);
	jsonw_key(w, "nodes");
	jsonw_object(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_key(w, ns_row_get(rows[i], "vname"));
		jsonw_object(w);
		jsonw_put(w, "fixed", column(rows[i], "fixed"));
		print_ips(w, column(rows[i], "ips"));
		jsonw_put(w, "os", column(rows[i], "osname"));
		jsonw_put(w, "routing", column(rows[i], "routertype"));
		jsonw_put(w, "startcmd", column(rows[i], "startupcmd"));
		jsonw_put(w, "type", column(rows[i], "type"));
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_others(struct jsonw *w, const struct ns_experiment *e)
{
	size_t n;
	const struct ns_row **rows cleanup_free = rows_of(e, NULL, &n);

	qsort(rows, n, sizeof(*rows), by_table);
	jsonw_key(w, "other_tables");
	jsonw_object(w);
	for (size_t i = 0, next; i < n; i = next) {
		const char *table = rows[i]->table;

		for (next = i; next < n && !strcmp(rows[next]->table, table);)
			next++;
		if (strcmp(table, "virt_nodes") && strcmp(table, "virt_lans"))
			jsonw_put_uint(w, table, next - i);
	}
	jsonw_end(w);
}

int ns_print(const char *text, size_t len, const char *name,
	const struct ns_limits *limits, struct buf *out, struct err *err)
{
	static const struct ns_limits site = {.default_os = "FBSD-STD"};
	struct ns_experiment *e cleanup(ns_free_at) = NULL;
	char *messages cleanup_free = NULL;
	struct jsonw w;
	int code = ns_evaluate(
		text, len, name, limits ? limits : &site, &e, &messages, err);

	if (code < 0 && code != -NFZ_E_NS)
		return code;
	jsonw_init(&w, out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put_int(&w, "exit", code < 0);
	if (code == 0)
		print_lans(&w, e);
	print_messages(&w, messages ? messages : "");
	if (code == 0) {
		print_nodes(&w, e);
		print_others(&w, e);
	}
	jsonw_end(&w);
	return code;
}
