/* Names are looked up by a thread of their own each, which shares nothing with
 * us but one end of a socket: whoever does not want to know any more closes the
 * other. */
#define _GNU_SOURCE
#include "deploy/dial.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct question {
	char *host, port[8];
	int fd;
};

static void look_up(
	const char *host, const char *port, int flags, struct dial_names *ret)
{
	const struct addrinfo hint = {
		.ai_socktype = SOCK_STREAM, .ai_flags = flags};
	struct addrinfo *found = NULL;

	*ret = (struct dial_names){0};
	ret->error = getaddrinfo(host, port, &hint, &found);
	if (ret->error)
		return;
	for (const struct addrinfo *a = found; a && ret->n < DIAL_NAMES_MAX;
		a = a->ai_next)
		if (a->ai_addrlen <= sizeof(*ret->addrs))
			memcpy(&ret->addrs[ret->n++], a->ai_addr,
				a->ai_addrlen);
	freeaddrinfo(found);
}

static void *answer(void *arg)
{
	struct question *q = arg;
	struct dial_names names;

	look_up(q->host, q->port, 0, &names);
	/* nobody may be interested any more */
	(void)send(q->fd, &names, sizeof(names), MSG_NOSIGNAL);
	close(q->fd);
	free(q->host);
	free(q);
	return NULL;
}

/* A descriptor that the answer can be read from, in one piece. */
static int ask(const char *host, uint16_t port, struct err *err)
{
	struct question *q;
	pthread_t thread;
	int pair[2], e;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "socketpair");
	q = mem_zalloc(1, sizeof(*q));
	q->host = mem_strdup(host);
	snprintf(q->port, sizeof(q->port), "%u", port);
	q->fd = pair[1];
	e = thread_start(&thread, answer, q);
	if (e == 0) {
		pthread_detach(thread);
		return pair[0];
	}
	close(pair[0]);
	close(pair[1]);
	free(q->host);
	free(q);
	return err_set(err, NFZ_E_UNREACHABLE, "no thread to look it up: %s",
		strerror(e));
}

static int connect_to(
	struct dial *d, const struct dial_names *to, struct err *err)
{
	const struct sockaddr_storage *a = &to->addrs[0];
	int one = 1;

	if (to->error || !to->n)
		return err_set(err, NFZ_E_UNREACHABLE, "%s",
			gai_strerror(to->error ? to->error : EAI_NONAME));
	d->fd = socket(
		a->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0)
		return err_sys(err, "socket");
	setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(d->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (connect(d->fd, (const struct sockaddr *)a,
		    a->ss_family == AF_INET
			    ? sizeof(struct sockaddr_in)
			    : sizeof(struct sockaddr_in6)) < 0 &&
		errno != EINPROGRESS)
		return err_set(err, NFZ_E_UNREACHABLE, "%s", strerror(errno));
	return 0;
}

int dial_start(struct dial *d, const char *host, uint16_t port, struct err *err)
{
	struct dial_names names;
	char text[8];

	*d = (struct dial){.fd = -1};
	snprintf(text, sizeof(text), "%u", port);
	look_up(host, text, AI_NUMERICHOST, &names);
	if (names.n)
		return connect_to(d, &names, err);
	d->fd = ask(host, port, err);
	d->naming = d->fd >= 0;
	return d->fd < 0 ? d->fd : 0;
}

static int step_name(struct dial *d, struct err *err)
{
	struct dial_names names;
	ssize_t n = recv(d->fd, &names, sizeof(names), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	close(d->fd);
	*d = (struct dial){.fd = -1};
	if (n != sizeof(names))
		return err_set(
			err, NFZ_E_UNREACHABLE, "%s", gai_strerror(EAI_FAIL));
	return connect_to(d, &names, err);
}

int dial_step(struct dial *d, struct err *err)
{
	struct pollfd p = {.events = POLLOUT};
	int problem = 0, r = d->naming ? step_name(d, err) : 0;
	socklen_t len = sizeof(problem);

	p.fd = d->fd;
	if (r < 0 || d->naming || poll(&p, 1, 0) <= 0)
		return r;
	getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &problem, &len);
	if (problem)
		return err_set(err, NFZ_E_UNREACHABLE, "%s", strerror(problem));
	return 1;
}

short dial_events(const struct dial *d)
{
	return d->naming ? POLLIN : POLLOUT;
}

bool dial_names(const char *host, int64_t ms, struct dial_names *ret)
{
	struct mono_time limit = mono_add_ms(mono_now(), ms);
	struct pollfd p = {.events = POLLIN};
	bool known;

	p.fd = ask(host, 0, NULL);
	if (p.fd < 0)
		return false;
	while (poll(&p, 1, mono_ms_until(limit)) < 0 && errno == EINTR)
		;
	known = recv(p.fd, ret, sizeof(*ret), MSG_DONTWAIT) == sizeof(*ret) &&
		!ret->error;
	close(p.fd);
	return known;
}
