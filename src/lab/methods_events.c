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
		add_text(tuple, rows_object_type(type));
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

struct planned {
	const struct ns_event *ev;
	size_t idx;
};

static int by_time(const void *a, const void *b)
{
	const struct planned *x = a, *y = b;

	if (x->ev->time != y->ev->time)
		return x->ev->time < y->ev->time ? -1 : 1;
	return x->idx < y->idx ? -1 : x->idx > y->idx;
}

static void event_eventlist(struct lab_call *c, struct lab_experiment *e)
{
	struct value *list = empty();
	size_t n = e->ns ? e->ns->n_events : 0;
	struct planned *order = mem_zalloc(n + 1, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		order[i] = (struct planned){&e->ns->events[i], i + 1};
	qsort(order, n, sizeof(*order), by_time);
	for (size_t i = 0; i < n; i++) {
		const struct ns_event *ev = order[i].ev;
		struct value *tuple = pyrepr_tuple();
		struct buf time cleanup(buf_release) = BUF_INIT(64);
		char idx[24];

		snprintf(idx, sizeof(idx), "%zu", order[i].idx);
		xmlrpc_print_double(ev->time, &time);
		add_text(tuple, idx);
		add_text(tuple, buf_str(&time));
		add_text(tuple, ev->agent);
		add_text(tuple, ev->type);
		add_text(tuple, ev->event);
		add_text(tuple, ev->arguments);
		add_text(tuple, "");
		add_text(tuple, "TIMER");
		value_append(list, tuple);
	}
	free(order);
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
