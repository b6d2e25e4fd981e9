/* Settings of a running program: run/ROLE.set, of a fixed size and written in
 * place, so that a program that gave up its privileges can read it again
 * through the descriptor it has; and a CPU limit by cgroup.
 *
 * A cgroup is the one thing of ours outside the deployment's directory.  It is
 * in the journal, its name says whose it is, and removing it can only work
 * when it is empty. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "base/within.h"
#include "deploy/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SET_BYTES = 320, PERIOD_US = 100000 };

/* Where a group goes, by kind of hierarchy. */
struct group {
	char path[AGENT_PATH];
	bool v2;
};

static bool has_word(const char *path, const char *word)
{
	struct buf text = BUF_INIT(4096);
	bool found = file_read(path, &text, NULL) == 0 &&
		     strstr(buf_str(&text), word) != NULL;

	buf_release(&text);
	return found;
}

/* False: there is none here that limits CPUs; *ret_why says so. */
static bool find_group(
	const char *name, struct group *ret, const char **ret_why)
{
	*ret_why = "there is no cgroup file system";
	if (access(CGROUP_ROOT "/cpu/cpu.shares", F_OK) == 0) {
		ret->v2 = false;
		snprintf(ret->path, sizeof(ret->path), "%s/cpu/%s", CGROUP_ROOT,
			name);
		return true;
	}
	if (access(CGROUP_ROOT "/cgroup.controllers", F_OK) < 0)
		return false;
	*ret_why = "the cpu controller of cgroups is not on";
	ret->v2 = true;
	snprintf(ret->path, sizeof(ret->path), "%s/%s", CGROUP_ROOT, name);
	return has_word(CGROUP_ROOT "/cgroup.subtree_control", "cpu ") ||
	       has_word(CGROUP_ROOT "/cgroup.subtree_control", "cpu\n");
}

static bool write_value(
	const struct group *g, const char *file, const char *value)
{
	char path[AGENT_PATH + 32];
	cleanup_close int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", g->path, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 &&
	       write(fd, value, strlen(value)) == (ssize_t)strlen(value);
}

static bool set_quota(const struct group *g, long pct)
{
	char value[64];

	if (g->v2) {
		snprintf(value, sizeof(value), "%ld %d",
			pct * (PERIOD_US / 100), PERIOD_US);
		return write_value(g, "cpu.max", value);
	}
	snprintf(value, sizeof(value), "%d", PERIOD_US);
	if (!write_value(g, "cpu.cfs_period_us", value))
		return false;
	snprintf(value, sizeof(value), "%ld", pct * (PERIOD_US / 100));
	return write_value(g, "cpu.cfs_quota_us", value);
}

static void group_name(const char *id, const char *role, char to[64])
{
	snprintf(to, 64, "netflowize-%.16s-%.31s", id, role);
}

/* pct 0: no limit (any more). */
static const char *limit(int journal, const char *name, pid_t pid, long pct)
{
	struct journal_record r = {.kind = JOURNAL_CGROUP, .path = name};
	struct group g;
	const char *why;
	char value[32];
	struct stat st;

	if (!find_group(name, &g, &why))
		return pct ? why : NULL;
	if (pct == 0) {
		if (lstat(g.path, &st) < 0)
			return NULL;
		/* no quota is as good as no group, which must stay while it
		 * has a process */
		return write_value(&g, g.v2 ? "cpu.max" : "cpu.cfs_quota_us",
			       g.v2 ? "max" : "-1")
			       ? NULL
			       : "the limit cannot be taken away";
	}
	if (lstat(g.path, &st) < 0 &&
		(journal_add(journal, &r, NULL) < 0 ||
			(mkdir(g.path, 0755) < 0 && errno != EEXIST)))
		return "a cgroup cannot be made";
	snprintf(value, sizeof(value), "%d", (int)pid);
	if (!set_quota(&g, pct))
		return "the limit is refused";
	return pid <= 0 || write_value(&g, "cgroup.procs", value)
		       ? NULL
		       : "the process cannot be put into its cgroup";
}

void agent_settings(int dir, const char *role, char *to, size_t size)
{
	struct buf text = BUF_INIT(4096);
	char path[64];
	size_t n;

	snprintf(path, sizeof(path), "run/%.31s.set", role);
	dep_text(dir, path, &text);
	n = strcspn(buf_str(&text), "\n");
	while (n && buf_str(&text)[n - 1] == ' ')
		n--;
	snprintf(to, size, "%.*s", (int)n, buf_str(&text));
	buf_release(&text);
}

static long cpu_of(const char *settings)
{
	const char *at = strstr(settings, "cpu=");

	return at ? strtol(at + 4, NULL, 10) : 0;
}

const char *agent_limit(int dir, int journal, const char *role, pid_t pid)
{
	char path[AGENT_PATH], name[64], settings[SET_BYTES];
	char *slash = getcwd(path, sizeof(path)) ? strrchr(path, '/') : NULL;
	long pct;

	agent_settings(dir, role, settings, sizeof(settings));
	pct = cpu_of(settings);
	if (!pct || !slash || !agent_id_ok(slash + 1))
		return NULL;
	group_name(slash + 1, role, name);
	return limit(journal, name, pid, pct);
}

static int write_settings(
	int dir, const char *role, const char *text, struct err *err)
{
	char path[64], line[SET_BYTES + 1];
	cleanup_close int fd = -1;

	snprintf(path, sizeof(path), "run/%.31s.set", role);
	snprintf(line, sizeof(line), "%-*.*s\n", SET_BYTES - 1, SET_BYTES - 1,
		text);
	fd = within_open(dir, path, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || pwrite(fd, line, SET_BYTES, 0) != SET_BYTES)
		return dep_sys(err, path);
	return 0;
}

int agent_settings_make(int dir, const char *role, struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "run/%.31s.set", role);
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
		       ? 0
		       : write_settings(dir, role, "", err);
}

/* tune ID ROLE TEXT: settings for a program that runs, or will.  limited=WHY
 * when there can be no CPU limit here. */
int call_tune(struct agent *a, const struct frame_args *args, struct err *err)
{
	const char *role = frame_arg(args, 2), *text = frame_arg(args, 3);
	struct proc_info info;
	const char *why;
	char name[64];
	bool runs;
	int r;

	if (!role_ok(role) || strlen(text) >= SET_BYTES ||
		strpbrk(text, "\r\n"))
		return err_set(err, NFZ_E_REMOTE, "tune: wrong words");
	r = dep_open(a, frame_arg(args, 1), false, 0, err);
	if (r == 0)
		r = write_settings(a->dep.dir, role, text, err);
	if (r < 0)
		return r;
	runs = proc_info_read(a->dep.dir, role, &info) &&
	       strcmp(proc_info_state(&info), "running") == 0 &&
	       journal_process_is_here(a->dep.dir, info.pid);
	group_name(a->dep.id, role, name);
	why = limit(a->dep.journal, name, runs ? info.pid : 0, cpu_of(text));
	if (why)
		agent_say(a, "limited=%s", why);
	if (runs && kill(info.pid, SIGHUP) < 0)
		return err_sys(err, "%s", role);
	return 0;
}
