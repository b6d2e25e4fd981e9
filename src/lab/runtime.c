/* From a mapping to running machines, and from one mapping to the next.
 *
 * The order of a change: unplug, stop, start, plug, configure.  Nothing that
 * stays the same is touched: a survivor keeps its PID 1, its disk and every
 * wire that both mappings have. */
#define _GNU_SOURCE
#include "lab/runtime.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "lab/keys.h"
#include "lab/netns.h"
#include "lab/netplan.h"
#include "lab/runtime_parts.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { BATCH_MAX = 8 << 20, READY_MS = 30000, AGAIN_MS = 2, SSH_PORT = 22 };

static bool probe_netem(int ns_fd)
{
	struct err ignored = ERR_INIT;
	bool ok = netns_batch(ns_fd, "tc",
			  "qdisc add dev lo root netem delay 1ms\n"
			  "qdisc del dev lo root\n",
			  &ignored) == 0;

	return ok;
}

static const uint8_t boss_mac[6] = {0x02, 0x00, 0xc6, 0x12, 0xfe, 0x01};

static int make_control(struct lab_runtime *rt, struct err *err)
{
	struct net_addr mask;
	char lines[512], mac[NET_MAC_TEXT];
	int r = netns_of(0, &rt->control_ns, err);

	if (r != 0)
		return r;
	if (!net_addr_parse(rt->site->control_mask, &mask))
		return err_set(err, NFZ_E_INTERNAL, "bad control mask");
	snprintf(lines, sizeof(lines),
		"link set dev lo up\n"
		"link add name br0 address %s type bridge stp_state 0 "
		"forward_delay 0 "
		"mcast_snooping 0\n"
		"addr add %s/%d brd + dev br0\n"
		"link set dev br0 up\n",
		net_mac_print(boss_mac, mac), rt->site->boss_ip,
		net_mask_length(&mask));
	r = netns_sysctl(
		rt->control_ns, "ipv6/conf/default/disable_ipv6", "1", err);
	if (r == 0)
		r = netns_batch(rt->control_ns, "ip", lines, err);
	return r;
}

int lab_runtime_new(const struct runtime_setup *setup, struct lab_runtime **ret,
	struct err *err)
{
	struct lab_runtime *rt = mem_zalloc(1, sizeof(*rt));
	int r;

	rt->setup = *setup;
	rt->site = setup->site;
	rt->setup.store = mem_strdup(setup->store);
	rt->setup.keys.site = mem_strdup(setup->keys.site);
	rt->setup.keys.own = mem_strdup(setup->keys.own);
	rt->setup.authorized = mem_strdup(setup->authorized);
	rt->nodes = mem_zalloc(rt->site->n_machines, sizeof(*rt->nodes));
	rt->has_disk = mem_zalloc(rt->site->n_machines, sizeof(bool));
	rt->control_ns = rt->links.switch_ns = -1;
	for (size_t i = 0; i < rt->site->n_machines; i++)
		rt->nodes[i].net = rt->nodes[i].talk = -1;
	r = make_control(rt, err);
	if (r == 0)
		r = links_init(&rt->links, err);
	if (r == 0)
		rt->site->has_netem = probe_netem(rt->links.switch_ns);
	if (r != 0)
		lab_runtime_free(rt);
	else
		*ret = rt;
	return r;
}

void lab_runtime_free(struct lab_runtime *rt)
{
	union {
		const char *c;
		char *p;
	} texts[] = {{rt->setup.store}, {rt->setup.keys.site},
		{rt->setup.keys.own}, {rt->setup.authorized}};

	for (size_t i = 0; i < rt->site->n_machines; i++)
		node_kill(&rt->nodes[i]);
	for (size_t i = 0; i < rt->site->n_machines; i++) {
		node_stop(&rt->nodes[i]);
		if (rt->has_disk[i]) {
			char path[512];

			snprintf(path, sizeof(path), "%s/%s", rt->setup.store,
				rt->site->machines[i].key);
			umount2(path, MNT_DETACH);
		}
	}
	links_release(&rt->links);
	if (rt->control_ns >= 0)
		close(rt->control_ns);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i].p);
	free(rt->nodes);
	free(rt->has_disk);
	free(rt);
}

const struct lab_node *lab_runtime_node(
	const struct lab_runtime *rt, int machine)
{
	return rt->nodes[machine].pid > 0 ? &rt->nodes[machine] : NULL;
}

void runtime_control_port(
	const struct lab_runtime *rt, int machine, char name[static 16])
{
	snprintf(name, 16, "c%.14s", rt->site->machines[machine].key);
}

/* Machines that belong to some experiment, running or about to. */
static unsigned machines_in_use(const struct lab_site *site)
{
	unsigned n = 0;

	for (size_t i = 0; i < site->n_machines; i++)
		n += site->machines[i].owner >= 0;
	return n ? n : 1;
}

static void runtime_place(const struct lab_runtime *rt,
	const struct lab_experiment *e, int machine, struct runtime_place *ret)
{
	const struct lab_machine *m = &rt->site->machines[machine];
	struct net_addr boss;

	snprintf(ret->store, sizeof(ret->store), "%s/%s", rt->setup.store,
		m->key);
	snprintf(ret->hostname, sizeof(ret->hostname), "%s.%s.%s.%s", m->vname,
		e->eid, e->pid, rt->site->domain);
	ret->hostname[64] = '\0'; /* the kernel's limit */
	ret->place = (struct node_place){.store = ret->store,
		.hostname = ret->hostname,
		.login = rt->site->login,
		.control_if = m->ifaces[0].os_name,
		.control_ip = net_addr_v4_value(&m->ifaces[0].ip),
		.control_mask = net_addr_v4_value(&m->ifaces[0].mask),
		.disk_bytes = rt->setup.disk_bytes,
		.share = machines_in_use(rt->site)};
	if (net_addr_parse(rt->site->boss_ip, &boss))
		ret->place.boss_ip = net_addr_v4_value(&boss);
	memcpy(ret->place.boss_mac, boss_mac, sizeof(boss_mac));
}

void runtime_stop(struct lab_runtime *rt, int machine)
{
	char port[16], line[64];

	if (rt->nodes[machine].pid == 0)
		return;
	links_drop(&rt->links, rt->site, rt->nodes, machine);
	runtime_control_port(rt, machine, port);
	snprintf(line, sizeof(line), "link del dev %s\n", port);
	netns_try(rt->control_ns, "ip", line);
	node_stop(&rt->nodes[machine]);
}

int runtime_wipe(struct lab_runtime *rt, int machine, struct err *err)
{
	char path[512];

	if (!rt->has_disk[machine])
		return 0;
	snprintf(path, sizeof(path), "%s/%s", rt->setup.store,
		rt->site->machines[machine].key);
	if (umount2(path, MNT_DETACH) < 0)
		return err_sys(err, "wiping %s", path);
	rt->has_disk[machine] = false;
	return 0;
}

/* ---- readiness ---- */

/* Its kernel takes connections to port 22: the first lines of proc(5)'s net/tcp
 * are the listening sockets.  To connect would tell the same, but costs a
 * process of sshd's for every try. */
static bool answers(const struct lab_node *node)
{
	char path[64], line[256];
	unsigned port = 0, state = 0;
	bool found = false;
	FILE *table;

	snprintf(path, sizeof(path), "/proc/%d/net/tcp", (int)node->pid);
	table = fopen(path, "re");
	while (table != NULL && !found &&
		fgets(line, sizeof(line), table) != NULL)
		found = sscanf(line, "%*d: %*x:%x %*x:%*x %x", &port, &state) ==
				2 &&
			port == SSH_PORT && state == TCP_LISTEN;
	if (table != NULL)
		fclose(table);
	return found;
}

int runtime_wait(
	struct lab_runtime *rt, const int *machines, size_t n, struct err *err)
{
	struct mono_time end = mono_add_ms(mono_now(), READY_MS);

	for (size_t i = 0; i < n; i++)
		while (!answers(&rt->nodes[machines[i]])) {
			if (mono_passed(end))
				return err_set(err, NFZ_E_TIMEOUT,
					"%s (%s): sshd does not answer",
					rt->site->machines[machines[i]].vname,
					rt->site->machines[machines[i]].id);
			clock_sleep_ms(AGAIN_MS);
		}
	return 0;
}

/* ---- starting ---- */

/* What the control network is told of new machines: to ip(8), to bridge(8). */
struct control_lines {
	struct buf ip, bridge;
};

static int start_one(struct lab_runtime *rt, struct lab_experiment *e,
	int machine, struct control_lines *control, struct err *err)
{
	struct lab_node *node = &rt->nodes[machine];
	struct lab_machine *m = &rt->site->machines[machine];
	struct runtime_place place;
	char port[16], mac[NET_MAC_TEXT], ip[NET_ADDR_TEXT];
	int r = 0;

	runtime_place(rt, e, machine, &place);
	if (!rt->has_disk[machine]) {
		r = node_disk(&place.place, err);
		rt->has_disk[machine] = r == 0;
	}
	snprintf(node->vname, sizeof(node->vname), "%s", m->vname);
	snprintf(node->osid, sizeof(node->osid), "%s", m->osid);
	if (r == 0)
		r = node_start(&place.place, node, err);
	if (r != 0)
		return r;
	r = runtime_prepare(rt, machine, err);
	if (r != 0)
		return r;
	m->init = node->pid;
	m->status = "up";
	m->eventstatus = "BOOTING";
	runtime_control_port(rt, machine, port);
	/* its address is known: one that is down does not answer, as behind a
	 * router, where no one says that there is no such host */
	buf_addf(&control->ip,
		"link add name %s type veth peer name %s address %s netns %d\n"
		"link set dev %s master br0 up\n"
		"neigh replace %s lladdr %s dev br0 nud permanent\n",
		port, m->ifaces[0].os_name,
		net_mac_print(m->ifaces[0].mac, mac), (int)node->pid, port,
		net_addr_print(&m->ifaces[0].ip, ip), mac);
	/* and its port: a machine has spoken when it was booted, and what is
	 * for one of 200 does not go to all of them */
	buf_addf(&control->bridge, "fdb replace %s dev %s master static\n", mac,
		port);
	return 0;
}

static int clone_all(struct lab_runtime *rt, struct lab_experiment *e,
	const int *machines, size_t n, struct err *err)
{
	struct control_lines control = {
		BUF_INIT(BATCH_MAX), BUF_INIT(BATCH_MAX)};
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = start_one(rt, e, machines[i], &control, err);
	if (r == 0)
		r = keys_ensure(&rt->setup.keys, rt->site, machines, n, err);
	if (r == 0)
		r = netns_batch(
			rt->control_ns, "ip", buf_str(&control.ip), err);
	if (r == 0)
		r = netns_batch(rt->control_ns, "bridge",
			buf_str(&control.bridge), err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = node_mounted(&rt->nodes[machines[i]], err);
	buf_release(&control.ip);
	buf_release(&control.bridge);
	return r;
}

/* A fresh node goes on while the next one is being configured. */
static int set_up(struct lab_runtime *rt, struct lab_experiment *e, int machine,
	bool rewired, struct err *err)
{
	struct lab_node *node = &rt->nodes[machine];
	int r = runtime_configure(rt, e, machine, rewired, err);

	return r == 0 && node->talk >= 0 ? node_release(node, err) : r;
}

static int rewire(
	struct lab_runtime *rt, struct lab_experiment *e, struct err *err)
{
	int owner = lab_index(rt->site, e), r;
	bool *changed = mem_zalloc(rt->site->n_machines, sizeof(*changed));
	struct buf tc = BUF_INIT(BATCH_MAX);

	r = links_plug(&rt->links, rt->site, rt->nodes, changed, err);
	if (r == 0 && netplan_switch(rt->site, e, &tc))
		r = netns_batch(rt->links.switch_ns, "tc", buf_str(&tc), err);
	for (size_t i = 0; i < rt->site->n_machines && r == 0; i++)
		if (rt->site->machines[i].owner == owner &&
			rt->nodes[i].pid > 0)
			r = set_up(rt, e, (int)i, changed[i], err);
	buf_release(&tc);
	free(changed);
	return r;
}

int runtime_start(struct lab_runtime *rt, struct lab_experiment *e,
	const int *machines, size_t n, struct err *err)
{
	int r = clone_all(rt, e, machines, n, err);

	if (r == 0)
		r = rewire(rt, e, err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = node_booted(&rt->nodes[machines[i]], err);
	if (r == 0)
		r = runtime_wait(rt, machines, n, err);
	for (size_t i = 0; i < n && r == 0; i++)
		rt->site->machines[machines[i]].eventstatus = "ISUP";
	return r;
}

/* Still the node it was started as, from the image it has? */
static bool is_same(const struct lab_node *node, const struct lab_machine *m)
{
	return strcmp(node->vname, m->vname) == 0 &&
	       (m->osid == NULL || strcmp(node->osid, m->osid) == 0);
}

/* Machines whose mapping has gone, or that became another node or get another
 * image. */
static int stop_gone(struct lab_runtime *rt, int owner, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < rt->site->n_machines && r == 0; i++) {
		struct lab_machine *m = &rt->site->machines[i];
		const struct lab_node *node = &rt->nodes[i];

		if (m->owner >= 0 && m->vname != NULL &&
			(node->pid == 0 || is_same(node, m)))
			continue;
		if (node->pid == 0 && !rt->has_disk[i])
			continue;
		runtime_stop(rt, (int)i);
		m->init = 0;
		r = runtime_wipe(rt, (int)i, err);
	}
	(void)owner;
	return r;
}

int lab_runtime_apply(
	struct lab_runtime *rt, struct lab_experiment *e, struct err *err)
{
	int owner = lab_index(rt->site, e), r;
	int *fresh = mem_zalloc(rt->site->n_machines, sizeof(*fresh));
	size_t n = 0;

	r = links_unplug(&rt->links, rt->site, rt->nodes, err);
	if (r == 0)
		r = stop_gone(rt, owner, err);
	for (size_t i = 0; i < rt->site->n_machines; i++)
		if (rt->site->machines[i].owner == owner) {
			rt->site->machines[i].init = rt->nodes[i].pid;
			rt->site->machines[i].status = "up";
			rt->site->machines[i].eventstatus = "ISUP";
			if (rt->nodes[i].pid == 0)
				fresh[n++] = (int)i;
		}
	if (r == 0)
		r = runtime_start(rt, e, fresh, n, err);
	free(fresh);
	return r;
}
