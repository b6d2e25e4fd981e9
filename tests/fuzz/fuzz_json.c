/* Any text as JSON: what is accepted is walked, each value's line lies inside
 * the text and never before its parent's, and what is written again is read
 * again to the same.  Read in pieces it is accepted or refused as well. */
#include "format/json.h"
#include "format/jsonw.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	DEPTH_MAX = JSONW_DEPTH_MAX - 1,
	TOO_DEEP = 2048 /* levels; those of a piece are counted from it */
};

struct walk {
	const char *text;
	size_t len;
	long lines;
	struct jval_step path[DEPTH_MAX];
	int budget; /* values whose lines are looked up */
};

static void find_line(struct walk *w, size_t depth)
{
	long line;

	if (w->budget-- <= 0)
		return;
	line = jval_line(w->text, w->len, w->path, depth);
	if (line < 1 || line > w->lines ||
		(depth > 0 &&
			line < jval_line(w->text, w->len, w->path, depth - 1)))
		abort();
}

static void copy_plain(const struct jval *v, struct jsonw *out)
{
	int64_t n;
	double d;
	bool b;

	if (jval_text(v))
		jsonw_string(out, jval_text(v));
	else if (jval_int(v, &n))
		jsonw_int(out, n);
	else if (jval_double(v, &d))
		jsonw_double(out, d);
	else if (jval_bool(v, &b))
		jsonw_bool(out, b);
	else
		jsonw_null(out);
}

static void copy(
	struct walk *w, const struct jval *v, size_t depth, struct jsonw *out)
{
	find_line(w, depth);
	if (depth == DEPTH_MAX)
		jsonw_null(out);
	else if (jval_is_object(v)) {
		jsonw_object(out);
		for (void *at = jval_first(v); at; at = jval_next(v, at)) {
			w->path[depth].key = jval_key(at);
			jsonw_key(out, jval_key(at));
			copy(w, jval_member(at), depth + 1, out);
		}
		jsonw_end(out);
	} else if (jval_is_array(v)) {
		jsonw_array(out);
		for (size_t i = 0; i < jval_count(v); i++) {
			w->path[depth] = (struct jval_step){NULL, i};
			copy(w, jval_at(v, i), depth + 1, out);
		}
		jsonw_end(out);
	} else
		copy_plain(v, out);
}

static bool rewrite(const char *text, size_t len, struct buf *to)
{
	struct walk w = {.text = text, .len = len, .lines = 1, .budget = 64};
	struct jval *root = NULL;
	struct jsonw out;
	struct err err;

	if (jval_parse(text, len, "fuzz", &root, &err) < 0)
		return false;
	for (size_t i = 0; i < len; i++)
		w.lines += text[i] == '\n';
	jsonw_init(&out, to, JSONW_INDENT);
	copy(&w, root, 0, &out);
	jval_free(root);
	return true;
}

/* The list is walked to its end; false: it is no JSON. */
static bool walk_list(struct jlist *l, const struct jval *same)
{
	struct err err;
	size_t n = 0;
	int more;

	for (;; n++) {
		struct jval *v = NULL;

		more = jlist_next(l, &v, &err);
		if (more <= 0)
			break;
		if (same && jval_count(v) != jval_count(jval_at(same, n)))
			abort();
		jval_free(v);
	}
	if (more == 0 && (n != l->count || (same && n != jval_count(same))))
		abort();
	return more == 0;
}

static void compare_pieces(const char *text, size_t len)
{
	struct jlist lists[] = {{.key = "a"}, {.key = "b"}};
	struct jdoc doc = {text, "fuzz", len, lists, 2, NULL};
	struct jval *whole = NULL;
	struct err err;
	bool good = jval_parse(text, len, "fuzz", &whole, &err) == 0;
	bool pieces = jdoc_parse(&doc, &err) == 0;

	for (size_t i = 0; i < 2 && pieces; i++) {
		const struct jval *same = jval_get(whole, lists[i].key);

		if (jval_is_array(same) != (lists[i].at != NULL) && good)
			abort();
		pieces = walk_list(&lists[i], lists[i].at ? same : NULL);
	}
	if (good != pieces && (good || len < TOO_DEEP))
		abort();
	jval_free(doc.root);
	jval_free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = BUF_INIT(64 << 20), twice = BUF_INIT(64 << 20);

	if (rewrite((const char *)data, size, &once)) {
		if (!rewrite(buf_str(&once), once.len, &twice) ||
			once.len != twice.len ||
			memcmp(once.data, twice.data, once.len) != 0)
			abort();
	}
	compare_pieces((const char *)data, size);
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
