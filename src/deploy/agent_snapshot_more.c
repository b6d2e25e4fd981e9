/* The rest of a snapshot: users, addresses, how promiscuous interfaces are,
 * and what the network's settings say. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/netlink.h"
#include "deploy/agent.h"

#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VALUE_MAX = 120, DEPTH_MAX = 3 };

/* The field of that number, 0 the first; empty when there are fewer. */
static const char *field_of(const char *line, int number, int *ret_len)
{
	for (; number > 0; number--) {
		line += strcspn(line, ":\n");
		line += *line == ':';
	}
	*ret_len = (int)strcspn(line, ":\n");
	return line;
}

/* Names and numbers only: what else is in such a line is nobody's business. */
static void add_users(struct buf *out, const char *file, const char *kind)
{
	struct buf text = BUF_INIT(4 << 20);

	if (file_read(file, &text, NULL) == 0)
		for (const char *line = buf_str(&text); *line;) {
			int n, m;
			const char *name = field_of(line, 0, &n);
			const char *number = field_of(line, 2, &m);

			buf_addf(out, "%s %.*s %.*s\n", kind, n, name, m,
				number);
			line += strcspn(line, "\n");
			line += *line == '\n';
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
static void add_link(void *ctx, const uint8_t *body, size_t len)
{
	struct buf *out = ctx;
	const size_t header = sizeof(struct ifinfomsg);
	uint32_t promiscuity = 0;
	size_t n, m;
	const uint8_t *name = netlink_attr(body, len, header, IFLA_IFNAME, &n);
	const uint8_t *held =
		netlink_attr(body, len, header, IFLA_PROMISCUITY, &m);

	if (m >= sizeof(promiscuity))
		memcpy(&promiscuity, held, sizeof(promiscuity));
	buf_addf(out, "promiscuity %.*s %u\n", name ? (int)n : 1,
		name ? (const char *)name : "?", promiscuity);
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
	netlink_dump(RTM_GETLINK, sizeof(struct ifinfomsg), add_link, out);
	add_settings(out, "net/core", 0);
	add_settings(out, "net/ipv4", 0);
	add_settings(out, "net/ipv4/conf", DEPTH_MAX);
	add_settings(out, "net/ipv6/conf", DEPTH_MAX);
	for (size_t i = 0; i < sizeof(kernel) / sizeof(*kernel); i++)
		add_setting(out, AT_FDCWD, kernel[i], "kernel");
}
