/* What makes a node of a copy of this machine's root: its name, who may log
 * in, its sshd.  Names resolve as on the testbed: short names on the
 * experiment's own network (the nearest interface), long ones on the control
 * network. */
#include "lab/nodefiles.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYSTEM_FILE_MAX = 4 << 20 };

/* Is a member of this name on a LAN that `me` is on too? */
static bool adjacent(const struct ns_experiment *ns, const char *me, size_t l)
{
	for (size_t k = 0; k < ns->lans[l].n_members; k++)
		if (strcmp(ns->lans[l].members[k].node, me) == 0)
			return true;
	return false;
}

struct place {
	size_t lan, member;
};

/* Which interface of `node` the plain name means, seen from `me`. */
static bool nearest(const struct ns_experiment *ns, const char *me,
	const char *node, struct place *ret)
{
	bool found = false, near = false;
	int port = 0;

	for (size_t l = 0; l < ns->n_lans; l++)
		for (size_t k = 0; k < ns->lans[l].n_members; k++) {
			const struct ns_member *m = &ns->lans[l].members[k];
			bool next = me != NULL && adjacent(ns, me, l);

			if (strcmp(m->node, node) != 0 || m->ip == NULL ||
				(near && !next))
				continue;
			if (found && near == next && m->port >= port)
				continue;
			*ret = (struct place){l, k};
			port = m->port;
			found = true;
			near = next;
		}
	return found;
}

static void hosts_of_node(const struct ns_experiment *ns, const char *me,
	const char *node, struct buf *out)
{
	struct place plain = {0, 0};
	bool any = nearest(ns, me, node, &plain);

	for (size_t l = 0; l < ns->n_lans; l++)
		for (size_t k = 0; k < ns->lans[l].n_members; k++) {
			const struct ns_member *m = &ns->lans[l].members[k];

			if (strcmp(m->node, node) != 0 || m->ip == NULL)
				continue;
			buf_addf(out, "%s\t%s-%s %s-%d", m->ip, node,
				ns->lans[l].name, node, m->port);
			if (any && plain.lan == l && plain.member == k)
				buf_addf(out, " %s", node);
			buf_addc(out, '\n');
		}
}

static bool has_links(const struct ns_experiment *ns, const char *node)
{
	struct place p;

	return nearest(ns, NULL, node, &p);
}

void nodefiles_hosts(const struct lab_site *site,
	const struct lab_experiment *e, int machine, struct buf *out)
{
	int owner = lab_index(site, e);
	const char *me = machine >= 0 ? site->machines[machine].vname : NULL;
	char text[NET_ADDR_TEXT];

	buf_adds(out, "127.0.0.1\tlocalhost loopback\n");
	buf_adds(out, "::1\tlocalhost ip6-localhost ip6-loopback\n");
	buf_addf(out, "%s\tboss.%s boss users.%s users ops.%s ops\n",
		site->boss_ip, site->domain, site->domain, site->domain);
	for (size_t i = 0; i < e->ns->n_nodes && machine >= 0; i++)
		hosts_of_node(e->ns, me, e->ns->nodes[i].name, out);
	for (size_t i = 0; i < site->n_machines; i++) {
		const struct lab_machine *m = &site->machines[i];

		if (m->owner != owner || m->vname == NULL)
			continue;
		buf_addf(out, "%s\t%s.%s.%s.%s %s.%s %s",
			net_addr_print(&m->ifaces[0].ip, text), m->vname,
			e->eid, e->pid, site->domain, m->id, site->domain,
			m->id);
		if (machine < 0 || !has_links(e->ns, m->vname))
			buf_addf(out, " %s", m->vname);
		buf_addc(out, '\n');
	}
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
	add_text(ret, "/etc/ssh/sshd_config", 0644, sshd_config);
	add_text(ret, "/root/.ssh/authorized_keys", 0600, authorized);
	snprintf(path, sizeof(path), "/users/%s/.ssh/authorized_keys",
		site->login);
	add_text(ret, path, 0600, authorized);
	ret->files[ret->n - 1].of_user = true;
	if (strncmp(m->osid, "FBSD", 4) == 0)
		add_text(ret, "/usr/local/bin/uname", 0755,
			"#!/bin/sh\n"
			"# This node stands for a machine with a FreeBSD "
			"image.\n"
			"case $* in\n"
			"*-sm*|*-srm*) echo FreeBSD 4.10-RELEASE i386 ;;\n"
			"*) echo FreeBSD ;;\n"
			"esac\n");
	buf_release(&text);
}
