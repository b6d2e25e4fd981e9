/* Programs that run for one call (a query beside the store) and logs. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "deploy/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct running {
	pid_t pid;
	int out, err;
};

static void become_program(const char *dep, char **argv, int out, int err)
{
	char path[128];

	snprintf(path, sizeof(path), "bin/%s", argv[0]);
	if (chdir(dep) < 0 || !proc_stdio(-1, out, err))
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	execv(path, argv);
	dprintf(2, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

static int start(
	struct running *p, const char *dep, char **argv, struct err *err)
{
	cleanup_close int out = -1, er = -1; /* the program's ends */
	int both[2];

	if (pipe2(both, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	p->out = both[0];
	out = both[1];
	if (pipe2(both, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	p->err = both[0];
	er = both[1];
	p->pid = fork();
	if (p->pid == 0)
		become_program(dep, argv, out, er);
	return p->pid < 0 ? err_sys(err, "fork") : 0;
}

static void pass(struct agent *a, int *fd, enum frame_type type)
{
	char chunk[FRAME_DATA_MAX];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0)
		agent_send(a, type, chunk, (size_t)n);
	else if (n == 0 || errno != EINTR) {
		close(*fd);
		*fd = -1;
	}
}

/* Streams until both ends are closed; a controller that goes ends it. */
static void stream(struct agent *a, struct running *p)
{
	while (p->out >= 0 || p->err >= 0) {
		struct pollfd f[3] = {{p->out, POLLIN, 0}, {p->err, POLLIN, 0},
			{a->in, POLLIN | POLLRDHUP, 0}};

		if (poll(f, 3, 1000) < 0 && errno != EINTR)
			break;
		if (f[0].revents)
			pass(a, &p->out, FRAME_OUT);
		if (f[1].revents)
			pass(a, &p->err, FRAME_ERR);
		if (f[2].revents && agent_hung_up(a))
			break;
		if (a->lost)
			break;
	}
	if (a->lost)
		kill(p->pid, SIGKILL);
}

static void close_ends(struct running *p)
{
	if (p->out >= 0)
		close(p->out);
	if (p->err >= 0)
		close(p->err);
}

static int path_of(void *ctx, const char *path, const char *id)
{
	char **wanted = ctx; /* [0] id, [1] room for the path */

	if (strcmp(wanted[0], id) != 0)
		return 0;
	snprintf(wanted[1], AGENT_PATH, "%s", path);
	return 1;
}

int agent_find(const struct agent *a, const char *id,
	char path[static AGENT_PATH], struct err *err)
{
	char wanted[AGENT_ID];
	char *ctx[2] = {wanted, path};

	snprintf(wanted, sizeof(wanted), "%s", id);
	if (!agent_id_ok(id) || !agent_each_deployment(a, path_of, ctx))
		return err_set(err, NFZ_E_NO_DEPLOYMENT,
			"there is no deployment %.16s here", id);
	return 0;
}

/* run ID PROGRAM ARG...: OUT and ERR frames, exit=STATUS. */
int call_exec(struct agent *a, const struct frame_args *args, struct err *err)
{
	struct running p = {-1, -1, -1};
	char path[AGENT_PATH];
	int r = agent_find(a, frame_arg(args, 1), path, err);

	if (r == 0 && (args->n < 3 || strchr(args->argv[2], '/') ||
			      !journal_path_ok(args->argv[2])))
		r = err_set(err, NFZ_E_REMOTE, "run: no such program");
	if (r == 0)
		r = start(&p, path, args->argv + 2, err);
	if (r == 0)
		stream(a, &p);
	close_ends(&p);
	if (r < 0)
		return r;
	agent_say(a, "exit=%d", proc_exit_code(proc_wait(p.pid)));
	return 0;
}

struct log_request {
	struct agent *agent;
	const char *role;
	size_t max;
	int dir;
};

static int send_log(void *ctx, const struct proc_info *info)
{
	struct log_request *q = ctx;
	struct buf text = BUF_INIT(q->max + 1);
	const char *note[] = {"log", info->role};

	if (*q->role && strcmp(q->role, info->role) != 0)
		return 0;
	log_tail(q->dir, info->role, q->max, &text);
	agent_note(q->agent, note, 2);
	agent_send(q->agent, FRAME_OUT, buf_str(&text), text.len);
	buf_release(&text);
	return 0;
}

/* logs ID ROLE|"" BYTES: a NOTE ["log", role] before each log's end. */
int call_logs(struct agent *a, const struct frame_args *args, struct err *err)
{
	struct log_request q = {.agent = a, .role = frame_arg(args, 2)};
	long long max = strtoll(frame_arg(args, 3), NULL, 10);
	char path[AGENT_PATH];
	int r = agent_find(a, frame_arg(args, 1), path, err);

	if (r < 0)
		return r;
	q.max = max < 1 || max > 8 << 20 ? 65536 : (size_t)max;
	q.dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (q.dir < 0)
		return err_sys(err, "%s", path);
	agent_each_role(q.dir, send_log, &q);
	close(q.dir);
	return 0;
}
