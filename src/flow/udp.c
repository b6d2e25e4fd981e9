/* IPv4 addresses use an IPv4 socket, so that nodes without IPv6 work. */
#define _GNU_SOURCE
#include "flow/udp.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { CONTROL_ROOM = 64, WANTED_BUFFER = 16 << 20 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct udp_buffers {
	struct mmsghdr heads[UDP_BATCH];
	struct iovec parts[UDP_BATCH];
	union address from[UDP_BATCH];
	_Alignas(8) char control[UDP_BATCH][CONTROL_ROOM];
	uint8_t data[]; /* UDP_BATCH times the room of one */
};

static socklen_t to_sockaddr(const struct udp *u, const struct net_addr *addr,
	uint16_t port, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (u->v4) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(port);
		ret->v4.sin_addr.s_addr = htonl(net_addr_v4_value(addr));
		return sizeof(ret->v4);
	}
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(port);
	memcpy(&ret->v6.sin6_addr, addr->b, sizeof(addr->b));
	return sizeof(ret->v6);
}

static void from_sockaddr(
	const struct udp *u, const union address *a, struct udp_datagram *ret)
{
	if (u->v4) {
		ret->addr = net_addr_v4_host(ntohl(a->v4.sin_addr.s_addr));
		ret->port = ntohs(a->v4.sin_port);
	} else {
		memcpy(ret->addr.b, &a->v6.sin6_addr, sizeof(ret->addr.b));
		ret->port = ntohs(a->v6.sin6_port);
	}
}

static void enlarge(int fd)
{
	int size = WANTED_BUFFER, one = 1;

	/* both may be refused; then the default has to do */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(
			fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
}

static void make_room(struct udp *u, size_t each)
{
	free(u->in);
	u->in = mem_zalloc(1, sizeof(*u->in) + UDP_BATCH * each);
	u->room = each;
}

void udp_take_large(struct udp *u)
{
	make_room(u, UDP_LARGE);
}

int udp_open(struct udp *u, const struct net_addr *addr, uint16_t port,
	struct err *err)
{
	cleanup_close int fd = -1;
	char text[NET_ADDR_TEXT];
	union address a;
	socklen_t len;
	int off = 0;

	*u = (struct udp){.fd = -1, .v4 = net_addr_is_v4(addr)};
	fd = socket(u->v4 ? AF_INET : AF_INET6,
		SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(err, "cannot make a UDP socket");
	if (!u->v4) /* "::" takes IPv4 as well */
		(void)setsockopt(
			fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	enlarge(fd);
	len = to_sockaddr(u, addr, port, &a);
	if (bind(fd, &a.any, len) < 0)
		return err_sys(err, "cannot listen on UDP %s port %u",
			net_addr_print(addr, text), port);
	make_room(u, UDP_ROOM);
	u->fd = fd;
	fd = -1;
	return 0;
}

void udp_close(struct udp *u)
{
	if (u->in && u->fd >= 0)
		close(u->fd);
	free(u->in);
	*u = (struct udp){.fd = -1};
}

uint16_t udp_port(const struct udp *u)
{
	union address a;
	socklen_t len = sizeof(a);

	if (getsockname(u->fd, &a.any, &len) < 0)
		return 0;
	return ntohs(u->v4 ? a.v4.sin_port : a.v6.sin6_port);
}

bool udp_send(struct udp *u, const struct net_addr *addr, uint16_t port,
	const void *data, size_t len)
{
	union address to;
	socklen_t to_len = to_sockaddr(u, addr, port, &to);

	/* A refusal by an earlier datagram's receiver (ICMP) is reported to
	 * the next call: try once more. */
	for (int i = 0; i < 2; i++)
		if (sendto(u->fd, data, len, MSG_NOSIGNAL, &to.any, to_len) >=
			0)
			return true;
	u->errors++;
	return false;
}

static void prepare(struct udp_buffers *in, size_t room)
{
	for (size_t i = 0; i < UDP_BATCH; i++) {
		in->parts[i] = (struct iovec){in->data + i * room, room};
		in->heads[i] = (struct mmsghdr){
			.msg_hdr = {.msg_name = &in->from[i],
				.msg_namelen = sizeof(in->from[i]),
				.msg_iov = &in->parts[i],
				.msg_iovlen = 1,
				.msg_control = in->control[i],
				.msg_controllen = CONTROL_ROOM}};
	}
}

/* The kernel's count of drops comes with each datagram, as 32 bits. */
static void note_drops(struct udp *u, struct msghdr *head)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c;
		c = CMSG_NXTHDR(head, c)) {
		uint32_t now;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&now, CMSG_DATA(c), sizeof(now));
		u->drops += (uint32_t)(now - (uint32_t)u->drops);
	}
}

size_t udp_receive(struct udp *u)
{
	int n;

	prepare(u->in, u->room);
	do {
		n = recvmmsg(
			u->fd, u->in->heads, UDP_BATCH, MSG_DONTWAIT, NULL);
	} while (n < 0 && errno == EINTR);
	for (int i = 0; i < n; i++) {
		struct mmsghdr *head = &u->in->heads[i];
		bool cut = (head->msg_hdr.msg_flags & MSG_TRUNC) != 0;

		u->got[i].data = u->in->data + (size_t)i * u->room;
		u->got[i].len = cut ? u->room + 1 : head->msg_len;
		from_sockaddr(u, &u->in->from[i], &u->got[i]);
		note_drops(u, &head->msg_hdr);
	}
	return n > 0 ? (size_t)n : 0;
}
