/* Requests are words separated by tabs, ended by the asker's end of writing;
 * one answer, then the connection ends.  Only root reaches the socket. */
#define _GNU_SOURCE
#include "lab/control.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/unixsock.h"
#include "lab/daemon_parts.h"
#include "lab/describe.h"
#include "lab/node.h"
#include "lab/portal.h"
#include "lab/snapshot.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	REQUEST_MAX = 1 << 20,
	REQUEST_MS = 2000,
	BODY_MAX = 64 << 20,
	WORDS = 4
};

struct request {
	struct launcher *l;
	char *words[WORDS];
	int n;
	struct buf *body;
};

static int find_node(const struct request *q, struct err *err)
{
	int at = q->n > 1 ? lab_machine_of(q->l->site, q->l->e,
				    lab_portal_vname(q->l->e, q->words[1]))
			  : -1;

	if (at < 0 && q->l->e->n_wires == 0 && q->l->e->state == LAB_SWAPPED)
		return err_set(err, NFZ_E_SWAPPED, "%s/%s is swapped out",
			q->l->e->pid, q->l->e->eid);
	if (at < 0)
		return err_set(err, NFZ_E_USAGE,
			"there is no node \"%s\" in %s/%s",
			q->n > 1 ? q->words[1] : "", q->l->e->pid,
			q->l->e->eid);
	return at;
}

static int do_describe(struct request *q, struct err *err)
{
	struct buf notes = BUF_INIT(16 << 10);

	(void)err;
	describe_notes(q->l->site, q->l->e, &notes);
	if (q->n > 1 && strcmp(q->words[1], "json") == 0)
		describe_json(q->l->site, q->l->e, buf_str(&notes), q->body);
	else
		describe_text(q->l->site, q->l->e, buf_str(&notes), q->body);
	buf_release(&notes);
	return 0;
}

/* PID of its init, machine and control address. */
static int do_node(struct request *q, struct err *err)
{
	int at = find_node(q, err);
	const struct lab_node *node;
	char text[NET_ADDR_TEXT];

	if (at < 0)
		return at;
	node = lab_runtime_node(q->l->rt, at);
	if (node == NULL)
		return err_set(
			err, NFZ_E_SWAPPED, "%s is not running", q->words[1]);
	buf_addf(q->body, "%d %s %s\n", (int)node->pid,
		q->l->site->machines[at].id,
		net_addr_print(&q->l->site->machines[at].ifaces[0].ip, text));
	return 0;
}

static int do_fault(struct request *q, struct err *err)
{
	bool boss = q->n > 2 && strcmp(q->words[1], "boss") == 0 &&
		    lab_machine_of(q->l->site, q->l->e, "boss") < 0;
	int at = boss ? -1 : find_node(q, err);

	if (boss)
		return lab_service_fault(
			q->l->service, q->l->e, q->words[2], err);
	if (at < 0)
		return at;
	return lab_runtime_fault(q->l->rt, q->l->e,
		lab_portal_vname(q->l->e, q->words[1]),
		q->n > 2 ? q->words[2] : "", err);
}

static int do_snapshot(struct request *q, struct err *err)
{
	int at = find_node(q, err);
	char path[400];

	if (at < 0)
		return at;
	snprintf(path, sizeof(path), "%s/store/%s/u", q->l->testbed.dir,
		q->l->site->machines[at].key);
	if (q->n > 2 && strcmp(q->words[2], "path") == 0) {
		buf_addf(q->body, "/proc/%d/root%s\n", (int)getpid(), path);
		return 0;
	}
	return snapshot_tree(path, q->body, err);
}

static int do_swap(struct request *q, struct err *err)
{
	bool in = q->n > 1 && strcmp(q->words[1], "in") == 0;
	enum lab_state from = in ? LAB_SWAPPED : LAB_ACTIVE;

	if (!in && (q->n < 2 || strcmp(q->words[1], "out") != 0))
		return err_set(err, NFZ_E_USAGE, "swap in or out?");
	if (q->l->e->state != from)
		return err_set(err, NFZ_E_BUSY, "%s/%s is %s", q->l->e->pid,
			q->l->e->eid, lab_state_name(q->l->e->state));
	return lab_service_swap(q->l->service, q->l->e, NULL, in, err);
}

/* "portal" as it is, "classic", or a status word of the portal's. */
static int do_serve(struct request *q, struct err *err)
{
	struct lab_experiment *e = q->l->e;
	const char *how = q->n > 1 ? q->words[1] : "";

	if (strcmp(how, "classic") == 0) {
		lab_portal_free(e->portal);
		e->portal = NULL;
		return 0;
	}
	if (strcmp(how, "portal") != 0)
		return err_set(err, NFZ_E_USAGE, "serve it how?");
	if (e->portal == NULL) {
		e->portal = lab_portal_new();
		lab_portal_name(e->portal, e->pid, e->eid);
	}
	if (q->n > 2)
		e->portal->answers =
			strcmp(q->words[2], "value") == 0    ? LAB_IN_VALUE
			: strcmp(q->words[2], "output") == 0 ? LAB_IN_OUTPUT
							     : LAB_IN_BOTH;
	if (q->n > 3)
		snprintf(e->portal->status, sizeof(e->portal->status), "%s",
			strcmp(q->words[3], "true") == 0 ? "" : q->words[3]);
	return 0;
}

static int do_state(struct request *q, struct err *err)
{
	(void)err;
	buf_addf(q->body, "%s\n", lab_state_name(q->l->e->state));
	return 0;
}

static int do_down(struct request *q, struct err *err)
{
	(void)err;
	loop_stop(q->l->loop);
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(struct request *q, struct err *err);
} table[] = {{"describe", do_describe}, {"node", do_node}, {"fault", do_fault},
	{"snapshot", do_snapshot}, {"swap", do_swap}, {"state", do_state},
	{"serve", do_serve}, {"down", do_down}};

static int dispatch(struct request *q, struct err *err)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (q->n > 0 && strcmp(q->words[0], table[i].name) == 0)
			return table[i].fn(q, err);
	return err_set(err, NFZ_E_USAGE, "unknown request");
}

static bool read_request(int fd, struct buf *text)
{
	struct mono_time end = mono_add_ms(mono_now(), REQUEST_MS);

	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		char chunk[4096];
		ssize_t n;

		if (poll(&p, 1, mono_ms_until(end)) <= 0)
			return false;
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return n == 0;
		buf_add(text, chunk, (size_t)n);
	}
}

static void on_control(void *data, int fd, short revents)
{
	struct buf text = BUF_INIT(REQUEST_MAX), body = BUF_INIT(BODY_MAX);
	struct buf out = BUF_INIT(BODY_MAX + 16);
	struct request q = {.l = data, .body = &body};
	struct err err = ERR_INIT;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	int r;

	(void)revents;
	if (conn < 0)
		return;
	if (read_request(conn, &text)) {
		char *at = text.data != NULL ? text.data : NULL, *word;

		while (q.n < WORDS && (word = strsep(&at, "\t\n")) != NULL)
			if (*word != '\0')
				q.words[q.n++] = word;
		r = dispatch(&q, &err);
		state_answer(&out, r, &err, buf_str(&body));
		if (file_write_all(conn, out.data, out.len, &err) != 0)
			err_clear(&err);
	}
	close(conn);
	buf_release(&text);
	buf_release(&body);
	buf_release(&out);
}

int control_start(struct launcher *l, struct err *err)
{
	cleanup_free char *path = mem_printf("%s/control", l->testbed.dir);
	int r = unixsock_listen(path, &l->control_fd, err);

	if (r < 0)
		return r;
	loop_watch(l->loop, l->control_fd, POLLIN, on_control, l);
	return 0;
}

void control_stop(struct launcher *l)
{
	if (l->control_fd < 0)
		return;
	loop_unwatch(l->loop, l->control_fd);
	close(l->control_fd);
	l->control_fd = -1;
}
