#define _GNU_SOURCE
#include "deploy/gateway.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/proc.h"
#include "deploy/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ARGS_MAX = 48, NAME_MS = 10000, WAIT_TRIES = 1000, WAIT_NS = 10000000 };

/* One connection to a gateway. */
struct hop {
	char *gateway, *user;
	bool known, here; /* gateway_is_here() was asked: its answer */
	char socket[64];
	pid_t master; /* 0: not begun */
};

struct gateways {
	struct gateway_options options;
	char dir[32]; /* of the sockets, "" until one is wanted */
	struct hop *hops;
	size_t n, cap;
};

struct args {
	const char *v[ARGS_MAX];
	size_t n;
	char hosts[600], jump[600], last[300];
};

struct gateways *gateways_new(const struct gateway_options *options)
{
	struct gateways *g = mem_zalloc(1, sizeof(*g));

	g->options = *options;
	return g;
}

static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	(void)proc_wait(pid);
}

void gateways_free(struct gateways *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++) {
		end(g->hops[i].master);
		unlink(g->hops[i].socket);
		free(g->hops[i].gateway);
		free(g->hops[i].user);
	}
	if (g->dir[0])
		rmdir(g->dir);
	free(g->hops);
	free(g);
}

static struct hop *find(
	struct gateways *g, const char *gateway, const char *user)
{
	struct hop *h;

	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->hops[i].gateway, gateway) == 0 &&
			strcmp(g->hops[i].user, user) == 0)
			return &g->hops[i];
	h = &MEM_PUSH(g->hops, g->n, g->cap);
	*h = (struct hop){
		.gateway = mem_strdup(gateway), .user = mem_strdup(user)};
	return h;
}

/* ---- is it here? ---- */

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
	const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;
	const struct sockaddr_in6 *p = (const void *)a, *q = (const void *)b;

	if (a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return x->sin_addr.s_addr == y->sin_addr.s_addr;
	return a->sa_family == AF_INET6 &&
	       memcmp(&p->sin6_addr, &q->sin6_addr, 16) == 0;
}

static bool is_ours(const char *name)
{
	struct dial_names names;
	struct ifaddrs *ours = NULL;
	bool here = false;

	if (!dial_names(name, NAME_MS, &names))
		return false; /* ssh may know it by another name */
	if (getifaddrs(&ours) != 0)
		ours = NULL;
	for (size_t k = 0; k < names.n; k++)
		for (const struct ifaddrs *i = ours; i; i = i->ifa_next)
			here |= i->ifa_addr &&
				same_host((const void *)&names.addrs[k],
					i->ifa_addr);
	freeifaddrs(ours);
	return here;
}

bool gateway_is_here(struct gateways *g, const char *gateway)
{
	struct hop *h = find(g, gateway, "");

	if (!h->known)
		h->here = is_ours(gateway);
	h->known = true;
	return h->here;
}

/* ---- programs ---- */

static void add(struct args *a, const char *word)
{
	if (a->n < ARGS_MAX - 1)
		a->v[a->n++] = word;
}

static void add_option(struct args *a, const char *option)
{
	add(a, "-o");
	add(a, option);
}

static void add_common(
	struct args *a, const struct gateways *g, const struct hop *h)
{
	add(a, "ssh");
	if (g->options.config) {
		add(a, "-F");
		add(a, g->options.config);
	}
	add(a, "-S");
	add(a, h->socket);
	add_option(a, "BatchMode=yes");
	add_option(a, "ConnectTimeout=10");
	add_option(a, "StrictHostKeyChecking=accept-new");
	if (g->options.known_hosts && !strchr(g->options.known_hosts, '"') &&
		!strchr(g->options.accepted, '"')) {
		snprintf(a->hosts, sizeof(a->hosts),
			"UserKnownHostsFile=\"%.250s\" \"%.250s\"",
			g->options.accepted, g->options.known_hosts);
		add_option(a, a->hosts);
	}
	for (size_t i = 0; g->options.files && g->options.files[i]; i++) {
		add(a, "-i");
		add(a, g->options.files[i]);
	}
	if (h->user[0]) {
		add(a, "-l");
		add(a, h->user);
	}
}

/* What a stream waits for: a socket that another process makes. */
struct wait {
	const char *socket;
	char stat[32]; /* of that process, in /proc */
};

/* After fork: no memory may be asked for. */
static bool has_ended(const char *stat)
{
	char text[512];
	int fd = open(stat, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *state;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return true;
	text[n] = '\0';
	state = strrchr(text, ')');
	return !state || strncmp(state, ") Z", 3) == 0;
}

/* Becomes the program, with fd as its input and output; negative: none. */
static void become(const struct args *a, int fd, int log,
	const struct wait *wait) __attribute__((noreturn));

static void become(
	const struct args *a, int fd, int log, const struct wait *wait)
{
	const struct timespec pause = {0, WAIT_NS};

	signal(SIGTERM, SIG_DFL); /* not its parent's */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!proc_stdio(fd, fd, log))
		_exit(127);
	close_range(3, ~0U, 0);
	for (int i = 0; wait && i < WAIT_TRIES; i++) {
		if (access(wait->socket, F_OK) == 0 || has_ended(wait->stat))
			break;
		nanosleep(&pause, NULL);
	}
	proc_exec(a->v);
	dprintf(STDERR_FILENO, "ssh: %s\n", strerror(errno));
	_exit(127);
}

/* The last host of the chain, with the way to it: a port only fits into an
 * address of that kind. */
static void add_gateway(struct args *a, const char *gateway)
{
	const char *comma = strrchr(gateway, ',');

	if (comma) {
		snprintf(a->jump, sizeof(a->jump), "%.*s",
			(int)(comma - gateway), gateway);
		add(a, "-J");
		add(a, a->jump);
		gateway = comma + 1;
	}
	snprintf(a->last, sizeof(a->last), "%s%.280s",
		strpbrk(gateway, ":[") ? "ssh://" : "", gateway);
	add(a, "--");
	add(a, a->last);
}

static int start_master(struct gateways *g, struct hop *h, struct err *err)
{
	struct args a = {.n = 0};

	if (!g->dir[0]) {
		snprintf(g->dir, sizeof(g->dir), "/tmp/nfz-ssh.XXXXXX");
		if (!mkdtemp(g->dir)) {
			g->dir[0] = '\0';
			return err_sys(err, "/tmp/nfz-ssh");
		}
	}
	snprintf(h->socket, sizeof(h->socket), "%s/%zu", g->dir,
		(size_t)(h - g->hops));
	add_common(&a, g, h);
	add(&a, "-M");
	add(&a, "-N");
	add_gateway(&a, h->gateway);
	h->master = fork();
	if (h->master == 0)
		become(&a, -1, -1, NULL);
	if (h->master < 0) {
		h->master = 0;
		return err_sys(err, "fork");
	}
	return 0;
}

#define NAME_LETTERS                                                           \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:"

static bool good_name(const char *name)
{
	return name[0] && name[0] != '-' &&
	       strspn(name, NAME_LETTERS) == strlen(name);
}

static bool good_chain(const char *chain)
{
	return chain[0] && chain[0] != '-' && !strstr(chain, ",-") &&
	       strlen(chain) < 500 &&
	       strspn(chain, NAME_LETTERS "@,[]") == strlen(chain);
}

static int start_program(const struct args *a, const struct wait *wait,
	struct gateway_stream *s, struct err *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "socketpair");
	s->log = memfd_create("ssh", MFD_CLOEXEC);
	s->pid = s->log < 0 ? -1 : fork();
	if (s->pid == 0)
		become(a, ends[1], s->log, wait);
	close(ends[1]);
	s->fd = ends[0];
	if (s->pid < 0 || fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0) {
		int r = err_sys(err, "fork");

		close(s->fd);
		gateway_close(s);
		return r;
	}
	return 0;
}

/* The program's own connection, should the shared one fail, tells why. */
static int start_stream(const struct gateways *g, const struct hop *h,
	const char *to, struct gateway_stream *s, struct err *err)
{
	struct args a = {.n = 0};
	struct wait wait = {.socket = h->socket};

	snprintf(wait.stat, sizeof(wait.stat), "/proc/%d/stat", (int)h->master);
	add_common(&a, g, h);
	add_option(&a, "ControlMaster=no");
	add(&a, "-W");
	add(&a, to);
	add_gateway(&a, h->gateway);
	return start_program(&a, &wait, s, err);
}

/* Pure: a ProxyCommand with %h, %p, %r, %n and %% filled in; NULL for any other
 * token and for names that a shell might not take as they are. */
static char *gateway_command(const struct gateway_way *way)
{
	struct buf out = BUF_INIT(4096);
	bool known =
		good_name(way->host) && (!way->login || good_name(way->login));

	buf_adds(&out, "exec ");
	for (const char *p = way->command; known && *p; p++) {
		if (*p != '%')
			buf_addc(&out, *p);
		else if (*++p == 'h' || *p == 'n')
			buf_adds(&out, way->host);
		else if (*p == 'p')
			buf_addf(&out, "%u", way->port ? way->port : 22u);
		else if (*p == 'r' && way->login)
			buf_adds(&out, way->login);
		else if (*p == '%')
			buf_addc(&out, '%');
		else
			known = false;
	}
	if (known && buf_ok(&out))
		return buf_take(&out);
	buf_release(&out);
	return NULL;
}

/* The user's own command: his shell runs it, as it would for ssh. */
static int start_command(const struct gateway_way *way,
	struct gateway_stream *s, struct err *err)
{
	cleanup_free char *line = gateway_command(way);
	const struct args a = {.v = {"sh", "-c", line, NULL}, .n = 3};

	if (!line)
		return err_set(err, NFZ_E_UNREACHABLE,
			"%s: its ProxyCommand has a token we do not know",
			way->host);
	return start_program(&a, NULL, s, err);
}

int gateway_open(struct gateways *g, const struct gateway_way *way,
	struct gateway_stream *ret, struct err *err)
{
	const char *user = way->user;
	struct hop *h;
	char to[300];
	int r = 0;

	*ret = (struct gateway_stream){.fd = -1, .log = -1};
	if (way->command)
		return start_command(way, ret, err);
	if (!good_chain(way->gateway) || !good_name(way->host) ||
		(user && !good_name(user)))
		return err_set(err, NFZ_E_UNREACHABLE,
			"%s: no name of a host to go to through %s", way->host,
			way->gateway);
	h = find(g, way->gateway, user ? user : "");
	if (!h->master)
		r = start_master(g, h, err);
	snprintf(to, sizeof(to),
		strchr(way->host, ':') ? "[%.250s]:%u" : "%.250s:%u", way->host,
		way->port ? way->port : 22u);
	return r < 0 ? r : start_stream(g, h, to, ret, err);
}

void gateway_said(const struct gateway_stream *s, char *text, size_t size)
{
	char all[2048];
	ssize_t n = s->log < 0 ? -1 : pread(s->log, all, sizeof(all) - 1, 0);
	char *last;

	text[0] = '\0';
	if (n <= 0)
		return;
	while (n > 0 && (all[n - 1] == '\n' || all[n - 1] == '\r'))
		n--;
	all[n] = '\0';
	last = strrchr(all, '\n');
	snprintf(text, size, "%s", last ? last + 1 : all);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
}

void gateway_close(struct gateway_stream *s)
{
	end(s->pid);
	if (s->log >= 0)
		close(s->log);
	*s = (struct gateway_stream){.fd = -1, .log = -1};
}
