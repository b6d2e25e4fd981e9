/* rtnetlink(7): RTM_GETLINK and RTM_GETADDR, requests answered one at a time.
 * The kernel is the only sender believed (port 0). */
#define _GNU_SOURCE
#include "probe/netdev.h"
#include "base/mem.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { REPLY_MAX = 64 * 1024, TIMEOUT_S = 2 };

typedef void (*message_fn)(const struct nlmsghdr *m, void *data);

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
	} body;
};

int netdev_open(int *ret_fd, struct err *err)
{
	const struct timeval limit = {.tv_sec = TIMEOUT_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_sys(err, "cannot open a route socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	*ret_fd = fd;
	return 0;
}

/* 1: more to come, 0: done, < 0: failed. */
static int take_messages(const void *data, size_t len, message_fn fn, void *to)
{
	const struct nlmsghdr *m = data;
	size_t left = len;

	while (left >= sizeof(*m) && m->nlmsg_len >= sizeof(*m) &&
		m->nlmsg_len <= left) {
		size_t step = NLMSG_ALIGN(m->nlmsg_len);

		if (m->nlmsg_type == NLMSG_DONE)
			return 0;
		if (m->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = (const void *)(m + 1);

			errno = m->nlmsg_len >= NLMSG_LENGTH(sizeof(*e))
					? -e->error
					: EPROTO;
			return errno ? -1 : 0;
		}
		fn(m, to);
		if (!(m->nlmsg_flags & NLM_F_MULTI))
			return 0;
		left -= step < left ? step : left;
		m = (const void *)((const char *)m + step);
	}
	return 1;
}

static int ask(
	int fd, struct request *r, message_fn fn, void *to, struct err *err)
{
	cleanup_free char *reply = mem_zalloc(1, REPLY_MAX);
	int more = 1;

	r->head.nlmsg_flags |= NLM_F_REQUEST;
	if (send(fd, r, r->head.nlmsg_len, 0) < 0)
		return err_sys(err, "cannot ask for interfaces");
	while (more > 0) {
		struct sockaddr_nl from = {0};
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, reply, REPLY_MAX, 0,
			(struct sockaddr *)&from, &size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "no list of interfaces");
		if (from.nl_pid != 0)
			continue;
		more = take_messages(reply, (size_t)n, fn, to);
	}
	return more < 0 ? err_sys(err, "no list of interfaces") : 0;
}

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

static bool read_link(const struct nlmsghdr *m, struct netdev *ret)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	const struct rtattr *a;
	int left;

	if (m->nlmsg_type != RTM_NEWLINK ||
		m->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return false;
	*ret = (struct netdev){.index = info->ifi_index,
		.up = (info->ifi_flags & IFF_UP) != 0,
		.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0};
	left = (int)(m->nlmsg_len - NLMSG_LENGTH(sizeof(*info)));
	for (a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left))
		read_attribute(a, ret);
	return true;
}

static void add_link(const struct nlmsghdr *m, void *data)
{
	struct netdev_list *list = data;
	struct netdev dev;

	if (read_link(m, &dev))
		MEM_PUSH(list->items, list->n, list->cap) = dev;
}

int netdev_list(int fd, struct netdev_list *ret, struct err *err)
{
	struct netdev_list list = {0};
	struct request r = {
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_DUMP}};
	int e = ask(fd, &r, add_link, &list, err);

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

static void take_link(const struct nlmsghdr *m, void *data)
{
	struct wanted *w = data;
	struct netdev dev;

	if (read_link(m, &dev) && dev.index == w->index) {
		*w->ret = dev;
		w->found = true;
	}
}

int netdev_get(int fd, int index, struct netdev *ret, struct err *err)
{
	struct wanted w = {.index = index, .ret = ret};
	struct request r = {
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_GETLINK},
		.body.link = {.ifi_index = index}};
	int e = ask(fd, &r, take_link, &w, err);

	if (e == 0 && !w.found)
		return err_set(
			err, NFZ_E_IO, "there is no interface %d", index);
	return e;
}

struct holder {
	const struct net_addr *addr;
	int index;
};

static void match_addr(const struct nlmsghdr *m, void *data)
{
	struct holder *h = data;
	const struct ifaddrmsg *info = NLMSG_DATA(m);
	const struct rtattr *a;
	int left;

	if (m->nlmsg_type != RTM_NEWADDR ||
		m->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return;
	left = (int)(m->nlmsg_len - NLMSG_LENGTH(sizeof(*info)));
	for (a = IFA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		struct net_addr addr = {0};

		if (a->rta_type != IFA_LOCAL && a->rta_type != IFA_ADDRESS)
			continue;
		if (info->ifa_family == AF_INET && RTA_PAYLOAD(a) == 4)
			addr = net_addr_v4(RTA_DATA(a));
		else if (RTA_PAYLOAD(a) == 16)
			memcpy(addr.b, RTA_DATA(a), 16);
		if (memcmp(addr.b, h->addr->b, 16) == 0)
			h->index = (int)info->ifa_index;
		if (a->rta_type == IFA_LOCAL)
			return; /* IFA_ADDRESS is then the peer's */
	}
}

int netdev_with_addr(
	int fd, const struct net_addr *addr, int *ret_index, struct err *err)
{
	struct holder h = {.addr = addr};
	struct request r = {
		.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			.nlmsg_type = RTM_GETADDR,
			.nlmsg_flags = NLM_F_DUMP}};
	int e = ask(fd, &r, match_addr, &h, err);

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
