/* The text report, column for column: widths are minimum widths, longer
 * entries push the rest of their line to the right; every section ends with an
 * empty line. */
#define _GNU_SOURCE
#include "lab/expinfo.h"
#include "base/mem.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *text(const char *s)
{
	return s ? s : "";
}

static void extra_line(struct buf *out, const char *label, const char *value)
{
	if (value && *value)
		buf_addf(out, "   %-17s %s\n", label, value);
}

static void virtual_nodes(const struct lab_site *site,
	const struct lab_experiment *e, struct buf *out)
{
	const struct ns_node **nodes;

	buf_addf(out, "Virtual Node Info:\n%-15s %-12s %-15s %s\n", "ID",
		"Type", "OS", "Qualified Name");
	buf_adds(out, "--------------- ------------ --------------- "
		      "--------------------\n");
	nodes = e->ns ? rows_nodes(e->ns) : NULL;
	for (size_t i = 0; nodes && i < e->ns->n_nodes; i++) {
		const struct ns_node *n = nodes[i];
		char id[128];

		snprintf(id, sizeof(id), "%s", n->name);
		if (n->fixed && *n->fixed)
			snprintf(id, sizeof(id), "%s (%s)", n->name, n->fixed);
		buf_addf(out, "%-15s %-12s %-15s %s.%s.%s.%s\n", id,
			text(n->type), rows_osname(site, n), n->name, e->eid,
			e->pid, site->domain);
		extra_line(out, "Command Line:", n->cmd_line);
		extra_line(out, "Startup Command:", n->startup);
		extra_line(out, "RPMS:", n->rpms);
		extra_line(out, "Tarfiles:", n->tarfiles);
	}
	free(nodes);
	buf_addc(out, '\n');
}

static int by_bytes(const void *a, const void *b)
{
	const struct lab_machine *const *x = a, *const *y = b;

	return strcmp((*x)->vname ? (*x)->vname : (*x)->id,
		(*y)->vname ? (*y)->vname : (*y)->id);
}

static void mapping(const struct lab_site *site, const struct lab_experiment *e,
	struct buf *out)
{
	size_t n;
	const struct lab_machine **list = rows_machines(site, e, &n);

	buf_addf(out, "Physical Node Mapping:\n%-15s %-12s %-15s %-12s\n", "ID",
		"Type", "OS", "Physical");
	buf_adds(out,
		"--------------- ------------ --------------- ------------\n");
	qsort(list, n, sizeof(*list), by_bytes);
	for (size_t i = 0; i < n; i++) {
		int host = list[i]->host;

		buf_addf(out, "%-15s %-12s %-15s %s",
			list[i]->vname ? list[i]->vname : list[i]->id,
			list[i]->type->name,
			list[i]->osid && *list[i]->osid ? list[i]->osid
							: "<NONE>",
			list[i]->id);
		if (host >= 0)
			buf_addf(out, " (%s)", site->machines[host].id);
		buf_addc(out, '\n');
	}
	free(list);
	buf_addc(out, '\n');
}

static void virtual_links(
	const struct rows_port *ports, size_t n, struct buf *out)
{
	buf_addf(out,
		"Virtual Lan/Link Info:\n%-15s %-15s %-15s %-9s %-9s "
		"%-9s\n",
		"ID", "Member/Proto", "IP/Mask", "Delay", "BW (Kbs)",
		"Loss Rate");
	buf_adds(out, "--------------- --------------- --------------- "
		      "--------- --------- ---------\n");
	for (size_t i = 0; i < n; i++) {
		const struct ns_member *m = ports[i].m;
		char delay[32], loss[32];

		snprintf(delay, sizeof(delay), "%.2f", m->delay);
		snprintf(loss, sizeof(loss), "%.8f", m->lossrate);
		buf_addf(out, "%-15s %-15s %-15s %-9s %-9lld %-9s\n",
			ports[i].lan->name, ports[i].member, text(m->ip), delay,
			(long long)m->bandwidth, loss);
		snprintf(delay, sizeof(delay), "%.2f", m->rdelay);
		snprintf(loss, sizeof(loss), "%.8f", m->rlossrate);
		buf_addf(out, "%-15s %-15s %-15s %-9s %-9lld %-9s\n", "",
			m->protocol && *m->protocol ? m->protocol : "ethernet",
			text(m->mask), delay, (long long)m->rbandwidth, loss);
	}
	buf_addc(out, '\n');
}

/* The interface that has this link's address on its node. */
static const struct lab_iface *iface_of(
	const struct lab_machine *m, const struct rows_port *p)
{
	for (int i = 0; i < m->n_ifaces; i++) {
		const struct lab_iface *f = &m->ifaces[i];

		if (!f->control && f->lan &&
			strcmp(f->lan, p->lan->name) == 0 &&
			f->vport == p->m->port)
			return f;
	}
	return NULL;
}

static void physical_links(const struct lab_site *site,
	const struct lab_experiment *e, const struct rows_port *ports, size_t n,
	struct buf *out)
{
	buf_addf(out,
		"Physical Lan/Link Mapping:\n%-15s %-15s %-15s %-20s %-9s\n",
		"ID", "Member", "IP", "MAC", "NodeID");
	buf_adds(out, "--------------- --------------- --------------- "
		      "-------------------- ---------\n");
	for (size_t i = 0; i < n; i++) {
		int at = lab_machine_of(site, e, ports[i].m->node);
		const struct lab_machine *m =
			at >= 0 ? &site->machines[at] : NULL;
		const struct lab_iface *f =
			m && !m->is_virtual ? iface_of(m, &ports[i]) : NULL;
		char mac[NET_MAC_TEXT] = "", wire[64];

		if (f)
			net_mac_print(f->mac, mac);
		buf_addf(out, "%-15s %-15s %-15s %-20s %-9s\n",
			ports[i].lan->name, ports[i].member,
			text(ports[i].m->ip), mac, m ? m->id : "");
		if (!f)
			continue;
		snprintf(wire, sizeof(wire), "%d/%d <-> %d/%d", f->card,
			f->port, f->switch_card, f->switch_port);
		buf_addf(out, "%-15s %-15s %-15s %-20s %-9s\n", "", "", "",
			wire, f->switch_name);
	}
	buf_addc(out, '\n');
}

/* "50 slots", "RED", "0.002/5/15/10" of one queue; id_width 15 or 10. */
static void queue_line(const char *id, const char *member, int limit_width,
	const struct ns_member *m, struct buf *out)
{
	char limit[32];

	snprintf(limit, sizeof(limit), "%d %s", m->q_limit,
		m->q_qinbytes ? "bytes" : "slots");
	buf_addf(out, "%-15s %-15s %-*s %-7s ", id, member, limit_width, limit,
		m->q_red ? (m->q_gentle ? "GRED" : "RED") : "Tail");
	if (m->q_red)
		buf_addf(out, "%g/%d/%d/%d\n", m->q_weight, m->q_minthresh,
			m->q_maxthresh, m->q_linterm);
	else
		buf_adds(out, "0/0/0/0\n");
}

static void virtual_queues(
	const struct rows_port *ports, size_t n, struct buf *out)
{
	buf_addf(out, "Virtual Queue Info:\n%-15s %-15s %-10s %-7s %s\n", "ID",
		"Member", "Q Limit", "Type", "weight/min_th/max_th/linterm");
	buf_adds(out, "--------------- --------------- ---------- ------- "
		      "----------------------------\n");
	for (size_t i = 0; i < n; i++)
		queue_line(ports[i].lan->name, ports[i].member, 10, ports[i].m,
			out);
	buf_addc(out, '\n');
}

static void traces(const struct rows_port *ports, size_t n, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any = any || lab_flag(ports[i].m->traced);
	if (!any)
		return;
	buf_addf(out, "Trace/Monitoring Info:\n%-15s %-15s %-10s %-7s %s\n",
		"ID", "Member", "Type", "Snap", "Expression");
	buf_adds(out, "--------------- --------------- ---------- ------- "
		      "----------------------------\n");
	for (size_t i = 0; i < n; i++) {
		const struct ns_member *m = ports[i].m;

		buf_addf(out, "%-15s %-15s %-10s %-7d %s\n", ports[i].lan->name,
			ports[i].member,
			m->trace_type && *m->trace_type ? m->trace_type
							: "header",
			m->trace_snaplen, text(m->trace_expr));
	}
	buf_addc(out, '\n');
}

/* Settings of LANs, then of single members. */
static void settings(const struct lab_site *site,
	const struct lab_experiment *e, struct buf *out)
{
	struct value *lans = rows_table(site, e, "lan_settings");
	struct value *members = rows_table(site, e, "lan_member_settings");

	if (lans->n + members->n > 0) {
		buf_addf(out,
			"Virtual Lan Settings:\n%-15s %-15s %-20s %-20s\n",
			"ID", "Member", "Key", "Value");
		buf_adds(out, "--------------- --------------- "
			      "-------------------- --------------------\n");
	}
	for (size_t i = 0; i < lans->n + members->n; i++) {
		const struct value *row = i < lans->n
						  ? lans->items[i]
						  : members->items[i - lans->n];

		buf_addf(out, "%-15s %-15s %-20s %-20s\n",
			text(value_get_text(row, "vname")),
			text(value_get_text(row, "member")),
			text(value_get_text(row, "capkey")),
			text(value_get_text(row, "capval")));
	}
	if (lans->n + members->n > 0)
		buf_addc(out, '\n');
	value_free(lans);
	value_free(members);
}

static void links(const struct lab_site *site, const struct lab_experiment *e,
	struct buf *out)
{
	size_t n = 0;
	struct rows_port *ports = e->ns ? rows_ports(e->ns, &n) : NULL;

	if (n > 0) {
		virtual_links(ports, n, out);
		if (e->state == LAB_ACTIVE)
			physical_links(site, e, ports, n, out);
		virtual_queues(ports, n, out);
		traces(ports, n, out);
	}
	if (e->ns)
		settings(site, e, out);
	free(ports);
}

static int compare_delays(const void *a, const void *b)
{
	const struct lab_delay *const *x = a, *const *y = b;
	int r = strcasecmp((*x)->lan, (*y)->lan);

	return r ? r : strcasecmp((*x)->vnode[0], (*y)->vnode[0]);
}

static const struct lab_delay **sorted_delays(const struct lab_experiment *e)
{
	const struct lab_delay **list =
		mem_zalloc(e->n_delays + 1, sizeof(*list));

	for (size_t i = 0; i < e->n_delays; i++)
		list[i] = &e->delays[i];
	qsort(list, e->n_delays, sizeof(*list), compare_delays);
	return list;
}

static bool on_lan(const struct lab_delay *d)
{
	return strcmp(d->vnode[0], d->vnode[1]) == 0;
}

/* One pipe; id, member and node are blank on a LAN member's second line. */
struct pipe_line {
	const char *id, *member, *node;
	double delay, loss;
	int64_t bandwidth;
	int pipe;
};

static void pipe_line(const struct pipe_line *p, struct buf *out)
{
	char delay[32], loss[32];

	snprintf(delay, sizeof(delay), "%.2f", p->delay);
	snprintf(loss, sizeof(loss), "%.8f", p->loss);
	buf_addf(out, "%-15s %-15s %-12s %-8s %-8lld %-6s %-9d\n", p->id,
		p->member, p->node, delay, (long long)p->bandwidth, loss,
		p->pipe);
}

/* What the two halves of a pipe lose, from the values the tables hold. */
static double pipe_loss(const struct lab_delay *d, int k)
{
	double from, to;

	if (on_lan(d))
		return rows_loss(d->loss[k]);
	from = rows_loss(d->member[k]->lossrate);
	to = rows_loss(d->member[1 - k]->rlossrate);
	return 1 - (1 - from) * (1 - to);
}

static void delay_info(
	const struct lab_delay **delays, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < 2; k++) {
			const struct lab_delay *d = delays[i];
			bool blank = k == 1 && on_lan(d);
			struct pipe_line p = {blank ? "" : d->lan,
				blank ? "" : d->vnode[k], blank ? "" : d->vname,
				d->delay[k], pipe_loss(d, k), d->bandwidth[k],
				d->pipe[k]};

			pipe_line(&p, out);
		}
	if (n > 0)
		buf_addc(out, '\n');
}

static void linkdelay_info(const struct lab_site *site,
	const struct lab_experiment *e, struct buf *out)
{
	for (size_t i = 0; i < e->n_linkdelays; i++) {
		const struct lab_linkdelay *d = &e->linkdelays[i];
		struct pipe_line p = {d->lan, d->vnode,
			site->machines[d->machine].id, d->delay[0], d->loss[0],
			d->bandwidth[0], d->pipe[0]};

		pipe_line(&p, out);
		if (!d->duplex)
			continue;
		p = (struct pipe_line){"", "", "", d->delay[1], d->loss[1],
			d->bandwidth[1], d->pipe[1]};
		pipe_line(&p, out);
	}
	if (e->n_linkdelays > 0)
		buf_addc(out, '\n');
}

/* The original's query has a row for each port, so each queue comes twice. */
static void queue_info(const struct lab_experiment *e,
	const struct lab_delay **delays, struct buf *out)
{
	buf_addf(out, "Physical Queue Info:\n%-15s %-15s %-15s %-7s %s\n", "ID",
		"Member", "Q Limit", "Type", "weight/min_th/max_th/linterm");
	buf_adds(out, "--------------- --------------- ---------- ------- "
		      "----------------------------\n");
	for (size_t i = 0; i < e->n_delays; i++)
		for (int port = 0; port < 2; port++) {
			const struct lab_delay *d = delays[i];

			queue_line(d->lan, d->vnode[0], 15, d->member[0], out);
			if (!on_lan(d))
				queue_line(d->lan, d->vnode[1], 15,
					d->member[1], out);
		}
	if (e->n_delays > 0)
		buf_addc(out, '\n');
	for (size_t i = 0; i < e->n_linkdelays; i++)
		queue_line(e->linkdelays[i].lan, e->linkdelays[i].vnode, 15,
			e->linkdelays[i].member, out);
	if (e->n_linkdelays > 0)
		buf_addc(out, '\n');
}

static void switch_info(const struct lab_site *site,
	const struct lab_experiment *e, const struct lab_delay **delays,
	struct buf *out)
{
	if (e->n_delays == 0)
		return;
	buf_addf(out,
		"Delay Node Switch Info:\n%-15s %-15s %-12s %-9s %-9s %-9s\n",
		"ID", "Member", "Delay Node", "Card/Port", "Switch",
		"Card/Port");
	buf_adds(out, "--------------- --------------- ------------ --------- "
		      "--------- --------\n");
	for (size_t i = 0; i < e->n_delays; i++)
		for (int k = 0; k < 2; k++) {
			const struct lab_delay *d = delays[i];
			const struct lab_iface *f =
				&site->machines[d->machine].ifaces[d->port[k]];
			char card[48], port[32];

			snprintf(card, sizeof(card), "%d/%d %s", f->card,
				f->port, f->name);
			snprintf(port, sizeof(port), "%d/%d", f->switch_card,
				f->switch_port);
			buf_addf(out, "%-15s %-15s %-12s %-9s %-9s %-9s\n",
				d->lan, d->vnode[k], d->vname, card,
				f->switch_name, port);
		}
	buf_addc(out, '\n');
}

static void delays(const struct lab_site *site, const struct lab_experiment *e,
	struct buf *out)
{
	const struct lab_delay **list = sorted_delays(e);

	if (e->n_delays || e->n_linkdelays) {
		buf_addf(out,
			"Physical Delay Info:\n%-15s %-15s %-12s %-8s %-8s "
			"%-6s %-9s\n",
			"ID", "Member", "Delay Node", "Delay", "BW (Kbs)",
			"PLR", "Pipe");
		buf_adds(out, "--------------- --------------- ------------ "
			      "-------- -------- ------ ---------\n");
		delay_info(list, e->n_delays, out);
		linkdelay_info(site, e, out);
		queue_info(e, list, out);
		switch_info(site, e, list, out);
	}
	free(list);
}

void expinfo_report(const struct lab_site *site, const struct lab_experiment *e,
	unsigned sections, struct buf *out)
{
	bool active = e->state == LAB_ACTIVE;

	if (!active && e->state != LAB_SWAPPED) {
		buf_adds(out, "No information available.\n");
		return;
	}
	buf_addf(out, "Experiment: %s/%s\nState: %s\n\n", e->pid, e->eid,
		lab_state_name(e->state));
	if (sections & EXPINFO_NODES)
		virtual_nodes(site, e, out);
	if (active && (sections & EXPINFO_MAPPING))
		mapping(site, e, out);
	if (sections & EXPINFO_LINKS)
		links(site, e, out);
	if (active && (sections & EXPINFO_DELAYS))
		delays(site, e, out);
}
