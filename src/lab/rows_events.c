/* The event system's agents and groups: the parser's, and those that the site
 * adds for links and traced members.  Nothing here is ever executed; clients
 * read the agents to learn control addresses. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LINK = 1, LINKTRACE = 15 };

static bool traced(const struct ns_member *m)
{
	return lab_flag(m->traced);
}

static void add_agent(const struct lab_experiment *e, struct value *rows,
	const char *name, int type)
{
	struct value *row = rows_new(e, "agents");

	row_text(row, "vname", name);
	row_int(row, "objecttype", type);
	value_append(rows, row);
}

static void link_agents(const struct lab_experiment *e, struct value *rows)
{
	char name[200];

	for (size_t i = 0; i < e->ns->n_lans; i++) {
		const struct ns_lan *lan = &e->ns->lans[i];

		add_agent(e, rows, lan->name, LINK);
		for (size_t k = 0; k < lan->n_members; k++) {
			const struct ns_member *m = &lan->members[k];

			snprintf(name, sizeof(name), "%s-%s", lan->name,
				m->node);
			add_agent(e, rows, name, LINK);
			if (!traced(m))
				continue;
			snprintf(name, sizeof(name), "%s-%s-tracemon",
				lan->name, m->node);
			add_agent(e, rows, name, LINKTRACE);
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

/* One row an agent, as the table's key has it. */
static void drop_doubles(struct value *rows)
{
	size_t to = 0;

	for (size_t i = 0; i < rows->n; i++)
		if (to > 0 && compare_agents(&rows->items[to - 1],
				      &rows->items[i]) == 0)
			value_free(rows->items[i]);
		else
			rows->items[to++] = rows->items[i];
	rows->n = to;
}

struct value *rows_agents(const struct lab_experiment *e)
{
	struct value *rows = value_new(VALUE_ARRAY);

	rows_add_parsed(e, "agents", rows);
	link_agents(e, rows);
	qsort(rows->items, rows->n, sizeof(rows->items[0]), compare_agents);
	drop_doubles(rows);
	return rows;
}

static void add_group(const struct lab_experiment *e, struct value *rows,
	const char *group, const char *agent)
{
	struct value *row = rows_new(e, "event_groups");

	row_text(row, "group_name", group);
	row_text(row, "agent_name", agent);
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
	rows_add_parsed(e, "event_groups", rows);
	for (size_t i = 0; i < e->ns->n_lans; i++)
		add_group(e, rows, "__all_lans", e->ns->lans[i].name);
	for (size_t i = 0; i < rows->n; i++)
		row_int(rows->items[i], "idx", (int64_t)i + 1);
	return rows;
}
