/* Addresses, bridges and queues as batch lines.
 *
 * The pipe of a port shapes what is *received* on it, so its queue sits on the
 * other port's way out.  Without netem a pipe limits the bandwidth only: the
 * runtime says so, this file just leaves delay and loss out. */
#include "lab/netplan.h"

#include <stdio.h>
#include <string.h>

enum {
	FRAME = 1514,          /* what one slot of a queue holds */
	SLOTS = 50,            /* a queue's length when none is given */
	LEAST_BURST = 6 * 1024 /* bytes a bucket must hold for a few frames */
};

void netplan_node(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct buf *ip)
{
	const struct lab_machine *m = &site->machines[machine];
	char text[NET_ADDR_TEXT];

	for (int k = 1; k < m->n_ifaces; k++) {
		const struct lab_iface *i = &m->ifaces[k];

		if (i->lan == NULL)
			continue;
		buf_addf(ip, "link set dev %s up\n", i->os_name);
		if (i->has_ip)
			buf_addf(ip, "addr add %s/%d brd + dev %s\n",
				net_addr_print(&i->ip, text),
				net_mask_length(&i->mask), i->os_name);
	}
	netplan_routes(site, e, machine, ip);
}

struct pipe {
	double delay, loss;
	int64_t bandwidth;
	int q_limit;
};

static bool add_queue(const struct lab_site *site, const char *dev,
	const struct pipe *p, struct buf *tc)
{
	int64_t burst = p->bandwidth * 1000 / 8 / 250;
	int slots = p->q_limit > 0 ? p->q_limit : SLOTS;
	bool late = site->has_netem && (p->delay > 0 || p->loss > 0);

	if (burst < LEAST_BURST)
		burst = LEAST_BURST;
	if (late) {
		double in_flight =
			p->delay / 1000 *
			(double)(p->bandwidth > 0 ? p->bandwidth : 1000000) *
			1000 / 8 / 256;

		buf_addf(tc,
			"qdisc replace dev %s root handle 1: netem limit %.0f "
			"delay %.3fms loss %.6f%%\n",
			dev, in_flight + slots, p->delay, p->loss * 100);
	}
	if (p->bandwidth > 0)
		buf_addf(tc,
			"qdisc replace dev %s %s tbf rate %lldkbit burst %lld "
			"limit %lld\n",
			dev, late ? "parent 1: handle 10:" : "root handle 1:",
			(long long)p->bandwidth, (long long)burst,
			(long long)slots * FRAME + (long long)burst);
	return late || p->bandwidth > 0;
}

static void make_bridge(int number, struct buf *ip)
{
	buf_addf(ip,
		"link add name bridge%d type bridge stp_state 0 forward_delay "
		"0 mcast_snooping 0\n",
		number);
}

static void add_bridge(const struct lab_machine *m, const struct lab_delay *d,
	int number, struct buf *ip)
{
	make_bridge(number, ip);
	for (int k = 0; k < 2; k++)
		buf_addf(ip, "link set dev %s master bridge%d up\n",
			m->ifaces[d->port[k]].os_name, number);
	buf_addf(ip, "link set dev bridge%d up\n", number);
}

bool netplan_delay(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct buf *ip, struct buf *tc)
{
	const struct lab_machine *m = &site->machines[machine];
	int bridges = 0;
	bool any = false;

	for (size_t i = 0; i < e->n_delays; i++) {
		const struct lab_delay *d = &e->delays[i];

		if (d->machine != machine)
			continue;
		any = true;
		add_bridge(m, d, ++bridges, ip);
		for (int k = 0; k < 2 && !d->noshaping; k++) {
			struct pipe p = {d->delay[k], d->loss[k],
				d->bandwidth[k], d->q_limit[k]};

			add_queue(site, m->ifaces[d->port[1 - k]].os_name, &p,
				tc);
		}
	}
	for (size_t i = 0; i < e->n_linkdelays; i++) {
		const struct lab_linkdelay *d = &e->linkdelays[i];
		struct pipe p = {d->delay[0], d->loss[0], d->bandwidth[0],
			d->q_limit[0]};

		if (d->machine == machine &&
			add_queue(site, m->ifaces[d->iface].os_name, &p, tc))
			any = true;
	}
	return any;
}

void netplan_port(const struct lab_site *site, int machine, int iface,
	char name[static 16])
{
	snprintf(name, 16, "%.12s.%u", site->machines[machine].key,
		(unsigned)iface % 10);
}

/* Queues towards a virtual node sit on its host's end of the wire. */
static void add_host_queue(const struct lab_site *site,
	const struct lab_experiment *e, const struct lab_veth *v,
	struct buf *tc)
{
	char name[16];

	lab_end_name(site, v->host, LAB_VETH + v->unit, name);
	for (size_t i = 0; i < e->n_linkdelays; i++) {
		const struct lab_linkdelay *d = &e->linkdelays[i];
		struct pipe p = {d->delay[1], d->loss[1], d->bandwidth[1],
			d->q_limit[1]};

		if (d->duplex && d->machine == v->machine &&
			d->iface == v->iface)
			add_queue(site, name, &p, tc);
	}
}

static bool same_bridge(const struct lab_veth *a, const struct lab_veth *b)
{
	return a->host == b->host && a->card == b->card &&
	       strcmp(a->lan, b->lan) == 0;
}

int netplan_host(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct buf *ip, struct buf *tc)
{
	const struct lab_machine *m = &site->machines[machine];
	int bridges = 0;

	for (size_t i = 0; i < e->n_veths; i++) {
		const struct lab_veth *v = &e->veths[i];
		size_t first = 0;

		if (v->host != machine)
			continue;
		while (!same_bridge(&e->veths[first], v))
			first++;
		if (first < i)
			continue; /* has its bridge */
		make_bridge(++bridges, ip);
		if (v->card > 0)
			buf_addf(ip, "link set dev %s master bridge%d up\n",
				m->ifaces[v->card].os_name, bridges);
		for (size_t k = i; k < e->n_veths; k++) {
			const struct lab_veth *other = &e->veths[k];

			if (!same_bridge(v, other) ||
				site->machines[other->machine].init == 0)
				continue;
			buf_addf(ip, "link set dev veth%d master bridge%d up\n",
				other->unit, bridges);
			add_host_queue(site, e, other, tc);
		}
		buf_addf(ip, "link set dev bridge%d up\n", bridges);
	}
	return bridges;
}

bool netplan_switch(const struct lab_site *site, const struct lab_experiment *e,
	struct buf *tc)
{
	bool any = false;

	for (size_t i = 0; i < e->n_linkdelays; i++) {
		const struct lab_linkdelay *d = &e->linkdelays[i];
		struct pipe p = {d->delay[1], d->loss[1], d->bandwidth[1],
			d->q_limit[1]};
		char port[16];

		if (!d->duplex || site->machines[d->machine].init == 0 ||
			lab_veth_of(e, d->machine, d->iface) != NULL)
			continue; /* a machine that is off has no port */
		netplan_port(site, d->machine, d->iface, port);
		if (add_queue(site, port, &p, tc))
			any = true;
	}
	return any;
}

bool netplan_delays(const struct lab_experiment *e)
{
	for (size_t i = 0; i < e->n_delays; i++)
		for (int k = 0; k < 2; k++)
			if (!e->delays[i].noshaping &&
				(e->delays[i].delay[k] > 0 ||
					e->delays[i].loss[k] > 0))
				return true;
	for (size_t i = 0; i < e->n_linkdelays; i++)
		if (e->linkdelays[i].delay[0] > 0 ||
			e->linkdelays[i].loss[0] > 0)
			return true;
	return false;
}

void netplan_script(const char *batch, const char *command, struct buf *out)
{
	while (*batch != '\0') {
		size_t n = strcspn(batch, "\n");

		buf_addf(out, "%s %.*s\n", command, (int)n, batch);
		batch += n + (batch[n] == '\n');
	}
}
