/* Seats, networks and machines of a mapping by number instead of by name:
 * every node's files and routes ask for all of them. */
#include "lab/mapper.h"

#include <stdlib.h>
#include <string.h>

enum { COST_MAX = 100000 };

static int cost_of(const struct ns_lan *lan)
{
	const char *cost = lan->members[0].cost;
	long c = cost != NULL ? strtol(cost, NULL, 10) : 1;

	return c >= 1 && c <= COST_MAX ? (int)c : 1;
}

static bool prefix_of(const struct ns_lan *lan, struct net_prefix *ret)
{
	struct net_addr mask;
	int len;

	if (lan->members[0].ip == NULL || lan->members[0].mask == NULL ||
		!net_addr_parse(lan->members[0].ip, &ret->addr) ||
		!net_addr_parse(lan->members[0].mask, &mask))
		return false;
	len = net_mask_length(&mask);
	if (len < 0)
		return false;
	ret->len = (uint8_t)(96 + len);
	net_addr_mask(&ret->addr, ret->len);
	return true;
}

static void find_nets(struct mapper *m, const struct map *numbers)
{
	const struct ns_experiment *ns = m->ns;
	struct lab_net *nets =
		arena_alloc(&m->arena, ns->n_lans + 1, sizeof(*nets));

	for (size_t l = 0; l < ns->n_lans; l++) {
		const struct ns_lan *lan = &ns->lans[l];

		nets[l].cost = cost_of(lan);
		nets[l].has_prefix = prefix_of(lan, &nets[l].prefix);
		nets[l].nodes =
			arena_alloc(&m->arena, lan->n_members, sizeof(int));
		for (size_t k = 0; k < lan->n_members; k++)
			nets[l].nodes[k] = (int)(intptr_t)map_gets(numbers,
						   lan->members[k].node) -
					   1;
	}
	for (size_t a = 0; a < ns->n_lans; a++)
		for (size_t b = 0; b < ns->n_lans; b++)
			if (a != b && nets[a].has_prefix &&
				nets[b].has_prefix &&
				net_prefix_has(
					&nets[a].prefix, &nets[b].prefix.addr))
				nets[a].overlaps = nets[b].overlaps = true;
	m->lookup.nets = nets;
}

static void find_seats(struct mapper *m)
{
	const struct ns_experiment *ns = m->ns;
	struct lab_lookup *look = &m->lookup;

	look->n_seats = arena_alloc(&m->arena, ns->n_nodes + 1, sizeof(int));
	look->seats = arena_alloc(&m->arena, ns->n_nodes + 1, sizeof(void *));
	for (int fill = 0; fill < 2; fill++) {
		for (size_t i = 0; i < ns->n_nodes && fill != 0; i++) {
			look->seats[i] = arena_alloc(&m->arena,
				(size_t)look->n_seats[i] + 1,
				sizeof(struct lab_seat));
			look->n_seats[i] = 0;
		}
		for (size_t l = 0; l < ns->n_lans; l++)
			for (size_t k = 0; k < ns->lans[l].n_members; k++) {
				int node = look->nets[l].nodes[k];

				if (node < 0)
					continue;
				if (fill != 0)
					look->seats[node][look->n_seats[node]] =
						(struct lab_seat){
							(int)l, (int)k};
				look->n_seats[node]++;
			}
	}
}

void mapper_look_up(struct mapper *m)
{
	const struct ns_experiment *ns = m->ns;
	struct map numbers;

	map_init(&numbers);
	m->lookup.machine =
		arena_alloc(&m->arena, ns->n_nodes + 1, sizeof(int));
	for (size_t i = 0; i < ns->n_nodes; i++) {
		map_puts(
			&numbers, ns->nodes[i].name, (void *)(intptr_t)(i + 1));
		m->lookup.machine[i] = mapper_machine(m, ns->nodes[i].name);
	}
	find_nets(m, &numbers);
	find_seats(m);
	map_release(&numbers);
}
