/* Three processes.  Ours asks.  The keeper has loaded the library and given up
 * its rights; it sees no packet.  The worker is forked from it, jailed, and
 * answers; when it dies the keeper says so and forks another, which costs
 * neither loading nor a copy of what is ours.  When one does not even come to
 * work the keeper ends.
 *
 * Questions and answers are packets on one socket, one at a time.  An answer
 * repeats its question's number: one that comes after its worker was declared
 * lost is nobody's. */
#define _GNU_SOURCE
#include "probe/inspector.h"
#include "base/jail.h"
#include "base/mem.h"
#include "base/proc.h"
#include "probe/privs.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What is declared here is of this version, whose name says so. */
#define LIBRARY "libndpi.so.4.2"
#define PACKAGE "libndpi4.2"

enum { NO_TOR_HOSTS = 1, MASK_WORDS = 16, PATIENCE_S = 10 };

struct protocol {
	uint16_t master, app;
	int category;
};

struct mask {
	uint32_t words[MASK_WORDS];
};

/* X(what it returns, name after ndpi_, parameters) */
#define API(X)                                                                 \
	X(void *, init_detection_module, (int))                                \
	X(void, set_protocol_detection_bitmask2,                               \
		(void *, const struct mask *))                                 \
	X(void, finalize_initialization, (void *))                             \
	X(uint32_t, detection_get_sizeof_ndpi_flow_struct, (void))             \
	X(struct protocol, detection_process_packet,                           \
		(void *, void *, const uint8_t *, unsigned short, uint64_t))   \
	X(char *, protocol2name, (void *, struct protocol, char *, unsigned))  \
	X(void, free_flow_data, (void *))

struct api {
#define X(type, name, parameters) type(*name) parameters;
	API(X)
#undef X
};

struct question {
	uint32_t number;
	uint16_t flow;
	bool begins, ends;
	uint64_t time_ms;
};

struct answer {
	uint32_t number;
	enum inspector_answer is;
	char text[2 * INSPECTOR_NAME];
};

struct inspector {
	int fd; /* negative: nobody is there any more */
	pid_t keeper;
	uint32_t number;
};

/* Of keeper and worker. */
struct work {
	struct api api;
	void *library;
	int fd;
	atomic_uint *steps; /* shared; odd while a packet is looked at */
	size_t flow_bytes;
	void *flows[INSPECTOR_FLOWS]; /* NULL: never used */
};

/* --- the worker ---------------------------------------------------------- */

static void answer(
	int fd, uint32_t number, enum inspector_answer is, const char *text)
{
	struct answer a = {.number = number, .is = is};

	snprintf(a.text, sizeof(a.text), "%s", text);
	(void)send(fd, &a, sizeof(a), MSG_NOSIGNAL);
}

static void empty(struct work *w, uint16_t flow)
{
	if (!w->flows[flow])
		return;
	w->api.free_flow_data(w->flows[flow]);
	memset(w->flows[flow], 0, w->flow_bytes);
}

static void look(
	struct work *w, const struct question *q, const uint8_t *ip, size_t len)
{
	char name[INSPECTOR_NAME] = "";
	struct protocol got;
	bool known;

	if (q->begins)
		empty(w, q->flow);
	if (!w->flows[q->flow])
		w->flows[q->flow] = mem_zalloc(1, w->flow_bytes);
	got = w->api.detection_process_packet(w->library, w->flows[q->flow], ip,
		(unsigned short)len, q->time_ms);
	known = got.app || got.master;
	if (known)
		w->api.protocol2name(w->library, got, name, sizeof(name));
	if (known || q->ends)
		empty(w, q->flow);
	answer(w->fd, q->number, known ? INSPECTOR_KNOWN : INSPECTOR_UNKNOWN,
		name);
}

/* Beside what it has already; without a limit where that cannot be told.
 * Sanitizers take what they like. */
static void limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages;
	struct rlimit limit;

	if (!f)
		return;
	if (fscanf(f, "%*s %*s %*s %*s %*s %lu", &pages) == 1) {
		limit.rlim_max = limit.rlim_cur =
			pages * page + INSPECTOR_BYTES;
		(void)setrlimit(RLIMIT_DATA, &limit);
	}
	fclose(f);
#endif
}

static _Noreturn void work(struct work *w)
{
	const struct jail jail = {.no_capabilities = true, .no_sockets = true};
	const size_t most = sizeof(struct question) + UINT16_MAX;
	uint8_t *at = mem_zalloc(1, most);
	struct jail_state state;
	struct question q;
	ssize_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	limit_memory();
	if (jail_enter(&jail, &state, NULL) < 0)
		_exit(1);
	if (atomic_load(w->steps) == 0)
		answer(w->fd, 0, INSPECTOR_KNOWN, "ready");
	/* even, and another than before: it has come to work */
	atomic_store(w->steps, (atomic_load(w->steps) | 1) + 1);
	while ((n = recv(w->fd, at, most, 0)) > (ssize_t)sizeof(q)) {
		memcpy(&q, at, sizeof(q));
		atomic_fetch_add(w->steps, 1);
		look(w, &q, at + sizeof(q), (size_t)n - sizeof(q));
		atomic_fetch_add(w->steps, 1);
	}
	_exit(0);
}

/* --- the keeper ---------------------------------------------------------- */

/* Waits until it ends, and sees to it that it does.  False: it was told to. */
static bool died(const struct work *w, pid_t worker)
{
	const struct timespec patience = {.tv_sec = PATIENCE_S};
	unsigned before = 0, now;
	sigset_t child;
	int status;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (waitpid(worker, &status, WNOHANG) == 0) {
		if (sigtimedwait(&child, NULL, &patience) >= 0)
			continue;
		now = atomic_load(w->steps);
		if (now & 1 && now == before)
			kill(worker, SIGKILL);
		before = now;
	}
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static _Noreturn void keep(struct work *w)
{
	for (;;) {
		const unsigned before = atomic_load(w->steps);
		const pid_t worker = fork();

		if (worker == 0)
			work(w);
		if (worker < 0 || !died(w, worker))
			_exit(0);
		/* the next would fare no better */
		if (atomic_load(w->steps) == before) {
			answer(w->fd, 0, INSPECTOR_LOST,
				"its process could not be locked in");
			_exit(0);
		}
		answer(w->fd, 0, INSPECTOR_LOST, "");
	}
}

static const char *load(struct work *w)
{
	static const char *const names[] = {
#define X(type, name, parameters) "ndpi_" #name,
		API(X)
#undef X
	};
	void **to = (void **)&w->api; /* functions, as dlsym(3) gives them */
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct mask every;

	_Static_assert(sizeof(w->api) == sizeof(names), "one pointer each");
	for (size_t i = 0; library && i < sizeof(names) / sizeof(*names); i++)
		if (!(to[i] = dlsym(library, names[i])))
			return dlerror();
	if (!library)
		return dlerror();
	w->library = w->api.init_detection_module(NO_TOR_HOSTS);
	if (!w->library)
		return LIBRARY " could not be started";
	memset(&every, 0xff, sizeof(every));
	w->api.set_protocol_detection_bitmask2(w->library, &every);
	w->api.finalize_initialization(w->library);
	w->flow_bytes = w->api.detection_get_sizeof_ndpi_flow_struct();
	return NULL;
}

/* Nothing of ours is open there but the socket, and what it says of errors. */
static void leave_behind(struct work *w)
{
	/* who started us may have had none of the first three open */
	const int fd = fcntl(w->fd, F_DUPFD, STDERR_FILENO + 1);
	sigset_t child;
	int nothing;

	close(w->fd);
	nothing = open("/dev/null", O_RDWR);
	dup2(nothing, STDIN_FILENO);
	dup2(nothing, STDOUT_FILENO);
	w->fd = dup2(fd, STDERR_FILENO + 1);
	syscall(SYS_close_range, w->fd + 1, ~0u, 0);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	signal(SIGCHLD, SIG_DFL); /* else nobody could wait for the worker */
	signal(SIGINT, SIG_IGN);  /* a terminal's is for the one who asks */
	proc_no_core();
}

static _Noreturn void be_keeper(int fd, pid_t parent)
{
	struct work *w = mem_zalloc(1, sizeof(*w));
	const char *why = NULL;

	w->fd = fd;
	leave_behind(w);
	w->steps = mmap(NULL, sizeof(*w->steps), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->steps == MAP_FAILED)
		why = strerror(errno);
	if (!why)
		why = load(w);
	if (!why && privs_drop(PRIVS_NOBODY, PRIVS_NONE, NULL) < 0)
		why = "its process kept its rights";
	if (why) {
		answer(w->fd, 0, INSPECTOR_LOST, why);
		_exit(0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	keep(w);
}

/* --- who asks ------------------------------------------------------------ */

static void give_up(struct inspector *in)
{
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
}

static bool hear(struct inspector *in, struct answer *a)
{
	ssize_t n;

	do
		n = recv(in->fd, a, sizeof(*a), 0);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(*a))
		return true;
	give_up(in);
	*a = (struct answer){.is = INSPECTOR_LOST, .text = "it ended"};
	return false;
}

int inspector_new(struct inspector **ret, struct err *err)
{
	const pid_t parent = getpid();
	struct inspector *in;
	struct answer a;
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(err, "libndpi");
	in = mem_zalloc(1, sizeof(*in));
	in->fd = fds[0];
	in->keeper = fork();
	if (in->keeper == 0) {
		close(fds[0]);
		be_keeper(fds[1], parent);
	}
	close(fds[1]);
	(void)hear(in, &a);
	if (a.is == INSPECTOR_KNOWN) {
		*ret = in;
		return 0;
	}
	inspector_free(in);
	r = err_set(err, NFZ_E_USAGE, "libndpi cannot be used: %s", a.text);
	err_hint(err, "It is Debian's package " PACKAGE ".");
	return r;
}

void inspector_free(struct inspector *in)
{
	if (!in)
		return;
	give_up(in);
	if (in->keeper > 0)
		(void)proc_wait(in->keeper);
	free(in);
}

enum inspector_answer inspector_ask(struct inspector *in,
	const struct inspection *p, char name[static INSPECTOR_NAME])
{
	struct question q = {.number = ++in->number,
		.flow = p->flow,
		.begins = p->begins,
		.ends = p->ends,
		.time_ms = (uint64_t)(p->time_ns / 1000000)};
	struct iovec parts[] = {{.iov_base = &q, .iov_len = sizeof(q)},
		{.iov_base = (void *)(uintptr_t)p->ip, .iov_len = p->len}};
	const struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
	struct answer a = {.is = INSPECTOR_LOST};

	if (in->fd < 0)
		return INSPECTOR_LOST;
	if (sendmsg(in->fd, &m, MSG_NOSIGNAL) < 0)
		give_up(in);
	while (in->fd >= 0 && hear(in, &a) && a.number != q.number &&
		a.is != INSPECTOR_LOST)
		;
	memcpy(name, a.text, INSPECTOR_NAME);
	name[INSPECTOR_NAME - 1] = '\0';
	return a.is;
}
