/* Adapter to libyaml, its only user.
 *
 * The library's events are put together here, not by its own composer: that
 * one lets a value hold itself, and copies nothing we could not bound. */
#include "format/yaml.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"

#include <string.h>

#include <yaml.h>

enum {
	DEPTH_MAX = 64,
	VALUES_MAX = 4 << 20,
	MERGES_MAX = 100,
	MESSAGE_MAX = 200
};

enum yval_kind { SCALAR, LIST, MAP };

struct yval {
	enum yval_kind kind;
	bool plain; /* a scalar without quotes */
	long line;
	const char *text;          /* scalar */
	const struct yval **items; /* list, or values of a map */
	const struct yval **keys;  /* map */
	size_t n, cap, keys_cap;
};

struct ydoc {
	struct arena arena;
	struct yval **all; /* whose arrays are to be freed */
	size_t n_all, all_cap;
	const struct yval *root;
};

struct builder {
	struct ydoc *doc;
	const char *name;
	struct yval *stack[DEPTH_MAX];
	const struct yval *key[DEPTH_MAX]; /* of a map, waiting for a value */
	const char *anchor[DEPTH_MAX];
	size_t depth;
	struct map anchors; /* name -> complete value */
	struct err *err;
};

static int fail(struct builder *b, size_t line, const char *cause)
{
	return err_set(
		b->err, NFZ_E_INPUT, "%s:%zu: %s", b->name, line + 1, cause);
}

static int add(struct builder *b, const struct yval *v)
{
	struct yval *top = b->depth ? b->stack[b->depth - 1] : NULL;

	if (!top) {
		b->doc->root = v;
	} else if (top->kind == LIST) {
		MEM_PUSH(top->items, top->n, top->cap) = v;
	} else if (!b->key[b->depth - 1]) {
		b->key[b->depth - 1] = v;
	} else {
		size_t n = top->n;

		MEM_PUSH(top->keys, n, top->keys_cap) = b->key[b->depth - 1];
		MEM_PUSH(top->items, top->n, top->cap) = v;
		b->key[b->depth - 1] = NULL;
	}
	return 0;
}

static struct yval *new_value(
	struct builder *b, enum yval_kind kind, const yaml_event_t *event)
{
	struct yval *v = arena_alloc(&b->doc->arena, 1, sizeof(*v));

	v->kind = kind;
	v->line = (long)event->start_mark.line + 1;
	MEM_PUSH(b->doc->all, b->doc->n_all, b->doc->all_cap) = v;
	return v;
}

static const char *copy(struct builder *b, const yaml_char_t *s)
{
	return arena_strdup(&b->doc->arena, (const char *)s);
}

static void name_it(struct builder *b, const char *anchor, struct yval *v)
{
	if (anchor)
		map_puts(&b->anchors, anchor, v);
}

static int on_scalar(struct builder *b, const yaml_event_t *e)
{
	struct yval *v = new_value(b, SCALAR, e);

	if (memchr(e->data.scalar.value, '\0', e->data.scalar.length))
		return fail(b, e->start_mark.line, "a NUL character");
	v->text = arena_strndup(&b->doc->arena,
		(const char *)e->data.scalar.value, e->data.scalar.length);
	v->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	name_it(b, copy(b, e->data.scalar.anchor), v);
	return add(b, v);
}

static int on_alias(struct builder *b, const yaml_event_t *e)
{
	const struct yval *v =
		map_gets(&b->anchors, (const char *)e->data.alias.anchor);

	if (!v)
		return fail(b, e->start_mark.line,
			"an alias of nothing that is complete before it");
	return add(b, v);
}

static int on_start(struct builder *b, const yaml_event_t *e)
{
	bool map = e->type == YAML_MAPPING_START_EVENT;
	struct yval *v = new_value(b, map ? MAP : LIST, e);
	const yaml_char_t *anchor = map ? e->data.mapping_start.anchor
					: e->data.sequence_start.anchor;

	if (b->depth == DEPTH_MAX)
		return fail(b, e->start_mark.line, "nested too deep");
	b->anchor[b->depth] = copy(b, anchor);
	b->key[b->depth] = NULL;
	b->stack[b->depth++] = v;
	return 0;
}

static int check_keys(struct builder *b, const struct yval *v)
{
	const struct yval *twice = NULL;
	struct map seen;

	map_init(&seen);
	for (size_t i = 0; i < v->n && !twice; i++) {
		const char *key = v->keys[i]->text;

		if (key && map_puts(&seen, key, b) && strcmp(key, "<<") != 0)
			twice = v->keys[i];
	}
	map_release(&seen);
	return twice ? err_set(b->err, NFZ_E_INPUT,
			       "%s:%ld: \"%.60s\" is given twice", b->name,
			       twice->line, twice->text)
		     : 0;
}

static int on_end(struct builder *b)
{
	struct yval *v = b->stack[--b->depth];
	int rc = v->kind == MAP ? check_keys(b, v) : 0;

	name_it(b, b->anchor[b->depth], v);
	return rc ? rc : add(b, v);
}

/* One event; *done after the first document. */
static int on_event(struct builder *b, const yaml_event_t *e, bool *done)
{
	if (b->doc->n_all > VALUES_MAX)
		return fail(b, e->start_mark.line, "too many values");
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, e);
	case YAML_ALIAS_EVENT:
		return on_alias(b, e);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return on_start(b, e);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(b);
	case YAML_DOCUMENT_END_EVENT:
	case YAML_STREAM_END_EVENT:
		*done = true;
		return 0;
	default:
		return 0;
	}
}

static int run(struct builder *b, yaml_parser_t *parser)
{
	bool done = false;
	int rc = 0;

	while (!rc && !done) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event)) {
			const char *cause = parser->problem;

			return fail(b, parser->problem_mark.line,
				cause ? cause : "not YAML");
		}
		rc = on_event(b, &event, &done);
		yaml_event_delete(&event);
	}
	if (!rc && !b->doc->root)
		rc = fail(b, 0, "the document is empty");
	return rc;
}

int ydoc_parse(const char *text, size_t len, const char *name,
	struct ydoc **ret, struct err *err)
{
	cleanup(ydoc_free_at) struct ydoc *doc = mem_zalloc(1, sizeof(*doc));
	struct builder b = {.doc = doc, .name = name, .err = err};
	yaml_parser_t parser;
	int rc;

	if (!yaml_parser_initialize(&parser))
		return err_set(err, NFZ_E_NOMEM, "out of memory");
	map_init(&b.anchors);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	rc = run(&b, &parser);
	yaml_parser_delete(&parser);
	map_release(&b.anchors);
	if (!rc)
		*ret = take(doc);
	return rc;
}

void ydoc_free(struct ydoc *doc)
{
	if (!doc)
		return;
	for (size_t i = 0; i < doc->n_all; i++) {
		free(doc->all[i]->items);
		free(doc->all[i]->keys);
	}
	free(doc->all);
	arena_release(&doc->arena);
	free(doc);
}

const struct yval *ydoc_root(const struct ydoc *doc)
{
	return doc->root;
}

bool yval_is_map(const struct yval *v)
{
	return v && v->kind == MAP;
}

bool yval_is_list(const struct yval *v)
{
	return v && v->kind == LIST;
}

static const struct yval *own(const struct yval *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (map->keys[i]->text && strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	return NULL;
}

/* left: how many maps may still be looked into, so that merges of merges end
 * some time. */
static const struct yval *get(
	const struct yval *map, const char *key, int *left)
{
	const struct yval *v, *merged;

	if (!yval_is_map(map) || *left == 0)
		return NULL;
	--*left;
	v = own(map, key);
	merged = v ? NULL : own(map, "<<");
	if (yval_is_map(merged))
		return get(merged, key, left);
	for (size_t i = 0; yval_is_list(merged) && i < merged->n && !v; i++)
		v = get(merged->items[i], key, left);
	return v;
}

const struct yval *yval_get(const struct yval *map, const char *key)
{
	int left = MERGES_MAX;

	return get(map, key, &left);
}

size_t yval_count(const struct yval *v)
{
	return v && v->kind != SCALAR ? v->n : 0;
}

const struct yval *yval_at(const struct yval *v, size_t i)
{
	return i < yval_count(v) ? v->items[i] : NULL;
}

const char *yval_key(const struct yval *map, size_t i)
{
	const char *key = NULL;

	if (yval_is_map(map) && i < map->n)
		key = map->keys[i]->text;
	return key ? key : "";
}

const char *yval_text(const struct yval *v)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (!v || v->kind != SCALAR)
		return NULL;
	for (size_t i = 0; v->plain && i < sizeof(nulls) / sizeof(nulls[0]);
		i++)
		if (strcmp(v->text, nulls[i]) == 0)
			return NULL;
	return v->text;
}

long yval_line(const struct yval *v)
{
	return v ? v->line : 0;
}
