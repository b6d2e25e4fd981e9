/* Dumps of the kernel's routing netlink: see agent_netlink.h. */
#define _GNU_SOURCE
#include "deploy/agent_netlink.h"
#include "base/mem.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HEADER_MAX = 32, ANSWER_SECONDS = 2, DATAGRAM_MAX = 32768 };

struct dump {
	uint16_t type;
	void (*fn)(void *ctx, const uint8_t *body, size_t len);
	void *ctx;
};

/* False when the dump has ended. */
static bool take_messages(const struct dump *d, const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (len - at >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr head;

		memcpy(&head, data + at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) ||
			head.nlmsg_len > len - at ||
			head.nlmsg_type == NLMSG_DONE ||
			head.nlmsg_type == NLMSG_ERROR)
			return false;
		if (head.nlmsg_type == d->type)
			d->fn(d->ctx, data + at + NLMSG_HDRLEN,
				head.nlmsg_len - NLMSG_HDRLEN);
		at += NLMSG_ALIGN(head.nlmsg_len);
		if (at > len)
			return false;
	}
	return true;
}

void netlink_dump(uint16_t ask, size_t header,
	void (*fn)(void *ctx, const uint8_t *body, size_t len), void *ctx)
{
	struct {
		struct nlmsghdr head;
		uint8_t body[HEADER_MAX];
	} request = {.head = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(header),
			     .nlmsg_type = ask,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	/* of the types of one kind: NEW, DEL, GET, SET */
	struct dump d = {(uint16_t)(ask - 2), fn, ctx};
	struct timeval limit = {.tv_sec = ANSWER_SECONDS};
	cleanup_close int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint8_t data[DATAGRAM_MAX];
	ssize_t n;

	if (fd < 0 || header > HEADER_MAX ||
		send(fd, &request, request.head.nlmsg_len, 0) < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	do
		n = recv(fd, data, sizeof(data), 0);
	while (n > 0 && take_messages(&d, data, (size_t)n));
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
		if (attr.rta_type == type) {
			*ret_len = attr.rta_len - sizeof(attr);
			return body + at + sizeof(attr);
		}
		at += RTA_ALIGN(attr.rta_len);
	}
	*ret_len = 0;
	return NULL;
}
