/* The site's records: its pool of machines and its experiments.
 *
 * The pool is made by rule from a seed, so that the same topology lands on
 * the same machines every time: ids and speeds as at the classic site, MACs
 * that never collide, interface names of the system that differ from the
 * testbed's and in another order. */
#include "lab/model.h"
#include "base/mem.h"
#include "base/mix.h"
#include "lab/portal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONTROL_NET UINT32_C(0xc6120000) /* 198.18.0.0/16 */
#define CONTROL_BOSS UINT32_C(0xfe01)

static const char *const state_names[] = {"new", "prerunning", "swapped",
	"queued", "swapping", "activating", "active", "paniced", "terminating",
	"ended", "modify_parse", "modify_reparse", "modify_reswap",
	"restarting"};

struct block {
	struct lab_type type;
	int first, last; /* pc41..pc168 */
	uint32_t oui;
	const char *sw; /* which switch its experiment ports are on */
};

static const struct block pool[] = {
	{{"pc600", "pc", "fxp", 4, 100000, "UBUNTU12-64-STD", "UBUNTU-DELAY"},
		1, 40, 0x00d0b7, "cisco1"},
	{{"pc850", "pc", "fxp", 4, 100000, "UBUNTU12-64-STD", "UBUNTU-DELAY"},
		41, 168, 0x00d0b7, "cisco1"},
	{{"pc3000", "pc", "em", 4, 1000000, "UBUNTU12-64-STD", "UBUNTU-DELAY"},
		201, 368, 0x000423, "cisco2"},
	{{"d710", "pc", "bce", 4, 1000000, "UBUNTU12-64-STD", "UBUNTU-DELAY"},
		401, 560, 0x001517, "procurve1"},
};

enum {
	N_BLOCKS = sizeof(pool) / sizeof(pool[0]),
	MACS_EACH = 5,
	N_VIRTUAL = 512,
	FIRST_VIRTUAL = 32768, /* its control address: 198.18.128.0 */
	SHARED_FIRST = 340,    /* pc340 and pc341 host everybody's */
	SHARED_LAST = 341,
	VIRTUAL_LINKS = 9
};

static const struct lab_type vm_type = {"pcvm", "pcvm", "veth", VIRTUAL_LINKS,
	10000000, "OPENVZ-STD", "OPENVZ-STD"};

/* Which slot of the system's naming each testbed interface has: real cards
 * are found in another order than they are numbered on the rack. */
static const int orders[4][4] = {
	{2, 1, 4, 3}, {3, 4, 1, 2}, {4, 3, 2, 1}, {2, 4, 1, 3}};

const char *lab_state_name(enum lab_state state)
{
	return state_names[state];
}

const char *lab_setting(const struct ns_experiment *ns, const char *name)
{
	for (size_t i = 0; i < ns->n_settings; i++)
		if (strcmp(ns->settings[i].name, name) == 0)
			return ns->settings[i].value;
	return NULL;
}

bool lab_flag(const char *value)
{
	return value != NULL && *value != '\0' && strcmp(value, "0") != 0;
}

/* An odd factor makes this a permutation of 24 bits: no two alike. */
static void make_mac(
	uint32_t oui, uint32_t index, uint64_t seed, uint8_t mac[6])
{
	uint32_t low =
		(index * 0x9e3779u + (uint32_t)mix_bits(seed + MIX_STEP)) &
		0xffffff;

	mac[0] = (uint8_t)(oui >> 16);
	mac[1] = (uint8_t)(oui >> 8);
	mac[2] = (uint8_t)oui;
	mac[3] = (uint8_t)(low >> 16);
	mac[4] = (uint8_t)(low >> 8);
	mac[5] = (uint8_t)low;
}

static void make_control(struct lab_iface *i, int number)
{
	i->control = true;
	i->ip = net_addr_v4_host(CONTROL_NET + (uint32_t)number);
	i->mask = net_addr_v4_host(0xffff0000);
	i->has_ip = true;
	snprintf(i->os_name, sizeof(i->os_name), "eno1");
	snprintf(i->switch_name, sizeof(i->switch_name), "cisco5");
	i->switch_card = 1 + number / 48;
	i->switch_port = 1 + number % 48;
}

static void make_machine(
	struct lab_machine *m, const struct block *b, int number, uint64_t seed)
{
	const int *order =
		orders[mix_bits((seed ^ (uint64_t)number) + MIX_STEP) % 4];

	snprintf(m->id, sizeof(m->id), "pc%d", number);
	memcpy(m->key, m->id, sizeof(m->key));
	m->type = &b->type;
	m->owner = m->host = -1;
	m->n_ifaces = 1 + b->type.expt_ifaces;
	for (int k = 0; k < m->n_ifaces; k++) {
		struct lab_iface *i = &m->ifaces[k];
		int plug = number * b->type.expt_ifaces + k - 1;

		snprintf(i->name, sizeof(i->name), "eth%u", (unsigned)k % 10);
		i->card = k;
		i->port = k > 0;
		i->vport = i->peer_wire = -1;
		make_mac(b->oui, (uint32_t)(number * MACS_EACH + k), seed,
			i->mac);
		if (k == 0) {
			make_control(i, number);
			continue;
		}
		snprintf(i->os_name, sizeof(i->os_name), "enp%us0",
			(unsigned)(order[k - 1] + 2) % 10);
		snprintf(i->switch_name, sizeof(i->switch_name), "%s", b->sw);
		i->switch_card = 2 + plug / 48 % 12;
		i->switch_port = 1 + plug % 48;
	}
}

/* A place for a virtual node.  What it has of its own is its control
 * interface; the others get their addresses when they are on a link. */
static void make_place(struct lab_machine *m, const struct lab_type *type,
	int n, uint64_t seed)
{
	snprintf(m->key, sizeof(m->key), "vm%d", n);
	m->type = type;
	m->is_virtual = true;
	m->owner = m->host = -1;
	m->n_ifaces = 1 + type->expt_ifaces;
	for (int k = 0; k < m->n_ifaces; k++) {
		struct lab_iface *i = &m->ifaces[k];

		snprintf(i->name, sizeof(i->name), "eth%u", (unsigned)k % 10);
		snprintf(i->os_name, sizeof(i->os_name), "eth%u",
			(unsigned)k % 10);
		i->card = k;
		i->vport = i->peer_wire = -1;
	}
	make_control(&m->ifaces[0], FIRST_VIRTUAL + n);
	snprintf(m->ifaces[0].os_name, sizeof(m->ifaces[0].os_name), "eth0");
	m->ifaces[0].switch_name[0] = '\0';
	make_mac(0x020000, (uint32_t)n, seed, m->ifaces[0].mac);
}

struct lab_site *lab_site_new(const char *domain, uint64_t seed)
{
	struct lab_site *site = mem_zalloc(1, sizeof(*site));
	struct net_addr boss = net_addr_v4_host(CONTROL_NET + CONTROL_BOSS);
	char text[NET_ADDR_TEXT];

	snprintf(site->domain, sizeof(site->domain), "%s", domain);
	snprintf(site->boss_ip, sizeof(site->boss_ip), "%.15s",
		net_addr_print(&boss, text));
	snprintf(site->control_mask, sizeof(site->control_mask), "255.255.0.0");
	snprintf(site->login, sizeof(site->login), "user");
	site->seed = seed;
	site->delay_threshold_ms = 2;
	site->types = mem_zalloc(N_BLOCKS, sizeof(*site->types));
	for (size_t i = 0; i < N_BLOCKS; i++) {
		site->types[site->n_types++] = pool[i].type;
		site->n_machines += (size_t)(pool[i].last - pool[i].first + 1);
	}
	site->vm_type = vm_type;
	site->machines = mem_zalloc(
		site->n_machines + N_VIRTUAL, sizeof(*site->machines));
	size_t at = 0;
	for (size_t i = 0; i < N_BLOCKS; i++)
		for (int n = pool[i].first; n <= pool[i].last; n++) {
			make_machine(&site->machines[at], &pool[i], n, seed);
			site->machines[at].is_shared_host =
				n >= SHARED_FIRST && n <= SHARED_LAST;
			site->machines[at++].type = &site->types[i];
		}
	for (int n = 0; n < N_VIRTUAL; n++)
		make_place(&site->machines[at++], &site->vm_type, n + 1, seed);
	site->n_machines = at;
	return site;
}

static void experiment_free(struct lab_experiment *e)
{
	if (e == NULL)
		return;
	arena_release(&e->arena);
	free(e->description);
	free(e->ns_text);
	ns_free(e->ns);
	lab_portal_free(e->portal);
	free(e);
}

void lab_site_free(struct lab_site *site)
{
	if (site == NULL)
		return;
	for (size_t i = 0; i < site->n_experiments; i++)
		experiment_free(site->experiments[i]);
	for (size_t i = 0; i < site->n_machines; i++) {
		free(site->machines[i].host_key_rsa);
		free(site->machines[i].host_key_ed25519);
		free(site->machines[i].host_key_ecdsa);
	}
	free(site->experiments);
	free(site->machines);
	free(site->types);
	free(site->users);
	free(site->nologins);
	free(site->message);
	free(site);
}

struct lab_experiment *lab_experiment_add(struct lab_site *site,
	const char *pid, const char *eid, const char *head)
{
	struct lab_experiment *e = mem_zalloc(1, sizeof(*e));

	snprintf(e->pid, sizeof(e->pid), "%s", pid);
	snprintf(e->eid, sizeof(e->eid), "%s", eid);
	snprintf(e->gid, sizeof(e->gid), "%s", pid);
	snprintf(e->head, sizeof(e->head), "%s", head);
	e->idx = 4100 + (int)site->n_experiments * 17;
	e->state = LAB_NEW;
	MEM_PUSH(site->experiments, site->n_experiments,
		site->experiments_cap) = e;
	return e;
}

int lab_index(const struct lab_site *site, const struct lab_experiment *e)
{
	for (size_t i = 0; i < site->n_experiments; i++)
		if (site->experiments[i] == e)
			return (int)i;
	return -1;
}

struct lab_experiment *lab_experiment_find(
	const struct lab_site *site, const char *pid, const char *eid)
{
	for (size_t i = 0; i < site->n_experiments; i++) {
		struct lab_experiment *e = site->experiments[i];

		if (e->pid[0] != '\0' && strcasecmp(e->pid, pid) == 0 &&
			strcasecmp(e->eid, eid) == 0)
			return e;
	}
	return NULL;
}

int lab_machine_find(const struct lab_site *site, const char *id)
{
	for (size_t i = 0; *id != '\0' && i < site->n_machines; i++)
		if (strcmp(site->machines[i].id, id) == 0)
			return (int)i;
	return -1;
}

int lab_machine_of(const struct lab_site *site, const struct lab_experiment *e,
	const char *vname)
{
	int owner = lab_index(site, e);

	for (size_t i = 0; i < site->n_machines && owner >= 0; i++) {
		const struct lab_machine *m = &site->machines[i];

		if (m->owner == owner && m->vname != NULL &&
			strcmp(m->vname, vname) == 0)
			return (int)i;
	}
	return -1;
}

struct lab_iface *lab_control(struct lab_machine *m)
{
	return &m->ifaces[0];
}

int lab_node_index(const struct lab_experiment *e, const char *vname)
{
	for (size_t i = 0; e->ns != NULL && i < e->ns->n_nodes; i++)
		if (strcmp(e->ns->nodes[i].name, vname) == 0)
			return (int)i;
	return -1;
}

const struct lab_veth *lab_veth_of(
	const struct lab_experiment *e, int machine, int iface)
{
	for (size_t i = 0; i < e->n_veths; i++)
		if (e->veths[i].machine == machine &&
			e->veths[i].iface == iface)
			return &e->veths[i];
	return NULL;
}

void lab_end_name(const struct lab_site *site, int machine, int iface,
	char name[static 16])
{
	if (iface >= LAB_VETH)
		snprintf(name, 16, "veth%u", (unsigned)(iface - LAB_VETH));
	else
		snprintf(name, 16, "%s",
			site->machines[machine].ifaces[iface].os_name);
}

void lab_end_mac(const struct lab_site *site, int machine, int iface,
	uint8_t mac[static 6])
{
	unsigned unit = (unsigned)(iface - LAB_VETH);

	if (iface < LAB_VETH) {
		memcpy(mac, site->machines[machine].ifaces[iface].mac, 6);
		return;
	}
	mac[0] = 0xfe; /* nobody's, and higher than any card's */
	mac[1] = 0;
	mac[2] = (uint8_t)(machine >> 8);
	mac[3] = (uint8_t)machine;
	mac[4] = (uint8_t)(unit >> 8);
	mac[5] = (uint8_t)unit;
}
