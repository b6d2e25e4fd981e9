/* The testbed's answers (emulab xmlrpc/emulabserver.py): a row of the list is
 * [index, seconds, agent, kind of agent, event, arguments, parent, trigger],
 * all texts; the trigger is absent or nil where there is none, the parent names
 * the sequence or timeline that the time is relative to. */
#include "testbed/eventlist.h"
#include "base/mem.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIME = 1, AGENT, KIND, EVENT, ARGUMENTS, PARENT, TRIGGER };
#define SECONDS_MAX 4e9 /* beyond any experiment; the year 2096, since 1970 */

static const char *text_of(const struct value *row, size_t column)
{
	const struct value *v = column < row->n ? row->items[column] : NULL;

	return v && v->kind == VALUE_STRING ? v->text : "";
}

static bool seconds(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end != text && !*end && *ret >= 0 && *ret <= SECONDS_MAX;
}

static int64_t to_ns(double s)
{
	return (int64_t)llround(s * 1e6) * 1000;
}

static void add(struct eventlist *l, const struct value *row, double after)
{
	const char *arguments = text_of(row, ARGUMENTS);
	char event[32];
	size_t n = 0;

	for (const char *ch = text_of(row, EVENT); *ch && n < 31; ch++)
		event[n++] = (char)tolower((unsigned char)*ch);
	event[n] = '\0';
	MEM_PUSH(l->items, l->n, l->cap) = (struct eventlist_item){
		to_ns(after), arena_printf(&l->arena, "%.100s %s%s%.200s",
				      text_of(row, AGENT), event,
				      *arguments ? " " : "", arguments)};
}

int eventlist_read(
	const struct value *rows, struct eventlist *ret, struct err *err)
{
	*ret = (struct eventlist){0};
	for (size_t i = 0; i < rows->n; i++) {
		const struct value *row = rows->items[i];
		double after;

		if (row->kind != VALUE_ARRAY || row->n <= PARENT ||
			!seconds(text_of(row, TIME), &after))
			return err_set(err, NFZ_E_REPLY,
				"row %zu of the testbed's list of events is of "
				"another kind than agreed",
				i + 1);
		if (*text_of(row, PARENT) ||
			strcmp(text_of(row, TRIGGER), "SWAPOUT") == 0)
			ret->others++;
		else
			add(ret, row, after);
	}
	return 0;
}

void eventlist_release(struct eventlist *l)
{
	arena_release(&l->arena);
	free(l->items);
	*l = (struct eventlist){0};
}

bool eventlist_zero(const struct value *starts, int64_t *ret_ns)
{
	for (size_t i = 0; i < starts->n; i++) {
		const char *parent = value_get_text(starts->items[i], "parent");
		const char *at = value_get_text(starts->items[i], "arguments");
		double s;

		if (parent && !*parent && at && seconds(at, &s)) {
			*ret_ns = to_ns(s);
			return true;
		}
	}
	return false;
}
