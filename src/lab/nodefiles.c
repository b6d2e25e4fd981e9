/* The client side's files under /var/emulab/boot and what tmcc answers
 * (emulab-api reference, section 6).  Interfaces are named as this node's
 * system names them; MACs are twelve digits without colons; a port without
 * an address leaves its field empty; a bridge that only traces has no line in
 * delay_mapping. */
#include "lab/nodefiles.h"
#include "base/mem.h"
#include "lab/netplan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOT "/var/emulab/boot/"
#define TMCC "/usr/local/etc/emulab/"

enum { FILE_MAX = 4 << 20 };

void nodefiles_add(
	struct nodefiles *list, const char *path, mode_t mode, struct buf *text)
{
	struct nodefile f = {.mode = mode};

	snprintf(f.path, sizeof(f.path), "%s", path);
	f.len = text->len;
	f.text = text->data != NULL ? buf_take(text) : mem_strdup("");
	MEM_PUSH(list->files, list->n, list->cap) = f;
}

void nodefiles_release(struct nodefiles *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->files[i].text);
	free(list->files);
	*list = (struct nodefiles){0};
}

static void add_line(struct nodefiles *list, const char *path, const char *line)
{
	struct buf text = BUF_INIT(FILE_MAX);

	buf_addf(&text, "%s\n", line);
	nodefiles_add(list, path, 0644, &text);
}

static void add_mac(struct buf *to, const uint8_t mac[6])
{
	for (int i = 0; i < 6; i++)
		buf_addf(to, "%02x", mac[i]);
}

static void add_ip(struct buf *to, const struct lab_iface *i)
{
	char text[NET_ADDR_TEXT];

	if (i->has_ip)
		buf_adds(to, net_addr_print(&i->ip, text));
}

static void add_ifmap(struct nodefiles *list, const struct lab_machine *m)
{
	struct buf text = BUF_INIT(FILE_MAX);

	for (int k = 1; k < m->n_ifaces; k++) {
		const struct lab_iface *i = &m->ifaces[k];

		if (i->lan == NULL)
			continue;
		buf_addf(&text, "%s ", i->os_name);
		add_ip(&text, i);
		buf_addc(&text, ' ');
		add_mac(&text, i->mac);
		buf_addc(&text, '\n');
	}
	nodefiles_add(list, BOOT "ifmap", 0644, &text);
}

static void add_mapping(struct nodefiles *list, const struct lab_site *site,
	const struct lab_experiment *e, int machine)
{
	const struct lab_machine *m = &site->machines[machine];
	struct buf text = BUF_INIT(FILE_MAX);
	bool any = false;

	for (size_t k = 0; k < e->n_delays; k++) {
		const struct lab_delay *d = &e->delays[k];

		if (d->machine != machine)
			continue;
		any = true;
		if (d->noshaping)
			continue;
		buf_addf(&text, "%s duplex %s %s %s %s %d %d\n", d->lan,
			d->vnode[0], d->vnode[1], m->ifaces[d->port[0]].os_name,
			m->ifaces[d->port[1]].os_name, d->pipe[0], d->pipe[1]);
	}
	for (size_t k = 0; k < e->n_linkdelays; k++) {
		const struct lab_linkdelay *d = &e->linkdelays[k];
		const char *os = m->ifaces[d->iface].os_name;

		if (d->machine != machine)
			continue;
		any = true;
		if (d->duplex)
			buf_addf(&text, "%s duplex %s %s %s %s %d %d\n", d->lan,
				d->vnode, d->vnode, os, os, d->pipe[0],
				d->pipe[1]);
		else
			buf_addf(&text, "%s simplex %s %s %d\n", d->lan,
				d->vnode, os, d->pipe[0]);
	}
	if (any) {
		struct buf empty = BUF_INIT(FILE_MAX);

		nodefiles_add(list, BOOT "delay_mapping", 0644, &text);
		nodefiles_add(list, BOOT "isdelaynode", 0644, &empty);
	}
	buf_release(&text);
}

static void add_topomap(struct nodefiles *list, const struct lab_experiment *e)
{
	const struct ns_experiment *ns = e->ns;
	struct buf text = BUF_INIT(FILE_MAX);

	buf_adds(&text, "# nodes: vname,links\n");
	for (size_t i = 0; i < ns->n_nodes; i++) {
		buf_addf(&text, "%s,", ns->nodes[i].name);
		for (int k = 0; k < e->lookup.n_seats[i]; k++) {
			const struct lab_seat *s = &e->lookup.seats[i][k];
			const struct ns_lan *lan = &ns->lans[s->lan];
			const char *ip = lan->members[s->member].ip;

			buf_addf(&text, "%s%s:%s", k > 0 ? " " : "", lan->name,
				ip != NULL ? ip : "");
		}
		buf_addc(&text, '\n');
	}
	buf_adds(&text, "# lans: vname,mask,cost\n");
	for (size_t l = 0; l < ns->n_lans; l++) {
		const struct ns_member *m = &ns->lans[l].members[0];

		buf_addf(&text, "%s,%s,%s\n", ns->lans[l].name,
			m->mask != NULL ? m->mask : "",
			m->cost != NULL && *m->cost != '\0' ? m->cost : "1");
	}
	nodefiles_add(list, BOOT "topomap", 0644, &text);
}

static void add_link_record(struct buf *text, const char *lan,
	const struct ns_member *a, const struct ns_member *b)
{
	int64_t bw =
		a->bandwidth < b->rbandwidth ? a->bandwidth : b->rbandwidth;

	buf_addf(text, "L %s %s %lld %.4f %.6f %s\n", a->node, b->node,
		(long long)bw * 1000, (a->delay + b->rdelay) / 1000,
		1 - (1 - a->lossrate) * (1 - b->rlossrate), lan);
}

/* Linktest's maps: the virtual one, and hosts with their machines. */
static void add_linktest(struct nodefiles *list, const struct lab_site *site,
	const struct lab_experiment *e)
{
	struct buf v = BUF_INIT(FILE_MAX), p = BUF_INIT(FILE_MAX);
	const struct ns_experiment *ns = e->ns;

	for (size_t i = 0; i < ns->n_nodes; i++) {
		int at = e->lookup.machine[i];

		buf_addf(&v, "H %s\n", ns->nodes[i].name);
		if (at >= 0)
			buf_addf(&p, "H %s %s %s %s %s %s 1 linktest\n",
				ns->nodes[i].name, site->machines[at].id,
				site->machines[at].id,
				site->machines[at].type->name,
				site->machines[at].osid,
				site->machines[at].osid);
	}
	for (size_t l = 0; l < ns->n_lans; l++)
		for (size_t a = 0; a < ns->lans[l].n_members; a++)
			for (size_t b = 0; b < ns->lans[l].n_members; b++) {
				const struct ns_lan *lan = &ns->lans[l];

				if (a == b || (lan->n_members > 16 && a > 0))
					continue;
				add_link_record(&v, lan->name, &lan->members[a],
					&lan->members[b]);
				add_link_record(&p, lan->name, &lan->members[a],
					&lan->members[b]);
			}
	nodefiles_add(list, BOOT "ltmap", 0644, &v);
	nodefiles_add(list, BOOT "ltpmap", 0644, &p);
}

/* ---- tmcc ---- */

/* On a virtual node: its own card, and that of its host below it. */
static void answer_virtual(struct buf *text, const struct lab_site *site,
	const struct lab_experiment *e, int machine, int iface)
{
	const struct lab_iface *i = &site->machines[machine].ifaces[iface];
	const struct lab_veth *v = lab_veth_of(e, machine, iface);
	char mask[NET_ADDR_TEXT];

	buf_adds(text, "INTERFACE IFACETYPE=veth INET=");
	add_ip(text, i);
	buf_addf(text, " MASK=%s ID=%d VMAC=",
		i->has_ip ? net_addr_print(&i->mask, mask) : "",
		v != NULL ? v->unit : iface);
	add_mac(text, i->mac);
	buf_adds(text, " PMAC=");
	if (v != NULL && v->card > 0)
		add_mac(text, site->machines[v->host].ifaces[v->card].mac);
	else
		buf_adds(text, "none");
	buf_addf(text, " RTABID=0 ENCAPSULATE=0 LAN=%s VTAG=0\n", i->lan);
}

static void answer_ifconfig(struct nodefiles *list, const struct lab_site *site,
	const struct lab_experiment *e, int machine)
{
	const struct lab_machine *m = &site->machines[machine];
	struct buf text = BUF_INIT(FILE_MAX);
	char mask[NET_ADDR_TEXT];

	for (int k = 1; k < m->n_ifaces; k++) {
		const struct lab_iface *i = &m->ifaces[k];

		if (i->lan == NULL)
			continue;
		if (m->is_virtual) {
			answer_virtual(&text, site, e, machine, k);
			continue;
		}
		buf_addf(&text, "INTERFACE IFACETYPE=%s INET=", m->type->nic);
		add_ip(&text, i);
		buf_addf(&text, " MASK=%s MAC=",
			i->has_ip ? net_addr_print(&i->mask, mask) : "");
		add_mac(&text, i->mac);
		buf_addf(&text,
			" SPEED=%lldMbps DUPLEX=full IFACE= RTABID=%s LAN=%s\n",
			(long long)m->type->speed_kbps / 1000,
			i->has_ip ? "0" : "", i->has_ip ? i->lan : "");
	}
	nodefiles_add(list, TMCC "tmcc.d/ifconfig", 0600, &text);
}

static void add_pipe(struct buf *text, const struct lab_delay *d, int k)
{
	buf_addf(text, " PIPE%d=%d DELAY%d=%.2f BW%d=%lld PLR%d=%.8f", k,
		d->pipe[k], k, d->delay[k], k, (long long)d->bandwidth[k], k,
		d->loss[k]);
}

static void add_queue(struct buf *text, const struct ns_member *m, int k)
{
	buf_addf(text,
		" LIMIT%d=%d MAXTHRESH%d=%d MINTHRESH%d=%d WEIGHT%d=%g "
		"LINTERM%d=%d QINBYTES%d=%d",
		k, m->q_limit, k, m->q_maxthresh, k, m->q_minthresh, k,
		m->q_weight, k, m->q_linterm, k, m->q_qinbytes);
}

static void answer_delay(struct nodefiles *list, const struct lab_site *site,
	const struct lab_experiment *e, int machine)
{
	const struct lab_iface *ifaces = site->machines[machine].ifaces;
	struct buf text = BUF_INIT(FILE_MAX);

	for (size_t i = 0; i < e->n_delays; i++) {
		const struct lab_delay *d = &e->delays[i];

		if (d->machine != machine)
			continue;
		buf_adds(&text, "DELAY INT0=");
		add_mac(&text, ifaces[d->port[0]].mac);
		buf_adds(&text, " INT1=");
		add_mac(&text, ifaces[d->port[1]].mac);
		add_pipe(&text, d, 0);
		add_pipe(&text, d, 1);
		buf_addf(&text, " LINKNAME=%s RED0=%d RED1=%d", d->lan,
			d->member[0]->q_red, d->member[1]->q_red);
		add_queue(&text, d->member[0], 0);
		add_queue(&text, d->member[1], 1);
		buf_addf(&text,
			" VNODE0=%s VNODE1=%s NOSHAPING=%d BACKFILL0=0 "
			"BACKFILL1=0\n",
			d->vnode[0], d->vnode[1], d->noshaping);
	}
	nodefiles_add(list, TMCC "tmcc.d/delay", 0600, &text);
}

static void answer_linkdelay(struct nodefiles *list,
	const struct lab_site *site, const struct lab_experiment *e,
	int machine)
{
	struct buf text = BUF_INIT(FILE_MAX);

	for (size_t i = 0; i < e->n_linkdelays; i++) {
		const struct lab_linkdelay *d = &e->linkdelays[i];

		if (d->machine != machine)
			continue;
		buf_adds(&text, "LINKDELAY IFACE=");
		add_mac(&text, site->machines[machine].ifaces[d->iface].mac);
		buf_addf(&text,
			" TYPE=%s LINKNAME=%s VNODE=%s INET=%s MASK=%s PIPE=%d "
			"DELAY=%.2f BW=%lld PLR=%.8f RPIPE=%d RDELAY=%.2f "
			"RBW=%lld RPLR=%.8f\n",
			d->duplex ? "duplex" : "simplex", d->lan, d->vnode,
			d->member->ip, d->member->mask, d->pipe[0], d->delay[0],
			(long long)d->bandwidth[0], d->loss[0],
			d->duplex ? d->pipe[1] : 0, d->duplex ? d->delay[1] : 0,
			(long long)(d->duplex ? d->bandwidth[1] : 0),
			d->duplex ? d->loss[1] : 0);
	}
	nodefiles_add(list, TMCC "tmcc.d/linkdelay", 0600, &text);
}

static void add_mac_of(
	struct buf *text, const struct lab_machine *m, const char *iface)
{
	for (int k = 1; k < m->n_ifaces; k++)
		if (strcmp(m->ifaces[k].name, iface) == 0)
			add_mac(text, m->ifaces[k].mac);
}

static void add_vnode_mac(struct buf *text, const struct lab_site *site,
	const struct lab_experiment *e, const struct lab_trace *t)
{
	int at = lab_machine_of(site, e, t->vnode);

	for (int k = 1; at >= 0 && k < site->machines[at].n_ifaces; k++) {
		const struct lab_iface *i = &site->machines[at].ifaces[k];

		if (i->lan != NULL && strcmp(i->lan, t->lan) == 0) {
			add_mac(text, i->mac);
			return;
		}
	}
}

static void answer_traceinfo(struct nodefiles *list,
	const struct lab_site *site, const struct lab_experiment *e,
	int machine)
{
	struct buf text = BUF_INIT(FILE_MAX);

	for (size_t i = 0; i < e->n_traces; i++) {
		const struct lab_trace *t = &e->traces[i];

		if (t->machine != machine)
			continue;
		buf_addf(&text, "TRACE LINKNAME=%s IDX=%d MAC0=", t->lan,
			t->idx);
		add_mac_of(&text, &site->machines[machine], t->iface0);
		buf_adds(&text, " MAC1=");
		add_mac_of(&text, &site->machines[machine], t->iface1);
		buf_addf(&text, " VNODE=%s VNODE_MAC=", t->vnode);
		add_vnode_mac(&text, site, e, t);
		buf_addf(&text,
			" TRACE_TYPE=%s TRACE_EXPR='%s' TRACE_SNAPLEN=%d\n",
			t->type, t->expr, t->snaplen);
	}
	nodefiles_add(list, TMCC "tmcc.d/traceinfo", 0600, &text);
}

/* Options before the command are accepted and ignored, as images pass many. */
static const char tmcc_script[] =
	"#!/bin/sh\n"
	"# Asks the testbed about this node.\n"
	"while [ $# -gt 0 ]; do\n"
	"\tcase $1 in\n"
	"\t-[slpvkUDtn]) shift; [ $# -gt 0 ] && shift ;;\n"
	"\t-*) shift ;;\n"
	"\t*) break ;;\n"
	"\tesac\n"
	"done\n"
	"cmd=${1:-}\n"
	"case $cmd in\n"
	"''|*[!a-z]*) echo 'usage: tmcc [options] command' >&2; exit 1 ;;\n"
	"esac\n"
	"if [ \"$(id -u)\" != 0 ] && [ \"$cmd\" != status ]; then\n"
	"\techo 'Must be root to run this command!' >&2\n"
	"\texit 1\n"
	"fi\n"
	"[ -f \"" TMCC "tmcc.d/$cmd\" ] || exit 0\n"
	"exec cat \"" TMCC "tmcc.d/$cmd\"\n";

static void add_tmcc(struct nodefiles *list, const struct lab_site *site,
	const struct lab_experiment *e, int machine)
{
	const struct lab_machine *m = &site->machines[machine];
	struct buf text = BUF_INIT(FILE_MAX);

	buf_adds(&text, tmcc_script);
	nodefiles_add(list, TMCC "tmcc", 0755, &text);
	buf_addf(&text, "ALLOCATED=%s/%s NICKNAME=%s\n", e->pid, e->eid,
		m->vname);
	nodefiles_add(list, TMCC "tmcc.d/status", 0644, &text);
	buf_addf(&text, "%s\n", m->id);
	nodefiles_add(list, TMCC "tmcc.d/nodeid", 0600, &text);
	buf_addf(&text, "CREATOR=%s SWAPPER=%s\n", e->head, e->head);
	nodefiles_add(list, TMCC "tmcc.d/creator", 0600, &text);
	answer_ifconfig(list, site, e, machine);
	answer_delay(list, site, e, machine);
	answer_linkdelay(list, site, e, machine);
	answer_traceinfo(list, site, e, machine);
	buf_release(&text);
}

static void add_scripts(struct nodefiles *list, const struct lab_site *site,
	const struct lab_experiment *e, int machine)
{
	struct buf ip = BUF_INIT(FILE_MAX), tc = BUF_INIT(FILE_MAX);
	struct buf text = BUF_INIT(FILE_MAX);
	bool shapes = false;

	netplan_node(site, e, machine, &ip);
	buf_adds(&text, "#!/bin/sh\n");
	netplan_script(buf_str(&ip), "ip", &text);
	nodefiles_add(list, BOOT "rc.ifc", 0755, &text);
	buf_reset(&ip);
	shapes = netplan_delay(site, e, machine, &ip, &tc);
	if (shapes) {
		buf_adds(&text, "#!/bin/sh\n");
		netplan_script(buf_str(&ip), "ip", &text);
		netplan_script(buf_str(&tc), "tc", &text);
		nodefiles_add(list,
			strcmp(site->machines[machine].erole, "delaynode") == 0
				? BOOT "rc.delay"
				: BOOT "rc.linkdelay",
			0755, &text);
	}
	buf_release(&ip);
	buf_release(&tc);
	buf_release(&text);
}

void nodefiles_boot(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct nodefiles *ret)
{
	const struct lab_machine *m = &site->machines[machine];
	struct buf text = BUF_INIT(FILE_MAX);

	buf_addf(&text, "%s.%s.%s\n", m->vname, e->eid, e->pid);
	nodefiles_add(ret, BOOT "nickname", 0644, &text);
	add_line(ret, BOOT "nodeid", m->id);
	add_line(ret, BOOT "role", m->erole);
	add_line(ret, BOOT "creator", e->head);
	add_line(ret, BOOT "swapper", e->head);
	add_line(ret, BOOT "controlif", m->ifaces[0].os_name);
	add_ifmap(ret, m);
	add_mapping(ret, site, e, machine);
	add_topomap(ret, e);
	add_linktest(ret, site, e);
	add_scripts(ret, site, e, machine);
	add_tmcc(ret, site, e, machine);
	buf_release(&text);
}
