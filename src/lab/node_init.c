/* What runs as PID 1 in a node.  It is a forked copy of the launcher that
 * never returns into it: everything it holds is closed or dies with it. */
#define _GNU_SOURCE
#include "lab/node_init.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(int talk, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

static void fail(int talk, const char *fmt, ...)
{
	char text[200], all[256];
	int sys = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(all, sizeof(all), "%s: %s", text, strerror(sys));
	send(talk, all, strlen(all), MSG_NOSIGNAL);
	_exit(1);
}

/* Nothing of the launcher's stays open: its sockets would outlive it here. */
static int only_keep(int talk)
{
	(void)!proc_stdio(-1, -1, -1);
	if (talk != 3) {
		dup2(talk, 3);
		fcntl(3, F_SETFD, FD_CLOEXEC);
	}
	close_range(4, ~0U, 0);
	return 3;
}

/* In the node's process list we are its init, not a copy of the launcher:
 * the words of the command line are where fields 48 and 49 say. */
static void rename_self(void)
{
	unsigned long from = 0, to = 0;
	char text[1024], *at;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	prctl(PR_SET_NAME, "init");
	if (n <= 0)
		return;
	text[n] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at != NULL && field < 49; field++) {
		at = strchr(at + 1, ' ');
		if (at != NULL && field + 1 == 48)
			from = strtoul(at, NULL, 10);
		if (at != NULL && field + 1 == 49)
			to = strtoul(at, NULL, 10);
	}
	if (from == 0 || to < from + 5 || to - from > 1 << 20)
		return;
	memset((void *)from, 0, to - from);
	memcpy((void *)from, "init", 4);
}

static void reset_signals(void)
{
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	proc_unblock_signals();
}

static void mount_overlay(const struct node_place *p, int talk)
{
	char options[1024], merged[512];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail(talk, "making mounts private");
	snprintf(merged, sizeof(merged), "%s/m", p->store);
	snprintf(options, sizeof(options),
		"lowerdir=/,upperdir=%s/u,workdir=%s/w", p->store, p->store);
	if (mount("overlay", merged, "overlay", 0, options) < 0)
		fail(talk, "mounting the overlay");
	if (chdir(merged) < 0)
		fail(talk, "%s", merged);
}

struct device {
	const char *name;
	unsigned major, minor;
};

static void make_dev(int talk)
{
	static const struct device devices[] = {{"null", 1, 3}, {"zero", 1, 5},
		{"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9},
		{"tty", 5, 0}};
	static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},
		{"/proc/self/fd/0", "dev/stdin"},
		{"/proc/self/fd/1", "dev/stdout"},
		{"/proc/self/fd/2", "dev/stderr"}, {"pts/ptmx", "dev/ptmx"}};
	char path[64];

	if (mount("dev", "dev", "tmpfs", MS_NOSUID, "size=64k,mode=755") < 0)
		fail(talk, "dev");
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		snprintf(path, sizeof(path), "dev/%s", devices[i].name);
		if (mknod(path, S_IFCHR | 0666,
			    makedev(devices[i].major, devices[i].minor)) < 0)
			fail(talk, "%s", path);
		chmod(path, 0666);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			fail(talk, "%s", links[i][1]);
	mkdir("dev/pts", 0755);
	mkdir("dev/shm", 01777);
	if (mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		    "newinstance,ptmxmode=0666,mode=620,gid=5") < 0)
		fail(talk, "devpts");
	if (mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV,
		    "size=64m,mode=1777") < 0)
		fail(talk, "dev/shm");
}

/* /proc/meminfo tells of this whole machine, which all nodes share: programs
 * that take a part of what there is would take it once for every node. */
static void share_memory(const struct node_place *p, int talk)
{
	FILE *all = fopen("/proc/meminfo", "re");
	FILE *part = fopen("dev/.meminfo", "we");
	char line[128], name[64];
	unsigned long long kb;

	if (!all || !part)
		fail(talk, "/proc/meminfo");
	while (fgets(line, sizeof(line), all))
		if (sscanf(line, "%63s %llu kB", name, &kb) == 2)
			fprintf(part, "%-15s %8llu kB\n", name, kb / p->share);
	fclose(all);
	if (fclose(part) == EOF ||
		mount("dev/.meminfo", "proc/meminfo", NULL, MS_BIND, NULL) < 0)
		fail(talk, "proc/meminfo");
	unlink("dev/.meminfo");
}

static void mount_rest(const struct node_place *p, int talk)
{
	if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    NULL) < 0)
		fail(talk, "proc");
	if (mount("sysfs", "sys", "sysfs",
		    MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		fail(talk, "sys");
	make_dev(talk);
	share_memory(p, talk);
	if (mount("run", "run", "tmpfs", MS_NOSUID | MS_NODEV,
		    "size=64m,mode=755") < 0)
		fail(talk, "run");
	if (mount("tmp", "tmp", "tmpfs", MS_NOSUID | MS_NODEV,
		    "size=256m,mode=1777") < 0)
		fail(talk, "tmp");
	mkdir("run/sshd", 0755);
	mkdir("run/lock", 01777);
}

static void change_root(int talk)
{
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		fail(talk, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		fail(talk, "leaving the old root");
	if (chdir("/") < 0)
		fail(talk, "/");
}

static void make_home(const char *login)
{
	char home[64];

	snprintf(home, sizeof(home), "/users/%s", login);
	mkdir("/users", 0755);
	mkdir(home, 0755);
	if (chown(home, LAB_UID, LAB_GID) < 0)
		return;
	mkdir("/local", 0755);
	mkdir("/local/logs", 0777);
	chmod("/local/logs", 0777);
	mkdir("/var/emulab", 0755);
	mkdir("/var/emulab/boot", 0755);
}

static void set_address(
	int s, const char *name, int what, uint32_t value, int talk)
{
	struct ifreq r = {0};
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(value)};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	memcpy(&r.ifr_addr, &a, sizeof(a));
	if (ioctl(s, (unsigned long)what, &r) < 0)
		fail(talk, "the address of %s", name);
}

static void set_up(int s, const char *name, int talk)
{
	struct ifreq r = {.ifr_flags = IFF_UP | IFF_RUNNING};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(s, SIOCSIFFLAGS, &r) < 0)
		fail(talk, "%s up", name);
}

/* A broadcast of each node, at its first word to the boss, would go to all the
 * others: in one kernel that makes the square of their number. */
static void know_boss(int s, const struct node_place *p, int talk)
{
	struct arpreq r = {.arp_flags = ATF_COM | ATF_PERM};
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(p->boss_ip)};

	memcpy(&r.arp_pa, &a, sizeof(a));
	r.arp_ha.sa_family = ARPHRD_ETHER;
	memcpy(r.arp_ha.sa_data, p->boss_mac, sizeof(p->boss_mac));
	snprintf(r.arp_dev, sizeof(r.arp_dev), "%s", p->control_if);
	if (ioctl(s, SIOCSARP, &r) < 0)
		fail(talk, "the boss's address");
}

static void configure(const struct node_place *p, int talk)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		fail(talk, "socket");
	set_up(s, "lo", talk);
	set_address(s, p->control_if, SIOCSIFADDR, p->control_ip, talk);
	set_address(s, p->control_if, SIOCSIFNETMASK, p->control_mask, talk);
	set_up(s, p->control_if, talk);
	know_boss(s, p, talk);
	close(s);
}

void node_become_sshd(void)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		      "/sbin:/bin";
	char *env[] = {path, NULL};
	int log;

	setsid();
	log = open("/run/sshd.log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW,
		0640);
	(void)!proc_stdio(-1, -1, log);
	close_range(3, ~0U, 0);
	/* its absolute path: sshd starts itself again for every connection */
	execle("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", (char *)NULL,
		env);
	_exit(127);
}

static void start_sshd(int talk)
{
	pid_t pid = fork();

	if (pid < 0)
		fail(talk, "fork");
	if (pid == 0)
		node_become_sshd();
}

/* Detached daemons become our children, as with any init. */
static void reap(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		sigwaitinfo(&set, NULL);
	}
}

void node_init(const struct node_place *place, int talk)
{
	char go[4];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	reset_signals();
	setsid();
	talk = only_keep(talk);
	rename_self();
	umask(022);
	if (sethostname(place->hostname, strlen(place->hostname)) < 0)
		fail(talk, "hostname");
	mount_overlay(place, talk);
	mount_rest(place, talk);
	change_root(talk);
	make_home(place->login);
	send(talk, NODE_OK, strlen(NODE_OK), MSG_NOSIGNAL);
	if (recv(talk, go, sizeof(go), 0) <= 0)
		_exit(0); /* the launcher has gone */
	configure(place, talk);
	start_sshd(talk);
	send(talk, NODE_OK, strlen(NODE_OK), MSG_NOSIGNAL);
	close(talk);
	reap();
	_exit(1);
}
