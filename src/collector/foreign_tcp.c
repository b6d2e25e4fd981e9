/* IPFIX over TCP (RFC 7011 10.4): messages follow one another, each says its
 * length.  A connection that sends anything else is closed, and one that sends
 * nothing for long; its templates go with it.  Where there are as many as can be,
 * whoever has most gives way: nobody takes the places of others. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "collector/foreign.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { STREAMS_MAX = 64, ROOM = 65535, ROUNDS = 8, LENGTH_BYTES = 4 };
enum { IDLE_MS = 1800000, LOOK_MS = 60000 };

struct stream {
	struct foreign *f;
	int fd; /* -1: free */
	struct flowset_session from;
	struct mono_time heard; /* its last whole message; at first: it came */
	uint8_t *data;          /* ROOM */
	size_t len;
};

struct foreign_streams {
	int fd;
	struct loop_timer *look;
	uint64_t connections;
	struct stream items[STREAMS_MAX];
};

static void drop(struct stream *s)
{
	flowset_forget(s->f->sets, &s->from);
	loop_unwatch(s->f->c->loop, s->fd);
	close(s->fd);
	free(s->data);
	*s = (struct stream){.fd = -1};
}

/* Of so many that are there somebody else would have some use. */
static void give_up(struct stream *s)
{
	s->f->dropped++;
	drop(s);
}

void foreign_streams_expire(struct foreign *f, struct mono_time now)
{
	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream *s = &f->streams->items[i];

		if (s->fd >= 0 && mono_add_ms(s->heard, IDLE_MS).ns <= now.ns)
			give_up(s);
	}
}

static void on_look(void *data)
{
	foreign_streams_expire(data, mono_now());
}

static size_t streams_of(
	const struct foreign_streams *all, const struct net_addr *addr)
{
	size_t n = 0;

	for (size_t i = 0; i < STREAMS_MAX; i++)
		n += memcmp(&all->items[i].from.addr, addr, sizeof(*addr)) == 0;
	return n;
}

/* All are taken: of those who have most, the one that was silent longest. */
static struct stream *least_wanted(struct foreign_streams *all)
{
	struct stream *ret = all->items;
	size_t most = 0;

	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream *s = &all->items[i];
		const size_t n = streams_of(all, &s->from.addr);

		if (n > most || (n == most && s->heard.ns < ret->heard.ns))
			ret = s;
		if (n > most)
			most = n;
	}
	return ret;
}

static struct stream *make_room(struct foreign_streams *all)
{
	struct stream *s;

	for (size_t i = 0; i < STREAMS_MAX; i++)
		if (all->items[i].fd < 0)
			return &all->items[i];
	s = least_wanted(all);
	give_up(s);
	return s;
}

/* Reads the whole messages there are; false when something else is there. */
static bool take_messages(struct stream *s)
{
	size_t at = 0;

	while (s->len - at >= LENGTH_BYTES) {
		size_t len = flowset_length(s->data + at);

		if (!len) {
			s->f->malformed++;
			return false;
		}
		if (len > s->len - at)
			break;
		foreign_message(s->f, &s->from, s->data + at, len);
		s->heard = mono_now();
		at += len;
	}
	memmove(s->data, s->data + at, s->len - at);
	s->len -= at;
	return true;
}

static void on_stream(void *data, int fd, short revents)
{
	struct stream *s = data;

	(void)revents;
	for (int round = 0; round < ROUNDS; round++) {
		ssize_t n = recv(fd, s->data + s->len, ROOM - s->len, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0)
			s->len += (size_t)n;
		if (n <= 0 || !take_messages(s)) {
			drop(s);
			return;
		}
	}
}

static bool address_of(
	const struct sockaddr_storage *a, struct net_addr *ret, uint16_t *port)
{
	const struct sockaddr_in *v4 = (const void *)a;
	const struct sockaddr_in6 *v6 = (const void *)a;

	if (a->ss_family == AF_INET)
		*ret = net_addr_v4_host(ntohl(v4->sin_addr.s_addr));
	else if (a->ss_family == AF_INET6)
		memcpy(ret->b, &v6->sin6_addr, sizeof(ret->b));
	else
		return false;
	*port = ntohs(a->ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
	return true;
}

static void on_accept(void *data, int fd, short revents)
{
	struct foreign *f = data;
	struct foreign_streams *all = f->streams;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int one = accept4(fd, (struct sockaddr *)&from, &len,
		SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct net_addr addr = {{0}};
	struct stream *s;
	uint16_t port = 0;

	(void)revents;
	if (one < 0)
		return;
	if (!address_of(&from, &addr, &port) || !foreign_listed(f, &addr)) {
		f->unlisted++;
		close(one);
		return;
	}
	s = make_room(all);
	*s = (struct stream){.f = f,
		.fd = one,
		.from = {addr, ++all->connections, port},
		.heard = mono_now(),
		.data = mem_zalloc(ROOM, 1)};
	loop_watch(f->c->loop, one, POLLIN, on_stream, s);
}

static socklen_t to_sockaddr(const struct net_addr *addr, uint16_t port,
	struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (void *)ret;
	struct sockaddr_in6 *v6 = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (net_addr_is_v4(addr)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		v4->sin_addr.s_addr = htonl(net_addr_v4_value(addr));
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, addr->b, sizeof(addr->b));
	return sizeof(*v6);
}

int foreign_streams_open(struct foreign *f, struct err *err)
{
	const struct setup *s = f->c->setup;
	struct foreign_streams *all = mem_zalloc(1, sizeof(*all));
	struct sockaddr_storage to;
	socklen_t len = to_sockaddr(&s->listen, s->import_port, &to);
	int one = 1;

	f->streams = all;
	for (size_t i = 0; i < STREAMS_MAX; i++)
		all->items[i].fd = -1;
	all->fd = socket(
		to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (all->fd < 0)
		return err_sys(err, "cannot make a TCP socket");
	(void)setsockopt(all->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(all->fd, (struct sockaddr *)&to, len) < 0 ||
		listen(all->fd, STREAMS_MAX) < 0)
		return err_sys(
			err, "cannot listen on TCP port %u", s->import_port);
	loop_watch(f->c->loop, all->fd, POLLIN, on_accept, f);
	all->look = loop_every(f->c->loop, LOOK_MS, on_look, f);
	return 0;
}

void foreign_streams_close(struct foreign *f)
{
	struct foreign_streams *all = f->streams;

	if (!all)
		return;
	loop_timer_stop(f->c->loop, all->look);
	for (size_t i = 0; i < STREAMS_MAX; i++)
		if (all->items[i].fd >= 0)
			drop(&all->items[i]);
	if (all->fd >= 0) {
		loop_unwatch(f->c->loop, all->fd);
		close(all->fd);
	}
	free(take(f->streams));
}
