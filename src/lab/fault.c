/* The fault knobs (deploy-targets reference, 2.12): what can go wrong on one
 * node, really done to it, and `clear` to make it whole again. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "lab/keys.h"
#include "lab/netns.h"
#include "lab/node_init.h"
#include "lab/runtime_parts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

struct where {
	struct lab_runtime *rt;
	struct lab_experiment *e;
	int machine;
	struct lab_node *node;
};

static int sshd_signal(const struct where *w, int signo, struct err *err)
{
	pid_t pid = node_sshd(w->node);

	if (pid == 0)
		return err_set(err, NFZ_E_REMOTE, "no sshd runs on %s",
			w->node->vname);
	return kill(pid, signo) < 0 ? err_sys(err, "sshd of %s", w->node->vname)
				    : 0;
}

static int do_stop(const struct where *w, struct err *err)
{
	return sshd_signal(w, SIGSTOP, err);
}

static int do_resume(const struct where *w, struct err *err)
{
	return sshd_signal(w, SIGCONT, err);
}

/* In a child of ours that entered the node.  Two steps: an orphan goes to the
 * init of its *father's* PID namespace, so the father must be inside too. */
static int leave_sshd(const void *data)
{
	pid_t pid = fork();

	(void)data;
	if (pid < 0)
		return errno;
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			node_become_sshd();
		_exit(pid < 0 ? errno : 0);
	}
	return WEXITSTATUS(proc_wait(pid));
}

static int do_serve(const struct where *w, struct err *err)
{
	int r = 0;

	if (node_sshd(w->node) == 0)
		r = node_inside(w->node, leave_sshd, NULL, err);
	return r == 0 ? runtime_wait(w->rt, &w->machine, 1, err) : r;
}

/* Gone, and its port closed, before anything new listens. */
static int end_sshd(const struct where *w, struct err *err)
{
	struct mono_time end = mono_add_ms(mono_now(), 5000);

	while (node_sshd(w->node) != 0) {
		int r = sshd_signal(w, SIGKILL, err);

		if (r != 0 && node_sshd(w->node) != 0)
			return r;
		if (mono_passed(end))
			return err_set(err, NFZ_E_TIMEOUT,
				"sshd of %s does not end", w->node->vname);
		clock_sleep_ms(2);
	}
	return 0;
}

static int do_refuse(const struct where *w, struct err *err)
{
	return end_sshd(w, err);
}

static int control_link(
	const struct where *w, const char *what, struct err *err)
{
	char port[16], line[64];

	runtime_control_port(w->rt, w->machine, port);
	snprintf(line, sizeof(line), "link set dev %s %s\n", port, what);
	return netns_batch(w->rt->control_ns, "ip", line, err);
}

static int do_down(const struct where *w, struct err *err)
{
	return control_link(w, "down", err);
}

static int do_up(const struct where *w, struct err *err)
{
	return control_link(w, "up", err);
}

/* Both ways: the bridge's port towards the node, its own interface from it. */
static int do_slow(const struct where *w, struct err *err)
{
	const char *own = w->rt->site->machines[w->machine].ifaces[0].os_name;
	char port[16], line[160];
	int r;

	runtime_control_port(w->rt, w->machine, port);
	snprintf(line, sizeof(line),
		"qdisc replace dev %s root tbf rate 64kbit burst 4kb limit "
		"64kb\n",
		port);
	r = netns_batch(w->rt->control_ns, "tc", line, err);
	if (r != 0)
		return r;
	snprintf(line, sizeof(line),
		"qdisc replace dev %s root tbf rate 64kbit burst 4kb limit "
		"64kb\n",
		own);
	return netns_batch(w->node->net, "tc", line, err);
}

static int do_fast(const struct where *w, struct err *err)
{
	char port[16], line[160];

	(void)err;
	runtime_control_port(w->rt, w->machine, port);
	snprintf(line, sizeof(line), "qdisc del dev %s root\n", port);
	netns_try(w->rt->control_ns, "tc", line);
	snprintf(line, sizeof(line), "qdisc del dev %s root\n",
		w->rt->site->machines[w->machine].ifaces[0].os_name);
	netns_try(w->node->net, "tc", line);
	return 0;
}

static int restart(const struct where *w, bool wipe, struct err *err)
{
	int r = 0;

	runtime_stop(w->rt, w->machine);
	if (wipe) {
		keys_forget(
			&w->rt->setup.keys, &w->rt->site->machines[w->machine]);
		r = runtime_wipe(w->rt, w->machine, err);
	}
	return r == 0 ? runtime_start(w->rt, w->e, &w->machine, 1, err) : r;
}

static int do_reboot(const struct where *w, struct err *err)
{
	return restart(w, false, err);
}

static int do_reimage(const struct where *w, struct err *err)
{
	return restart(w, true, err);
}

static int do_crash(const struct where *w, struct err *err)
{
	(void)err;
	runtime_stop(w->rt, w->machine);
	w->rt->site->machines[w->machine].init = 0;
	w->rt->site->machines[w->machine].status = "down";
	return 0;
}

static int do_key(const struct where *w, struct err *err)
{
	struct lab_machine *m = &w->rt->site->machines[w->machine];
	struct nodefiles files = {0};
	int r;

	keys_forget(&w->rt->setup.keys, m);
	r = keys_ensure(&w->rt->setup.keys, w->rt->site, &w->machine, 1, err);
	if (r == 0)
		r = keys_files(&w->rt->setup.keys, m, &files, err);
	if (r == 0)
		r = node_write(w->node, &files, err);
	nodefiles_release(&files);
	if (r == 0)
		r = end_sshd(w, err);
	return r == 0 ? do_serve(w, err) : r;
}

enum disk { DISK_WHOLE, DISK_FULL, DISK_FILLS };
enum { FILES_MAX = 1 << 20, FILES_LEFT = 12 };

/* The disk's own tmpfs shrinks to what is on it, or has room for some files
 * more, however much it says is free. */
static int resize(const struct where *w, enum disk how, struct err *err)
{
	char path[512], options[96];
	int64_t files = FILES_MAX;
	struct statfs s;
	int64_t size = w->rt->setup.disk_bytes > 0 ? w->rt->setup.disk_bytes
						   : INT64_C(512) << 20;

	snprintf(path, sizeof(path), "%s/%s", w->rt->setup.store,
		w->rt->site->machines[w->machine].key);
	if (statfs(path, &s) < 0)
		return err_sys(err, "%s", path);
	if (how == DISK_FULL)
		size = (int64_t)(s.f_blocks - s.f_bfree) * s.f_bsize;
	if (how == DISK_FILLS)
		files = (int64_t)(s.f_files - s.f_ffree) + FILES_LEFT;
	snprintf(options, sizeof(options), "size=%lld,nr_inodes=%lld",
		(long long)size, (long long)files);
	if (mount(NULL, path, NULL, MS_REMOUNT, options) < 0)
		return err_sys(err, "the disk of %s", w->node->vname);
	return 0;
}

static int do_disk_full(const struct where *w, struct err *err)
{
	return resize(w, DISK_FULL, err);
}

static int do_disk_fills(const struct where *w, struct err *err)
{
	return resize(w, DISK_FILLS, err);
}

static int do_disk_free(const struct where *w, struct err *err)
{
	return resize(w, DISK_WHOLE, err);
}

/* ---- mounts inside the node ---- */

struct remount {
	const char *path;
	unsigned long flags;
};

/* In a child inside the node: a directory becomes a mount of its own. */
static int remount(const void *data)
{
	const struct remount *m = data;

	mkdir(m->path, 0755);
	if (mount(m->path, m->path, NULL, MS_BIND, NULL) < 0)
		return errno;
	if (mount(NULL, m->path, NULL, MS_REMOUNT | MS_BIND | m->flags, NULL) <
		0)
		return errno;
	return 0;
}

static const char *const places[] = {"/var/lib", "/local", "/var/tmp", "/tmp"};

static int remount_some(
	const struct where *w, size_t n, unsigned long flags, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct remount m = {places[i], flags};

		r = node_inside(w->node, remount, &m, err);
	}
	return r;
}

static int do_noexec(const struct where *w, struct err *err)
{
	return remount_some(w, 1, MS_NOEXEC, err);
}

static int do_noexec_all(const struct where *w, struct err *err)
{
	return remount_some(w, 4, MS_NOEXEC, err);
}

static int do_readonly(const struct where *w, struct err *err)
{
	return remount_some(w, 1, MS_RDONLY, err);
}

static int do_readonly_all(const struct where *w, struct err *err)
{
	return remount_some(w, 3, MS_RDONLY, err);
}

static const char proc_arch[] = "/proc/sys/kernel/arch",
		  other_arch[] = "/usr/local/bin/uname.arch";

static int undo_mounts(const void *data)
{
	(void)data;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) - 1; i++)
		while (umount2(places[i], MNT_DETACH) == 0)
			;
	while (umount2(proc_arch, MNT_DETACH) == 0)
		;
	mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV,
		NULL);
	return 0;
}

/* ---- files inside the node ---- */

static int put(const struct where *w, const char *path, mode_t mode,
	const char *text, struct err *err)
{
	struct nodefiles files = {0};
	struct buf b = BUF_INIT(64 << 10);
	int r;

	buf_adds(&b, text);
	nodefiles_add(&files, path, mode, &b);
	files.files[0].of_user = strncmp(path, "/users/", 7) == 0;
	r = node_write(w->node, &files, err);
	nodefiles_release(&files);
	return r;
}

static void in_home(
	const struct where *w, const char *file, char path[static 96])
{
	snprintf(path, 96, "/users/%s/%s", w->rt->site->login, file);
}

static int do_auth(const struct where *w, struct err *err)
{
	char path[96];
	int r;

	in_home(w, ".ssh/authorized_keys", path);
	r = put(w, path, 0600, "# nobody may log in\n", err);
	if (r != 0)
		return r;
	return put(w, "/root/.ssh/authorized_keys", 0600, "", err);
}

static int do_no_sudo(const struct where *w, struct err *err)
{
	return node_unlink(w->node, "/etc/sudoers.d/99-emulab", err);
}

static int do_banner(const struct where *w, struct err *err)
{
	char path[96];

	in_home(w, ".bashrc", path);
	return put(w, path, 0644,
		"echo 'Welcome to the testbed!'\n"
		"echo 'Scheduled maintenance tonight.' >&2\n",
		err);
}

/* Kernels before 6.1 have no such file, and nothing to be hidden. */
static int hide_arch(const void *data)
{
	(void)data;
	return mount(other_arch, proc_arch, NULL, MS_BIND, NULL) < 0 &&
			       errno != ENOENT
		       ? errno
		       : 0;
}

static int do_arch(const struct where *w, struct err *err)
{
	int r = put(w, "/usr/local/bin/uname", 0755,
		"#!/bin/sh\n"
		"case $* in\n"
		"*m*) /usr/bin/uname \"$@\" | sed 's/x86_64/riscv64/g' ;;\n"
		"*) exec /usr/bin/uname \"$@\" ;;\n"
		"esac\n",
		err);

	if (r == 0)
		r = put(w, other_arch, 0644, "riscv64\n", err);
	return r == 0 ? node_inside(w->node, hide_arch, NULL, err) : r;
}

static int do_clear(const struct where *w, struct err *err)
{
	char path[96];
	int r = 0;

	if (w->node->pid == 0)
		return restart(w, false, err);
	if (node_sshd(w->node) != 0)
		r = do_resume(w, err);
	in_home(w, ".bashrc", path);
	if (r == 0)
		r = do_up(w, err);
	if (r == 0)
		r = do_fast(w, err);
	if (r == 0)
		r = resize(w, DISK_WHOLE, err);
	if (r == 0)
		r = node_inside(w->node, undo_mounts, NULL, err);
	if (r == 0)
		r = node_unlink(w->node, "/usr/local/bin/uname", err);
	if (r == 0)
		r = node_unlink(w->node, other_arch, err);
	if (r == 0)
		r = node_unlink(w->node, path, err);
	if (r == 0)
		r = runtime_configure(w->rt, w->e, w->machine, false, err);
	return r == 0 ? do_serve(w, err) : r;
}

static const struct fault {
	const char *name, *help;
	int (*fn)(const struct where *w, struct err *err);
	bool of_dead; /* also when the node does not run */
} faults[] = {
	{"stop", "sshd hangs: connections open, no banner", do_stop, false},
	{"resume", "ends stop", do_resume, false},
	{"refuse", "sshd is killed: connections are refused", do_refuse, false},
	{"serve", "ends refuse", do_serve, false},
	{"down", "the control link is dead: no answer at all", do_down, false},
	{"up", "ends down", do_up, false},
	{"slow", "the control link has 64 kb/s", do_slow, false},
	{"fast", "ends slow", do_fast, false},
	{"crash", "the machine is off", do_crash, false},
	{"reboot", "off and on: the disk stays", do_reboot, true},
	{"reimage", "a new disk and new host keys", do_reimage, true},
	{"key", "other host keys on the same disk", do_key, false},
	{"auth", "nobody's key is accepted", do_auth, false},
	{"no-sudo", "sudo is not allowed", do_no_sudo, false},
	{"disk-full", "no byte is free", do_disk_full, false},
	{"disk-fills", "room for a few files, whatever it says", do_disk_fills,
		false},
	{"disk-free", "ends disk-full and disk-fills", do_disk_free, false},
	{"read-only", "/var/lib cannot be written", do_readonly, false},
	{"read-only-all", "nor /local and /var/tmp", do_readonly_all, false},
	{"noexec", "/var/lib runs no programs", do_noexec, false},
	{"noexec-all", "nor /local, /var/tmp and /tmp", do_noexec_all, false},
	{"banner", "the login shell talks", do_banner, false},
	{"arch", "the kernel tells another processor", do_arch, false},
	{"clear", "makes the node whole again", do_clear, true}};

enum { N_FAULTS = sizeof(faults) / sizeof(faults[0]) };

const char *lab_fault_kind(size_t i)
{
	return i < N_FAULTS ? faults[i].name : NULL;
}

const char *lab_fault_help(const char *kind)
{
	for (size_t i = 0; i < N_FAULTS; i++)
		if (strcmp(faults[i].name, kind) == 0)
			return faults[i].help;
	return NULL;
}

int lab_runtime_fault(struct lab_runtime *rt, struct lab_experiment *e,
	const char *vname, const char *kind, struct err *err)
{
	struct where w = {.rt = rt,
		.e = e,
		.machine = lab_machine_of(rt->site, e, vname)};

	if (w.machine < 0)
		return err_set(
			err, NFZ_E_USAGE, "there is no node \"%s\"", vname);
	w.node = &rt->nodes[w.machine];
	for (size_t i = 0; i < N_FAULTS; i++) {
		if (strcmp(faults[i].name, kind) != 0)
			continue;
		if (w.node->pid == 0 && !faults[i].of_dead)
			return err_set(
				err, NFZ_E_SWAPPED, "%s is not running", vname);
		return faults[i].fn(&w, err);
	}
	return err_set(err, NFZ_E_USAGE, "there is no fault \"%s\"", kind);
}
