/* What a machine must hold to be its node: files and network set-up.  Done
 * at every start and again after every change; what is the same already is
 * not touched, so that a survivor does not notice. */
#include "base/mem.h"
#include "lab/keys.h"
#include "lab/netns.h"
#include "lab/netplan.h"
#include "lab/runtime_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 8 << 20 };

struct sysctl {
	const char *name, *value;
};

/* No redirects of paths behind anyone's back, and as little IPv6 noise as
 * possible without forbidding IPv6. */
static const struct sysctl on_nodes[] = {{"ipv4/conf/all/rp_filter", "0"},
	{"ipv4/conf/default/rp_filter", "0"},
	{"ipv6/conf/default/router_solicitations", "0"},
	{"ipv6/conf/default/accept_ra", "0"},
	{"ipv6/conf/default/dad_transmits", "0"},
	{"ipv4/ping_group_range", "0 2147483647"}, {NULL, NULL}};
static const struct sysctl on_shapers[] = {
	{"ipv6/conf/default/disable_ipv6", "1"}, {NULL, NULL}};

static int set_all(int ns, const struct sysctl *list, struct err *err)
{
	int r = 0;

	for (; list->name != NULL && r == 0; list++)
		r = netns_sysctl(ns, list->name, list->value, err);
	return r;
}

/* Passes on frames, has no part in the experiment's network itself. */
static bool is_shaper(const struct lab_machine *m)
{
	return strcmp(m->erole, "delaynode") == 0 ||
	       strcmp(m->erole, "virthost") == 0;
}

static int links_of(const struct lab_machine *m)
{
	int n = 0;

	for (int k = 1; k < m->n_ifaces; k++)
		n += m->ifaces[k].lan != NULL;
	return n;
}

int runtime_prepare(struct lab_runtime *rt, int machine, struct err *err)
{
	const struct lab_machine *m = &rt->site->machines[machine];

	return set_all(rt->nodes[machine].net,
		is_shaper(m) ? on_shapers : on_nodes, err);
}

static int set_forwarding(struct lab_runtime *rt, int machine, struct err *err)
{
	const struct lab_machine *m = &rt->site->machines[machine];

	return netns_sysctl(rt->nodes[machine].net, "ipv4/ip_forward",
		links_of(m) > 1 && !is_shaper(m) ? "1" : "0", err);
}

/* Everything that an earlier set-up left on interfaces that stay. */
static void undo(struct lab_node *node, const struct lab_experiment *e,
	const struct lab_machine *m, int machine)
{
	struct buf ip = BUF_INIT(BATCH_MAX), tc = BUF_INIT(BATCH_MAX);

	for (int b = 1; b <= node->n_bridges; b++)
		buf_addf(&ip, "link del dev bridge%d\n", b);
	for (int k = 1; k < m->n_ifaces; k++) {
		const struct lab_iface *i = &m->ifaces[k];

		if (i->lan == NULL)
			continue;
		buf_addf(&ip, "addr flush dev %s scope global\n", i->os_name);
		buf_addf(&tc, "qdisc del dev %s root\n", i->os_name);
	}
	for (size_t i = 0; i < e->n_veths; i++)
		if (e->veths[i].host == machine)
			buf_addf(&tc, "qdisc del dev veth%d root\n",
				e->veths[i].unit);
	netns_try(node->net, "ip", buf_str(&ip));
	netns_try(node->net, "tc", buf_str(&tc));
	buf_release(&ip);
	buf_release(&tc);
}

static int bridges_of(const struct lab_experiment *e, int machine)
{
	int n = 0;

	for (size_t i = 0; i < e->n_delays; i++)
		n += e->delays[i].machine == machine;
	return n;
}

/* What a machine's network is to be. */
struct network {
	struct buf ip, tc;
	int hosted; /* bridges for virtual nodes */
	bool anew;  /* not what was set up the last time */
	struct netns_job job;
};

static char *network_text(const struct network *w)
{
	return mem_printf("%s%s", buf_str(&w->ip), buf_str(&w->tc));
}

/* Starts setting it up, where that is not what it is already. */
static int network_begin(struct lab_runtime *rt, const struct lab_experiment *e,
	int machine, struct network *w, struct err *err)
{
	struct lab_node *node = &rt->nodes[machine];
	cleanup_free char *all = NULL;
	int r;

	netplan_node(rt->site, e, machine, &w->ip);
	netplan_delay(rt->site, e, machine, &w->ip, &w->tc);
	w->hosted = netplan_host(rt->site, e, machine, &w->ip, &w->tc);
	all = network_text(w);
	w->anew |= node->net_text == NULL || strcmp(node->net_text, all) != 0;
	if (!w->anew)
		return 0;
	if (node->net_text != NULL)
		undo(node, e, &rt->site->machines[machine], machine);
	free(take(node->net_text));
	r = set_forwarding(rt, machine, err);
	return r == 0 ? netns_begin(
				node->net, "ip", buf_str(&w->ip), &w->job, err)
		      : r;
}

/* Queues come after the devices they sit on. */
static int network_end(struct lab_runtime *rt, const struct lab_experiment *e,
	int machine, struct network *w, struct err *err)
{
	struct lab_node *node = &rt->nodes[machine];
	int r = netns_end(&w->job, err);

	if (r == 0 && w->anew)
		r = netns_batch(node->net, "tc", buf_str(&w->tc), err);
	if (r == 0 && w->anew) {
		node->net_text = network_text(w);
		node->n_bridges = bridges_of(e, machine) + w->hosted;
	}
	return r;
}

static bool holds(const struct nodefiles *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->files[i].path, path) == 0)
			return true;
	return false;
}

/* Files a machine has in one mapping and not in the next. */
static int drop_stale(const struct lab_node *node,
	const struct nodefiles *files, struct err *err)
{
	static const char *const some[] = {"/var/emulab/boot/delay_mapping",
		"/var/emulab/boot/isdelaynode", "/var/emulab/boot/rc.delay",
		"/var/emulab/boot/rc.linkdelay"};
	int r = 0;

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]) && r == 0; i++)
		if (!holds(files, some[i]))
			r = node_unlink(node, some[i], err);
	return r;
}

static int set_files(struct lab_runtime *rt, const struct lab_experiment *e,
	int machine, struct err *err)
{
	struct nodefiles files = {0};
	int r;

	nodefiles_system(rt->site, e, machine, rt->setup.authorized, &files);
	nodefiles_boot(rt->site, e, machine, &files);
	r = keys_files(
		&rt->setup.keys, &rt->site->machines[machine], &files, err);
	if (r == 0)
		r = node_write(&rt->nodes[machine], &files, err);
	if (r == 0)
		r = drop_stale(&rt->nodes[machine], &files, err);
	nodefiles_release(&files);
	return r;
}

int runtime_configure(struct lab_runtime *rt, struct lab_experiment *e,
	int machine, bool rewired, struct err *err)
{
	const struct lab_machine *m = &rt->site->machines[machine];
	struct network w = {.ip = BUF_INIT(BATCH_MAX),
		.tc = BUF_INIT(BATCH_MAX),
		.anew = rewired,
		.job = {.said = -1}};
	struct err later = ERR_INIT;
	int r = network_begin(rt, e, machine, &w, err), files = 0;

	if (r == 0) {
		files = set_files(rt, e, machine, err); /* meanwhile */
		r = network_end(rt, e, machine, &w, files == 0 ? err : &later);
	}
	buf_release(&w.ip);
	buf_release(&w.tc);
	if (files != 0)
		r = files;
	if (r != 0)
		return err_wrap(err, "%s (%s)", m->vname, m->id);
	return 0;
}
