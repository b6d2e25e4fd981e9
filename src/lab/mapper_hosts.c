/* Virtual nodes: who shares a machine with whom, and what each has on it.
 *
 * As many as fit share a host of the experiment's own ("vhost-0"), unless
 * they ask for the site's shared hosts, which nobody can log in to.  The wire
 * of a virtual node ends on its host as veth<unit>; a link whose members are
 * all on one host is a bridge there, one that leaves takes a card of the host
 * for itself (the testbed would put several on one card).  So a host is full
 * when its cards are, too. */
#include "base/mem.h"
#include "lab/mapper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool mapper_is_virtual(const struct ns_node *node)
{
	return node->type != NULL && strncmp(node->type, "pcvm", 4) == 0;
}

static bool wants_shared(const struct ns_node *node)
{
	if (node->sharing_mode != NULL &&
		(strncmp(node->sharing_mode, "shared", 6) == 0 ||
			strncmp(node->sharing_mode, "using_shared", 12) == 0))
		return true;
	for (size_t i = 0; i < node->n_desires; i++)
		if (strcmp(node->desires[i].name, "pcshared") == 0 &&
			node->desires[i].weight > 0)
			return true;
	return false;
}

static int number_of(const struct mapper *m, const struct ns_member *member)
{
	return (int)(intptr_t)map_gets(&m->numbers, member->node) - 1;
}

static int host_of(const struct mapper *m, const struct ns_member *member)
{
	int at = number_of(m, member);

	return at < 0 ? MAPPER_NO_HOST : m->host_of[at];
}

/* ---- packing ---- */

/* Has this member a shaper of its own before it?  Then a card of its own. */
static bool is_alone(const struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *member)
{
	return !lab_is_link(lan) && mapper_delay_for(m, lan, member) != NULL;
}

/* How many cards the links of those on a host take. */
static int cards_needed(const struct mapper *m, int host)
{
	int n = 0;

	for (size_t l = 0; l < m->n_lans; l++) {
		const struct ns_lan *lan = m->lans[l];
		bool here = false, there = false;

		for (size_t k = 0; k < lan->n_members; k++) {
			const struct ns_member *one = &lan->members[k];

			if (host_of(m, one) != host)
				there = true;
			else if (is_alone(m, lan, one))
				n++;
			else
				here = true;
		}
		n += here && there;
	}
	return n;
}

static int cards_of(const struct mapper *m, uint32_t types)
{
	int least = LAB_IFACES_MAX;

	for (size_t i = 0; i < m->site->n_types; i++)
		if ((types >> i & 1) != 0 &&
			m->site->types[i].expt_ifaces < least)
			least = m->site->types[i].expt_ifaces;
	return least;
}

static size_t capacity(const struct mapper *m)
{
	const char *set = lab_setting(m->ns, "multiplex_factor");
	long n = set != NULL ? strtol(set, NULL, 10) : 0;

	return n >= 1 ? (size_t)n : MAPPER_PER_HOST;
}

static int find_host(const struct mapper *m, const char *vname)
{
	for (size_t i = 0; i < m->n_hosts; i++)
		if (strcmp(m->hosts[i].vname, vname) == 0)
			return (int)i;
	return -1;
}

static int add_host(struct mapper *m, const char *vname, uint32_t types)
{
	struct mapper_host h = {.types = types, .machine = -1};

	for (unsigned n = 0; vname == NULL && h.vname[0] == '\0'; n++) {
		snprintf(h.vname, sizeof(h.vname), "vhost-%u", n);
		if (find_host(m, h.vname) >= 0)
			h.vname[0] = '\0';
	}
	if (vname != NULL)
		snprintf(h.vname, sizeof(h.vname), "%s", vname);
	MEM_PUSH(m->hosts, m->n_hosts, m->hosts_cap) = h;
	return (int)m->n_hosts - 1;
}

/* "pcvm" is at home anywhere, "pcvm3000" on a pc3000. */
static int host_types(const struct mapper *m, const struct ns_node *node,
	uint32_t *ret, struct err *err)
{
	char name[32];
	bool known;

	snprintf(name, sizeof(name), "pc%.28s", node->type + 4);
	*ret = mapper_types(m, name, node->name, &known);
	if (!known)
		return err_set(err, NFZ_E_RESOURCES,
			"*** 1 nodes of type %s requested, but only 0 "
			"available nodes of type %s found",
			node->type, node->type);
	if (*ret == 0)
		return err_set(err, NFZ_E_RESOURCES,
			"  *** No possible mapping for %s\n"
			"      Too much bandwidth on emulated links!\n"
			"Node mapping precheck failed!",
			node->name);
	return 0;
}

static bool can_join(
	struct mapper *m, int host, int node, uint32_t types, bool careful)
{
	const struct mapper_host *h = &m->hosts[host];
	bool fits;

	if (h->n >= capacity(m) || (h->types & types) == 0)
		return false;
	if (!careful)
		return true;
	m->host_of[node] = host;
	fits = cards_needed(m, host) <= cards_of(m, h->types & types);
	m->host_of[node] = MAPPER_NO_HOST;
	return fits;
}

static void join(struct mapper *m, int host, int node, uint32_t types)
{
	m->host_of[node] = host;
	m->hosts[host].types &= types;
	m->hosts[host].n++;
}

static uint32_t types_of_machine(const struct mapper *m, const char *id)
{
	int at = lab_machine_find(m->site, id);

	/* what there is not is refused when hosts get their machines */
	return at < 0 || m->site->machines[at].is_virtual
		       ? UINT32_MAX
		       : 1u << (m->site->machines[at].type - m->site->types);
}

/* The host it has, or the machine that the file names. */
static int wished_host(
	struct mapper *m, const struct ns_node *node, uint32_t types)
{
	for (size_t i = 0; i < m->site->n_machines; i++) {
		const struct lab_machine *was = &m->site->machines[i];
		const struct lab_machine *on;

		if (was->owner != m->owner || was->host < 0 ||
			strcmp(was->vname, node->name) != 0)
			continue;
		on = &m->site->machines[was->host];
		if (on->owner != m->owner)
			break;
		if (find_host(m, on->vname) >= 0)
			return find_host(m, on->vname);
		return add_host(m, on->vname, types);
	}
	if (node->fixed == NULL || *node->fixed == '\0')
		return -1;
	for (size_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].fixed != NULL &&
			strcmp(m->hosts[i].fixed, node->fixed) == 0)
			return (int)i;
	add_host(m, NULL, types_of_machine(m, node->fixed));
	m->hosts[m->n_hosts - 1].fixed = node->fixed;
	return (int)m->n_hosts - 1;
}

/* Those that have a host, or are told which. */
static int pack_bound(struct mapper *m, uint32_t *types, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < m->ns->n_nodes && r == 0; i++) {
		const struct ns_node *node = &m->ns->nodes[i];
		int host;

		m->host_of[i] = MAPPER_NO_HOST;
		if (!mapper_is_virtual(node))
			continue;
		if (wants_shared(node)) {
			m->host_of[i] = MAPPER_SHARED;
			continue;
		}
		r = host_types(m, node, &types[i], err);
		host = r == 0 ? wished_host(m, node, types[i]) : -1;
		if (host >= 0 && can_join(m, host, (int)i, types[i], false))
			join(m, host, (int)i, types[i]);
		else if (r == 0 && node->fixed != NULL && *node->fixed != '\0')
			r = err_set(err, NFZ_E_RESOURCES,
				"*** Could not map %s to %s: %s is not "
				"available",
				node->name, node->fixed, node->fixed);
	}
	return r;
}

/* Everybody else on the first host with room. */
static void pack_rest(struct mapper *m, const uint32_t *types, bool careful)
{
	for (size_t i = 0; i < m->ns->n_nodes; i++) {
		size_t h = 0;

		if (m->host_of[i] != MAPPER_NO_HOST ||
			!mapper_is_virtual(&m->ns->nodes[i]))
			continue;
		while (h < m->n_hosts &&
			!can_join(m, (int)h, (int)i, types[i], careful))
			h++;
		if (h == m->n_hosts)
			add_host(m, NULL, types[i]);
		join(m, (int)h, (int)i, types[i]);
	}
}

static int full_host(const struct mapper *m)
{
	for (size_t h = 0; h < m->n_hosts; h++)
		if (cards_needed(m, (int)h) > cards_of(m, m->hosts[h].types))
			return (int)h;
	return -1;
}

static int refuse_host(const struct mapper *m, int host, struct err *err)
{
	err_set(err, NFZ_E_RESOURCES,
		"  *** No possible mapping for %s\n"
		"      Too many links of type ethernet! "
		"(%d requested, %d found)\n"
		"Node mapping precheck failed!",
		m->hosts[host].vname, cards_needed(m, host),
		cards_of(m, m->hosts[host].types));
	return err_hint(err, "here every link that leaves a host of virtual "
			     "nodes takes one of its cards: use "
			     "tb-set-colocate-factor or LANs");
}

/* As tight as they go; when that takes too many cards, node by node. */
int mapper_pack(struct mapper *m, struct err *err)
{
	size_t n = m->ns->n_nodes, n_bound;
	cleanup_free uint32_t *types = mem_zalloc(n + 1, sizeof(*types));
	cleanup_free struct mapper_host *hosts = NULL;
	cleanup_free int *bound = mem_zalloc(n + 1, sizeof(*bound));
	int r;

	m->host_of = arena_alloc(&m->arena, n + 1, sizeof(*m->host_of));
	r = pack_bound(m, types, err);
	if (r != 0)
		return r;
	n_bound = m->n_hosts;
	hosts = mem_zalloc(n_bound + 1, sizeof(*hosts));
	if (n_bound > 0)
		memcpy(hosts, m->hosts, n_bound * sizeof(*hosts));
	memcpy(bound, m->host_of, n * sizeof(*bound));
	pack_rest(m, types, false);
	if (full_host(m) < 0)
		return 0;
	if (n_bound > 0)
		memcpy(m->hosts, hosts, n_bound * sizeof(*hosts));
	m->n_hosts = n_bound;
	memcpy(m->host_of, bound, n * sizeof(*bound));
	pack_rest(m, types, true);
	return full_host(m) < 0 ? 0 : refuse_host(m, full_host(m), err);
}

/* ---- places ---- */

static size_t count_on(const struct mapper *m, int host)
{
	size_t n = 0;

	for (size_t i = 0; i < m->site->n_machines; i++)
		n += m->machines[i].host == host;
	return n;
}

/* The shared host with the fewest. */
static int shared_host(const struct mapper *m)
{
	size_t least = MAPPER_PER_SHARED;
	int best = -1;

	for (size_t i = 0; i < m->site->n_machines; i++) {
		size_t n;

		if (!m->machines[i].is_shared_host)
			continue;
		n = count_on(m, (int)i);
		if (n < least) {
			least = n;
			best = (int)i;
		}
	}
	return best;
}

static void name_place(struct mapper *m, struct lab_machine *to, int host)
{
	const char *on = m->machines[host].id;

	to->id[0] = '\0'; /* not its own name of before */
	for (unsigned n = 1;; n++) {
		char id[16];
		bool taken = false;

		snprintf(id, sizeof(id), "pcvm%.5s-%u", on + 2, n % 10000);
		for (size_t i = 0; i < m->site->n_machines && !taken; i++)
			taken = strcmp(m->machines[i].id, id) == 0;
		if (taken)
			continue;
		memcpy(to->id, id, sizeof(id));
		return;
	}
}

static void seat(struct mapper *m, size_t node, int place, int host)
{
	struct lab_machine *to = &m->machines[place];
	const struct lab_machine *was = &m->site->machines[place];
	const struct ns_node *n = &m->ns->nodes[node];

	to->owner = m->owner;
	to->vname = arena_strdup(&m->arena, n->name);
	to->erole = "node";
	to->osid = n->os != NULL && *n->os != '\0'
			   ? arena_strdup(&m->arena, n->os)
			   : to->type->default_os;
	to->host = host;
	if (was->owner == m->owner && was->host == host &&
		strcmp(was->vname, n->name) == 0)
		memcpy(to->id, was->id, sizeof(to->id));
	else
		name_place(m, to, host);
	map_puts(&m->nodes, n->name, (void *)(intptr_t)(place + 1));
}

/* The place it has, and the host, if it is to stay there. */
static int present_place(const struct mapper *m, size_t node, int *ret_host)
{
	int wanted = m->host_of[node];

	for (size_t i = 0; i < m->site->n_machines; i++) {
		const struct lab_machine *was = &m->site->machines[i];

		if (was->owner != m->owner || was->host < 0 ||
			strcmp(was->vname, m->ns->nodes[node].name) != 0)
			continue;
		*ret_host = was->host;
		if (wanted == MAPPER_SHARED)
			return m->machines[was->host].is_shared_host ? (int)i
								     : -1;
		return m->hosts[wanted].machine == was->host ? (int)i : -1;
	}
	return -1;
}

static int free_place(const struct mapper *m)
{
	for (size_t i = 0; i < m->site->n_machines; i++)
		if (m->machines[i].is_virtual && m->machines[i].owner < 0)
			return (int)i;
	return -1;
}

int mapper_seat(struct mapper *m, struct err *err)
{
	for (size_t i = 0; i < m->ns->n_nodes; i++) {
		int host = -1, place = -1;

		if (m->host_of[i] != MAPPER_NO_HOST)
			place = present_place(m, i, &host);
		if (place >= 0)
			seat(m, i, place, host);
	}
	for (size_t i = 0; i < m->ns->n_nodes; i++) {
		int host, place;

		if (m->host_of[i] == MAPPER_NO_HOST ||
			mapper_machine(m, m->ns->nodes[i].name) >= 0)
			continue;
		host = m->host_of[i] == MAPPER_SHARED
			       ? shared_host(m)
			       : m->hosts[m->host_of[i]].machine;
		place = free_place(m);
		if (host < 0 || place < 0)
			return err_set(err, NFZ_E_RESOURCES,
				"*** 1 nodes of type pcvm requested, but only "
				"0 available nodes of type pcvm found");
		seat(m, i, place, host);
	}
	return 0;
}

/* ---- cards and wires ---- */

static bool unit_taken(const struct mapper *m, int host, int unit)
{
	for (size_t i = 0; i < m->n_veths; i++)
		if (m->veths[i].host == host && m->veths[i].unit == unit)
			return true;
	return false;
}

/* Its unit of before, so that the wire stays, else the next on that host. */
static int choose_unit(const struct mapper *m, const struct lab_veth *v)
{
	const struct lab_veth *was = lab_veth_of(m->e, v->machine, v->iface);
	int unit = 1;

	if (was != NULL && was->host == v->host &&
		!unit_taken(m, v->host, was->unit))
		return was->unit;
	for (size_t i = 0; i < m->e->n_veths; i++)
		if (m->e->veths[i].host == v->host &&
			m->e->veths[i].unit >= unit)
			unit = m->e->veths[i].unit + 1;
	while (unit_taken(m, v->host, unit))
		unit++;
	return unit;
}

static void add_veth(struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *member, int card)
{
	struct lab_veth v = {.lan = lan->name, .card = card};

	v.machine = mapper_machine(m, member->node);
	v.iface = mapper_card_of(m, lan, member);
	v.host = m->machines[v.machine].host;
	v.unit = choose_unit(m, &v);
	MEM_PUSH(m->veths, m->n_veths, m->veths_cap) = v;
}

static int take_card(struct mapper *m, int machine, const struct ns_lan *lan)
{
	struct lab_machine *on = &m->machines[machine];
	int card = mapper_present_card(m, machine, lan, on->vname);

	for (int k = 1; !mapper_usable(on, card) && k < on->n_ifaces; k++)
		card = k;
	if (!mapper_usable(on, card))
		return -1;
	on->ifaces[card].lan = arena_strdup(&m->arena, lan->name);
	return card;
}

/* The card by which the others of a link reach a host: 0 when there are no
 * others, -1 when none is left. */
static int card_for(struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *member)
{
	int host = host_of(m, member);
	int machine = m->hosts[host].machine;

	if (is_alone(m, lan, member))
		return take_card(m, machine, lan);
	for (size_t i = 0; i < m->n_veths; i++)
		if (m->veths[i].lan == lan->name && m->veths[i].host == machine)
			return m->veths[i].card;
	for (size_t k = 0; k < lan->n_members; k++)
		if (host_of(m, &lan->members[k]) != host)
			return take_card(m, machine, lan);
	return 0;
}

int mapper_plug_hosts(struct mapper *m, struct err *err)
{
	for (size_t l = 0; l < m->n_lans; l++)
		for (size_t k = 0; k < m->lans[l]->n_members; k++) {
			const struct ns_member *one = &m->lans[l]->members[k];
			int host = host_of(m, one), card;

			if (host < 0)
				continue;
			card = card_for(m, m->lans[l], one);
			if (card < 0)
				return refuse_host(m, host, err);
			add_veth(m, m->lans[l], one, card);
		}
	return 0;
}

static const struct lab_veth *veth_of(
	const struct mapper *m, int machine, int iface)
{
	for (size_t i = 0; i < m->n_veths; i++)
		if (m->veths[i].machine == machine &&
			m->veths[i].iface == iface)
			return &m->veths[i];
	return NULL;
}

void mapper_outer_end(const struct mapper *m, const struct ns_lan *lan,
	const struct ns_member *member, int *ret_machine, int *ret_card)
{
	const struct lab_veth *v;

	*ret_machine = mapper_machine(m, member->node);
	*ret_card = mapper_card_of(m, lan, member);
	v = veth_of(m, *ret_machine, *ret_card);
	if (v == NULL)
		return;
	*ret_machine = v->host;
	*ret_card = v->card > 0 ? v->card : -1;
}

void mapper_wire_hosts(struct mapper *m)
{
	for (size_t i = 0; i < m->n_veths; i++) {
		const struct lab_veth *v = &m->veths[i];
		const struct ns_lan *lan = m->lans[0];
		struct lab_wire *w;

		for (size_t l = 0; l < m->n_lans; l++)
			if (m->lans[l]->name == v->lan)
				lan = m->lans[l];
		w = mapper_add_wire(m, lan, m->machines[v->machine].vname, 2);
		mapper_add_end(m, w, v->machine, v->iface);
		mapper_add_end(m, w, v->host, LAB_VETH + v->unit);
	}
}
