/* rtnetlink(7), what we use of it: one request at a time, answered by the
 * kernel, which is the only sender believed. */
#ifndef NFZ_BASE_NETLINK_H
#define NFZ_BASE_NETLINK_H

#include "base/err.h"

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

enum { NETLINK_REQUEST_MAX = 512 };

struct netlink_request {
	struct nlmsghdr head;
	uint8_t body[NETLINK_REQUEST_MAX];
};

/* One object of an answer: its header and attributes. */
typedef void (*netlink_fn)(void *data, const uint8_t *body, size_t len);

int netlink_open(int *ret_fd, struct err *err) NFZ_MUST_CHECK;
/* A request of that type (RTM_...), with the header of its kind. */
void netlink_begin(struct netlink_request *r, uint16_t type, uint16_t flags,
	const void *header, size_t len);
/* Attributes are the caller's own and fit. */
void netlink_put(
	struct netlink_request *r, uint16_t type, const void *data, size_t len);
/* One made of those put until netlink_nested(), which takes what this returns. */
size_t netlink_nest(struct netlink_request *r, uint16_t type);
void netlink_nested(struct netlink_request *r, size_t at);
/* Asks, and hands over all objects of the answer (fn NULL: none is expected).
 * Without an answer within 2 s it fails. */
int netlink_ask(int fd, struct netlink_request *r, netlink_fn fn, void *data,
	struct err *err) NFZ_MUST_CHECK;

/* Asks for all objects of a kind (RTM_GETLINK, RTM_GETQDISC, ...) with a header
 * of zeros so many bytes long, on a socket of its own.  There is no error: what
 * is not answered is not there. */
void netlink_dump(uint16_t ask, size_t header, netlink_fn fn, void *data);

/* The first attribute of that type behind a header, and its length; NULL when
 * there is none.  For those in another one header is 0. */
const uint8_t *netlink_attr(const uint8_t *body, size_t len, size_t header,
	uint16_t type, size_t *ret_len);

#endif
