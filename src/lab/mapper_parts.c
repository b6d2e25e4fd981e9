/* What all steps of the mapper ask: machines, members, cards, ends of wires. */
#include "base/mem.h"
#include "lab/mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_member(const void *a, const void *b)
{
	const struct ns_member *x = *(const struct ns_member *const *)a;
	const struct ns_member *y = *(const struct ns_member *const *)b;
	int c = strcmp(x->node, y->node);

	return c != 0 ? c : (x->port > y->port) - (x->port < y->port);
}

const struct ns_member **mapper_members(
	struct mapper *m, const struct ns_lan *lan)
{
	const struct ns_member **list =
		arena_alloc(&m->arena, lan->n_members, sizeof(void *));

	for (size_t i = 0; i < lan->n_members; i++)
		list[i] = &lan->members[i];
	qsort(list, lan->n_members, sizeof(*list), by_member);
	return list;
}

int mapper_machine(const struct mapper *m, const char *node)
{
	return (int)(intptr_t)map_gets(&m->nodes, node) - 1;
}

bool mapper_usable(const struct lab_machine *machine, int k)
{
	return k >= 1 && k < machine->n_ifaces &&
	       machine->ifaces[k].lan == NULL;
}

int mapper_present_card(const struct mapper *m, int machine,
	const struct ns_lan *lan, const char *node)
{
	const struct lab_machine *was = &m->site->machines[machine];

	if (was->owner != m->owner || was->vname == NULL ||
		strcmp(was->vname, node) != 0)
		return -1;
	for (int k = 1; k < was->n_ifaces; k++)
		if (was->ifaces[k].lan != NULL &&
			strcmp(was->ifaces[k].lan, lan->name) == 0)
			return k;
	return -1;
}

int mapper_card_of(const struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *member)
{
	const struct lab_machine *machine =
		&m->machines[mapper_machine(m, member->node)];

	for (int k = 1; k < machine->n_ifaces; k++)
		if (machine->ifaces[k].lan != NULL &&
			machine->ifaces[k].vport == member->port &&
			strcmp(machine->ifaces[k].lan, lan->name) == 0)
			return k;
	return -1;
}

struct lab_wire *mapper_add_wire(struct mapper *m, const struct ns_lan *lan,
	const char *node, size_t max)
{
	struct lab_wire *w;

	MEM_PUSH(m->wires, m->n_wires, m->wires_cap) = (struct lab_wire){0};
	w = &m->wires[m->n_wires - 1];
	w->lan = lan->name;
	if (node != NULL)
		snprintf(w->vlan, sizeof(w->vlan), "%.12s/%.10s", lan->name,
			node);
	else
		snprintf(w->vlan, sizeof(w->vlan), "%.23s", lan->name);
	w->ends = arena_alloc(&m->arena, max, sizeof(*w->ends));
	return w;
}

void mapper_add_end(struct mapper *m, struct lab_wire *w, int machine, int card)
{
	w->ends[w->n_ends].machine = machine;
	w->ends[w->n_ends++].iface = card;
	if (card < LAB_VETH)
		m->machines[machine].ifaces[card].peer_wire =
			(int)(w - m->wires);
}

const struct lab_delay *mapper_delay_for(const struct mapper *m,
	const struct ns_lan *lan, const struct ns_member *member)
{
	for (size_t i = 0; i < m->n_delays; i++)
		if (strcmp(m->delays[i].lan, lan->name) == 0 &&
			(m->delays[i].member[0] == member ||
				m->delays[i].member[1] == member))
			return &m->delays[i];
	return NULL;
}
