/* What the parser made of an NS file, in the order of the testbed's tables. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int rows_by_name(const char *a, const char *b)
{
	int r = strcasecmp(a, b);

	return r ? r : strcmp(a, b);
}

static int compare_lans(const void *a, const void *b)
{
	const struct ns_lan *const *x = a, *const *y = b;

	return rows_by_name((*x)->name, (*y)->name);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct ns_node *const *x = a, *const *y = b;

	return rows_by_name((*x)->name, (*y)->name);
}

static int compare_members(const void *a, const void *b)
{
	const struct ns_member *const *x = a, *const *y = b;
	int r = rows_by_name((*x)->node, (*y)->node);

	return r ? r : (*x)->port - (*y)->port;
}

static int compare_ports(const void *a, const void *b)
{
	const struct rows_port *x = a, *y = b;
	int r = rows_by_name(x->lan->name, y->lan->name);

	return r ? r : rows_by_name(x->member, y->member);
}

const struct ns_lan **rows_lans(const struct ns_experiment *ns)
{
	const struct ns_lan **lans = mem_zalloc(ns->n_lans + 1, sizeof(*lans));

	for (size_t i = 0; i < ns->n_lans; i++)
		lans[i] = &ns->lans[i];
	qsort(lans, ns->n_lans, sizeof(*lans), compare_lans);
	return lans;
}

const struct ns_node **rows_nodes(const struct ns_experiment *ns)
{
	const struct ns_node **nodes =
		mem_zalloc(ns->n_nodes + 1, sizeof(*nodes));

	for (size_t i = 0; i < ns->n_nodes; i++)
		nodes[i] = &ns->nodes[i];
	qsort(nodes, ns->n_nodes, sizeof(*nodes), compare_nodes);
	return nodes;
}

const struct ns_member **rows_members(const struct ns_lan *lan)
{
	const struct ns_member **members =
		mem_zalloc(lan->n_members + 1, sizeof(*members));

	for (size_t i = 0; i < lan->n_members; i++)
		members[i] = &lan->members[i];
	qsort(members, lan->n_members, sizeof(*members), compare_members);
	return members;
}

struct rows_port *rows_ports(const struct ns_experiment *ns, size_t *ret_n)
{
	struct rows_port *ports;
	size_t n = 0;

	for (size_t i = 0; i < ns->n_lans; i++)
		n += ns->lans[i].n_members;
	ports = mem_zalloc(n + 1, sizeof(*ports));
	n = 0;
	for (size_t i = 0; i < ns->n_lans; i++)
		for (size_t k = 0; k < ns->lans[i].n_members; k++) {
			struct rows_port *p = &ports[n++];

			p->lan = &ns->lans[i];
			p->m = &ns->lans[i].members[k];
			p->vindex = (int)k;
			snprintf(p->member, sizeof(p->member), "%s:%d",
				p->m->node, p->m->port);
		}
	qsort(ports, n, sizeof(*ports), compare_ports);
	*ret_n = n;
	return ports;
}
