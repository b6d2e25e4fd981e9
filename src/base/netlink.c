/* Lengths in answers are checked before they are believed, although the kernel
 * wrote them. */
#define _GNU_SOURCE
#include "base/netlink.h"
#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { REPLY_MAX = 64 * 1024, TIMEOUT_S = 2 };

int netlink_open(int *ret_fd, struct err *err)
{
	const struct timeval limit = {.tv_sec = TIMEOUT_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_sys(err, "cannot open a route socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	*ret_fd = fd;
	return 0;
}

static void *add(struct netlink_request *r, size_t len)
{
	void *at = (uint8_t *)&r->head + NLMSG_ALIGN(r->head.nlmsg_len);

	assert(NLMSG_ALIGN(r->head.nlmsg_len) + len <= sizeof(*r));
	r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + len);
	return at;
}

void netlink_begin(struct netlink_request *r, uint16_t type, uint16_t flags,
	const void *header, size_t len)
{
	*r = (struct netlink_request){.head = {.nlmsg_len = NLMSG_HDRLEN,
					      .nlmsg_type = type,
					      .nlmsg_flags = flags}};
	r->head.nlmsg_flags |= NLM_F_REQUEST;
	memcpy(add(r, len), header, len);
}

void netlink_put(
	struct netlink_request *r, uint16_t type, const void *data, size_t len)
{
	const struct rtattr head = {
		.rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type};
	uint8_t *at = add(r, RTA_LENGTH(len));

	memcpy(at, &head, sizeof(head));
	if (len)
		memcpy(at + RTA_LENGTH(0), data, len);
}

size_t netlink_nest(struct netlink_request *r, uint16_t type)
{
	size_t at = NLMSG_ALIGN(r->head.nlmsg_len);

	netlink_put(r, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void netlink_nested(struct netlink_request *r, size_t at)
{
	const uint16_t len = (uint16_t)(r->head.nlmsg_len - at);

	memcpy((uint8_t *)&r->head + at + offsetof(struct rtattr, rta_len),
		&len, sizeof(len));
}

struct answer {
	uint16_t type; /* of the objects asked for */
	uint32_t number;
	netlink_fn fn;
	void *data;
};

/* The last message: of a dump, too, it begins with what went wrong. */
static int take_end(const uint8_t *body, size_t len)
{
	int error;

	errno = EPROTO;
	if (len < sizeof(error))
		return -1;
	memcpy(&error, body, sizeof(error));
	errno = -error;
	return error < 0 ? -1 : 0;
}

/* 1: more to come, 0: done, < 0: refused, as errno says. */
static int take_message(const struct answer *a, const struct nlmsghdr *head,
	const uint8_t *body)
{
	const size_t len = head->nlmsg_len - NLMSG_HDRLEN;

	if (head->nlmsg_seq != a->number)
		return 1; /* to a question that was given up */
	if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR)
		return take_end(body, len);
	if (head->nlmsg_type == a->type && a->fn)
		a->fn(a->data, body, len);
	return head->nlmsg_flags & NLM_F_MULTI ? 1 : 0;
}

static int take_messages(
	const struct answer *a, const uint8_t *data, size_t len)
{
	size_t at = 0;
	int more = 1;

	while (more > 0 && at < len && len - at >= NLMSG_HDRLEN) {
		struct nlmsghdr head;

		memcpy(&head, data + at, sizeof(head));
		if (head.nlmsg_len < NLMSG_HDRLEN || head.nlmsg_len > len - at)
			break;
		more = take_message(a, &head, data + at + NLMSG_HDRLEN);
		at += NLMSG_ALIGN(head.nlmsg_len);
	}
	return more;
}

int netlink_ask(int fd, struct netlink_request *r, netlink_fn fn, void *data,
	struct err *err)
{
	/* of the types of one kind: NEW, DEL, GET, SET; a number that none
	 * had lately */
	const struct answer a = {(uint16_t)(r->head.nlmsg_type - 2),
		(uint32_t)mono_now().ns, fn, data};
	cleanup_free uint8_t *reply = mem_zalloc(1, REPLY_MAX);
	int more = 1;

	r->head.nlmsg_seq = a.number;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0)
		return err_sys(err, "cannot ask the kernel");
	while (more > 0) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, reply, REPLY_MAX, 0,
			(struct sockaddr *)&from, &size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "no answer from the kernel");
		if (from.nl_pid != 0)
			continue;
		more = take_messages(&a, reply, (size_t)n);
	}
	return more < 0 ? err_sys(err, "the kernel refuses") : 0;
}

void netlink_dump(uint16_t ask, size_t header, netlink_fn fn, void *data)
{
	static const uint8_t zeros[NETLINK_REQUEST_MAX];
	struct netlink_request r;
	cleanup_close int fd = -1;
	int e = netlink_open(&fd, NULL);

	netlink_begin(&r, ask, NLM_F_DUMP, zeros, header);
	if (e == 0)
		e = netlink_ask(fd, &r, fn, data, NULL);
	(void)e;
}

const uint8_t *netlink_attr(const uint8_t *body, size_t len, size_t header,
	uint16_t type, size_t *ret_len)
{
	for (size_t at = NLMSG_ALIGN(header);
		at + sizeof(struct rtattr) <= len;) {
		struct rtattr attr;

		memcpy(&attr, body + at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len - at)
			break;
		if ((attr.rta_type & NLA_TYPE_MASK) == type) {
			*ret_len = attr.rta_len - sizeof(attr);
			return body + at + sizeof(attr);
		}
		at += RTA_ALIGN(attr.rta_len);
	}
	*ret_len = 0;
	return NULL;
}
