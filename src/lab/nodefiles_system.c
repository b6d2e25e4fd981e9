/* What makes a node of a copy of this machine's root: its name, who may log
 * in, its sshd.  Names resolve as on the testbed: short names on the
 * experiment's own network (the nearest interface), long ones on the control
 * network. */
#include "lab/nodefiles.h"
#include "base/file.h"
#include "base/mem.h"
#include "lab/portal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYSTEM_FILE_MAX = 4 << 20 };

/* Which interface of a node its plain name means: one on a LAN that we are on
 * too (near), else the one with the lowest port. */
static const struct lab_seat *nearest(
	const struct lab_experiment *e, const bool *near, int node)
{
	const struct lab_seat *best = NULL;
	int best_port = 0;

	for (int i = 0; i < e->lookup.n_seats[node]; i++) {
		const struct lab_seat *s = &e->lookup.seats[node][i];
		const struct ns_member *m =
			&e->ns->lans[s->lan].members[s->member];

		if (m->ip == NULL || *m->ip == '\0')
			continue;
		if (best == NULL || (near[s->lan] && !near[best->lan]) ||
			(near[s->lan] == near[best->lan] &&
				m->port < best_port)) {
			best = s;
			best_port = m->port;
		}
	}
	return best;
}

static void hosts_of_node(const struct lab_experiment *e, const bool *near,
	int node, struct buf *out)
{
	const struct lab_seat *plain = nearest(e, near, node);
	const char *name = e->ns->nodes[node].name;

	for (int i = 0; i < e->lookup.n_seats[node]; i++) {
		const struct lab_seat *s = &e->lookup.seats[node][i];
		const struct ns_lan *lan = &e->ns->lans[s->lan];
		const struct ns_member *m = &lan->members[s->member];

		if (m->ip == NULL || *m->ip == '\0')
			continue;
		buf_addf(out, "%s\t%s-%s %s-%d%s%s\n", m->ip, name, lan->name,
			name, m->port, s == plain ? " " : "",
			s == plain ? name : "");
	}
}

/* Which LANs a machine is on; no machine, no LAN. */
static bool *lans_of(const struct lab_site *site,
	const struct lab_experiment *e, int machine)
{
	bool *near = mem_zalloc(e->ns->n_lans + 1, sizeof(*near));
	int me = machine >= 0 ? lab_node_index(e, site->machines[machine].vname)
			      : -1;

	for (int i = 0; me >= 0 && i < e->lookup.n_seats[me]; i++)
		near[e->lookup.seats[me][i].lan] = true;
	return near;
}

/* Is the plain name free for the control address? */
static bool nameless(const struct lab_experiment *e, int machine,
	const struct lab_machine *m)
{
	int node = lab_node_index(e, m->vname);

	return machine < 0 || node < 0 || e->lookup.n_seats[node] == 0;
}

void nodefiles_hosts(const struct lab_site *site,
	const struct lab_experiment *e, int machine, struct buf *out)
{
	int owner = lab_index(site, e);
	bool *near = lans_of(site, e, machine);
	char text[NET_ADDR_TEXT];

	buf_adds(out, "127.0.0.1\tlocalhost loopback\n");
	buf_adds(out, "::1\tlocalhost ip6-localhost ip6-loopback\n");
	buf_addf(out, "%s\tboss.%s boss users.%s users ops.%s ops\n",
		site->boss_ip, site->domain, site->domain, site->domain);
	for (size_t i = 0; machine >= 0 && i < e->ns->n_nodes; i++)
		hosts_of_node(e, near, (int)i, out);
	for (size_t i = 0; i < site->n_machines; i++) {
		const struct lab_machine *m = &site->machines[i];

		if (m->owner != owner || m->vname == NULL)
			continue;
		buf_addf(out, "%s\t%s.%s.%s.%s %s.%s %s%s%s\n",
			net_addr_print(&m->ifaces[0].ip, text), m->vname,
			e->eid, e->pid, site->domain, m->id, site->domain,
			m->id, nameless(e, machine, m) ? " " : "",
			nameless(e, machine, m) ? m->vname : "");
	}
	free(near);
}

/* A table of accounts with one line replaced or added. */
static void account(struct nodefiles *list, const char *path, mode_t mode,
	const char *login, const char *line)
{
	struct buf was = BUF_INIT(SYSTEM_FILE_MAX),
		   now = BUF_INIT(SYSTEM_FILE_MAX);
	struct err err = ERR_INIT;
	size_t n = strlen(login);

	if (file_read(path, &was, &err) != 0)
		buf_reset(&was);
	for (const char *at = buf_str(&was); *at != '\0';) {
		size_t len = strcspn(at, "\n");

		if (strncmp(at, login, n) != 0 || at[n] != ':')
			buf_addf(&now, "%.*s\n", (int)len, at);
		at += len + (at[len] == '\n');
	}
	buf_addf(&now, "%s\n", line);
	nodefiles_add(list, path, mode, &now);
	buf_release(&was);
	buf_release(&now);
}

static void add_text(
	struct nodefiles *list, const char *path, mode_t mode, const char *text)
{
	struct buf b = BUF_INIT(SYSTEM_FILE_MAX);

	buf_adds(&b, text);
	nodefiles_add(list, path, mode, &b);
}

static void add_accounts(struct nodefiles *list, const struct lab_site *site)
{
	char line[160];
	const char *u = site->login;

	snprintf(line, sizeof(line), "%s:x:%d:%d::/users/%s:/bin/bash", u,
		LAB_UID, LAB_GID, u);
	account(list, "/etc/passwd", 0644, u, line);
	snprintf(line, sizeof(line), "%s:x:%d:", "nfexp", LAB_GID);
	account(list, "/etc/group", 0644, "nfexp", line);
	snprintf(line, sizeof(line), "%s:*:19000:0:99999:7:::", u);
	account(list, "/etc/shadow", 0640, u, line);
	snprintf(line, sizeof(line), "%s ALL=(ALL) NOPASSWD: ALL\n", u);
	add_text(list, "/etc/sudoers.d/99-emulab", 0440, line);
}

static const char sshd_config[] =
	"Port 22\n"
	"HostKey /etc/ssh/ssh_host_ed25519_key\n"
	"HostKey /etc/ssh/ssh_host_ecdsa_key\n"
	"HostKey /etc/ssh/ssh_host_rsa_key\n"
	"UsePAM no\n"
	"PasswordAuthentication no\n"
	"KbdInteractiveAuthentication no\n"
	"UseDNS no\n"
	"PidFile none\n"
	"PrintMotd no\n"
	"X11Forwarding no\n"
	"AllowTcpForwarding yes\n"
	"Subsystem sftp /usr/lib/openssh/sftp-server\n";

void nodefiles_system(const struct lab_site *site,
	const struct lab_experiment *e, int machine, const char *authorized,
	struct nodefiles *ret)
{
	const struct lab_machine *m = &site->machines[machine];
	struct buf text = BUF_INIT(SYSTEM_FILE_MAX);
	char path[96];

	nodefiles_hosts(site, e, machine, &text);
	nodefiles_add(ret, "/etc/hosts", 0644, &text);
	buf_addf(
		&text, "%s.%s.%s.%s\n", m->vname, e->eid, e->pid, site->domain);
	nodefiles_add(ret, "/etc/hostname", 0644, &text);
	buf_addf(&text, "search %s.%s.%s\nnameserver 127.0.0.1\n", e->eid,
		e->pid, site->domain);
	nodefiles_add(ret, "/etc/resolv.conf", 0644, &text);
	add_accounts(ret, site);
	buf_adds(&text, sshd_config);
	if (manifest_login_port(e, machine, m) != 22)
		buf_addf(
			&text, "Port %d\n", manifest_login_port(e, machine, m));
	nodefiles_add(ret, "/etc/ssh/sshd_config", 0644, &text);
	add_text(ret, "/root/.ssh/authorized_keys", 0600, authorized);
	snprintf(path, sizeof(path), "/users/%s/.ssh/authorized_keys",
		site->login);
	add_text(ret, path, 0600, authorized);
	ret->files[ret->n - 1].of_user = true;
	/* nodes run Linux whatever image was asked for; only a shaper with a
	 * FreeBSD image (--delay-os) plays the foreign system */
	if (strcmp(m->erole, "delaynode") == 0 &&
		strncmp(m->osid, "FBSD", 4) == 0)
		add_text(ret, "/usr/local/bin/uname", 0755,
			"#!/bin/sh\n"
			"# This node stands for a machine with a FreeBSD "
			"image.\n"
			"case $* in\n"
			"*-srm*) echo FreeBSD 4.10-RELEASE i386 ;;\n"
			"*-sm*) echo FreeBSD i386 ;;\n"
			"*-r*) echo 4.10-RELEASE ;;\n"
			"*-m*) echo i386 ;;\n"
			"*) echo FreeBSD ;;\n"
			"esac\n");
	buf_release(&text);
}
