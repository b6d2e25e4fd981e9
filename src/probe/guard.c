/* The guard is told the numbers of interfaces over a socket of its own; 0, or
 * its end, means all, and that it is over.  It says one byte when it has begun,
 * and its end says that it is over, too. */
#define _GNU_SOURCE
#include "probe/guard.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "probe/clsact.h"
#include "probe/privs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { START_S = 10, WAIT_S = 3, NUMBER = 24 };

struct guard {
	struct clsact_owner who;
	bool used;
	int fd; /* to the process; -1: not begun */
};

struct guard *guard_new(uint64_t deployment, uint16_t module)
{
	struct guard *g = mem_zalloc(1, sizeof(*g));

	g->who = (struct clsact_owner){deployment, module, hash_key_new().k0};
	g->fd = -1;
	return g;
}

static void be_patient(const struct guard *g, int s)
{
	const struct timeval limit = {.tv_sec = s};

	setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* False: there is no guard, or no more. */
static bool tell(const struct guard *g, int ifindex)
{
	return g->fd >= 0 && send(g->fd, &ifindex, sizeof(ifindex),
				     MSG_NOSIGNAL) == sizeof(ifindex);
}

void guard_free(struct guard *g)
{
	char none;

	if (!g)
		return;
	if (tell(g, 0))
		(void)!recv(g->fd, &none, 1, 0);
	else if (g->used && clsact_remove(&g->who, 0, NULL) < 0)
		log_warning("filters are left on interfaces");
	if (g->fd >= 0)
		close(g->fd);
	free(g);
}

int guard_attach(struct guard *g, int ifindex, int program, struct err *err)
{
	int r = clsact_attach(&g->who, ifindex, program, err);

	g->used = g->used || r == 0;
	return r;
}

bool guard_in_front(const struct guard *g, int ifindex)
{
	return clsact_in_front(&g->who, ifindex);
}

void guard_detach(struct guard *g, int ifindex)
{
	if (!tell(g, ifindex) && clsact_remove(&g->who, ifindex, NULL) < 0)
		log_warning("filters are left on interface %d", ifindex);
}

/* In the child, which gets nothing else of ours. */
static void become_guard(const struct guard *g, int fd, uint32_t uid)
{
	char deployment[NUMBER], module[NUMBER], life[NUMBER], user[NUMBER];
	char name[] = "nfz-meter", word[] = GUARD_WORD;
	char *argv[] = {name, word, deployment, module, life, user, NULL};
	sigset_t all;

	snprintf(deployment, NUMBER, "%016" PRIx64, g->who.deployment);
	snprintf(module, NUMBER, "%u", g->who.module);
	snprintf(life, NUMBER, "%016" PRIx64, g->who.life);
	snprintf(user, NUMBER, "%" PRIu32, uid);
	/* the meter's end is what it waits for: signals are for that */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	if (proc_stdio(fd, -1, -1))
		execv("/proc/self/exe", argv);
	_exit(127);
}

int guard_begin(struct guard *g, uint32_t uid, struct err *err)
{
	int pair[2];
	pid_t pid;
	char begun;

	if (!g->used)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "socketpair");
	pid = fork();
	if (pid == 0)
		become_guard(g, pair[1], uid);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return err_sys(err, "fork");
	}
	g->fd = pair[0];
	be_patient(g, START_S);
	if (recv(g->fd, &begun, sizeof(begun), 0) != sizeof(begun))
		return err_set(err, NFZ_E_IO,
			"the guard of filters of eBPF does not start");
	be_patient(g, WAIT_S);
	return 0;
}

static void watch(const struct clsact_owner *who)
{
	int ifindex;

	do {
		ssize_t n;

		do
			n = recv(0, &ifindex, sizeof(ifindex), 0);
		while (n < 0 && errno == EINTR);
		if (n != sizeof(ifindex))
			ifindex = 0;
		/* where it fails, the agent tries again */
		(void)!clsact_remove(who, ifindex, NULL);
	} while (ifindex);
}

int guard_main(int argc, char **argv)
{
	struct clsact_owner who;
	struct err err = ERR_INIT;
	uint32_t uid;
	int r;

	if (argc != 6)
		return 2;
	prctl(PR_SET_NAME, "nfz-guard");
	who.deployment = strtoull(argv[2], NULL, 16);
	who.module = (uint16_t)strtoul(argv[3], NULL, 10);
	who.life = strtoull(argv[4], NULL, 16);
	uid = (uint32_t)strtoul(argv[5], NULL, 10);
	r = privs_drop(uid, PRIVS_NET_ADMIN, &err);
	if (r == 0)
		r = privs_jail(&err);
	if (r == 0 && send(0, "", 1, MSG_NOSIGNAL) == 1)
		watch(&who);
	return r < 0 ? err_exit_status(r) : 0;
}
