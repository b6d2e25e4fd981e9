/* The keeper: one small process beside each program.
 *
 * It starts the program (journaled before it may run), keeps its output in a
 * log of bounded size, tells the agent the READY line or how the program
 * ended, starts it again when it was killed, writes down its end for
 * `status`, and ends it when the lease has run out.  When the keeper is
 * killed, the program goes on without a log. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/within.h"
#include "deploy/agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	GO = 3,
	STATUS = 4,
	LOG_MAX = 4 << 20,    /* ROLE.log and ROLE.log.1: twice this */
	LOG_TOTAL = 64 << 20, /* of all roles of a deployment */
	LOG_LOOK = 256 << 10, /* so often the share is looked at */
	LOG_KEEP_FREE = 20,   /* nothing is logged below 1/20 of the disk */
	LINE_MAX_BYTES = 512, /* of the READY line */
	LEASE_CHECK_MS = 2000,
	AGAIN_MS = 200, /* after the program was killed */
	YOUNG_MS = 2000,
	YOUNG_DEATHS = 5 /* then it is left */
};

struct keeper {
	int dir, log, from; /* from: the program's output */
	char log_path[64];
	off_t log_size, log_max, log_look;
	bool told;              /* the agent has been answered */
	bool ready;             /* the program has said so */
	int deaths;             /* soon after one another */
	struct mono_time since; /* it was started */
	char line[LINE_MAX_BYTES];
	size_t line_len;
	struct proc_info info;
	struct mono_time lease_check, kill_at;
	bool ending;
};

static void tell(struct keeper *k, char kind, const char *text)
{
	char word[LINE_MAX_BYTES + 8];
	int n = snprintf(word, sizeof(word), "%c%s\n", kind, text);

	if (k->told)
		return;
	if (n > 0 && write(STATUS, word, (size_t)n) < 0)
		n = 0; /* the agent has gone: nobody to tell */
	k->told = true;
	close(STATUS);
}

/* Watches for a line "READY..." in the output's beginning. */
static void look_for_ready(struct keeper *k, const char *data, size_t len)
{
	for (size_t i = 0; i < len && !k->told; i++) {
		if (data[i] != '\n') {
			if (k->line_len < sizeof(k->line) - 1)
				k->line[k->line_len++] = data[i];
			continue;
		}
		k->line[k->line_len] = '\0';
		k->line_len = 0;
		if (strncmp(k->line, "READY", 5) == 0 &&
			(k->line[5] == '\0' || k->line[5] == ' ')) {
			tell(k, 'R', k->line);
			k->ready = true;
		}
	}
}

static void open_log(struct keeper *k)
{
	struct stat st;

	k->log = within_open(
		k->dir, k->log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	k->log_size = 0;
	if (k->log >= 0 && fstat(k->log, &st) == 0)
		k->log_size = st.st_size;
}

static bool disk_low(int fd)
{
	struct statvfs v;

	return fstatvfs(fd, &v) == 0 && v.f_bavail < v.f_blocks / LOG_KEEP_FREE;
}

/* A share of the whole, by how many write logs here. */
static off_t log_share(const struct keeper *k)
{
	int fd = openat(k->dir, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	off_t n = 0, share;

	while (d && (e = readdir(d))) {
		const char *dot = strrchr(e->d_name, '.');

		n += dot && strcmp(dot, ".log") == 0;
	}
	if (d)
		closedir(d);
	share = LOG_TOTAL / 2 / (n ? n : 1);
	return share < LOG_MAX ? share : LOG_MAX;
}

static void add_log(struct keeper *k, const char *data, size_t len)
{
	if (k->log_size >= k->log_look) {
		k->log_max = log_share(k);
		k->log_look = k->log_size + LOG_LOOK;
	}
	if (k->log_size + (off_t)len > k->log_max) {
		const char *name;
		cleanup_close int at =
			within_parent(k->dir, k->log_path, &name);
		char old[80];

		snprintf(old, sizeof(old), "%s.1", name);
		if (k->log >= 0)
			close(k->log);
		renameat(at, name, at, old);
		open_log(k);
		k->log_look = 0;
	}
	if (k->log < 0 || disk_low(k->log))
		return;
	if (file_write_all(k->log, data, len, NULL) == 0)
		k->log_size += (off_t)len;
}

static void set_limits(void)
{
	const struct rlimit files = {65536, 65536};
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* the experiment's own programs come first when memory runs out */
	if (fd >= 0) {
		(void)!write(fd, "500", 3);
		close(fd);
	}
	setrlimit(RLIMIT_NOFILE, &files);
}

/* In the child: waits for the journal, then becomes the program. */
static void become_program(char **argv, const int go[static 2], int out)
{
	char path[128], byte;

	close(go[1]); /* else nobody's end would be seen */
	setpgid(0, 0);
	set_limits();
	snprintf(path, sizeof(path), "bin/%s", argv[0]);
	if (read(go[0], &byte, 1) != 1)
		_exit(126); /* the keeper died before it had journaled us */
	dup2(out, 1);
	dup2(out, 2);
	close(STATUS);
	signal(SIGPIPE, SIG_IGN); /* outlive the keeper */
	execv(path, argv);
	dprintf(2, "%s: cannot be started: %s\n", path, strerror(errno));
	_exit(127);
}

static int journal_program(struct keeper *k, int journal, struct err *err)
{
	struct journal_record r = {.kind = JOURNAL_PROC,
		.role = k->info.role,
		.pid = k->info.pid,
		.start = k->info.start};

	snprintf(r.boot, sizeof(r.boot), "%s", k->info.boot);
	return journal_add(journal, &r, err);
}

static int start_program(struct keeper *k, char **argv, struct err *err)
{
	int go[2], out[2], journal = -1;
	char now[CLOCK_TEXT];
	int r = journal_open(k->dir, false, &journal, err);

	if (r < 0)
		return r;
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	k->info.pid = fork();
	if (k->info.pid == 0)
		become_program(argv, go, out[1]);
	close(go[0]);
	close(out[1]);
	if (k->from >= 0) /* a child of the one before may still have it */
		close(k->from);
	k->from = out[0];
	snprintf(k->info.started, sizeof(k->info.started), "%s",
		wall_print(wall_now(), now));
	if (k->info.pid < 0 || !proc_start_time(k->info.pid, &k->info.start))
		return err_sys(err, "fork");
	r = journal_program(k, journal, err);
	if (r == 0) {
		const char *why =
			agent_limit(k->dir, journal, k->info.role, k->info.pid);

		if (why) {
			add_log(k, "no CPU limit: ", 14);
			add_log(k, why, strlen(why));
			add_log(k, "\n", 1);
		}
	}
	if (r == 0)
		r = proc_info_write(k->dir, &k->info, err);
	if (r == 0 && write(go[1], "g", 1) != 1)
		r = err_sys(err, "go");
	close(go[1]); /* without the byte this ends the child */
	close(journal);
	return r;
}

/* The node's lease is the only one: programs do not hear of it, so that it can
 * be renewed or given up while they run. */
static bool lease_over(struct keeper *k)
{
	if (!mono_passed(k->lease_check))
		return false;
	k->lease_check = mono_add_ms(mono_now(), LEASE_CHECK_MS);
	return lease_is_over(k->dir, k->info.role);
}

static void end_program(struct keeper *k, const char *why)
{
	if (!k->ending) {
		add_log(k, why, strlen(why));
		kill(k->info.pid, SIGTERM);
		k->kill_at = mono_add_ms(mono_now(), AGENT_STOP_MS);
		k->ending = true;
	} else if (mono_passed(k->kill_at)) {
		kill(k->info.pid, SIGKILL);
	}
}

static void take_output(struct keeper *k)
{
	char chunk[8192];
	ssize_t n = read(k->from, chunk, sizeof(chunk));

	if (n > 0) {
		look_for_ready(k, chunk, (size_t)n);
		add_log(k, chunk, (size_t)n);
	} else if (n == 0 || errno != EINTR) {
		close(k->from);
		k->from = -1;
	}
}

/* Everything that still stands in the pipe. */
static void drain(struct keeper *k)
{
	if (k->from >= 0)
		fcntl(k->from, F_SETFL, O_NONBLOCK);
	while (k->from >= 0) {
		struct pollfd p = {k->from, POLLIN, 0};

		if (poll(&p, 1, 0) <= 0)
			return;
		take_output(k);
	}
}

/* Until the program has ended; a SIGTERM to the keeper is passed on. */
static int watch(struct keeper *k, int signals)
{
	for (;;) {
		struct pollfd p[2] = {
			{k->from, POLLIN, 0}, {signals, POLLIN, 0}};
		int status;

		if (waitpid(k->info.pid, &status, WNOHANG) == k->info.pid) {
			drain(k);
			return proc_exit_code(status);
		}
		if (k->ending)
			end_program(k, "");
		else if (lease_over(k))
			end_program(k, "the lease has run out\n");
		if (poll(p, 2,
			    k->ending ? 50 : mono_ms_until(k->lease_check)) <=
			0)
			continue;
		if (p[0].revents)
			take_output(k);
		if (p[1].revents) {
			char byte;

			if (read(signals, &byte, 1) == 1 && byte == 't')
				end_program(k, "");
		}
	}
}

/* Signals arrive as bytes in a pipe; its writing end is descriptor 5. */
enum { SIGNAL_PIPE = 5 };

static void on_signal(int signo)
{
	int saved = errno;

	if (write(SIGNAL_PIPE, signo == SIGTERM ? "t" : "c", 1) < 0)
		errno = saved;
	errno = saved;
}

static int signal_pipe(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	int p[2];

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	if (p[1] != SIGNAL_PIPE) {
		if (p[0] == SIGNAL_PIPE)
			p[0] = fcntl(p[0], F_DUPFD_CLOEXEC, 6);
		dup3(p[1], SIGNAL_PIPE, O_CLOEXEC);
		close(p[1]);
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return p[0];
}

static void say_again(struct keeper *k)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "killed by signal %d%s\n",
		k->info.status - 128,
		k->deaths < YOUNG_DEATHS ? ", started again"
					 : " once more, left alone");

	add_log(k, text, (size_t)n);
}

/* Our own programs, when they ran and a signal ended them that was not for us
 * to pass on: they are started again, unless they die again and again.  Who
 * ends us as well had the time to say so. */
static bool starts_again(struct keeper *k, int signals)
{
	const struct mono_time at = mono_add_ms(mono_now(), AGAIN_MS);

	if (k->ending || !k->ready || k->info.status <= 128 ||
		strncmp(k->info.program, "nfz-", 4) != 0)
		return false;
	if (mono_passed(mono_add_ms(k->since, YOUNG_MS)))
		k->deaths = 0;
	k->deaths++;
	say_again(k);
	while (!mono_passed(at)) {
		struct pollfd p = {signals, POLLIN, 0};
		char byte;

		if (poll(&p, 1, mono_ms_until(at)) > 0 &&
			read(signals, &byte, 1) == 1 && byte == 't')
			return false;
	}
	return k->deaths < YOUNG_DEATHS;
}

static int run(struct keeper *k, char **argv, int signals, struct err *err)
{
	do {
		k->since = mono_now();
		if (start_program(k, argv, err) < 0)
			return -1;
		k->info.status = watch(k, signals);
	} while (starts_again(k, signals));
	k->info.exited = true;
	return 0;
}

/* The program has ended: with a lease, somebody must clean up when nobody
 * comes back.  A SIGTERM is an agent that starts or removes things itself. */
static void wait_for_lease(struct keeper *k, int signals)
{
	struct pollfd p = {signals, POLLIN, 0};
	char byte;

	if (k->log >= 0)
		close(k->log);
	k->log = -1;
	while (lease_exists(k->dir)) {
		if (poll(&p, 1, LEASE_CHECK_MS) > 0) {
			if (read(signals, &byte, 1) == 1 && byte == 't')
				return;
		} else if (!lease_clean(k->dir)) {
			return;
		}
	}
}

static void init(struct keeper *k, char **argv)
{
	*k = (struct keeper){.log = -1, .from = -1};
	k->dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(k->info.role, sizeof(k->info.role), "%s", argv[2]);
	snprintf(k->info.stamp, sizeof(k->info.stamp), "%s", argv[3]);
	snprintf(k->info.program, sizeof(k->info.program), "%s", argv[4]);
	journal_boot(k->info.boot);
	k->info.keeper = getpid();
	proc_start_time(getpid(), &k->info.keeper_start);
	snprintf(k->log_path, sizeof(k->log_path), "log/%.31s.log",
		k->info.role);
	k->lease_check = mono_now();
}

int keep_main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct keeper k;
	char byte, text[16];
	int signals;

	if (argc < 5 || !role_ok(argv[2]) || read(GO, &byte, 1) != 1)
		return 126; /* the agent died before it had journaled us */
	close(GO);
	fcntl(STATUS, F_SETFD, FD_CLOEXEC);
	umask(077);
	signals = signal_pipe();
	init(&k, argv);
	open_log(&k);
	if (signals < 0 || k.dir < 0 || run(&k, argv + 4, signals, &err) < 0) {
		add_log(&k, err.text, strlen(err.text));
		add_log(&k, "\n", 1);
		tell(&k, 'X', "126");
		return 126;
	}
	if (proc_info_write(k.dir, &k.info, &err) < 0)
		add_log(&k, err.text, strlen(err.text));
	snprintf(text, sizeof(text), "%d", k.info.status);
	tell(&k, 'X', text);
	wait_for_lease(&k, signals);
	return 0;
}
