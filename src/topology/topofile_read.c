/* Typed access to the members of a topology document.  A value of the wrong
 * type is an error that names the line of that value. */
#include "topology/topofile_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void reader_go(struct reader *r, const char *key, size_t index)
{
	r->path[0] = (struct jval_step){.key = key};
	r->path[1] = (struct jval_step){.index = index};
	r->depth = 2;
}

void reader_step(struct reader *r, const char *key)
{
	if (r->depth < sizeof(r->path) / sizeof(r->path[0]))
		r->path[r->depth++] = (struct jval_step){.key = key};
}

int reader_located(struct reader *r)
{
	return err_wrap(r->err, "%s:%ld", r->name,
		jval_line(r->text, r->len, r->path, r->depth));
}

int reader_fail(struct reader *r, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(r->err, NFZ_E_INPUT, "%s", text);
	return reader_located(r);
}

int reader_bad_type(struct reader *r, const char *key, const char *wanted)
{
	reader_step(r, key);
	return reader_fail(r, "\"%s\" must be %s", key, wanted);
}

bool reader_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

int reader_text(struct reader *r, const struct jval *o, const char *key,
	const char **ret)
{
	const struct jval *v = jval_get(o, key);

	if (!v)
		return 0;
	if (!jval_text(v) || !reader_printable(jval_text(v)))
		return reader_bad_type(
			r, key, "a string without control characters");
	*ret = jval_text(v);
	return 0;
}

int reader_name(struct reader *r, const struct jval *o, const char *key,
	const char **ret)
{
	int rc = reader_text(r, o, key, ret);

	if (!rc && *ret && (!**ret || strlen(*ret) > READER_NAME_MAX))
		rc = reader_bad_type(r, key, "a name of 1 to 200 bytes");
	return rc;
}

int reader_bool(
	struct reader *r, const struct jval *o, const char *key, bool *ret)
{
	const struct jval *v = jval_get(o, key);

	if (v && !jval_bool(v, ret))
		return reader_bad_type(r, key, "true or false");
	return 0;
}

int reader_int(
	struct reader *r, const struct jval *o, const char *key, int64_t *ret)
{
	const struct jval *v = jval_get(o, key);

	if (v && (!jval_int(v, ret) || *ret < 0))
		return reader_bad_type(r, key, "a whole number, not negative");
	return 0;
}

int reader_number(
	struct reader *r, const struct jval *o, const char *key, double *ret)
{
	const struct jval *v = jval_get(o, key);

	if (v && (!jval_double(v, ret) || *ret < 0))
		return reader_bad_type(r, key, "a number, not negative");
	return 0;
}

int reader_find_node(struct reader *r, const char *name, int *ret)
{
	*ret = topology_node(r->t, name);
	if (*ret < 0)
		return reader_fail(r, "unknown node \"%s\"", name);
	return 0;
}

int reader_find_link(struct reader *r, const char *name, int *ret)
{
	*ret = topology_link(r->t, name);
	if (*ret < 0)
		return reader_fail(r, "unknown link \"%s\"", name);
	return 0;
}
