#include "base/mem.h"
#include "support/replies.h"
#include "testbed/eventlist.h"

#include <criterion/criterion.h>
#include <string.h>

static struct err err;

/* The value of a recorded answer, or NULL where there are no recordings. */
static struct value *recorded(const char *name)
{
	struct xmlrpc_response r;
	struct value *value = NULL;
	size_t n = 0;
	cleanup_free char *text = replies_read(name, &n);

	if (!text)
		return NULL;
	cr_assert_eq(xmlrpc_parse_response(text, n, &r, &err), 0);
	for (size_t i = 0; i < r.value->n; i++)
		if (strcmp(r.value->names[i], "value") == 0) {
			value = r.value->items[i];
			r.value->items[i] = value_new(VALUE_NIL);
		}
	xmlrpc_response_release(&r);
	return value;
}

/* A row of so many texts; NULL: nil. */
static struct value *row(size_t n, const char *const *texts)
{
	struct value *v = value_new(VALUE_ARRAY);

	for (size_t i = 0; i < n; i++)
		value_append(v, texts[i] ? value_string(texts[i])
					 : value_new(VALUE_NIL));
	return v;
}
#define ROW(...)                                                               \
	row(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),            \
		(const char *[]){__VA_ARGS__})

static void has(
	const struct eventlist *l, size_t i, int64_t ms, const char *text)
{
	cr_assert_lt(i, l->n);
	cr_assert_eq(l->items[i].after_ns, ms * 1000000, "%lld",
		(long long)l->items[i].after_ns);
	cr_assert_str_eq(l->items[i].text, text);
}

Test(eventlist, a_recorded_list)
{
	struct value *v = recorded("redlink-eventlist.response.xml");
	struct eventlist l;

	if (!v)
		cr_skip_test("no recordings");
	cr_assert_eq(eventlist_read(v, &l, &err), 0, "%s", err.text);
	cr_assert_eq(l.n, 6);
	has(&l, 0, 1000, "link0-nodeA modify THRESH=8");
	has(&l, 4, 30000, "link0 down");
	has(&l, 5, 35000, "link0 up");
	cr_assert_eq(l.others, 0);
	eventlist_release(&l);
	value_free(v);
}

Test(eventlist, those_of_shared_hosts_are_of_sequences)
{
	struct value *v = recorded("vmshare-eventlist.response.xml");
	struct eventlist l;

	if (!v)
		cr_skip_test("no recordings");
	cr_assert_eq(eventlist_read(v, &l, &err), 0, "%s", err.text);
	cr_assert_eq(l.n, 0);
	cr_assert_eq(l.others, 8);
	eventlist_release(&l);
	value_free(v);
}

Test(eventlist, rows_of_every_kind)
{
	struct value *v = value_new(VALUE_ARRAY);
	struct eventlist l;

	value_append(v, ROW("1", "0.5", "p", "PROGRAM", "START", "COMMAND=x y",
				"", NULL));
	value_append(v, ROW("2", "10.0", "s", "SEQUENCE", "START", "", ""));
	value_append(v, ROW("3", "0.0", "l", "LINK", "UP", "", "s", "TIMER"));
	value_append(v, ROW("4", "0.0", "ns", "SIMULATOR", "LOG", "bye", "",
				"SWAPOUT"));
	cr_assert_eq(eventlist_read(v, &l, &err), 0, "%s", err.text);
	cr_assert_eq(l.n, 2);
	has(&l, 0, 500, "p start COMMAND=x y");
	has(&l, 1, 10000, "s start");
	cr_assert_eq(l.others, 2);
	eventlist_release(&l);
	value_free(v);
}

Test(eventlist, another_kind_of_answer_is_refused)
{
	static const char *const times[] = {
		"", "soon", "-1", "nan", "inf", "1e300", "1 ", NULL};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct value *v = value_new(VALUE_ARRAY);
		struct eventlist l;

		value_append(
			v, ROW("1", times[i], "l", "LINK", "UP", "", "", ""));
		cr_assert_eq(eventlist_read(v, &l, &err), -NFZ_E_REPLY, "%s",
			times[i] ? times[i] : "nil");
		eventlist_release(&l);
		value_free(v);
	}
}

Test(eventlist, when_time_zero_was)
{
	struct value *v = value_new(VALUE_ARRAY), *e;
	int64_t ns = 0;

	cr_assert_not(eventlist_zero(v, &ns));
	e = value_append(v, value_new(VALUE_STRUCT));
	value_set(e, "parent", value_string("timeline"));
	value_set(e, "arguments", value_string("1320242000"));
	cr_assert_not(eventlist_zero(v, &ns), "of a timeline");
	e = value_append(v, value_new(VALUE_STRUCT));
	value_set(e, "parent", value_string(""));
	value_set(e, "arguments", value_string("soon"));
	cr_assert_not(eventlist_zero(v, &ns));
	value_set(e, "arguments", value_string("1320242709.25"));
	cr_assert(eventlist_zero(v, &ns));
	cr_assert_eq(ns, INT64_C(1320242709250000000));
	value_append(v, value_string("neither"));
	cr_assert(eventlist_zero(v, &ns));
	value_free(v);
}
