#include "base/netlink.h"

#include <criterion/criterion.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t *attrs_of(const struct netlink_request *r, size_t *len)
{
	*len = r->head.nlmsg_len - NLMSG_HDRLEN;
	return r->body;
}

Test(netlink, attributes_are_found_again)
{
	const struct tcmsg head = {.tcm_ifindex = 7};
	struct netlink_request r;
	const uint8_t *body, *in, *at;
	size_t len, n, m, nest;

	netlink_begin(&r, RTM_NEWTFILTER, NLM_F_ACK, &head, sizeof(head));
	netlink_put(&r, TCA_KIND, "bpf", 4);
	nest = netlink_nest(&r, TCA_OPTIONS);
	netlink_put(&r, 5, "abcdef", 6);
	netlink_put(&r, 6, "12", 2);
	netlink_nested(&r, nest);
	netlink_put(&r, 77, NULL, 0);
	cr_assert(r.head.nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK));
	body = attrs_of(&r, &len);
	cr_assert(memcmp(body, &head, sizeof(head)) == 0);
	at = netlink_attr(body, len, sizeof(head), TCA_KIND, &n);
	cr_assert(n == 4 && memcmp(at, "bpf", 4) == 0);
	in = netlink_attr(body, len, sizeof(head), TCA_OPTIONS, &n);
	cr_assert_not_null(in);
	at = netlink_attr(in, n, 0, 6, &m);
	cr_assert(m == 2 && memcmp(at, "12", 2) == 0);
	cr_assert_null(netlink_attr(in, n, 0, 77, &m));
	cr_assert_not_null(netlink_attr(body, len, sizeof(head), 77, &m));
	cr_assert(m == 0);
}

Test(netlink, no_attribute_reaches_beyond_its_end)
{
	const struct tcmsg head = {0};
	struct netlink_request r;
	const uint8_t *body;
	size_t len, n;

	netlink_begin(&r, RTM_NEWTFILTER, 0, &head, sizeof(head));
	netlink_put(&r, 1, "abcd", 4);
	netlink_put(&r, 2, "abcd", 4);
	body = attrs_of(&r, &len);
	for (size_t cut = 0; cut < len; cut++)
		cr_assert_null(netlink_attr(body, cut, sizeof(head), 2, &n));
	((struct rtattr *)(r.body + sizeof(head)))->rta_len = 3; /* forged */
	cr_assert_null(netlink_attr(body, len, sizeof(head), 1, &n));
	cr_assert_null(netlink_attr(body, len, sizeof(head), 2, &n));
}

static void count(void *data, const uint8_t *body, size_t len)
{
	cr_assert(body && len >= sizeof(struct ifinfomsg));
	++*(unsigned *)data;
}

Test(netlink, the_kernel_answers_and_refuses)
{
	const struct ifinfomsg all = {0}, none = {.ifi_index = 0x7ffffffe};
	const struct if_stats_msg kind = {0};
	struct err err = ERR_INIT;
	struct netlink_request r;
	unsigned n = 0, m = 0;
	int fd;

	cr_assert(netlink_open(&fd, &err) == 0, "%s", err.text);
	netlink_begin(&r, RTM_GETLINK, NLM_F_DUMP, &all, sizeof(all));
	cr_assert(netlink_ask(fd, &r, count, &n, &err) == 0, "%s", err.text);
	cr_assert(n >= 1, "there is always lo");
	netlink_begin(&r, RTM_GETLINK, 0, &none, sizeof(none));
	cr_assert(netlink_ask(fd, &r, count, &m, &err) < 0);
	cr_assert(m == 0 && err.sys == 19, "%s", err.text);
	/* a dump is refused by its last message: statistics, of no kind */
	netlink_begin(&r, RTM_GETSTATS, NLM_F_DUMP, &kind, sizeof(kind));
	cr_assert(netlink_ask(fd, &r, NULL, NULL, &err) < 0);
	cr_assert(err.sys == 22, "%s", err.text);
	close(fd);
	netlink_dump(RTM_GETLINK, sizeof(all), count, &m);
	cr_assert(m == n);
}

static void take_index(void *data, const uint8_t *body, size_t len)
{
	struct ifinfomsg link;

	cr_assert_geq(len, sizeof(link));
	memcpy(&link, body, sizeof(link));
	*(int *)data = link.ifi_index;
}

/* An answer may come when nobody waits for it any more: then it is not that to
 * the next question. */
Test(netlink, late_answers_are_not_taken)
{
	const struct ifinfomsg none = {.ifi_index = INT32_MAX},
			       loopback = {.ifi_index = 1};
	struct netlink_request r;
	struct err err = ERR_INIT;
	int fd, index = 0;

	cr_assert_eq(netlink_open(&fd, &err), 0);
	netlink_begin(&r, RTM_GETLINK, 0, &none, sizeof(none));
	cr_assert_gt(send(fd, &r, r.head.nlmsg_len, 0), 0);
	netlink_begin(&r, RTM_GETLINK, NLM_F_DUMP, &none, sizeof(none));
	cr_assert_gt(send(fd, &r, r.head.nlmsg_len, 0), 0);
	netlink_begin(&r, RTM_GETLINK, 0, &loopback, sizeof(loopback));
	cr_expect_eq(netlink_ask(fd, &r, take_index, &index, &err), 0, "%s",
		err.text);
	cr_expect_eq(index, 1);
	close(fd);
}
