/* Members of a row are joined by "and", rows by "or".  Where all rows have one
 * and the same member, they become one list, which is looked up faster. */
#include "cli/among.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/map.h"
#include "base/mem.h"
#include "format/json.h"
#include "store/filter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { INPUT_MAX = 64 << 20, TERM_MAX = 512 };

struct member {
	const char *name, *words; /* as the filter has them */
	bool number;
};

static const struct member members[] = {{"src", "src host", false},
	{"dst", "dst host", false}, {"src_net", "src net", false},
	{"dst_net", "dst net", false}, {"sport", "src port", true},
	{"dport", "dst port", true}, {"proto", "proto", true},
	{"link", "link", false}, {"node", "node", false},
	{"src_node", "src node", false}, {"dst_node", "dst node", false},
	{"vlan", "src vlan", true}, {"out_vlan", "dst vlan", true},
	{"in_if", "in if", true}, {"out_if", "out if", true},
	{"src_as", "src as", true}, {"dst_as", "dst as", true},
	{"next_hop", "next host", false}, {"src_mac", "src mac", false},
	{"dst_mac", "dst mac", false}, {"mpls", "mpls", true}};
enum { MEMBERS = sizeof(members) / sizeof(*members) };

/* Rows as terms, each once. */
struct among {
	struct map terms;
	const struct member *only; /* the member that all rows have, alone */
	bool mixed;
};

/* A word of ours that ends no filter early. */
static bool is_word(const char *text)
{
	return *text && !text[strcspn(text, " \t\r\n()[]!&|<>=\"'")];
}

static bool value_of(
	const struct member *m, const struct jval *row, char text[TERM_MAX])
{
	const struct jval *v = jval_get(row, m->name);
	const char *word = jval_text(v);
	int64_t number;

	if (m->number && jval_int(v, &number) && number >= 0)
		snprintf(text, TERM_MAX, "%" PRId64, number);
	else if (!m->number && word && is_word(word) && strlen(word) < 256)
		snprintf(text, TERM_MAX, "%s", word);
	else
		return false;
	return true;
}

static void add_row(struct among *a, const struct jval *row)
{
	struct buf term = BUF_INIT(MEMBERS * TERM_MAX);
	const struct member *last = NULL;
	char value[TERM_MAX], only[TERM_MAX];
	size_t n = 0;

	for (size_t i = 0; i < MEMBERS; i++) {
		if (!value_of(&members[i], row, value))
			continue;
		buf_addf(&term, "%s%s %s", n ? " and " : "", members[i].words,
			value);
		memcpy(only, value, sizeof(only));
		last = &members[i];
		n++;
	}
	if (n && (n > 1 || (a->only && a->only != last)))
		a->mixed = true;
	if (n) {
		a->only = last;
		if (!map_has(&a->terms, term.data, term.len))
			map_put(&a->terms, term.data, term.len,
				n == 1 ? mem_strdup(only) : NULL);
	}
	buf_release(&term);
}

/* Only these take a list. */
static bool takes_list(const struct member *m)
{
	return strcmp(m->words, "proto") != 0 && strcmp(m->words, "link") != 0;
}

static void print(const struct among *a, struct buf *out)
{
	const bool list = !a->mixed && a->only && takes_list(a->only);
	const struct map_entry *e;
	const char *between = "";

	if (!a->terms.n) {
		buf_adds(out, "not any");
		return;
	}
	if (list)
		buf_addf(out, "%s in [", a->only->words);
	for (size_t i = 0; (e = map_next(&a->terms, &i)); between = " or ")
		if (list)
			buf_addf(out, " %s", (const char *)e->value);
		else
			buf_addf(out, "%s(%s)", between, e->key);
	if (list)
		buf_adds(out, " ]");
}

static int read_rows(struct among *a, const char *text, size_t len,
	const char *name, struct err *err)
{
	struct lines lines = lines_over(text, len);
	struct span line;
	int r = 0;

	while (r == 0 && lines_next(&lines, &line)) {
		cleanup(jval_free_at) struct jval *row = NULL;

		if (line.n)
			r = jval_parse(line.s, line.n, name, &row, err);
		if (r == 0 && row)
			add_row(a, row);
	}
	return r;
}

int among_read(const char *path, struct buf *out, struct err *err)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	struct buf text = BUF_INIT(INPUT_MAX);
	struct among a = {.only = NULL};
	const struct map_entry *e;
	const size_t before = out->len;
	int r = file_read_named(path, "the file of --among", &text, err);

	map_init(&a.terms);
	if (r == 0)
		r = read_rows(&a, buf_str(&text), text.len, name, err);
	if (r == 0)
		print(&a, out);
	if (r == 0 && out->len - before > FILTER_TEXT_MAX) {
		err_set(err, NFZ_E_LIMIT,
			"%s: too many rows for a filter of %d bytes", name,
			FILTER_TEXT_MAX);
		r = err_hint(err, "Take the first ones only (-n), or group "
				  "them by src/24.");
	}
	for (size_t i = 0; (e = map_next(&a.terms, &i));)
		free(e->value);
	map_release(&a.terms);
	buf_release(&text);
	return r;
}
