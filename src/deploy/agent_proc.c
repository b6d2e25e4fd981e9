/* Our programs on a node: starting them through a keeper, finding them again,
 * ending them.  A program is known by pid, start time and boot, never by its
 * name; what is known of it stands in run/ROLE. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/within.h"
#include "deploy/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ALIVE_MS = 2000, BRIEF_MS = 400, READY_MAX_MS = 3600000, TAIL = 700 };

struct starting {
	pid_t keeper;
	int go, status; /* our ends */
};

/* In the child: becomes the keeper.  Only async-signal-safe calls. */
static void become_keeper(int dir, char **argv, int go, int status)
{
	proc_unblock_signals();
	setsid();
	if (!proc_stdio(-1, -1, -1) || fchdir(dir) < 0)
		_exit(127);
	/* above 4 first, so that no dup2 hits a descriptor still needed */
	go = fcntl(go, F_DUPFD, 10);
	status = fcntl(status, F_DUPFD, 10);
	dup2(go, 3);
	dup2(status, 4);
	if (syscall(SYS_close_range, 5U, ~0U, 0U) < 0)
		for (int fd = 5; fd < 1024; fd++)
			close(fd);
	execv("bin/nfz-agent", argv);
	_exit(127);
}

/* Forks the keeper; it waits until we have journaled it. */
static int fork_keeper(
	struct dep *d, char **argv, struct starting *s, struct err *err)
{
	cleanup_close int go = -1, status = -1; /* the keeper's ends */
	int both[2];

	if (pipe2(both, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	go = both[0];
	s->go = both[1];
	if (pipe2(both, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	s->status = both[0];
	status = both[1];
	s->keeper = fork();
	if (s->keeper == 0)
		become_keeper(d->dir, argv, go, status);
	return s->keeper < 0 ? err_sys(err, "fork") : 0;
}

static int journal_keeper(
	struct dep *d, const char *role, pid_t pid, struct err *err)
{
	char name[48];
	struct journal_record r = {
		.kind = JOURNAL_PROC, .role = name, .pid = pid};

	snprintf(name, sizeof(name), "%.31s-keeper", role);
	journal_boot(r.boot);
	if (!proc_start_time(pid, &r.start))
		return err_set(err, NFZ_E_CRASHED, "%s: the keeper died", role);
	return journal_add(d->journal, &r, err);
}

/* The keeper's first word: "R..." ready, "X..." ended; "" none by then. */
static void wait_word(struct agent *a, int fd, int64_t ms, struct buf *word)
{
	struct mono_time deadline = mono_add_ms(mono_now(), ms);

	while (!memchr(buf_str(word), '\n', word->len)) {
		struct pollfd p[2] = {{fd, POLLIN, 0}, {a->in, POLLRDHUP, 0}};
		char chunk[512];
		ssize_t n;

		if (mono_passed(deadline) ||
			poll(p, 2, mono_ms_until(deadline)) <= 0)
			return;
		if (p[0].revents) {
			n = read(fd, chunk, sizeof(chunk));
			if (n <= 0)
				return;
			buf_add(word, chunk, (size_t)n);
		} else if (p[1].revents) {
			a->lost = true;
			return;
		}
	}
}

/* "ready=MS", "alive" or "brief" */
static int64_t wait_of(const char *how)
{
	long long ms;

	if (strncmp(how, "ready=", 6) != 0)
		return strcmp(how, "brief") == 0 ? BRIEF_MS : ALIVE_MS;
	ms = strtoll(how + 6, NULL, 10);
	return ms > 0 && ms < READY_MAX_MS ? ms : READY_MAX_MS;
}

static int crashed(struct dep *d, const char *role, const char *word,
	int64_t waited_ms, struct err *err)
{
	struct buf tail = BUF_INIT(TAIL + 1);
	int status = (int)strtol(word + (*word == 'X'), NULL, 10);
	bool ended = *word == 'X';

	log_tail(d->dir, role, TAIL, &tail);
	if (!ended)
		err_set(err, NFZ_E_CRASHED, "%s: not ready after %lld s", role,
			(long long)waited_ms / 1000);
	else if (status > 128)
		err_set(err, NFZ_E_CRASHED, "%s: ended at once by signal %d",
			role, status - 128);
	else
		err_set(err, NFZ_E_CRASHED, "%s: ended at once with status %d",
			role, status);
	if (tail.len)
		err_hint(err, "Its last lines:\n%s", buf_str(&tail));
	buf_release(&tail);
	return -NFZ_E_CRASHED;
}

/* Waits for READY, or for some time of life, when that is enough. */
static int await(struct agent *a, const char *role, const char *how, int status,
	struct err *err)
{
	struct buf word = BUF_INIT(1024);
	struct proc_info info;
	bool ready_wanted = strncmp(how, "ready", 5) == 0;
	int64_t ms = wait_of(how);
	int r = 0;

	wait_word(a, status, ms, &word);
	if (*buf_str(&word) == 'R') {
		char *end = strchr(word.data, '\n');

		if (end)
			*end = '\0';
		agent_say(a, "ready=%s", word.data + 1);
	} else if (*buf_str(&word) == 'X' || ready_wanted) {
		r = crashed(&a->dep, role, buf_str(&word), ms, err);
		if (proc_info_read(a->dep.dir, role, &info))
			proc_info_end(a->dep.dir, &info, 1000);
	}
	buf_release(&word);
	return r;
}

static int start_keeper(
	struct agent *a, const struct frame_args *args, struct err *err)
{
	const char *role = frame_arg(args, 2);
	struct starting s = {-1, -1, -1};
	char **argv = mem_zalloc(args->n + 4, sizeof(*argv));
	char name[] = "nfz-agent", keep[] = "--keep";
	size_t n = 0;
	int r;

	/* nfz-agent --keep ROLE STAMP PROGRAM ARG... */
	argv[n++] = name;
	argv[n++] = keep;
	argv[n++] = args->argv[2];
	argv[n++] = args->argv[3];
	for (size_t i = 5; i < args->n; i++)
		argv[n++] = args->argv[i];
	r = agent_settings_make(a->dep.dir, role, err);
	if (r == 0)
		r = fork_keeper(&a->dep, argv, &s, err);
	if (r == 0)
		r = journal_keeper(&a->dep, role, s.keeper, err);
	if (r == 0 && write(s.go, "g", 1) != 1)
		r = err_sys(err, "%s: its keeper", role);
	if (r == 0)
		r = await(a, role, frame_arg(args, 4), s.status, err);
	if (s.go >= 0)
		close(s.go);
	if (s.status >= 0)
		close(s.status);
	if (r < 0 && s.keeper > 0)
		kill(s.keeper, SIGTERM);
	if (s.keeper > 0)
		waitpid(s.keeper, NULL, WNOHANG);
	free(argv);
	return r;
}

static int check_start(
	struct agent *a, const struct frame_args *args, struct err *err)
{
	char path[AGENT_PATH];
	struct stat st;

	if (a->dep.journal < 0)
		return err_set(err, NFZ_E_REMOTE, "no deployment is open");
	if (args->n < 6 || !role_ok(args->argv[2]) ||
		strlen(args->argv[3]) > 150 ||
		strpbrk(args->argv[3], " \r\n") || strlen(args->argv[5]) > 60 ||
		!journal_path_ok(args->argv[5]) || strchr(args->argv[5], '/'))
		return err_set(err, NFZ_E_REMOTE, "start: wrong words");
	snprintf(path, sizeof(path), "bin/%s", args->argv[5]);
	if (fstatat(a->dep.dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(st.st_mode))
		return err_set(err, NFZ_E_REMOTE, "start: %s is not installed",
			args->argv[5]);
	return 0;
}

/* start ID ROLE STAMP ready=MS|alive|brief PROGRAM ARG...: unchanged=1 when it
 * runs with this stamp already; else the old one is ended first. */
int call_start(struct agent *a, const struct frame_args *args, struct err *err)
{
	struct proc_info info;
	int r = check_start(a, args, err);

	if (r < 0)
		return r;
	if (proc_info_read(a->dep.dir, args->argv[2], &info)) {
		if (strcmp(info.stamp, args->argv[3]) == 0 &&
			strcmp(proc_info_state(&info), "running") == 0) {
			agent_say(a, "unchanged=1");
			return 0;
		}
		if (!proc_info_end(a->dep.dir, &info, AGENT_STOP_MS))
			return err_set(err, NFZ_E_REMOTE,
				"%s: the old one does not end", args->argv[2]);
	}
	return start_keeper(a, args, err);
}

/* How it ended: 0 when it was rid of all that it held. */
static void note_end(struct agent *a, const char *role)
{
	char status[16] = "unknown";
	const char *words[] = {"ended", role, status};
	struct proc_info now;

	if (proc_info_read(a->dep.dir, role, &now) && now.exited)
		snprintf(status, sizeof(status), "%d", now.status);
	agent_note(a, words, 3);
}

static int stop_one(void *ctx, const struct proc_info *info)
{
	struct agent *a = ctx;
	const bool ran = strcmp(proc_info_state(info), "running") == 0;

	if (!proc_info_end(a->dep.dir, info, AGENT_STOP_MS))
		return 1;
	if (ran)
		note_end(a, info->role);
	return 0;
}

/* Its keeper, which writes there, has ended. */
static int forget(int dir, const char *role, struct err *err)
{
	static const char *const files[] = {".set", ""};
	const char *name;
	cleanup_close int run = within_parent(dir, "run/x", &name);
	char path[64];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%.31s%s", role, files[i]);
		if (unlinkat(run, path, 0) < 0 && errno != ENOENT)
			return dep_sys(err, path);
	}
	return 0;
}

/* stop ID ROLE|all [forget=1]: that one is not to run any more, and is not
 * told of.  NOTEs `ended ROLE STATUS` of those that ran. */
int call_stop(struct agent *a, const struct frame_args *args, struct err *err)
{
	const char *role = frame_arg(args, 2);
	struct proc_info info;
	int r;

	agent_set_who(a, args);
	r = dep_open(a, frame_arg(args, 1), false, 0, err);
	if (r < 0)
		return r;
	agent_note_sockets(a);
	if (strcmp(role, "all") == 0)
		r = agent_each_role(a->dep.dir, stop_one, a);
	else if (role_ok(role) && proc_info_read(a->dep.dir, role, &info))
		r = stop_one(a, &info);
	if (r)
		return err_set(err, NFZ_E_REMOTE, "%s: does not end", role);
	return role_ok(role) && frame_value(args, "forget")
		       ? forget(a->dep.dir, role, err)
		       : 0;
}

/* renew ID SECONDS: our programs end by themselves when nobody renews.  0:
 * never.  The time is that since boot: a reboot ends them anyway. */
int call_renew(struct agent *a, const struct frame_args *args, struct err *err)
{
	long long seconds = strtoll(frame_arg(args, 2), NULL, 10);
	int r = dep_open(a, frame_arg(args, 1), false, 0, err);

	return r < 0 ? r : lease_write(a->dep.dir, seconds, err);
}
