/* Findings are sentences; the first trouble of a check speaks for all. */
#include "check/verdict.h"
#include "base/mem.h"
#include "format/jsonw.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 800 };

void verdict_release(struct verdict *v)
{
	free(v->items);
	arena_release(&v->arena);
	*v = (struct verdict){0};
}

static void add(struct verdict *v, const char *check,
	enum finding_result result, const char *fmt, va_list ap)
{
	char text[SENTENCE_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	MEM_PUSH(v->items, v->n, v->cap) =
		(struct finding){check, result, arena_strdup(&v->arena, text)};
}

void verdict_add(struct verdict *v, const char *check,
	enum finding_result result, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(v, check, result, fmt, ap);
	va_end(ap);
}

enum finding_result verdict_sum(const struct verdict *v)
{
	enum finding_result sum = FINDING_HOLDS;

	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i].result == FINDING_BROKEN)
			return FINDING_BROKEN;
		if (v->items[i].result == FINDING_OPEN)
			sum = FINDING_OPEN;
	}
	return sum;
}

static const char *sign(enum finding_result result, bool unicode)
{
	switch (result) {
	case FINDING_HOLDS:
		return unicode ? "\xe2\x9c\x94" : "ok";
	case FINDING_BROKEN:
		return unicode ? "\xe2\x9c\x98" : "WRONG";
	case FINDING_OPEN:
		return "?";
	case FINDING_NOTE:
		return "-";
	}
	return "?";
}

static size_t count(const struct verdict *v, enum finding_result result)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->items[i].result == result;
	return n;
}

void verdict_print(const struct verdict *v, bool unicode, struct buf *out)
{
	for (size_t i = 0; i < v->n; i++)
		buf_addf(out, "%s%s %-10s %s\n",
			sign(v->items[i].result, unicode), unicode ? "" : "\t",
			v->items[i].check, v->items[i].text);
	switch (verdict_sum(v)) {
	case FINDING_HOLDS:
	case FINDING_NOTE:
		buf_addf(out, "accepted: %zu checks", count(v, FINDING_HOLDS));
		if (count(v, FINDING_NOTE))
			buf_addf(out, ", %zu answers not verified",
				count(v, FINDING_NOTE));
		buf_addc(out, '\n');
		break;
	case FINDING_BROKEN:
		buf_addf(out, "refused: %zu of %zu checks fail\n",
			count(v, FINDING_BROKEN), v->n);
		break;
	case FINDING_OPEN:
		buf_addf(out,
			"bound not verified: %zu of %zu checks hold, none "
			"fails\n",
			count(v, FINDING_HOLDS), v->n);
		break;
	}
}

void verdict_print_json(const struct verdict *v, struct buf *out)
{
	static const char *const sums[] = {
		"accepted", "refused", "bound not verified"};
	static const char *const results[] = {
		"holds", "fails", "open", "not verified"};
	struct jsonw w;

	jsonw_init(&w, out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.plan-check/1");
	jsonw_put(&w, "verdict", sums[verdict_sum(v)]);
	jsonw_key(&w, "checks");
	jsonw_array(&w);
	for (size_t i = 0; i < v->n; i++) {
		jsonw_object_inline(&w);
		jsonw_put(&w, "check", v->items[i].check);
		jsonw_put(&w, "result", results[v->items[i].result]);
		jsonw_put(&w, "text", v->items[i].text);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
}

void trouble_add(struct trouble *t, const char *fmt, ...)
{
	va_list ap;

	if (t->n++)
		return;
	va_start(ap, fmt);
	vsnprintf(t->first, sizeof(t->first), fmt, ap);
	va_end(ap);
}

void verdict_close(struct verdict *v, const char *check,
	const struct trouble *t, const char *fmt, ...)
{
	va_list ap;

	if (t->n == 1) {
		verdict_add(v, check, FINDING_BROKEN, "%s", t->first);
		return;
	}
	if (t->n > 1) {
		verdict_add(v, check, FINDING_BROKEN, "%s (and %zu more)",
			t->first, t->n - 1);
		return;
	}
	va_start(ap, fmt);
	add(v, check, FINDING_HOLDS, fmt, ap);
	va_end(ap);
}
