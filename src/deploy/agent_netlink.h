/* What the kernel's routing netlink lists, rtnetlink(7). */
#ifndef NFZ_DEPLOY_AGENT_NETLINK_H
#define NFZ_DEPLOY_AGENT_NETLINK_H

#include <stddef.h>
#include <stdint.h>

/* Asks for all objects of a kind (RTM_GETLINK, RTM_GETQDISC, ...) with a header
 * of zeros so many bytes long, and calls fn with each one's header and
 * attributes.  Without an answer within 2 s it ends; there is no error. */
void netlink_dump(uint16_t ask, size_t header,
	void (*fn)(void *ctx, const uint8_t *body, size_t len), void *ctx);

/* The first attribute of that type behind a header, and its length; NULL when
 * there is none. */
const uint8_t *netlink_attr(const uint8_t *body, size_t len, size_t header,
	uint16_t type, size_t *ret_len);

#endif
