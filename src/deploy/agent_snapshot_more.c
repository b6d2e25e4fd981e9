/* The rest of a snapshot: users, addresses, how promiscuous interfaces are,
 * and what the network's settings say. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "base/net.h"
#include "deploy/agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VALUE_MAX = 120, DEPTH_MAX = 3 };

/* Names and numbers only: what else is in such a line is nobody's business. */
static void add_users(struct buf *out, const char *file, const char *kind)
{
	struct buf text = BUF_INIT(4 << 20);

	if (file_read(file, &text, NULL) == 0)
		for (const char *p = buf_str(&text); *p;) {
			size_t n = strcspn(p, "\n"), name = strcspn(p, ":\n");
			const char *number = p + name;

			for (int i = 0; i < 2; i++)
				number +=
					*number == ':'
						? 1 + (i == 0 ? strcspn(number +
										1,
									":\n")
							      : 0)
						: 0;
			buf_addf(out, "%s %.*s %.*s\n", kind, (int)name, p,
				(int)strcspn(number, ":\n"), number);
			p += n + (p[n] == '\n');
		}
	buf_release(&text);
}

static void add_addresses(struct buf *out)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct net_addr addr;
		char text[NET_ADDR_TEXT];

		if (!i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET) {
			struct sockaddr_in in;

			memcpy(&in, i->ifa_addr, sizeof(in));
			addr = net_addr_v4_host(ntohl(in.sin_addr.s_addr));
		} else if (i->ifa_addr->sa_family == AF_INET6) {
			struct sockaddr_in6 in6;

			memcpy(&in6, i->ifa_addr, sizeof(in6));
			memcpy(addr.b, &in6.sin6_addr, sizeof(addr.b));
		} else {
			continue;
		}
		buf_addf(out, "address %s %s\n", i->ifa_name,
			net_addr_print(&addr, text));
	}
	freeifaddrs(all);
}

/* One RTM_NEWLINK message: the interface's name, how many hold it promiscuous. */
static void add_link(struct buf *out, const uint8_t *body, size_t len)
{
	char name[32] = "?";
	uint32_t promiscuity = 0;

	for (size_t at = NLMSG_ALIGN(sizeof(struct ifinfomsg));
		at + 4 <= len;) {
		struct rtattr attr;

		memcpy(&attr, body + at, sizeof(attr));
		if (attr.rta_len < 4 || attr.rta_len > len - at)
			break;
		if (attr.rta_type == IFLA_IFNAME)
			snprintf(name, sizeof(name), "%.*s",
				(int)attr.rta_len - 4,
				(const char *)body + at + 4);
		if (attr.rta_type == IFLA_PROMISCUITY && attr.rta_len >= 8)
			memcpy(&promiscuity, body + at + 4, 4);
		at += RTA_ALIGN(attr.rta_len);
	}
	buf_addf(out, "promiscuity %s %u\n", name, promiscuity);
}

static bool take_links(struct buf *out, const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (len - at >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr head;

		memcpy(&head, data + at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) ||
			head.nlmsg_len > len - at ||
			head.nlmsg_type != RTM_NEWLINK)
			return false;
		add_link(out, data + at + NLMSG_HDRLEN,
			head.nlmsg_len - NLMSG_HDRLEN);
		at += NLMSG_ALIGN(head.nlmsg_len);
		if (at > len)
			return false;
	}
	return true;
}

static void add_promiscuity(struct buf *out)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} ask = {.head = {.nlmsg_len = sizeof(ask),
			 .nlmsg_type = RTM_GETLINK,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	struct timeval limit = {.tv_sec = 2};
	cleanup_close int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint8_t data[32768];
	ssize_t n;

	if (fd < 0 || send(fd, &ask, sizeof(ask), 0) < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	do
		n = recv(fd, data, sizeof(data), 0);
	while (n > 0 && take_links(out, data, (size_t)n));
}

static void add_setting(
	struct buf *out, int dir, const char *name, const char *path)
{
	cleanup_close int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	char value[VALUE_MAX];
	ssize_t n = fd < 0 ? -1 : read(fd, value, sizeof(value) - 1);

	if (n < 0)
		return;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	buf_addf(out, "sysctl %s/%s %s\n", path,
		strrchr(name, '/') ? strrchr(name, '/') + 1 : name, value);
}

static void add_settings(struct buf *out, const char *path, int depth)
{
	char full[256];
	struct dirent *e;
	DIR *d;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	d = opendir(full);
	while (d && (e = readdir(d))) {
		char below[200];
		struct stat st;

		if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st,
						   AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		snprintf(below, sizeof(below), "%.100s/%.90s", path, e->d_name);
		if (S_ISDIR(st.st_mode) && depth > 0)
			add_settings(out, below, depth - 1);
		else if (S_ISREG(st.st_mode) && st.st_mode & 0444)
			add_setting(out, dirfd(d), e->d_name, path);
	}
	if (d)
		closedir(d);
}

void snapshot_more(struct buf *out)
{
	static const char *const kernel[] = {"/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/kptr_restrict",
		"/proc/sys/kernel/perf_event_paranoid",
		"/proc/sys/kernel/unprivileged_bpf_disabled"};

	add_users(out, "/etc/passwd", "user");
	add_users(out, "/etc/group", "group");
	add_addresses(out);
	add_promiscuity(out);
	add_settings(out, "net/core", 0);
	add_settings(out, "net/ipv4", 0);
	add_settings(out, "net/ipv4/conf", DEPTH_MAX);
	add_settings(out, "net/ipv6/conf", DEPTH_MAX);
	for (size_t i = 0; i < sizeof(kernel) / sizeof(*kernel); i++)
		add_setting(out, AT_FDCWD, kernel[i], "kernel");
}
