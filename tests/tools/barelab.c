/* tool-barelab N: N nodes with nothing but what makes a node, to hold
 * nfz-testbed against: namespaces, a veth to one bridge, an overlay over the
 * host's root, a private /dev, /proc, /run and /tmp, and an sshd that answers.
 * Prints "up SECONDS s" and "down SECONDS s".  All of it lives in namespaces of
 * this process and goes with it. */
#define _GNU_SOURCE
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
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

enum { NODES_MAX = 1000 };

static const char top[] = "/run/barelab"; /* in our own mount namespace */
static char key[4096];                    /* one host key for all */

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	_exit(1);
}

static void must_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const char *data)
{
	must(mount(source, target, type, flags, data) == 0, target);
}

static void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	size_t n = strlen(text);

	must(fd >= 0 && write(fd, text, n) == (ssize_t)n, path);
	close(fd);
}

static void run(const char *program, const char *input)
{
	FILE *to = popen(program, "w"); /* our own words only */

	must(to && fputs(input, to) >= 0 && pclose(to) == 0, program);
}

static void address(int i, char *text, size_t size)
{
	snprintf(text, size, "10.77.%d.%d", 1 + i / 200, 1 + i % 200);
}

static void set_up(const char *name, const char *ip)
{
	struct ifreq r = {0};
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ip) {
		inet_pton(AF_INET, ip, &a.sin_addr);
		memcpy(&r.ifr_addr, &a, sizeof(a));
		must(ioctl(fd, SIOCSIFADDR, &r) == 0, "SIOCSIFADDR");
		inet_pton(AF_INET, "255.255.0.0", &a.sin_addr);
		memcpy(&r.ifr_netmask, &a, sizeof(a));
		must(ioctl(fd, SIOCSIFNETMASK, &r) == 0, "SIOCSIFNETMASK");
	}
	must(ioctl(fd, SIOCGIFFLAGS, &r) == 0, name);
	r.ifr_flags = (short)(r.ifr_flags | IFF_UP);
	must(ioctl(fd, SIOCSIFFLAGS, &r) == 0, name);
	close(fd);
}

static void make_dev(void)
{
	static const struct {
		const char *path;
		unsigned minor;
	} nodes[] = {{"dev/null", 3}, {"dev/zero", 5}, {"dev/full", 7},
		{"dev/random", 8}, {"dev/urandom", 9}};

	must_mount("dev", "dev", "tmpfs", MS_NOSUID, "size=64k,mode=755");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		must(mknod(nodes[i].path, S_IFCHR | 0666,
			     makedev(1, nodes[i].minor)) == 0,
			nodes[i].path);
	must(mkdir("dev/pts", 0755) == 0, "dev/pts");
	must_mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		"newinstance,ptmxmode=0666");
	must(symlink("pts/ptmx", "dev/ptmx") == 0, "dev/ptmx");
}

static void enter_root(int i)
{
	char options[200], merged[64];

	snprintf(merged, sizeof(merged), "%s/%d/m", top, i);
	snprintf(options, sizeof(options),
		"lowerdir=/,upperdir=%s/%d/u,workdir=%s/%d/w", top, i, top, i);
	must_mount("overlay", merged, "overlay", 0, options);
	must(chdir(merged) == 0, merged);
	must_mount("proc", "proc", "proc", 0, NULL);
	must_mount("sysfs", "sys", "sysfs", MS_RDONLY, NULL);
	make_dev();
	must_mount("run", "run", "tmpfs", MS_NOSUID, "size=64m,mode=755");
	must_mount("tmp", "tmp", "tmpfs", MS_NOSUID, "size=256m,mode=1777");
	must(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
	must(umount2(".", MNT_DETACH) == 0, "umount");
}

/* Never returns: the node's init. */
static void node(int i, int go)
{
	static const char *const sshd[] = {
		"/usr/sbin/sshd", "-D", "-f", "/etc/ssh/bare_config", NULL};
	char name[32], ip[32], byte;
	int null;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(read(go, &byte, 1) == 0, "release");
	snprintf(name, sizeof(name), "node%d", i);
	must(sethostname(name, strlen(name)) == 0, name);
	address(i, ip, sizeof(ip));
	set_up("lo", NULL);
	set_up("eth0", ip);
	enter_root(i);
	must(mkdir("/run/sshd", 0755) == 0, "/run/sshd");
	put("/etc/hostname", name, 0644);
	put("/etc/ssh/bare_key", key, 0600);
	put("/etc/ssh/bare_config",
		"HostKey /etc/ssh/bare_key\nUsePAM no\nUseDNS no\n"
		"PasswordAuthentication no\nPidFile none\n",
		0644);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (fork() == 0) {
		close_range(3, ~0U, 0);
		execv(sshd[0], (char *const *)(uintptr_t)sshd);
		_exit(127);
	}
	for (;;)
		if (wait(NULL) < 0)
			pause();
}

static pid_t start(int i, const int go[2])
{
	char dir[64];
	pid_t pid;

	snprintf(dir, sizeof(dir), "%s/%d", top, i);
	must(mkdir(dir, 0755) == 0, dir);
	for (const char *p = "uwm"; *p; p++) {
		snprintf(dir, sizeof(dir), "%s/%d/%c", top, i, *p);
		must(mkdir(dir, 0755) == 0, dir);
	}
	pid = (pid_t)syscall(SYS_clone,
		CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNET |
			CLONE_NEWIPC | SIGCHLD,
		NULL, NULL, NULL, NULL);
	must(pid >= 0, "clone");
	if (pid == 0) {
		close(go[1]);
		node(i, go[0]);
	}
	return pid;
}

/* A connection that meets a link not yet up would wait for a second. */
static bool answers(int i)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(22)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd p = {fd, POLLOUT, 0};
	socklen_t size = sizeof(int);
	int bad = 0;
	char ip[32];

	address(i, ip, sizeof(ip));
	inet_pton(AF_INET, ip, &to.sin_addr);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		bad = errno != EINPROGRESS || poll(&p, 1, 20) != 1 ||
		      getsockopt(fd, SOL_SOCKET, SO_ERROR, &bad, &size) < 0 ||
		      bad;
	close(fd);
	return !bad;
}

static void wire(const pid_t *pids, int n)
{
	FILE *to = popen("ip -batch -", "w");

	for (int i = 0; i < n; i++)
		fprintf(to,
			"link add ve%d type veth peer name eth0 netns %d\n"
			"link set ve%d master br0 up\n",
			i, (int)pids[i], i);
	must(pclose(to) == 0, "ip");
}

static void prepare(void)
{
	FILE *from;

	must(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare");
	must_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	must_mount("run", "/run", "tmpfs", 0, "mode=755");
	must(mkdir(top, 0755) == 0, top);
	must_mount("store", top, "tmpfs", 0, "mode=755");
	run("ssh-keygen -q -t ed25519 -N '' -f /run/key", "");
	from = fopen("/run/key", "r");
	must(from && fread(key, 1, sizeof(key) - 1, from) > 0, "/run/key");
	fclose(from);
	run("ip -batch -", "link add br0 type bridge\n"
			   "addr add 10.77.255.1/16 dev br0\n"
			   "link set br0 up\nlink set lo up\n");
}

static double seconds_since(struct mono_time began)
{
	return (double)(mono_now().ns - began.ns) / 1e9;
}

int main(int argc, char **argv)
{
	int n = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0, go[2];
	static pid_t pids[NODES_MAX];
	struct mono_time began;

	if (n < 1 || n > NODES_MAX) {
		fputs("usage: tool-barelab N\n", stderr);
		return 2;
	}
	prepare();
	must(pipe2(go, O_CLOEXEC) == 0, "pipe");
	began = mono_now();
	for (int i = 0; i < n; i++)
		pids[i] = start(i, go);
	wire(pids, n);
	close(go[0]);
	close(go[1]); /* all of them go on */
	for (int i = 0; i < n; i++)
		while (!answers(i))
			clock_sleep_ms(2);
	printf("up %.3f s\n", seconds_since(began));
	began = mono_now();
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	printf("down %.3f s\n", seconds_since(began));
	return 0;
}
