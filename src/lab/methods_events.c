/* The event system's lists: arrays of tuples, not of structs. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/dispatch.h"
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

/* The shared hosts that virtual nodes of the experiment are on. */
static int next_shared(
	const struct lab_site *site, const struct lab_experiment *e, int after)
{
	int owner = lab_index(site, e);

	for (size_t h = (size_t)(after + 1); h < site->n_machines; h++)
		for (size_t i = 0; site->machines[h].is_shared_host &&
				   i < site->n_machines;
			i++)
			if (site->machines[i].owner == owner &&
				site->machines[i].host == (int)h)
				return (int)h;
	return -1;
}

static void add_tuple(struct value *list, const char *const *texts)
{
	struct value *tuple = pyrepr_tuple();

	for (; *texts; texts++)
		add_text(tuple, *texts);
	value_append(list, tuple);
}

/* Shared hosts have an agent that hands on events. */
static void add_proxies(
	struct lab_site *site, const struct lab_experiment *e, struct value *to)
{
	static const char *const names[] = {"__plab_setup", "__plab_teardown"};
	bool any = false;

	for (int h = -1; (h = next_shared(site, e, h)) >= 0; any = true) {
		struct lab_machine *m = &site->machines[h];
		char name[32], ip[NET_ADDR_TEXT];

		snprintf(name, sizeof(name), "__%s_proxy", m->id);
		net_addr_print(&lab_control(m)->ip, ip);
		add_tuple(to, (const char *const[]){
				      name, " ", m->id, ip, "EVPROXY", NULL});
	}
	for (int k = 0; any && k < 2; k++)
		add_tuple(to, (const char *const[]){
				      names[k], "*", "", "", "TIMELINE", NULL});
}

/* What is sent to them when an experiment comes and goes. */
static void add_proxy_events(const struct lab_site *site,
	const struct lab_experiment *e, struct value *to)
{
	static const struct {
		const char *delay, *text, *name, *sequence;
	} ends[] = {
		{"4.0", "Plab setup delay", "__plab_setup", "__ns_sequence"},
		{"2.0", "Plab teardown delay", "__plab_teardown",
			"__ns_teardown"}};
	char idx[16];
	int n = 0;

	for (int h = -1; (h = next_shared(site, e, h)) >= 0; n++) {
		char name[32];

		snprintf(idx, sizeof(idx), "%d", n);
		snprintf(
			name, sizeof(name), "__%s_proxy", site->machines[h].id);
		add_tuple(to, (const char *const[]){idx, "0.0", name, "EVPROXY",
				      "UPDATE", "", ends[0].name, NULL});
		add_tuple(to, (const char *const[]){idx, "0.0", name, "EVPROXY",
				      "CLEAR", "", ends[1].name, NULL});
	}
	snprintf(idx, sizeof(idx), "%d", n);
	for (int k = 0; n > 0 && k < 2; k++) {
		add_tuple(to, (const char *const[]){idx, ends[k].delay, "ns",
				      "SIMULATOR", "LOG", ends[k].text,
				      ends[k].name, NULL});
		add_tuple(to,
			(const char *const[]){idx, "0.0", ends[k].name,
				"TIMELINE", "RUN", "", ends[k].sequence, NULL});
	}
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

		if (m) /* a virtual node has the address of its host */
			net_addr_print(
				&lab_control(
					m->host >= 0
						? &c->site->machines[m->host]
						: m)
					 ->ip,
				ip);
		value_get_int(row, "objecttype", &type);
		add_text(tuple, value_get_text(row, "vname"));
		add_text(tuple, vnode);
		add_text(tuple, m ? m->id : "");
		add_text(tuple, ip);
		add_text(tuple, ns_object_type_name((int)type));
		value_append(list, tuple);
	}
	value_free(rows);
	add_proxies(c->site, e, list);
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
	add_proxy_events(c->site, e, list);
	call_ok(c, list);
}

/* When the times of the list began.  Nothing runs the events here: that was
 * when the experiment came up.  Of timelines nobody tells. */
static void event_time_start(struct lab_call *c, struct lab_experiment *e)
{
	struct value *list = empty(), *row;
	const struct value *timeline = call_arg(c, "timeline");
	char at[32];
	bool bad = false;

	if (timeline && !call_name_ok(c, "timeline", &bad)) {
		if (bad)
			call_fail(
				c, CALL_BADARGS, "Improperly formed timeline!");
	} else if (call_arg(c, "time")) {
		call_exit(c, 255,
			"*** the time of events is not set on a "
			"local testbed\n");
	} else if (e->state != LAB_ACTIVE) {
		call_fail(c, CALL_ERROR, "Event time has not started yet");
	} else {
		row = value_append(list, value_new(VALUE_STRUCT));
		snprintf(at, sizeof(at), "%lld.0", (long long)e->swapped_in);
		value_set(row, "parent", value_string(""));
		value_set(row, "arguments", value_string(at));
		pydict_order(row);
		call_ok_repr(c, list);
		return;
	}
	value_free(list);
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
	{"experiment", "event_time_start",
		CALL_VERSION | CALL_CHARS_FORMED | CALL_PERM, "proj exp",
		event_time_start},
	{0}};
