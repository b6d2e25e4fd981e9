/* rtnetlink(7): RTM_GETLINK and RTM_GETADDR. */
#define _GNU_SOURCE
#include "probe/netdev.h"
#include "base/mem.h"
#include "base/netlink.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const char *const stacked_kinds[] = {"bridge", "bond", "team", "vlan",
	"macvlan", "macvtap", "ipvlan", "ipvtap", "vrf"};

static bool is_stacked(const struct rtattr *info)
{
	const struct rtattr *a = RTA_DATA(info);
	int left = (int)RTA_PAYLOAD(info);

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type != IFLA_INFO_KIND)
			continue;
		for (size_t i = 0;
			i < sizeof(stacked_kinds) / sizeof(stacked_kinds[0]);
			i++)
			if (strncmp(RTA_DATA(a), stacked_kinds[i],
				    RTA_PAYLOAD(a)) == 0)
				return true;
	}
	return false;
}

static const char no_queue[] = "noqueue";

static void read_attribute(const struct rtattr *a, struct netdev *ret)
{
	size_t len = RTA_PAYLOAD(a);
	struct rtnl_link_stats64 stats = {0};

	switch (a->rta_type) {
	case IFLA_IFNAME:
		snprintf(ret->name, sizeof(ret->name), "%.*s", (int)len,
			(const char *)RTA_DATA(a));
		break;
	case IFLA_ADDRESS:
		ret->has_mac = len == 6;
		if (ret->has_mac)
			memcpy(ret->mac, RTA_DATA(a), 6);
		break;
	case IFLA_MTU:
		memcpy(&ret->mtu, RTA_DATA(a),
			len < sizeof(ret->mtu) ? len : sizeof(ret->mtu));
		break;
	case IFLA_STATS64:
		memcpy(&stats, RTA_DATA(a),
			len < sizeof(stats) ? len : sizeof(stats));
		ret->received = stats.rx_packets;
		ret->sent = stats.tx_packets;
		break;
	case IFLA_QDISC:
		ret->queued =
			len < sizeof(no_queue) ||
			memcmp(RTA_DATA(a), no_queue, sizeof(no_queue)) != 0;
		break;
	case IFLA_LINKINFO:
		ret->stacked = is_stacked(a);
		break;
	default:
		break;
	}
}

static bool read_link(const uint8_t *body, size_t len, struct netdev *ret)
{
	const struct ifinfomsg *info = (const void *)body;
	const struct rtattr *a;
	int left;

	if (len < sizeof(*info))
		return false;
	*ret = (struct netdev){.index = info->ifi_index,
		.up = (info->ifi_flags & IFF_UP) != 0,
		.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0};
	left = (int)(len - sizeof(*info));
	for (a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
		read_attribute(a, ret);
	return true;
}

static void add_link(void *data, const uint8_t *body, size_t len)
{
	struct netdev_list *list = data;
	struct netdev dev;

	if (read_link(body, len, &dev))
		MEM_PUSH(list->items, list->n, list->cap) = dev;
}

int netdev_list(int fd, struct netdev_list *ret, struct err *err)
{
	struct netdev_list list = {0};
	const struct ifinfomsg all = {0};
	struct netlink_request r;
	int e;

	netlink_begin(&r, RTM_GETLINK, NLM_F_DUMP, &all, sizeof(all));
	e = netlink_ask(fd, &r, add_link, &list, err);
	if (e < 0) {
		free(list.items);
		return e;
	}
	*ret = list;
	return 0;
}

struct wanted {
	int index;
	struct netdev *ret;
	bool found;
};

static void take_link(void *data, const uint8_t *body, size_t len)
{
	struct wanted *w = data;
	struct netdev dev;

	if (read_link(body, len, &dev) && dev.index == w->index) {
		*w->ret = dev;
		w->found = true;
	}
}

int netdev_get(int fd, int index, struct netdev *ret, struct err *err)
{
	struct wanted w = {.index = index, .ret = ret};
	const struct ifinfomsg one = {.ifi_index = index};
	struct netlink_request r;
	int e;

	netlink_begin(&r, RTM_GETLINK, 0, &one, sizeof(one));
	e = netlink_ask(fd, &r, take_link, &w, err);
	if (e == 0 && !w.found)
		return err_set(
			err, NFZ_E_IO, "there is no interface %d", index);
	return e;
}

struct holder {
	const struct net_addr *addr;
	int index;
};

/* Where there is IFA_LOCAL, IFA_ADDRESS, which comes before it, is the peer's. */
static void match_addr(void *data, const uint8_t *body, size_t len)
{
	struct holder *h = data;
	const struct ifaddrmsg *info = (const void *)body;
	struct net_addr addr = {0};
	const uint8_t *at;
	size_t n;

	if (len < sizeof(*info))
		return;
	at = netlink_attr(body, len, sizeof(*info), IFA_LOCAL, &n);
	if (!at)
		at = netlink_attr(body, len, sizeof(*info), IFA_ADDRESS, &n);
	if (info->ifa_family == AF_INET && n == 4)
		addr = net_addr_v4(at);
	else if (n == 16)
		memcpy(addr.b, at, 16);
	if (memcmp(addr.b, h->addr->b, 16) == 0)
		h->index = (int)info->ifa_index;
}

int netdev_with_addr(
	int fd, const struct net_addr *addr, int *ret_index, struct err *err)
{
	struct holder h = {.addr = addr};
	const struct ifaddrmsg all = {0};
	struct netlink_request r;
	int e;

	netlink_begin(&r, RTM_GETADDR, NLM_F_DUMP, &all, sizeof(all));
	e = netlink_ask(fd, &r, match_addr, &h, err);
	if (e == 0)
		*ret_index = h.index;
	return e;
}

static int find_name(const struct netdev_list *list, const char *name,
	const struct netdev **ret, struct err *err)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i].name, name) == 0) {
			*ret = &list->items[i];
			return 0;
		}
	return err_set(err, NFZ_E_INPUT, "there is no interface \"%s\"", name);
}

int netdev_find(const struct netdev_list *list, const char *name,
	const uint8_t *mac, const struct netdev **ret, struct err *err)
{
	const struct netdev *best = NULL;
	char text[NET_MAC_TEXT];

	if (name && *name)
		return find_name(list, name, ret, err);
	if (!mac)
		return err_set(
			err, NFZ_E_INPUT, "an interface without name and MAC");
	for (size_t i = 0; i < list->n; i++) {
		const struct netdev *d = &list->items[i];

		if (!d->has_mac || memcmp(d->mac, mac, 6) != 0)
			continue;
		if (best && best->stacked == d->stacked)
			return err_set(err, NFZ_E_INPUT,
				"\"%s\" and \"%s\" have the same MAC %s",
				best->name, d->name, net_mac_print(mac, text));
		if (!best || best->stacked)
			best = d;
	}
	if (!best)
		return err_set(err, NFZ_E_INPUT,
			"there is no interface with the MAC %s",
			net_mac_print(mac, text));
	*ret = best;
	return 0;
}
