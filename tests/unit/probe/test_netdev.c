#define _GNU_SOURCE
#include "base/netlink.h"
#include "probe/netdev.h"
#include "probe/tap.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct netdev devs[] = {
	{.index = 1, .name = "lo", .loopback = true},
	{.index = 2,
		.name = "eth0",
		.has_mac = true,
		.mac = {2, 0, 0, 0, 0, 1}},
	{.index = 3,
		.name = "br0",
		.has_mac = true,
		.mac = {2, 0, 0, 0, 0, 1},
		.stacked = true},
	{.index = 4,
		.name = "eth1",
		.has_mac = true,
		.mac = {2, 0, 0, 0, 0, 2}},
	{.index = 5,
		.name = "eth2",
		.has_mac = true,
		.mac = {2, 0, 0, 0, 0, 2}},
	{.index = 6,
		.name = "vlan7",
		.has_mac = true,
		.mac = {2, 0, 0, 0, 0, 3},
		.stacked = true},
};
static const struct netdev_list list = {devs, 6, 6};

static int find(const char *name, uint8_t last)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, last};
	const struct netdev *dev = NULL;
	struct err err = ERR_INIT;

	return netdev_find(&list, name, last ? mac : NULL, &dev, &err) == 0
		       ? dev->index
		       : -1;
}

Test(netdev, found_by_name_or_mac)
{
	cr_expect_eq(find("eth1", 0), 4);
	cr_expect_eq(find("br0", 1), 3, "a name decides");
	cr_expect_eq(find("", 1), 2, "not the bridge on top of it");
	cr_expect_eq(find("", 2), -1, "two of them");
	cr_expect_eq(find("", 3), 6);
	cr_expect_eq(find("", 9), -1);
	cr_expect_eq(find("eth9", 0), -1);
	cr_expect_eq(find("", 0), -1);
}

/* The loopback interface is everywhere, and readable by anyone. */
Test(netdev, asks_the_kernel)
{
	struct netdev_list real = {0};
	const struct netdev *lo = NULL;
	const struct net_addr addr = net_addr_v4_host(0x7f000001);
	struct netdev again;
	struct err err = ERR_INIT;
	int fd = -1, index = 0;

	cr_assert(netlink_open(&fd, &err) == 0, "%s", err.text);
	cr_assert(netdev_list(fd, &real, &err) == 0, "%s", err.text);
	cr_assert(netdev_find(&real, "lo", NULL, &lo, &err) == 0);
	cr_expect(lo->loopback);
	cr_assert(netdev_get(fd, lo->index, &again, &err) == 0);
	cr_expect_str_eq(again.name, "lo");
	cr_expect(again.received >= lo->received);
	cr_expect(again.mtu > 0);
	if (lo->up) {
		cr_assert(netdev_with_addr(fd, &addr, &index, &err) == 0);
		cr_expect_eq(index, lo->index);
	}
	cr_expect(netdev_get(fd, 1 << 30, &again, &err) < 0);
	free(real.items);
	close(fd);
}

static bool is_there(const struct capture *c, const struct netdev *now)
{
	(void)c;
	return now != NULL;
}

/* A tap is lost when the kernel says so, not when it says nothing. */
Test(netdev, no_answer_is_no_news)
{
	const struct capture_way way = {.bound = is_there};
	struct capture capture = {.way = &way};
	struct tap tap = {.capture = &capture, .ifindex = 1};
	struct err err = ERR_INIT;
	int fd;

	cr_assert_eq(netlink_open(&fd, &err), 0);
	cr_expect(tap_bound(&tap, fd));
	cr_expect(tap_bound(&tap, -1));
	tap.ifindex = INT32_MAX;
	cr_expect_not(tap_bound(&tap, fd));
	close(fd);
}

/* The other end of a wire has an address, too: it is not ours. */
Test(netdev, who_has_an_address)
{
	struct net_addr addr = net_addr_v4_host(0x0a000002);
	struct err err = ERR_INIT;
	int fd, index = 0;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0 ||
		system("ip link add d0 type veth peer name d1 && "
		       "ip addr add 10.0.0.1 peer 10.0.0.2 dev d0 && "
		       "ip addr add fd00::1/64 nodad dev d0")) {
		fprintf(stderr, "SKIPPED: no network of one's own\n");
		return;
	}
	cr_assert_eq(netlink_open(&fd, &err), 0);
	cr_assert_eq(netdev_with_addr(fd, &addr, &index, &err), 0);
	cr_expect_eq(index, 0, "of the peer's");
	addr = net_addr_v4_host(0x0a000001);
	cr_assert_eq(netdev_with_addr(fd, &addr, &index, &err), 0);
	cr_expect_gt(index, 1);
	index = 0;
	cr_assert_eq(inet_pton(AF_INET6, "fd00::1", addr.b), 1);
	cr_assert_eq(netdev_with_addr(fd, &addr, &index, &err), 0);
	cr_expect_gt(index, 1);
	close(fd);
}
