/* The event system's lists: arrays of tuples, not of structs. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/call.h"
#include "lab/pyrepr.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>

static struct value *empty(void)
{
	return value_new(VALUE_ARRAY);
}

static void add_text(struct value *tuple, const char *text)
{
	value_append(tuple, value_string(text ? text : ""));
}

/* Agents of a node come with the machine and its control address. */
static void event_agentlist(struct lab_call *c, struct lab_experiment *e)
{
	struct value *list = empty();
	struct value *rows = e->ns ? rows_agents(e) : empty();

	for (size_t i = 0; i < rows->n; i++) {
		struct value *row = rows->items[i], *tuple = pyrepr_tuple();
		const char *vnode = value_get_text(row, "vnode");
		int at = lab_machine_of(c->site, e, vnode);
		struct lab_machine *m = at >= 0 ? &c->site->machines[at] : NULL;
		char ip[NET_ADDR_TEXT] = "";
		int64_t type = 0;

		if (m)
			net_addr_print(&lab_control(m)->ip, ip);
		value_get_int(row, "objecttype", &type);
		add_text(tuple, value_get_text(row, "vname"));
		add_text(tuple, vnode);
		add_text(tuple, m ? m->id : "");
		add_text(tuple, ip);
		add_text(tuple, ns_object_type_name((int)type));
		value_append(list, tuple);
	}
	value_free(rows);
	call_ok(c, list);
}

static void event_grouplist(struct lab_call *c, struct lab_experiment *e)
{
	struct value *list = empty();
	struct value *rows = e->ns ? rows_groups(e) : empty();

	for (size_t i = 0; i < rows->n; i++) {
		struct value *tuple = pyrepr_tuple();

		add_text(tuple, value_get_text(rows->items[i], "group_name"));
		add_text(tuple, value_get_text(rows->items[i], "agent_name"));
		value_append(list, tuple);
	}
	value_free(rows);
	call_ok(c, list);
}

static int64_t number(const struct value *row, const char *name)
{
	int64_t n = 0;

	value_get_int(row, name, &n);
	return n;
}

static double time_of(const struct value *row)
{
	double t = 0;

	value_get_double(row, "time", &t);
	return t;
}

static int by_time(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;

	if (time_of(*x) != time_of(*y))
		return time_of(*x) < time_of(*y) ? -1 : 1;
	return number(*x, "idx") < number(*y, "idx") ? -1 : 1;
}

static void event_eventlist(struct lab_call *c, struct lab_experiment *e)
{
	struct value *list = empty();
	struct value *rows = rows_table(c->site, e, "events");

	if (rows->n > 1)
		qsort(rows->items, rows->n, sizeof(rows->items[0]), by_time);
	for (size_t i = 0; i < rows->n; i++) {
		const struct value *row = rows->items[i];
		struct value *tuple = pyrepr_tuple();
		struct buf time cleanup(buf_release) = BUF_INIT(64);
		char idx[24];

		snprintf(idx, sizeof(idx), "%lld",
			(long long)number(row, "idx"));
		xmlrpc_print_double(time_of(row), &time);
		add_text(tuple, idx);
		add_text(tuple, buf_str(&time));
		add_text(tuple, value_get_text(row, "vname"));
		add_text(tuple,
			ns_object_type_name((int)number(row, "objecttype")));
		add_text(tuple,
			ns_event_type_name((int)number(row, "eventtype")));
		add_text(tuple, value_get_text(row, "arguments"));
		add_text(tuple, value_get_text(row, "parent"));
		add_text(tuple,
			number(row, "triggertype") == 1 ? "SWAPOUT" : "TIMER");
		value_append(list, tuple);
	}
	value_free(rows);
	call_ok(c, list);
}

const struct call_method methods_events[] = {
	{"experiment", "event_agentlist",
		CALL_VERSION | CALL_CHARS_FORMED | CALL_PERM, "proj exp",
		event_agentlist},
	{"experiment", "event_grouplist",
		CALL_VERSION | CALL_CHARS_FORMED | CALL_PERM, "proj exp",
		event_grouplist},
	{"experiment", "event_eventlist",
		CALL_VERSION | CALL_CHARS_FORMED | CALL_PERM, "proj exp",
		event_eventlist},
	{0}};
