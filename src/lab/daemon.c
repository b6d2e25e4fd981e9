/* The launcher's life: leave the machine's own network and mounts, build the
 * site, bring the experiment up, say so, serve.
 *
 * Everything hangs on this process: nodes by their parent's death, network
 * namespaces and disks because only it and its children are in them.  It is
 * single-threaded; requests on the control socket and calls of the service
 * are answered one after the other from one loop. */
#define _GNU_SOURCE
#include "lab/daemon.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/proc.h"
#include "lab/certs.h"
#include "lab/control.h"
#include "lab/daemon_parts.h"
#include "lab/mounts.h"
#include "lab/nodefiles.h"
#include "lab/portal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SERVICE_PORT = 3069, KEY_MAX = 16 << 10, HOSTS_MAX = 4 << 20 };

/* What the launcher tells who started it, once. */
struct verdict {
	int result;
	struct err err;
};

static int add_user(struct lab_site *site, const char *uid, const char *name,
	const char *pid)
{
	struct lab_user u = {.active = true, .cert_serial = -1};

	snprintf(u.uid, sizeof(u.uid), "%s", uid);
	snprintf(u.name, sizeof(u.name), "%s", name);
	snprintf(u.groups[0].pid, sizeof(u.groups[0].pid), "%s", pid);
	snprintf(u.groups[0].gid, sizeof(u.groups[0].gid), "%s", pid);
	snprintf(u.groups[0].trust, sizeof(u.groups[0].trust), "group_root");
	u.n_groups = 1;
	MEM_PUSH(site->users, site->n_users, site->users_cap) = u;
	return 0;
}

static void keys_dir(char path[static 300])
{
	snprintf(path, 300, "%s/keys", state_root());
}

static int make_certs(
	struct lab_site *site, const struct testbed *t, struct err *err)
{
	char dir[300], keys[300], names[64];
	const struct lab_certs_setup setup = {
		.dir = dir, .keys = keys, .server_names = names};

	snprintf(dir, sizeof(dir), "%s/certs", t->dir);
	keys_dir(keys);
	snprintf(names, sizeof(names), "IP:%s", site->boss_ip);
	return lab_certs_make(&setup, site, err);
}

static int make_site(
	struct launcher *l, const struct daemon_setup *s, struct err *err)
{
	struct ns_limits limits = {0};

	l->site = lab_site_new(
		s->domain != NULL ? s->domain : "testbed.example.net", s->seed);
	if (s->delay_os != NULL)
		l->site->delay_os = l->delay_os = mem_strdup(s->delay_os);
	add_user(l->site, l->site->login, "The Experimenter", s->testbed.pid);
	add_user(l->site, "other", "Somebody Else", "elsewhere");
	l->e = lab_experiment_add(
		l->site, s->testbed.pid, s->testbed.eid, l->site->login);
	l->e->created = l->e->swapped_in = wall_now().ns / NS_PER_S;
	l->e->description = mem_strdup("A local experiment");
	l->e->ns_text = mem_strdup(s->ns_text);
	l->e->portal = s->portal;
	if (s->portal != NULL)
		lab_portal_name(s->portal, s->testbed.pid, s->testbed.eid);
	struct ns_experiment *ns = NULL;
	limits.delay_threshold_ms = l->site->delay_threshold_ms;
	int r = ns_evaluate(s->ns_text, strlen(s->ns_text), s->ns_name, &limits,
		&ns, NULL, err);
	if (r == 0)
		r = ns_check_real(
			ns, s->ns_text, strlen(s->ns_text), s->ns_name, err);
	if (r == 0)
		r = lab_map(l->site, l->e, ns, err);
	if (r != 0) {
		ns_free(ns);
		return r;
	}
	return make_certs(l->site, &s->testbed, err);
}

/* No address of ours ever exists outside: own network, own mounts. */
static int leave_machine(struct err *err)
{
	if (access("/usr/sbin/sshd", X_OK) < 0) {
		err_sys(err, "/usr/sbin/sshd, which every node runs");
		return err_hint(err, "apt-get install openssh-server");
	}
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(err, "a private network needs root");
	return mounts_leave(err);
}

static int read_key(const struct launcher *l, struct buf *key, struct err *err)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/certs/%s.key.pub", l->testbed.dir,
		l->site->login);
	return file_read(path, key, err);
}

static int make_runtime(
	struct launcher *l, const struct daemon_setup *s, struct err *err)
{
	struct buf key = BUF_INIT(KEY_MAX);
	char store[300], keys[300], own_keys[300];
	struct runtime_setup setup = {.site = l->site,
		.store = store,
		.keys = {keys, own_keys},
		.disk_bytes = s->disk_bytes};
	int r;

	snprintf(store, sizeof(store), "%s/store", l->testbed.dir);
	snprintf(own_keys, sizeof(own_keys), "%s/keys", l->testbed.dir);
	keys_dir(keys);
	r = file_make_dirs(store, 0700, err);
	if (r == 0)
		r = read_key(l, &key, err);
	setup.authorized = buf_str(&key);
	if (r == 0)
		r = lab_runtime_new(&setup, &l->rt, err);
	buf_release(&key);
	return r;
}

/* Names for commands run beside the boss. */
static int write_hosts(struct launcher *l, struct err *err)
{
	struct buf hosts = BUF_INIT(HOSTS_MAX);
	char path[300];
	int r;

	snprintf(path, sizeof(path), "%s/hosts", l->testbed.dir);
	nodefiles_hosts(l->site, l->e, -1, &hosts);
	r = file_replace(path, 0644, hosts.data, hosts.len, err);
	buf_release(&hosts);
	return r;
}

/* Makes the machines follow the mapping; ctx is the launcher. */
static int launcher_apply(void *ctx, struct lab_experiment *e, struct err *err)
{
	struct launcher *l = ctx;
	int r = lab_runtime_apply(l->rt, e, err);

	return r == 0 ? write_hosts(l, err) : r;
}

static int listen_service(struct launcher *l, struct err *err)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(SERVICE_PORT)};
	int on = 1;

	inet_pton(AF_INET, l->site->boss_ip, &at.sin_addr);
	l->service_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->service_fd < 0)
		return err_sys(err, "socket");
	setsockopt(l->service_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(l->service_fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		listen(l->service_fd, 128) < 0)
		return err_sys(err, "the service's port");
	return 0;
}

static int start_service(struct launcher *l, struct err *err)
{
	struct lab_actions actions = {.apply = launcher_apply, .ctx = l};
	char ca[300], server[300];
	struct lab_service_setup setup = {.site = l->site,
		.actions = &actions,
		.ca_file = ca,
		.cert_file = server};
	int r = listen_service(l, err);

	snprintf(ca, sizeof(ca), "%s/certs/%s", l->testbed.dir, LAB_CERT_CA);
	snprintf(server, sizeof(server), "%s/certs/%s", l->testbed.dir,
		LAB_CERT_SERVER);
	if (r == 0)
		r = lab_service_start(
			l->loop, l->service_fd, &setup, &l->service, err);
	return r;
}

static void on_signal(void *data, int signo)
{
	struct launcher *l = data;

	(void)signo;
	loop_stop(l->loop);
}

static int bring_up(
	struct launcher *l, const struct daemon_setup *s, struct err *err)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	int r;

	l->testbed = s->testbed;
	l->control_fd = l->service_fd = -1;
	l->loop = loop_new();
	signal(SIGPIPE, SIG_IGN);
	log_info("starting experiment=%s/%s", s->testbed.pid, s->testbed.eid);
	r = make_site(l, s, err);
	if (r == 0)
		r = leave_machine(err);
	if (r == 0)
		r = make_runtime(l, s, err);
	if (r == 0)
		log_info("mapped wires=%zu shapers=%zu", l->e->n_wires,
			l->e->n_delays);
	if (r == 0)
		r = launcher_apply(l, l->e, err);
	if (r == 0) {
		l->e->state = LAB_ACTIVE;
		log_info("every node answers");
		r = start_service(l, err);
	}
	if (r == 0)
		r = control_start(l, err);
	if (r == 0)
		r = loop_signals(l->loop, signals, 3, on_signal, l, err);
	if (r == 0)
		r = state_publish(&l->testbed, err);
	return r;
}

static void bring_down(struct launcher *l)
{
	lab_service_stop(l->service);
	control_stop(l);
	if (l->rt != NULL)
		lab_runtime_free(l->rt);
	if (l->service_fd >= 0)
		close(l->service_fd);
	lab_site_free(l->site);
	free(l->delay_os);
	loop_free(l->loop);
	state_remove(&l->testbed);
}

static void redirect(const struct testbed *t)
{
	char path[300];
	int log;

	snprintf(path, sizeof(path), "%s/log", t->dir);
	log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	(void)!proc_stdio(-1, -1, log);
	if (log >= 0)
		close(log);
	log_open("nfz-testbed", LOG_INFO, true);
}

static void tell(int to, int result, const struct err *err)
{
	struct verdict v = {.result = result, .err = *err};

	if (write(to, &v, sizeof(v)) != (ssize_t)sizeof(v))
		log_warning("nobody heard how it went");
	close(to);
}

static void launch(const struct daemon_setup *s, int to)
	__attribute__((noreturn));

static void launch(const struct daemon_setup *s, int to)
{
	struct launcher l = {0};
	struct err err = ERR_INIT;
	int r;

	setsid();
	umask(022); /* what nodes have is not the caller's alone */
	redirect(&s->testbed);
	r = bring_up(&l, s, &err);
	close(s->lock);
	tell(to, r, &err);
	if (r == 0)
		r = loop_run(l.loop, &err);
	if (r != 0)
		log_err(&err);
	bring_down(&l);
	exit(r == 0 ? 0 : 1);
}

/* A grandchild, so that it is nobody's child but init's. */
static pid_t fork_twice(const struct daemon_setup *s, const int pipes[2])
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(pipes[0]);
	pid = fork();
	if (pid == 0)
		launch(s, pipes[1]);
	_exit(pid < 0 ? 1 : 0);
}

int daemon_start(const struct daemon_setup *setup, struct err *err)
{
	struct verdict v;
	int pipes[2];
	pid_t pid;
	ssize_t n;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	fflush(NULL);
	pid = fork_twice(setup, pipes);
	close(pipes[1]);
	if (pid < 0) {
		close(pipes[0]);
		state_remove(&setup->testbed);
		state_unlock(&setup->testbed, setup->lock);
		return err_sys(err, "fork");
	}
	(void)proc_wait(pid);
	n = read(pipes[0], &v, sizeof(v));
	close(pipes[0]);
	state_unlock(&setup->testbed, setup->lock);
	if (n != (ssize_t)sizeof(v)) {
		state_remove(&setup->testbed);
		return err_set(err, NFZ_E_CRASHED,
			"the launcher died while bringing %s/%s up",
			setup->testbed.pid, setup->testbed.eid);
	}
	if (v.result != 0)
		*err = v.err;
	return v.result;
}
