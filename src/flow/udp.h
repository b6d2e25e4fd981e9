/* Datagrams by the handful: a non-blocking UDP socket. */
#ifndef NFZ_FLOW_UDP_H
#define NFZ_FLOW_UDP_H

#include "base/err.h"
#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UDP_BATCH = 32, UDP_ROOM = 2048, UDP_LARGE = 65536 };

struct udp_datagram {
	struct net_addr addr;
	uint16_t port;
	size_t len; /* above UDP_ROOM (UDP_LARGE): it was cut */
	uint8_t *data;
};

struct udp {
	int fd;
	bool v4;
	uint64_t drops;  /* by the kernel, for want of room; wraps at 2^32 */
	uint64_t errors; /* datagrams that could not be sent */
	struct udp_buffers *in;
	size_t room; /* of each datagram */
	struct udp_datagram got[UDP_BATCH];
};

/* Binds; port 0 is any.  Receive buffer as large as allowed, up to 16 MiB. */
int udp_open(struct udp *u, const struct net_addr *addr, uint16_t port,
	struct err *err) NFZ_MUST_CHECK;
/* From now on it receives up to UDP_LARGE bytes a datagram: all there are. */
void udp_take_large(struct udp *u);
void udp_close(struct udp *u);
uint16_t udp_port(const struct udp *u);
/* False and counted when the kernel did not take it (full, unreachable). */
bool udp_send(struct udp *u, const struct net_addr *addr, uint16_t port,
	const void *data, size_t len);
/* Up to UDP_BATCH datagrams into got[], valid until the next call; their
 * number, 0: none there. */
size_t udp_receive(struct udp *u);

#endif
