/* Shapers, interfaces, wires and traces (emulab-api reference, 5.1-5.4, 6.3
 * and 7.2).
 *
 * A shaper is wanted by a link, or by each member of a LAN, that is shaped or
 * traced; logical shapers are numbered over links sorted by name and members
 * sorted by node, two to a box, and a box has the name of its first: hence
 * tbdelay0, tbdelay2.  A node's n-th port is its n-th card unless the file
 * pins it or a survivor already has another one for the same link. */
#include "base/mem.h"
#include "lab/mapper.h"

#include <stdio.h>
#include <string.h>

static double join_loss(double a, double b)
{
	return 1 - (1 - a) * (1 - b);
}

static int64_t join_bandwidth(int64_t a, int64_t b)
{
	if (a <= 0 || b <= 0)
		return a > b ? a : b;
	return a < b ? a : b;
}

static struct lab_delay *add_delay(struct mapper *m, const struct ns_lan *lan)
{
	struct lab_delay *d;
	int number = (int)m->n_delays;
	const char *set = lab_setting(m->ns, "delay_capacity");
	int capacity = set != NULL && strcmp(set, "1") == 0
			       ? 1
			       : MAPPER_DELAYS_PER_BOX;
	int slot = number % capacity;

	MEM_PUSH(m->delays, m->n_delays, m->delays_cap) = (struct lab_delay){0};
	d = &m->delays[m->n_delays - 1];
	d->number = number;
	d->machine = -1;
	d->lan = lan->name;
	d->port[0] = 1 + 2 * slot;
	d->port[1] = 2 + 2 * slot;
	d->pipe[0] = 110 + 20 * slot;
	d->pipe[1] = 120 + 20 * slot;
	snprintf(d->vname, sizeof(d->vname), "tbdelay%d", number - slot);
	return d;
}

/* One shaper between the two ends: the values are already joined. */
static void delay_of_link(struct mapper *m, const struct ns_lan *lan)
{
	const struct ns_member **ends = mapper_members(m, lan);
	bool shapes[2] = {false, false}, wanted = false;
	struct lab_delay *d;

	for (int i = 0; i < 2; i++)
		if (ns_member_needs_shaper(m->ns, lan, ends[i], &shapes[i]))
			wanted = true;
	if (!wanted)
		return;
	d = add_delay(m, lan);
	d->noshaping = !shapes[0] && !shapes[1];
	for (int i = 0; i < 2; i++) {
		const struct ns_member *from = ends[i], *to = ends[1 - i];

		d->vnode[i] = from->node;
		d->member[i] = from;
		d->delay[i] = from->delay + to->rdelay;
		d->bandwidth[i] =
			join_bandwidth(from->bandwidth, to->rbandwidth);
		d->loss[i] = join_loss(from->lossrate, to->rlossrate);
		d->q_limit[i] = from->q_limit;
	}
}

/* A shaper of its own between each member and the switch. */
static void delays_of_lan(struct mapper *m, const struct ns_lan *lan)
{
	const struct ns_member **members = mapper_members(m, lan);

	for (size_t i = 0; i < lan->n_members; i++) {
		const struct ns_member *one = members[i];
		bool shapes = false;
		struct lab_delay *d;

		if (!ns_member_needs_shaper(m->ns, lan, one, &shapes))
			continue;
		d = add_delay(m, lan);
		d->noshaping = !shapes;
		d->vnode[0] = d->vnode[1] = one->node;
		d->member[0] = d->member[1] = one;
		d->delay[0] = one->delay;
		d->delay[1] = one->rdelay;
		d->bandwidth[0] = one->bandwidth;
		d->bandwidth[1] = one->rbandwidth;
		d->loss[0] = one->lossrate;
		d->loss[1] = one->rlossrate;
		d->q_limit[0] = d->q_limit[1] = one->q_limit;
	}
}

void mapper_find_delays(struct mapper *m)
{
	for (size_t i = 0; i < m->n_lans; i++)
		if (lab_is_link(m->lans[i]))
			delay_of_link(m, m->lans[i]);
		else
			delays_of_lan(m, m->lans[i]);
}

/* ---- interfaces ---- */

/* The MAC address of a virtual node's card is made of its address. */
static void make_mac(struct lab_iface *i, int machine, int card)
{
	uint32_t v = i->has_ip ? net_addr_v4_value(&i->ip)
			       : (uint32_t)machine << 8 | (uint32_t)card;

	i->mac[0] = i->has_ip ? 0 : 2;
	i->mac[1] = 0;
	for (int k = 0; k < 4; k++)
		i->mac[2 + k] = (uint8_t)(v >> (24 - 8 * k));
}

static void plug_in(struct mapper *m, int machine, int card,
	const struct ns_lan *lan, const struct ns_member *member)
{
	struct lab_iface *i = &m->machines[machine].ifaces[card];

	i->lan = arena_strdup(&m->arena, lan->name);
	i->vport = member->port;
	if (member->ip != NULL && *member->ip != '\0')
		i->has_ip = net_addr_parse(member->ip, &i->ip) &&
			    net_addr_parse(member->mask, &i->mask);
	if (m->machines[machine].is_virtual)
		make_mac(i, machine, card);
}

enum pass { PASS_PRESENT, PASS_FIXED, PASS_PORT, PASS_ANY, N_PASSES };

static int wanted_card(const struct mapper *m, enum pass pass,
	const struct ns_lan *lan, const struct ns_member *member)
{
	int at = mapper_machine(m, member->node);
	const struct lab_machine *machine = &m->machines[at];

	switch (pass) {
	case PASS_PRESENT:
		return mapper_present_card(m, at, lan, member->node);
	case PASS_FIXED:
		for (int k = 1; k < machine->n_ifaces; k++)
			if (member->fixed_iface != NULL &&
				strcmp(machine->ifaces[k].name,
					member->fixed_iface) == 0)
				return k;
		return -1;
	case PASS_PORT:
		return member->port + 1;
	case PASS_ANY:
		for (int k = 1; k < machine->n_ifaces; k++)
			if (mapper_usable(machine, k))
				return k;
		return -1;
	case N_PASSES:
		break;
	}
	return -1;
}

static int plug_nodes(struct mapper *m, struct err *err)
{
	for (int pass = 0; pass < N_PASSES; pass++)
		for (size_t i = 0; i < m->n_lans; i++) {
			const struct ns_lan *lan = m->lans[i];

			for (size_t k = 0; k < lan->n_members; k++) {
				const struct ns_member *one = &lan->members[k];
				int at = mapper_machine(m, one->node);
				int card;

				if (at < 0)
					return err_set(err, NFZ_E_INTERNAL,
						"%s has a member %s that is "
						"no node",
						lan->name, one->node);
				if (mapper_card_of(m, lan, one) >= 0)
					continue;
				card = wanted_card(
					m, (enum pass)pass, lan, one);
				if (mapper_usable(&m->machines[at], card))
					plug_in(m, at, card, lan, one);
			}
		}
	return 0;
}

static void plug_boxes(struct mapper *m)
{
	for (size_t i = 0; i < m->n_delays; i++)
		for (int k = 0; k < 2; k++) {
			const struct lab_delay *d = &m->delays[i];

			m->machines[d->machine].ifaces[d->port[k]].lan =
				arena_strdup(&m->arena, d->lan);
		}
}

/* ---- wires ---- */

static void add_member(struct mapper *m, struct lab_wire *w,
	const struct ns_lan *lan, const struct ns_member *member)
{
	int machine, card;

	mapper_outer_end(m, lan, member, &machine, &card);
	for (size_t i = 0; i < w->n_ends; i++)
		if (w->ends[i].machine == machine && w->ends[i].iface == card)
			return; /* shared by virtual nodes of one host */
	if (card >= 0)
		mapper_add_end(m, w, machine, card);
}

/* The wire made last, if it turned out to be inside one host. */
static void drop_empty(struct mapper *m)
{
	if (m->wires[m->n_wires - 1].n_ends == 0)
		m->n_wires--;
}

static void wire_link(struct mapper *m, const struct ns_lan *lan)
{
	const struct ns_member **ends = mapper_members(m, lan);
	const struct lab_delay *d = mapper_delay_for(m, lan, ends[0]);
	struct lab_wire *w;

	if (d == NULL) {
		w = mapper_add_wire(m, lan, NULL, 2);
		add_member(m, w, lan, ends[0]);
		add_member(m, w, lan, ends[1]);
		drop_empty(m);
		return;
	}
	for (int i = 0; i < 2; i++) {
		w = mapper_add_wire(m, lan, ends[i]->node, 2);
		add_member(m, w, lan, ends[i]);
		mapper_add_end(m, w, d->machine, d->port[i]);
	}
}

static void wire_lan(struct mapper *m, const struct ns_lan *lan)
{
	const struct ns_member **members = mapper_members(m, lan);
	size_t middle = m->n_wires;

	mapper_add_wire(m, lan, NULL, lan->n_members);
	for (size_t i = 0; i < lan->n_members; i++) {
		const struct lab_delay *d =
			mapper_delay_for(m, lan, members[i]);
		struct lab_wire *w;

		if (d == NULL) {
			add_member(m, &m->wires[middle], lan, members[i]);
			continue;
		}
		w = mapper_add_wire(m, lan, members[i]->node, 2);
		add_member(m, w, lan, members[i]);
		mapper_add_end(m, w, d->machine, d->port[0]);
		mapper_add_end(m, &m->wires[middle], d->machine, d->port[1]);
	}
	drop_empty(m);
}

/* ---- traces ---- */

static int next_trace(const struct mapper *m, int machine)
{
	int n = 1;

	for (size_t i = 0; i < m->n_traces; i++)
		n += m->traces[i].machine == machine;
	return n;
}

static struct lab_trace *add_trace(struct mapper *m, int machine,
	const char *lan, const struct ns_member *member)
{
	struct lab_trace *t;

	MEM_PUSH(m->traces, m->n_traces, m->traces_cap) = (struct lab_trace){0};
	t = &m->traces[m->n_traces - 1];
	t->machine = machine;
	t->idx = next_trace(m, machine) - 1;
	t->lan = lan;
	t->vnode = member->node;
	t->type = member->trace_type;
	t->expr = member->trace_expr != NULL ? member->trace_expr : "";
	t->snaplen = member->trace_snaplen;
	t->db = member->trace_db;
	return t;
}

/* A link has two rows, one for each way; a LAN member one, towards the LAN. */
static void trace_delays(struct mapper *m)
{
	for (size_t i = 0; i < m->n_delays; i++) {
		const struct lab_delay *d = &m->delays[i];
		const struct lab_iface *ifaces = m->machines[d->machine].ifaces;
		int rows = d->vnode[0] == d->vnode[1] ? 1 : 2;

		for (int k = 0; k < rows; k++) {
			struct lab_trace *t;

			if (!lab_flag(d->member[k]->traced))
				continue;
			t = add_trace(m, d->machine, d->lan, d->member[k]);
			t->iface0 = ifaces[d->port[k]].name;
			t->iface1 = ifaces[d->port[1 - k]].name;
			snprintf(t->delayvname, sizeof(t->delayvname), "%s",
				d->vname);
		}
	}
}

static void trace_end_nodes(struct mapper *m)
{
	for (size_t i = 0; i < m->n_lans; i++) {
		const struct ns_member **members =
			mapper_members(m, m->lans[i]);

		for (size_t k = 0; k < m->lans[i]->n_members; k++) {
			const struct ns_lan *lan = m->lans[i];
			const struct ns_member *one = members[k];
			struct lab_trace *t;
			int at = mapper_machine(m, one->node);

			if (!lab_flag(one->traced) ||
				mapper_delay_for(m, lan, one) != NULL)
				continue;
			t = add_trace(m, at, lan->name, one);
			t->iface0 = "";
			t->iface1 = m->machines[at]
					    .ifaces[mapper_card_of(m, lan, one)]
					    .name;
		}
	}
}

/* The draft's strings must outlive it: point into the real pool. */
static void rebase_traces(struct mapper *m)
{
	for (size_t i = 0; i < m->n_traces; i++) {
		struct lab_trace *t = &m->traces[i];

		t->iface0 = arena_strdup(&m->arena, t->iface0);
		t->iface1 = arena_strdup(&m->arena, t->iface1);
	}
}

/* ---- end-node shaping ---- */

/* Shaped, but no shaper: the end nodes do it. */
static bool wants_linkdelay(const struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *one)
{
	bool shapes = false;

	return mapper_delay_for(m, lan, one) == NULL &&
	       !ns_member_needs_shaper(m->ns, lan, one, &shapes) && shapes;
}

static void add_linkdelay(struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *one, const struct ns_member *other)
{
	struct lab_linkdelay *d;

	int at = mapper_machine(m, one->node), before = 0;

	for (size_t i = 0; i < m->n_linkdelays; i++)
		before += m->linkdelays[i].machine == at;
	MEM_PUSH(m->linkdelays, m->n_linkdelays, m->linkdelays_cap) =
		(struct lab_linkdelay){0};
	d = &m->linkdelays[m->n_linkdelays - 1];
	d->machine = at;
	d->iface = mapper_card_of(m, lan, one);
	d->lan = lan->name;
	d->vnode = one->node;
	d->duplex = other == NULL;
	d->member = one;
	for (int k = 0; k < 2; k++) {
		d->pipe[k] = 110 + 20 * before + 10 * k;
		d->q_limit[k] = one->q_limit;
	}
	d->delay[0] = one->delay + (other != NULL ? other->rdelay : 0);
	d->delay[1] = one->rdelay;
	d->bandwidth[0] = other == NULL ? one->bandwidth
					: join_bandwidth(one->bandwidth,
						  other->rbandwidth);
	d->bandwidth[1] = one->rbandwidth;
	d->loss[0] = other == NULL ? one->lossrate
				   : join_loss(one->lossrate, other->rlossrate);
	d->loss[1] = one->rlossrate;
}

static void find_linkdelays(struct mapper *m)
{
	for (size_t i = 0; i < m->n_lans; i++) {
		const struct ns_lan *lan = m->lans[i];
		const struct ns_member **members = mapper_members(m, lan);

		for (size_t k = 0; k < lan->n_members; k++)
			if (wants_linkdelay(m, lan, members[k]))
				add_linkdelay(m, lan, members[k],
					lab_is_link(lan) ? members[1 - k]
							 : NULL);
	}
}

int mapper_wire(struct mapper *m, struct err *err)
{
	int r = plug_nodes(m, err);

	if (r == 0)
		r = mapper_plug_hosts(m, err);
	if (r != 0)
		return r;
	plug_boxes(m);
	for (size_t i = 0; i < m->n_lans; i++)
		if (lab_is_link(m->lans[i]))
			wire_link(m, m->lans[i]);
		else
			wire_lan(m, m->lans[i]);
	mapper_wire_hosts(m);
	trace_delays(m);
	trace_end_nodes(m);
	rebase_traces(m);
	find_linkdelays(m);
	return 0;
}
