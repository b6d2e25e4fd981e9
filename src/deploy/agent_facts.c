/* What a node is like: the first call of every session. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/proc.h"
#include "deploy/agent.h"
#include "format/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static void note_places(struct agent *a)
{
	struct agent_place places[AGENT_PLACES];

	agent_places(a, places);
	for (int i = 0; i < AGENT_PLACES; i++) {
		char bytes[24];
		const char *words[] = {"place", places[i].base, bytes,
			places[i].problem ? places[i].problem : "ok"};

		snprintf(bytes, sizeof(bytes), "%lld",
			(long long)places[i].free_bytes);
		agent_note(a, words, 4);
	}
}

struct listing {
	struct agent *agent;
	const char *id;
	int dir;
};

static int note_process(void *ctx, const struct proc_info *info)
{
	struct listing *l = ctx;
	char pid[16], status[16] = "", sha[65] = "", path[AGENT_PATH];
	char set[300] = "set=";
	const bool expired = info->exited && lease_is_over(l->dir, info->role);
	const char *words[] = {"process", l->id, info->role,
		expired ? "expired" : proc_info_state(info), pid, info->stamp,
		info->started, status, info->program, sha, set};

	snprintf(pid, sizeof(pid), "%d", (int)info->pid);
	if (info->exited)
		snprintf(status, sizeof(status), "%d", info->status);
	snprintf(path, sizeof(path), "bin/%s", info->program);
	if (!agent_hash(l->agent, l->dir, path, sha))
		sha[0] = '\0';
	agent_settings(l->dir, info->role, set + 4, sizeof(set) - 4);
	agent_note(l->agent, words, sizeof(words) / sizeof(*words));
	return 0;
}

/* Who holds the lock now, or "". */
static void holder(int dir, char *who, size_t size)
{
	cleanup_close int fd = openat(
		dir, "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct buf text = BUF_INIT(4096);

	who[0] = '\0';
	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 &&
		errno == EWOULDBLOCK) {
		dep_text(dir, "lock", &text);
		text_field(buf_str(&text), "who", who, size);
		if (!who[0])
			snprintf(who, size, "somebody");
	}
	buf_release(&text);
}

/* Seconds since the tag was written first, or, without one, since the
 * directory was changed last; by this node's own clock. */
static long long age_of(int dir, const char *tag)
{
	struct wall_time since;
	char text[64];
	struct stat st;

	text_field(tag, "since", text, sizeof(text));
	if (!wall_parse(text, &since)) {
		if (fstat(dir, &st) < 0)
			return -1;
		since = wall_from_s(st.st_mtime);
	}
	return (long long)((wall_now().ns - since.ns) / NS_PER_S);
}

/* What no tag says: age, recorded flows, how much there is. */
static void note_size(
	struct agent *a, const char *id, int dir, const struct buf *tag)
{
	struct dep_data data;
	char text[6][48];
	const char *words[] = {"size", id, text[0], text[1], text[2], text[3],
		text[4], text[5]};

	dep_data(dir, &data);
	snprintf(text[0], sizeof(text[0]), "age=%lld",
		age_of(dir, tag->len ? tag->data : ""));
	snprintf(text[1], sizeof(text[1]), "data=%lld",
		data.any ? (long long)data.bytes : -1);
	snprintf(text[2], sizeof(text[2]), "idle=%lld",
		data.any ? (long long)data.idle_s : -1);
	snprintf(text[3], sizeof(text[3]), "entries=%lld",
		(long long)data.entries);
	snprintf(text[4], sizeof(text[4]), "journal=%d",
		faccessat(dir, "journal", F_OK, 0) == 0);
	snprintf(text[5], sizeof(text[5]), "flows=%d", data.flows);
	agent_note(a, words, sizeof(words) / sizeof(*words));
}

static int note_deployment(void *ctx, const char *path, const char *id)
{
	static const char *const fields[] = {"experiment", "who", "host",
		"version", "since", "updated", "boot", "keyid", "mode",
		"recipe", "taps"};
	enum { FIELDS = sizeof(fields) / sizeof(*fields), FIRST = 4 };
	struct listing l = {.agent = ctx, .id = id};
	struct buf tag = BUF_INIT(8192);
	char words_text[FIELDS][320], busy[128];
	const char *words[FIRST + FIELDS] = {"deployment", id, path, busy};

	l.dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (l.dir < 0)
		return 0;
	dep_text(l.dir, "tag", &tag);
	holder(l.dir, busy, sizeof(busy));
	for (size_t i = 0; i < FIELDS; i++) {
		char value[256];

		text_field(buf_str(&tag), fields[i], value, sizeof(value));
		snprintf(words_text[i], sizeof(words_text[i]), "%s=%s",
			fields[i], value);
		words[FIRST + i] = words_text[i];
	}
	agent_note(ctx, words, FIRST + FIELDS);
	note_size(ctx, id, l.dir, &tag);
	agent_each_role(l.dir, note_process, &l);
	close(l.dir);
	buf_release(&tag);
	return 0;
}

/* What is neither a deployment nor a program of ours beside them. */
static void note_strays(struct agent *a)
{
	struct agent_place places[AGENT_PLACES];

	agent_places(a, places);
	for (int i = 0; i < AGENT_PLACES; i++) {
		DIR *d = opendir(places[i].path);
		struct dirent *e;

		while (d && (e = readdir(d))) {
			char path[AGENT_PATH + 300];
			const char *words[] = {"stray", path};

			if (e->d_name[0] == '.' || agent_id_ok(e->d_name))
				continue;
			snprintf(path, sizeof(path), "%s/%s", places[i].path,
				e->d_name);
			agent_note(a, words, 2);
		}
		if (d)
			closedir(d);
	}
}

/* clock: time_ns= */
int call_clock(struct agent *a, const struct frame_args *args, struct err *err)
{
	(void)args;
	(void)err;
	agent_say(a, "time_ns=%lld", (long long)wall_now().ns);
	return 0;
}

static void read_line(const char *path, char *to, size_t size)
{
	struct buf text = BUF_INIT(4096);

	to[0] = '\0';
	if (file_read(path, &text, NULL) == 0)
		snprintf(to, size, "%.*s", (int)strcspn(buf_str(&text), "\n"),
			buf_str(&text));
	buf_release(&text);
}

/* Of a netmask, as ones in front. */
static int prefix_length(const struct sockaddr *mask)
{
	uint8_t b[16] = {0};
	int n = 0;

	if (mask && mask->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, mask, sizeof(in));
		memcpy(b, &in.sin_addr, sizeof(in.sin_addr));
	} else if (mask && mask->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, mask, sizeof(in6));
		memcpy(b, &in6.sin6_addr, sizeof(in6.sin6_addr));
	}
	while (n < 128 && (b[n / 8] & 0x80 >> n % 8))
		n++;
	return n;
}

static void add_addresses(
	const struct ifaddrs *all, const char *name, struct buf *out)
{
	for (; all; all = all->ifa_next) {
		struct net_addr addr;
		char text[NET_ADDR_TEXT];

		if (!all->ifa_addr || strcmp(all->ifa_name, name) != 0)
			continue;
		if (all->ifa_addr->sa_family == AF_INET) {
			struct sockaddr_in in;

			memcpy(&in, all->ifa_addr, sizeof(in));
			addr = net_addr_v4_host(ntohl(in.sin_addr.s_addr));
		} else if (all->ifa_addr->sa_family == AF_INET6) {
			struct sockaddr_in6 in6;

			memcpy(&in6, all->ifa_addr, sizeof(in6));
			memcpy(addr.b, &in6.sin6_addr, sizeof(addr.b));
		} else {
			continue;
		}
		buf_addf(out, "%s%s/%d", out->len ? "," : "",
			net_addr_print(&addr, text),
			prefix_length(all->ifa_netmask));
	}
}

static void note_ifaces(struct agent *a)
{
	struct if_nameindex *names = if_nameindex();
	struct ifaddrs *addrs = NULL;

	if (getifaddrs(&addrs) < 0)
		addrs = NULL;
	for (size_t i = 0; names && names[i].if_index; i++) {
		struct buf list = BUF_INIT(8192);
		char path[128], mac[32], mtu[16], state[32];
		const char *words[] = {
			"iface", names[i].if_name, mac, mtu, state, ""};

		snprintf(path, sizeof(path), "/sys/class/net/%s/address",
			names[i].if_name);
		read_line(path, mac, sizeof(mac));
		snprintf(path, sizeof(path), "/sys/class/net/%s/mtu",
			names[i].if_name);
		read_line(path, mtu, sizeof(mtu));
		snprintf(path, sizeof(path), "/sys/class/net/%s/operstate",
			names[i].if_name);
		read_line(path, state, sizeof(state));
		add_addresses(addrs, names[i].if_name, &list);
		words[5] = buf_str(&list);
		agent_note(a, words, 6);
		buf_release(&list);
	}
	if_freenameindex(names);
	freeifaddrs(addrs);
}

/* hello: words uname= arch= uid= boot= load= time_ns= version=; NOTEs
 *   place BASE FREE PROBLEM|ok
 *   deployment ID PATH BUSY-WITH name=value...
 *   size ID age=S data=BYTES idle=S entries=N journal=0|1 flows=0|1 set=...
 *     (-1: unknown)
 *   stray PATH
 *   process ID ROLE STATE PID STAMP STARTED STATUS PROGRAM SHA
 *   iface NAME MAC MTU STATE ADDRESS/LENGTH,... */
int call_hello(struct agent *a, const struct frame_args *args, struct err *err)
{
	struct utsname u;
	struct buf load = BUF_INIT(128);
	char boot[40];

	(void)args;
	if (uname(&u) < 0)
		return err_sys(err, "uname");
	agent_hold(a);
	agent_place_tidy(a);
	journal_boot(boot);
	if (file_read("/proc/loadavg", &load, NULL) == 0)
		agent_say(a, "load=%.*s", (int)strcspn(buf_str(&load), " "),
			buf_str(&load));
	buf_release(&load);
	agent_say(a, "uname=%s %s", u.sysname, u.release);
	agent_say(a, "arch=%s", u.machine);
	agent_say(a, "uid=%d", (int)getuid());
	agent_say(a, "boot=%s", boot);
	agent_say(a, "time_ns=%lld", (long long)wall_now().ns);
	agent_say(a, "version=%s", NFZ_VERSION);
	note_places(a);
	agent_each_deployment(a, note_deployment, a);
	note_strays(a);
	note_ifaces(a);
	return 0;
}
