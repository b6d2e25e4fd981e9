/* Wanted wires against the wires there are: the difference is two batches.
 *
 * A wire with two ends is one veth pair between two namespaces; a LAN is a
 * bridge in a namespace of its own, the switch, that no node can see.  An
 * interface is deleted explicitly before its machine stops: the kernel frees
 * a dead namespace late, and the other end would still hold its name. */
#define _GNU_SOURCE
#include "lab/link.h"
#include "base/buf.h"
#include "base/mem.h"
#include "lab/netns.h"
#include "lab/netplan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH_MAX = 8 << 20 };

int links_init(struct lab_links *links, struct err *err)
{
	int r;

	*links = (struct lab_links){.switch_ns = -1};
	r = netns_make(&links->switch_ns, err);
	if (r == 0)
		r = netns_sysctl(links->switch_ns,
			"ipv6/conf/default/disable_ipv6", "1", err);
	return r;
}

void links_release(struct lab_links *links)
{
	if (links->switch_ns >= 0)
		close(links->switch_ns);
	free(links->plugs);
	free(links->bridges);
	*links = (struct lab_links){.switch_ns = -1};
}

/* ---- what is wanted ---- */

struct wanted {
	struct lab_plug *plugs;
	size_t n, cap;
};

static void want_wire(struct wanted *w, const struct lab_site *site,
	const struct lab_node *nodes, size_t experiment,
	const struct lab_wire *wire)
{
	struct lab_plug p = {.machine = {-1, -1}, .iface = {-1, -1}};

	/* a machine that is off has no sockets to plug anything into */
	for (size_t i = 0; wire->n_ends == 2 && i < 2; i++)
		if (nodes[wire->ends[i].machine].pid == 0)
			return;
	for (size_t i = 0; i < wire->n_ends; i++) {
		size_t side = wire->n_ends == 2 ? i : 0;
		int at = wire->ends[i].machine;

		if (nodes[at].pid == 0)
			continue;
		p.machine[side] = at;
		p.iface[side] = wire->ends[i].iface;
		p.boot[side] = nodes[at].boot;
		lab_end_mac(site, at, p.iface[side], p.mac[side]);
		if (wire->n_ends != 2)
			snprintf(p.lan, sizeof(p.lan), "%zu:%.40s", experiment,
				wire->lan);
		if (wire->n_ends != 2 || side == 1)
			MEM_PUSH(w->plugs, w->n, w->cap) = p;
	}
}

static void want(struct wanted *w, const struct lab_site *site,
	const struct lab_node *nodes)
{
	for (size_t i = 0; i < site->n_experiments; i++)
		for (size_t k = 0; k < site->experiments[i]->n_wires; k++)
			want_wire(w, site, nodes, i,
				&site->experiments[i]->wires[k]);
}

static bool same_plug(const struct lab_plug *a, const struct lab_plug *b)
{
	for (int i = 0; i < 2; i++)
		if (a->machine[i] != b->machine[i] ||
			a->iface[i] != b->iface[i] ||
			a->boot[i] != b->boot[i] ||
			memcmp(a->mac[i], b->mac[i], sizeof(a->mac[i])) != 0)
			return false;
	return strcmp(a->lan, b->lan) == 0;
}

static bool has(
	const struct lab_plug *list, size_t n, const struct lab_plug *one)
{
	for (size_t i = 0; i < n; i++)
		if (same_plug(&list[i], one))
			return true;
	return false;
}

/* ---- taking away ---- */

/* Deleting one end deletes both; any end that still exists will do. */
static void unplug(struct lab_links *links, const struct lab_site *site,
	const struct lab_node *nodes, const struct lab_plug *p)
{
	char line[64], port[16];

	if (p->machine[1] < 0) {
		netplan_port(site, p->machine[0], p->iface[0], port);
		snprintf(line, sizeof(line), "link del dev %s\n", port);
		netns_try(links->switch_ns, "ip", line);
		return;
	}
	for (int i = 0; i < 2; i++) {
		const struct lab_node *n = &nodes[p->machine[i]];

		if (n->pid == 0 || n->boot != p->boot[i])
			continue;
		lab_end_name(site, p->machine[i], p->iface[i], port);
		snprintf(line, sizeof(line), "link del dev %s\n", port);
		netns_try(n->net, "ip", line);
		return;
	}
}

static void remove_plug(struct lab_links *links, size_t i)
{
	links->plugs[i] = links->plugs[--links->n_plugs];
}

static void drop_bridges(struct lab_links *links)
{
	for (size_t b = links->n_bridges; b-- > 0;) {
		bool used = false;
		char line[64];

		for (size_t i = 0; i < links->n_plugs; i++)
			used |= strcmp(links->plugs[i].lan,
					links->bridges[b].lan) == 0;
		if (used)
			continue;
		snprintf(line, sizeof(line), "link del dev %s\n",
			links->bridges[b].name);
		netns_try(links->switch_ns, "ip", line);
		links->bridges[b] = links->bridges[--links->n_bridges];
	}
}

int links_unplug(struct lab_links *links, const struct lab_site *site,
	const struct lab_node *nodes, struct err *err)
{
	struct wanted w = {0};

	(void)err;
	want(&w, site, nodes);
	for (size_t i = links->n_plugs; i-- > 0;)
		if (!has(w.plugs, w.n, &links->plugs[i])) {
			unplug(links, site, nodes, &links->plugs[i]);
			remove_plug(links, i);
		}
	free(w.plugs);
	drop_bridges(links);
	return 0;
}

void links_drop(struct lab_links *links, const struct lab_site *site,
	const struct lab_node *nodes, int machine)
{
	for (size_t i = links->n_plugs; i-- > 0;) {
		const struct lab_plug *p = &links->plugs[i];

		if (p->machine[0] != machine && p->machine[1] != machine)
			continue;
		unplug(links, site, nodes, p);
		remove_plug(links, i);
	}
}

/* ---- plugging in ---- */

static const char *bridge_for(
	struct lab_links *links, const char *lan, struct buf *ip)
{
	struct lab_bridge b = {.name = ""};

	for (size_t i = 0; i < links->n_bridges; i++)
		if (strcmp(links->bridges[i].lan, lan) == 0)
			return links->bridges[i].name;
	snprintf(b.lan, sizeof(b.lan), "%s", lan);
	snprintf(b.name, sizeof(b.name), "vlan%u",
		links->next_bridge++ % 100000);
	buf_addf(ip,
		"link add name %s type bridge stp_state 0 forward_delay 0 "
		"mcast_snooping 0\nlink set dev %s up\n",
		b.name, b.name);
	MEM_PUSH(links->bridges, links->n_bridges, links->bridges_cap) = b;
	return links->bridges[links->n_bridges - 1].name;
}

static void add_end(const struct lab_site *site, const struct lab_node *nodes,
	const struct lab_plug *p, int side, struct buf *ip)
{
	char name[16], text[NET_MAC_TEXT];
	uint8_t mac[6];

	lab_end_name(site, p->machine[side], p->iface[side], name);
	lab_end_mac(site, p->machine[side], p->iface[side], mac);
	buf_addf(ip, "name %s address %s netns %d", name,
		net_mac_print(mac, text), (int)nodes[p->machine[side]].pid);
}

static void add_plug(struct lab_links *links, const struct lab_site *site,
	const struct lab_node *nodes, const struct lab_plug *p, struct buf *ip)
{
	char port[16];

	if (p->machine[1] < 0) {
		const char *bridge = bridge_for(links, p->lan, ip);

		netplan_port(site, p->machine[0], p->iface[0], port);
		buf_addf(ip, "link add name %s type veth peer ", port);
		add_end(site, nodes, p, 0, ip);
		buf_addf(ip, "\nlink set dev %s master %s up\n", port, bridge);
		return;
	}
	buf_adds(ip, "link add ");
	add_end(site, nodes, p, 0, ip);
	buf_adds(ip, " type veth peer ");
	add_end(site, nodes, p, 1, ip);
	buf_addc(ip, '\n');
}

int links_plug(struct lab_links *links, const struct lab_site *site,
	const struct lab_node *nodes, bool *changed, struct err *err)
{
	struct buf ip = BUF_INIT(BATCH_MAX);
	struct wanted w = {0};
	size_t had = links->n_plugs;
	int r;

	want(&w, site, nodes);
	for (size_t i = 0; i < w.n; i++) {
		const struct lab_plug *p = &w.plugs[i];

		if (has(links->plugs, had, p))
			continue;
		add_plug(links, site, nodes, p, &ip);
		MEM_PUSH(links->plugs, links->n_plugs, links->plugs_cap) = *p;
		for (int k = 0; k < 2; k++)
			if (p->machine[k] >= 0)
				changed[p->machine[k]] = true;
	}
	r = netns_batch(links->switch_ns, "ip", buf_str(&ip), err);
	buf_release(&ip);
	free(w.plugs);
	return r;
}
