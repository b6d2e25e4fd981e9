/* The system's network interfaces, over rtnetlink: found by MAC or name, and
 * their counters: those of the network namespace the socket was opened in. */
#ifndef NFZ_PROBE_NETDEV_H
#define NFZ_PROBE_NETDEV_H

#include "base/err.h"
#include "base/net.h"

#include <stdbool.h>
#include <stdint.h>

struct netdev {
	int index;
	char name[16];
	uint8_t mac[6];
	bool has_mac, up, loopback;
	bool stacked; /* made of other interfaces (bridge, bond, VLAN...): may
	               * carry the MAC of one of them */
	bool queued;  /* what it sends waits in a queue, and may be dropped */
	uint32_t mtu; /* 0: not told */
	uint64_t received, sent; /* frames, as the kernel counts them */
};

struct netdev_list {
	struct netdev *items;
	size_t n, cap;
};

/* All interfaces; free(list->items).  fd: of netlink_open(). */
int netdev_list(
	int fd, struct netdev_list *ret, struct err *err) NFZ_MUST_CHECK;
/* One interface as it is now; NFZ_E_IO when there is none of that index. */
int netdev_get(
	int fd, int index, struct netdev *ret, struct err *err) NFZ_MUST_CHECK;
/* The index of the interface that carries addr; 0 none. */
int netdev_with_addr(int fd, const struct net_addr *addr, int *ret_index,
	struct err *err) NFZ_MUST_CHECK;
/* By name where one is given, else by MAC: of several interfaces with it, the
 * one that is not stacked on others. */
int netdev_find(const struct netdev_list *list, const char *name,
	const uint8_t *mac, const struct netdev **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
