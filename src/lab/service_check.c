/* Checking an NS file beside the loop.
 *
 * A text may take seconds, or run until its limits end it: a process of its
 * own evaluates it and the call is answered when that process is done, so one
 * client's file holds up nobody else. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "lab/service_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGES_MAX = 4 << 20 };

struct service_check {
	struct service_check *next;
	struct lab_service *svc;
	struct lab_call *call; /* NULL when the asker has gone */
	int fd, pidfd;
	struct buf answer; /* 'y' or 'n', then the parser's messages */
};

static void end(struct service_check *check)
{
	struct service_check **at = &check->svc->checks;
	siginfo_t info;

	while (*at && *at != check)
		at = &(*at)->next;
	if (*at)
		*at = check->next;
	loop_unwatch(check->svc->loop, check->fd);
	close(check->fd);
	if (check->pidfd >= 0) {
		pidfd_send_signal(check->pidfd, SIGKILL, NULL, 0);
		waitid(P_PIDFD, (id_t)check->pidfd, &info, WEXITED);
		close(check->pidfd);
	}
	buf_release(&check->answer);
	free(check);
}

void service_check_drop(struct lab_service *svc)
{
	while (svc->checks)
		end(svc->checks);
}

void service_check_forget(struct lab_service *svc, struct lab_call *call)
{
	struct service_check *check = svc->checks;

	while (check && check->call != call)
		check = check->next;
	if (check)
		end(check);
}

/* In the child. */
static void evaluate(struct lab_service *svc, const char *text, int fd)
{
	struct ns_experiment *ns = NULL;
	char *messages = NULL;
	struct err err = ERR_INIT;
	int r = service_parse(svc, text, true, &ns, &messages, &err);
	const char *said = messages ? messages : r < 0 ? err.text : "";

	if (file_write_all(fd, r < 0 ? "n" : "y", 1, NULL) == 0 &&
		file_write_all(fd, said, strlen(said), NULL) == 0)
		_exit(0);
	_exit(1);
}

static void answer(struct service_check *check)
{
	struct lab_service *svc = check->svc;
	struct lab_call *call = check->call;
	const char *text = buf_str(&check->answer);

	call->changing = false;
	if (text[0] == 'y')
		call_ok_text(call, NULL, text + 1);
	else if (text[0] == 'n')
		call_exit(call, 1, "%s", text + 1);
	else
		call_exit(call, 255, "*** nscheck: no answer\n");
	end(check);
	service_finish(svc, call);
}

static void more(void *data, int fd, short revents)
{
	struct service_check *check = data;
	char part[4096];
	ssize_t n = read(fd, part, sizeof(part));

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_add(&check->answer, part, (size_t)n);
	else
		answer(check);
}

int service_check(struct lab_service *svc, struct lab_call *call,
	const char *text, struct err *err)
{
	struct service_check *check;
	pid_t owner = getpid(), pid;
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != owner)
			_exit(1);
		evaluate(svc, text, p[1]);
	}
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		return err_sys(err, "fork");
	}
	check = mem_zalloc(1, sizeof(*check));
	*check = (struct service_check){.next = svc->checks,
		.svc = svc,
		.call = call,
		.fd = p[0],
		.pidfd = pidfd_open(pid, 0),
		.answer = BUF_INIT(MESSAGES_MAX)};
	svc->checks = check;
	call->changing = true;
	loop_watch(svc->loop, check->fd, POLLIN, more, check);
	return 0;
}
