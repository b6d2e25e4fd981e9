/* The event system's tables: who can be sent events, in which groups, and
 * which events are planned.  Nothing here is ever executed; clients read the
 * agents to learn control addresses. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Object and event types of the original's tables, by number. */
static const char *const object_types[] = {"TBCONTROL", "LINK", "TRAFGEN",
	"TIME", "PROGRAM", "FRISBEE", "SIMULATOR", "LINKTEST", "NSE", "SLOTHD",
	"NODE", "SEQUENCE", "TIMELINE", "CONSOLE", "TOPOGRAPHY", "LINKTRACE",
	"EVPROXY", "BGMON"};

static const char *const event_types[] = {"REBOOT", "START", "STOP", "UP",
	"DOWN", "UPDATE", "MODIFY", "SET", "TIME", "RESET", "KILL", "HALT",
	"SWAPOUT", "NSEEVENT", "REPORT", "ALERT", "SETDEST", "COMPLETE",
	"MESSAGE", "LOG", "RUN", "SNAPSHOT", "RELOAD", "CLEAR", "CREATE",
	"STOPRUN"};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

const char *rows_object_type(int64_t number)
{
	return number >= 0 && (size_t)number < LENGTH(object_types)
		       ? object_types[number]
		       : "TBCONTROL";
}

static int object_number(const char *type)
{
	for (size_t i = 0; type && i < LENGTH(object_types); i++)
		if (strcasecmp(type, object_types[i]) == 0)
			return (int)i;
	return 0;
}

static int event_number(const char *type)
{
	for (size_t i = 0; type && i < LENGTH(event_types); i++)
		if (strcasecmp(type, event_types[i]) == 0)
			return (int)i;
	return 0;
}

static bool traced(const struct ns_member *m)
{
	return lab_flag(m->traced);
}

static void add_agent(const struct lab_experiment *e, struct value *rows,
	const char *name, const char *vnode, const char *type)
{
	struct value *row =
		row_new("vname=s exptidx=i0 vnode=s* objecttype=i0");

	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(value_get_text(rows->items[i], "vname"), name) ==
			0) {
			value_free(row);
			return;
		}
	row_text(row, "vname", name);
	row_text_if(row, "vnode", vnode);
	row_int(row, "exptidx", e->idx);
	row_int(row, "objecttype", object_number(type));
	value_append(rows, row);
}

static void link_agents(const struct lab_experiment *e, struct value *rows)
{
	char name[200];

	for (size_t i = 0; i < e->ns->n_lans; i++) {
		const struct ns_lan *lan = &e->ns->lans[i];

		add_agent(e, rows, lan->name, "*", "LINK");
		for (size_t k = 0; k < lan->n_members; k++) {
			const struct ns_member *m = &lan->members[k];

			snprintf(name, sizeof(name), "%s-%s", lan->name,
				m->node);
			add_agent(e, rows, name, "*", "LINK");
			if (!traced(m))
				continue;
			snprintf(name, sizeof(name), "%s-%s-tracemon",
				lan->name, m->node);
			add_agent(e, rows, name, "*", "LINKTRACE");
		}
	}
}

static int compare_agents(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;
	const char *p = value_get_text(*x, "vname");
	const char *q = value_get_text(*y, "vname");
	int r = strcasecmp(p, q);

	return r ? r : strcmp(p, q);
}

struct value *rows_agents(const struct lab_experiment *e)
{
	struct value *rows = value_new(VALUE_ARRAY);
	const struct ns_experiment *ns = e->ns;
	char name[200];

	for (size_t i = 0; i < ns->n_nodes; i++) {
		const char *node = ns->nodes[i].name;

		add_agent(e, rows, node, node, "NODE");
		snprintf(name, sizeof(name), "%s-console", node);
		add_agent(e, rows, name, node, "CONSOLE");
	}
	link_agents(e, rows);
	for (size_t i = 0; i < ns->n_programs; i++)
		add_agent(e, rows, ns->programs[i].name, ns->programs[i].node,
			"PROGRAM");
	for (size_t i = 0; i < ns->n_agents; i++)
		add_agent(e, rows, ns->agents[i].name, ns->agents[i].node,
			ns->agents[i].type);
	add_agent(e, rows, "linktest", "*", "LINKTEST");
	add_agent(e, rows, "ns", "*", "SIMULATOR");
	add_agent(e, rows, "slothd", "*", "SLOTHD");
	qsort(rows->items, rows->n, sizeof(rows->items[0]), compare_agents);
	return rows;
}

static void add_group(const struct lab_experiment *e, struct value *rows,
	const char *group, const char *agent)
{
	struct value *row =
		row_new("agent_name=s idx=i0 exptidx=i0 group_name=s");

	row_text(row, "group_name", group);
	row_text(row, "agent_name", agent);
	row_int(row, "idx", (int64_t)rows->n + 1);
	row_int(row, "exptidx", e->idx);
	value_append(rows, row);
}

/* Every traced member is in two groups; the second one's name carries a brace
 * too many, as at the original. */
static void trace_groups(const struct lab_experiment *e, struct value *rows)
{
	const struct ns_lan **lans = rows_lans(e->ns);

	for (size_t i = 0; i < e->ns->n_lans; i++) {
		const struct ns_member **members = rows_members(lans[i]);

		for (size_t k = 0; k < lans[i]->n_members; k++) {
			char agent[200], group[128];

			if (!traced(members[k]))
				continue;
			snprintf(agent, sizeof(agent), "%s-%s-tracemon",
				lans[i]->name, members[k]->node);
			snprintf(group, sizeof(group), "%s-tracemon}",
				lans[i]->name);
			add_group(e, rows, "__all_tracemon", agent);
			add_group(e, rows, group, agent);
		}
		free(members);
	}
	free(lans);
}

struct value *rows_groups(const struct lab_experiment *e)
{
	struct value *rows = value_new(VALUE_ARRAY);

	trace_groups(e, rows);
	for (size_t i = 0; i < e->ns->n_programs; i++)
		add_group(e, rows, "__all_programs", e->ns->programs[i].name);
	for (size_t i = 0; i < e->ns->n_lans; i++)
		add_group(e, rows, "__all_lans", e->ns->lans[i].name);
	return rows;
}

static const char *agent_node(const struct value *agents, const char *name)
{
	for (size_t i = 0; i < agents->n; i++)
		if (strcmp(value_get_text(agents->items[i], "vname"), name) ==
			0)
			return value_get_text(agents->items[i], "vnode");
	return "*";
}

struct value *rows_events(const struct lab_experiment *e)
{
	struct value *rows = value_new(VALUE_ARRAY);
	struct value *agents = rows_agents(e);

	for (size_t i = 0; i < e->ns->n_events; i++) {
		const struct ns_event *ev = &e->ns->events[i];
		struct value *row = row_new(
			"vname=s isgroup=i0 triggertype=i0 arguments=s "
			"eventtype=i0 time=d0 parent=s exptidx=i0 vnode=s* "
			"atstring=s objecttype=i0 idx=i0");

		row_int(row, "idx", (int64_t)i + 1);
		row_double(row, "time", ev->time);
		row_text_if(row, "vname", ev->agent);
		row_text_if(row, "vnode",
			agent_node(agents, ev->agent ? ev->agent : ""));
		row_int(row, "objecttype", object_number(ev->type));
		row_int(row, "eventtype", event_number(ev->event));
		row_text_if(row, "arguments", ev->arguments);
		row_int(row, "exptidx", e->idx);
		value_append(rows, row);
	}
	value_free(agents);
	return rows;
}
