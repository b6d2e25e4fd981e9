/* The state of a node as lines of text, to be compared before a deployment
 * and after its removal: processes, sockets, links, queueing disciplines,
 * and listings of the directories where things may be left. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "base/netlink.h"
#include "base/proc.h"
#include "base/sort.h"
#include "deploy/agent.h"
#include "probe/clsact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTENING "0A" /* as /proc/net/tcp has it */

static pid_t parent_of(pid_t pid)
{
	struct buf text = BUF_INIT(4096);
	char path[64];
	const char *p;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, &text, NULL) == 0) {
		p = strrchr(buf_str(&text), ')');
		if (!p || sscanf(p, ") %*c %d", &parent) != 1)
			parent = 0;
	}
	buf_release(&text);
	return parent;
}

/* The chain from us up to the server that let us in is not the node's. */
static bool is_ancestor(pid_t pid)
{
	pid_t at = getpid();

	while (at > 1 && at != pid)
		at = parent_of(at);
	return at == pid && pid > 1;
}

static bool program_of(pid_t pid, char *exe, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	n = readlink(link, exe, size - 1);
	exe[n < 0 ? 0 : n] = '\0';
	return n >= 0; /* else a kernel thread, or gone */
}

static bool is_sshd(const char *exe)
{
	const char *slash = strrchr(exe, '/');

	return slash && strncmp(slash, "/sshd", 5) == 0;
}

/* Somebody's login, perhaps our own of before: it comes and goes. */
static bool is_login(pid_t pid, const char *exe)
{
	char above[512];

	return is_sshd(exe) &&
	       program_of(parent_of(pid), above, sizeof(above)) &&
	       is_sshd(above);
}

static void add_processes(struct buf *out)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		char exe[512];
		uint64_t start;

		if (pid <= 0 || is_ancestor(pid) ||
			!proc_start_time(pid, &start) ||
			!program_of(pid, exe, sizeof(exe)) ||
			is_login(pid, exe))
			continue;
		buf_addf(out, "process %d %llu %s\n", (int)pid,
			(unsigned long long)start, exe);
	}
	if (d)
		closedir(d);
}

/* Local and remote address and state of each line; counters and timers in
 * the others would differ for no reason.  Connections come and go with those
 * who log in; who holds one is in the list of processes. */
static void add_sockets(struct buf *out, const char *file)
{
	struct buf text = BUF_INIT(16 << 20);
	char path[64];
	const char *p;

	snprintf(path, sizeof(path), "/proc/net/%s", file);
	if (file_read(path, &text, NULL) == 0) {
		p = strchr(buf_str(&text), '\n');
		while (p && *++p) {
			char local[64], remote[64], state[8];

			if (sscanf(p, " %*s %63s %63s %7s", local, remote,
				    state) == 3 &&
				(*file != 't' || strcmp(state, LISTENING) == 0))
				buf_addf(out, "socket %s %s %s %s\n", file,
					local, remote, state);
			p = strchr(p, '\n');
		}
	}
	buf_release(&text);
}

static void add_packet_sockets(struct buf *out)
{
	struct buf text = BUF_INIT(1 << 20);
	size_t n = 0;

	if (file_read("/proc/net/packet", &text, NULL) == 0)
		for (const char *p = buf_str(&text); (p = strchr(p, '\n')); p++)
			n++;
	buf_addf(out, "packet-sockets %zu\n", n ? n - 1 : 0);
	buf_release(&text);
}

static void add_links(struct buf *out)
{
	struct if_nameindex *names = if_nameindex();

	for (size_t i = 0; names && names[i].if_index; i++) {
		static const char *const files[] = {"flags", "mtu", "address"};

		buf_addf(out, "link %s", names[i].if_name);
		for (int f = 0; f < 3; f++) {
			struct buf text = BUF_INIT(4096);
			char path[128];

			snprintf(path, sizeof(path), "/sys/class/net/%s/%s",
				names[i].if_name, files[f]);
			if (file_read(path, &text, NULL) == 0)
				buf_addf(out, " %.*s",
					(int)strcspn(buf_str(&text), "\n"),
					buf_str(&text));
			buf_release(&text);
		}
		buf_addc(out, '\n');
	}
	if (names)
		if_freenameindex(names);
}

/* One RTM_NEWQDISC message: interface, kind, handle, parent. */
static void add_qdisc(void *ctx, const uint8_t *body, size_t len)
{
	struct buf *out = ctx;
	struct tcmsg tc;
	size_t n;
	const uint8_t *kind = netlink_attr(body, len, sizeof(tc), TCA_KIND, &n);

	if (len < sizeof(tc))
		return;
	memcpy(&tc, body, sizeof(tc));
	buf_addf(out, "qdisc %d %.*s %x parent %x\n", tc.tcm_ifindex,
		kind ? (int)n : 1, kind ? (const char *)kind : "?",
		tc.tcm_handle, tc.tcm_parent);
	if (tc.tcm_parent == TC_H_CLSACT)
		clsact_print(tc.tcm_ifindex, out);
}

static void add_listing(struct buf *out, const char *path)
{
	/* services write there while they run */
	bool sizes = strcmp(path, "/run") != 0;
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 ||
			strcmp(e->d_name, "..") == 0 ||
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) <
				0)
			continue;
		buf_addf(out, "file %s/%s %o %u:%u", path, e->d_name,
			st.st_mode, st.st_uid, st.st_gid);
		if (S_ISREG(st.st_mode) && sizes)
			buf_addf(out, " %lld", (long long)st.st_size);
		buf_addc(out, '\n');
	}
	if (d)
		closedir(d);
}

/* Sorted, so that two snapshots can be compared line by line. */
static void send_sorted(struct agent *a, struct buf *text)
{
	char **lines = NULL, *p = text->data;
	struct buf out = BUF_INIT(32 << 20);
	size_t n = 0, cap = 0;

	while (p && *p) {
		char *end = strchr(p, '\n');

		MEM_PUSH(lines, n, cap) = p;
		if (end)
			*end++ = '\0';
		p = end;
	}
	sort_texts(lines, n);
	for (size_t i = 0; i < n; i++)
		buf_addf(&out, "%s\n", lines[i]);
	agent_send(a, FRAME_OUT, buf_str(&out), out.len);
	free(lines);
	buf_release(&out);
}

/* snapshot: OUT frames with sorted lines. */
int call_snapshot(
	struct agent *a, const struct frame_args *args, struct err *err)
{
	static const char *const dirs[] = {"/run", "/tmp", "/var/tmp",
		"/var/lib", "/local", "/dev/shm", "/etc", "/etc/cron.d",
		"/etc/systemd/system", "/etc/sudoers.d",
		"/var/spool/cron/crontabs"};
	struct buf out = BUF_INIT(32 << 20);

	(void)args;
	(void)err;
	add_processes(&out);
	add_sockets(&out, "udp");
	add_sockets(&out, "udp6");
	add_sockets(&out, "tcp");
	add_sockets(&out, "tcp6");
	add_packet_sockets(&out);
	add_links(&out);
	netlink_dump(RTM_GETQDISC, sizeof(struct tcmsg), add_qdisc, &out);
	snapshot_more(&out);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		add_listing(&out, dirs[i]);
	send_sorted(a, &out);
	buf_release(&out);
	return 0;
}
