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

static void same_simple(const struct jval *a, const struct jval *b)
{
	const char *text = jval_text(a), *other = jval_text(b);
	int64_t n = 0, m = 0;
	double d = 0, e = 0;
	bool t = false, u = false;

	if (!text != !other || (text && strcmp(text, other) != 0) ||
		jval_int(a, &n) != jval_int(b, &m) || n != m ||
		jval_double(a, &d) != jval_double(b, &e) || d != e ||
		jval_bool(a, &t) != jval_bool(b, &u) || t != u)
		abort();
}

/* What a walk gives, and what the whole has there. */
static void same(const struct jval *piece, const struct jval *whole, int depth)
{
	if (!piece != !whole || jval_count(piece) != jval_count(whole) ||
		jval_is_object(piece) != jval_is_object(whole) ||
		jval_is_array(piece) != jval_is_array(whole))
		abort();
	same_simple(piece, whole);
	if (depth == DEPTH_MAX)
		return;
	for (size_t i = 0; jval_is_array(whole) && i < jval_count(whole); i++)
		same(jval_at(piece, i), jval_at(whole, i), depth + 1);
	if (jval_is_object(whole))
		for (void *at = jval_first(whole); at;
			at = jval_next(whole, at))
			same(jval_get(piece, jval_key(at)), jval_member(at),
				depth + 1);
}

/* The list is walked to its end; false: it is no JSON. */
static bool walk_list(struct jlist *l, const struct jval *whole)
{
	struct err err;
	size_t n = 0;
	int more;

	for (;; n++) {
		struct jval *v = NULL;

		more = jlist_next(l, &v, &err);
		if (more <= 0)
			break;
		if (whole)
			same(v, jval_at(whole, n), 0);
		jval_free(v);
	}
	if (more == 0 && (n != l->count || (whole && n != jval_count(whole))))
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
