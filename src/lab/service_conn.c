/* Connections: one process each for TLS and HTTP, as the original forks.
 *
 * The child speaks with the client and passes whole calls over a socket pair
 * to the process that owns the site; it closes every other descriptor first
 * and dies when its owner does.  A child that misbehaves is cut off. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/proc.h"
#include "lab/service_http.h"
#include "lab/service_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct service_conn {
	struct service_conn *next;
	struct lab_service *svc;
	int channel, pidfd;
	struct buf in;
	const struct lab_user *user; /* looked up anew for every call */
	char cn[128];
	int64_t serial;
	bool known;
	struct lab_call *call; /* the one that is not answered yet */
};

/* All of it, to a non-blocking or blocking socket, for at most 30 s. */
static bool send_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
		struct pollfd p = {.fd = fd, .events = POLLOUT};

		if (n > 0) {
			at += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (poll(&p, 1, 30000) <= 0)
				return false;
		} else if (n < 0 && errno != EINTR) {
			return false;
		}
	}
	return true;
}

static bool send_frame(int fd, char kind, const void *data, size_t len)
{
	uint8_t head[FRAME_HEAD] = {(uint8_t)kind, (uint8_t)(len >> 24),
		(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};

	return send_all(fd, head, sizeof(head)) && send_all(fd, data, len);
}

/* A whole frame at the front of in, or NULL. */
static const char *frame(const struct buf *in, char *ret_kind, size_t *ret_len)
{
	const uint8_t *p = (const uint8_t *)in->data;

	if (in->len < FRAME_HEAD)
		return NULL;
	*ret_kind = (char)p[0];
	*ret_len = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 |
		   p[4];
	return in->len - FRAME_HEAD >= *ret_len ? in->data + FRAME_HEAD : NULL;
}

static void listen_again(struct lab_service *svc);

/* Ends a connection: the child sees its channel close and goes. */
static void drop(struct service_conn *conn)
{
	struct lab_service *svc = conn->svc;
	struct service_conn **at = &svc->conns;

	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
	if (conn->call)
		lab_call_cancel(svc, conn->call);
	loop_unwatch(svc->loop, conn->channel);
	close(conn->channel);
	if (conn->pidfd >= 0) {
		siginfo_t info;

		pidfd_send_signal(conn->pidfd, SIGKILL, NULL, 0);
		waitid(P_PIDFD, (id_t)conn->pidfd, &info, WEXITED);
		close(conn->pidfd);
	}
	buf_release(&conn->in);
	free(conn);
	svc->n_connections--;
	listen_again(svc);
}

static void send_reply(void *ctx, const char *document, size_t len)
{
	struct service_conn *conn = ctx;
	bool cut =
		service_injected(conn->svc, LAB_INJECT_CUT) != LAB_INJECT_NONE;

	conn->call = NULL;
	send_frame(conn->channel, cut ? FRAME_CUT : FRAME_REPLY, document, len);
}

/* Whose certificate: an active user with groups and this serial, or NULL. */
static const struct lab_user *user_of(
	const struct lab_site *site, const char *cn, int64_t serial)
{
	size_t n = strcspn(cn, ",");

	for (size_t i = 0; i < site->n_users; i++) {
		const struct lab_user *u = &site->users[i];

		if ((strlen(u->uuid) != n || strncmp(u->uuid, cn, n) != 0) &&
			(strlen(u->uid) != n || strncmp(u->uid, cn, n) != 0))
			continue;
		if (n > 0 && u->active && u->n_groups > 0 && serial >= 0 &&
			u->cert_serial == serial)
			return u;
	}
	return NULL;
}

/* The first frame: who is it?  Silence is the answer to strangers. */
static bool take_who(struct service_conn *conn, const char *data, size_t len)
{
	const uint8_t *p = (const uint8_t *)data;
	uint64_t serial = 0;

	if (conn->known || len < 8 || len - 8 >= sizeof(conn->cn))
		return false;
	for (int i = 0; i < 8; i++)
		serial = serial << 8 | p[i];
	conn->serial = (int64_t)serial;
	memcpy(conn->cn, data + 8, len - 8);
	conn->cn[len - 8] = '\0';
	if (!user_of(conn->svc->site, conn->cn, conn->serial))
		return false;
	conn->known = true;
	return send_frame(conn->channel, FRAME_KNOWN, NULL, 0);
}

static bool take_call(struct service_conn *conn, const char *data, size_t len)
{
	const struct lab_request request = {data, len};
	const struct lab_user *user;
	struct lab_call *call;

	if (!conn->known || conn->call)
		return false;
	user = user_of(conn->svc->site, conn->cn, conn->serial);
	if (!user)
		return false;
	call = lab_service_call(conn->svc, user, &request, send_reply, conn);
	conn->call = call;
	return true;
}

static void channel_ready(void *data, int fd, short revents)
{
	struct service_conn *conn = data;
	const char *body;
	char kind;
	size_t len, used;
	bool ok = true;

	(void)revents;
	for (;;) {
		char *to = buf_space(&conn->in, 1 << 16);
		ssize_t n = to ? recv(fd, to, 1 << 16, MSG_DONTWAIT) : -1;

		if (n > 0) {
			buf_commit(&conn->in, (size_t)n);
			continue;
		}
		if (!to || n == 0 || (errno != EAGAIN && errno != EINTR)) {
			drop(conn);
			return;
		}
		break;
	}
	while (ok && (body = frame(&conn->in, &kind, &len))) {
		used = FRAME_HEAD + len;
		ok = kind == FRAME_WHO    ? take_who(conn, body, len)
		     : kind == FRAME_CALL ? take_call(conn, body, len)
					  : false;
		if (ok)
			buf_consume(&conn->in, used);
	}
	if (!ok)
		drop(conn);
}

/* In the child: keep the two sockets and stderr, nothing else. */
static void become_child(
	const struct lab_service *svc, int client, int channel, pid_t owner)
{
	struct service_child child = {.tls = svc->tls, .fd = 3, .channel = 4};
	int a = fcntl(client, F_DUPFD, 10), b = fcntl(channel, F_DUPFD, 10);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (a < 0 || b < 0 || getppid() != owner || dup2(a, 3) < 0 ||
		dup2(b, 4) < 0)
		_exit(1);
	close_range(5, ~0U, 0);
	close(0);
	close(1);
	proc_unblock_signals();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	service_child_run(&child);
}

static void serve(struct lab_service *svc, int client)
{
	struct service_conn *conn;
	pid_t owner = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		close(client);
		return;
	}
	pid = fork();
	if (pid == 0)
		become_child(svc, client, pair[1], owner);
	close(client);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return;
	}
	conn = mem_zalloc(1, sizeof(*conn));
	*conn = (struct service_conn){.next = svc->conns,
		.svc = svc,
		.channel = pair[0],
		.pidfd = pidfd_open(pid, 0),
		.in = BUF_INIT(FRAME_MAX)};
	svc->conns = conn;
	svc->n_connections++;
	loop_watch(svc->loop, conn->channel, POLLIN, channel_ready, conn);
	if (svc->n_connections >= svc->max_connections)
		loop_unwatch(svc->loop, svc->listen_fd);
}

static void client_ready(void *data, int fd, short revents)
{
	struct lab_service *svc = data;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)revents;
	if (client >= 0)
		serve(svc, client);
}

static void listen_again(struct lab_service *svc)
{
	if (svc->listen_fd >= 0 && svc->n_connections < svc->max_connections)
		loop_watch(
			svc->loop, svc->listen_fd, POLLIN, client_ready, svc);
}

int service_listen(struct lab_service *svc, struct err *err)
{
	int flags = fcntl(svc->listen_fd, F_GETFL);

	if (flags < 0 || fcntl(svc->listen_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(err, "the service's socket");
	listen_again(svc);
	return 0;
}

void service_hang_up(struct lab_service *svc)
{
	int fd = svc->listen_fd;

	svc->listen_fd = -1;
	if (fd >= 0)
		loop_unwatch(svc->loop, fd);
	while (svc->conns)
		drop(svc->conns);
}
