/* Undo a deployment and prove that nothing of it is left.
 *
 * First every process ends: those of the journal, last one first, then any
 * whose program file lies in the deployment (a query, a keeper whose record
 * was torn).  A meter's record stands for the filters it may have put at
 * interfaces, too, which carry the deployment's id.  Only then are files
 * removed, so nobody writes behind us. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "deploy/agent.h"
#include "probe/clsact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SOCKETS_MAX = 65536, ENDINGS = 5 };

/* Where the kernel tells of sockets; a type of 0 is any. */
static const struct {
	int domain, type;
	const char *file;
} nets[] = {{AF_INET, SOCK_DGRAM, "udp"}, {AF_INET6, SOCK_DGRAM, "udp6"},
	{AF_INET, SOCK_STREAM, "tcp"}, {AF_INET6, SOCK_STREAM, "tcp6"},
	{AF_PACKET, 0, "packet"}, {AF_INET, SOCK_RAW, "raw"}};
enum { NETS = sizeof(nets) / sizeof(*nets) };

struct proof {
	struct agent *agent;
	char path[AGENT_PATH + 2]; /* the deployment's, with a slash */
	struct stat root; /* ours: a process with another is a container's */
	struct clsact_owner filters;
	size_t kept;
};

static struct proof *proof_new(struct agent *a)
{
	struct proof *p = mem_zalloc(1, sizeof(*p));

	p->agent = a;
	if (stat("/", &p->root) < 0)
		p->root.st_ino = 0;
	return p;
}

static void check(struct agent *a, bool good, const char *text)
{
	const char *words[] = {"check", good ? "ok" : "left", text};

	agent_note(a, words, 3);
}

/* Does this process run a program of the deployment?  The path alone could be
 * that of a container: the root directory must be ours as well. */
static bool runs_ours(const struct proof *p, const char *pid)
{
	char link[64], exe[AGENT_PATH + 64];
	struct stat st;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%.16s/exe", pid);
	n = readlink(link, exe, sizeof(exe) - 1);
	if (n <= 0)
		return false;
	exe[n] = '\0';
	if (strncmp(exe, p->path, strlen(p->path)) != 0)
		return false;
	snprintf(link, sizeof(link), "/proc/%.16s/root", pid);
	return stat(link, &st) == 0 && st.st_dev == p->root.st_dev &&
	       st.st_ino == p->root.st_ino;
}

static size_t each_of_ours(struct proof *p,
	void (*fn)(struct proof *p, pid_t pid, void *data), void *data)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d))) {
		long pid = strtol(e->d_name, NULL, 10);

		if (pid <= 1 || pid == getpid() || !runs_ours(p, e->d_name))
			continue;
		n++;
		if (fn)
			fn(p, (pid_t)pid, data);
	}
	if (d)
		closedir(d);
	return n;
}

static void add_socket(struct agent *a, unsigned long inode)
{
	for (size_t i = 0; i < a->n_sockets; i++)
		if (a->sockets[i] == inode)
			return;
	if (a->n_sockets < SOCKETS_MAX)
		MEM_PUSH(a->sockets, a->n_sockets, a->sockets_cap) = inode;
}

/* What kind of socket another process has there, as a bit of `nets`, for to
 * read of all TCP sockets takes longer than everything else; all bits where the
 * kernel (before 5.6) does not let us look. */
static unsigned net_of(int process, const char *name)
{
	cleanup_close int fd = (int)syscall(
		SYS_pidfd_getfd, process, (int)strtol(name, NULL, 10), 0);
	int domain, type;
	socklen_t one = sizeof(domain), other = sizeof(type);
	unsigned bits = 0;

	if (fd < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &one) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &other) < 0)
		return ~0U;
	for (int i = 0; i < NETS; i++)
		if (nets[i].domain == domain &&
			(!nets[i].type || nets[i].type == type))
			bits |= 1U << i;
	return bits;
}

static void note_sockets(struct proof *p, pid_t pid, void *data)
{
	cleanup_close int process = (int)syscall(SYS_pidfd_open, pid, 0);
	char path[64];
	struct dirent *e;
	DIR *d;

	(void)data;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		char link[64] = "";
		unsigned long inode;

		if (readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1) >
				0 &&
			sscanf(link, "socket:[%lu]", &inode) == 1) {
			add_socket(p->agent, inode);
			p->agent->nets |= net_of(process, e->d_name);
		}
	}
	if (d)
		closedir(d);
}

static void kill_one(struct proof *p, pid_t pid, void *data)
{
	struct journal_record r = {.kind = JOURNAL_PROC, .pid = pid};

	(void)p;
	(void)data;
	journal_boot(r.boot);
	if (proc_start_time(pid, &r.start))
		journal_end_process(&r, 500);
}

void agent_note_sockets(struct agent *a)
{
	struct proof *p = proof_new(a);

	snprintf(p->path, sizeof(p->path), "%s/", a->dep.path);
	each_of_ours(p, note_sockets, NULL);
	free(p);
}

/* New ones may come meanwhile: agents, of whoever else looks at this node. */
static bool end_ours(struct proof *p)
{
	for (int i = 0; i < ENDINGS; i++)
		if (!each_of_ours(p, kill_one, NULL))
			return true;
	return !each_of_ours(p, NULL, NULL);
}

static int end_processes(struct proof *p, int dir, struct err *err)
{
	struct journal_list list;
	int r = journal_read(dir, &list, err);
	bool gone = true;

	if (r < 0)
		return r;
	each_of_ours(p, note_sockets, NULL);
	for (size_t i = list.n; i-- > 0;)
		if (list.records[i].kind == JOURNAL_PROC &&
			journal_process_is_here(dir, list.records[i].pid) &&
			!journal_end_process(&list.records[i], AGENT_STOP_MS))
			gone = false;
	journal_list_release(&list);
	if (!end_ours(p) || !gone)
		return err_set(err, NFZ_E_REMOTE,
			"a process of the deployment does not end");
	return 0;
}

static void on_kept(void *ctx, const char *path, const char *why)
{
	struct proof *p = ctx;
	const char *words[] = {"kept", path, why};

	p->kept++;
	agent_note(p->agent, words, 3);
}

static int remove_dir(struct agent *a, const char *path, struct err *err)
{
	if (rmdir(path) < 0 && errno != ENOENT)
		return err_sys(err, "%s", path);
	agent_place_tidy(a);
	return 0;
}

/* Counts lines of /proc/net/FILE with one of our sockets' inodes. */
static size_t sockets_in(const struct proof *p, const char *file)
{
	struct buf text = BUF_INIT(16 << 20);
	size_t found = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/net/%s", file);
	if (file_read(path, &text, NULL) < 0)
		text.len = 0;
	for (size_t i = 0; i < p->agent->n_sockets && text.len; i++) {
		char inode[32];

		snprintf(inode, sizeof(inode), " %lu ", p->agent->sockets[i]);
		if (strstr(buf_str(&text), inode))
			found++;
	}
	buf_release(&text);
	return found;
}

static void prove(struct proof *p)
{
	char text[AGENT_PATH + 64];
	struct stat st;
	size_t n = 0;

	check(p->agent, each_of_ours(p, NULL, NULL) == 0,
		"no process runs a program of the deployment");
	for (int i = 0; i < NETS; i++)
		if (p->agent->nets & 1U << i)
			n += sockets_in(p, nets[i].file);
	if (p->agent->n_sockets)
		snprintf(text, sizeof(text),
			"the %zu sockets its programs had are closed",
			p->agent->n_sockets);
	else
		snprintf(text, sizeof(text), "its programs had no socket");
	check(p->agent, n == 0, text);
	check(p->agent, clsact_count(&p->filters) == 0,
		"no interface has a filter of it");
	snprintf(text, sizeof(text), "%.*s is gone", (int)strlen(p->path) - 1,
		p->path);
	p->path[strlen(p->path) - 1] = '\0';
	check(p->agent, lstat(p->path, &st) < 0 && errno == ENOENT, text);
}

static int undo_with(
	struct proof *p, bool force, bool *ret_clean, struct err *err)
{
	struct agent *a = p->agent;
	struct journal_undo how = {.force = force,
		.stop_ms = AGENT_STOP_MS,
		.kept = on_kept,
		.ctx = p};
	int r;

	*ret_clean = false;
	snprintf(p->path, sizeof(p->path), "%s/", a->dep.path);
	p->filters.deployment = strtoull(a->dep.id, NULL, 16);
	r = end_processes(p, a->dep.dir, err);
	if (r == 0)
		r = clsact_remove(&p->filters, 0, err);
	if (r == 0)
		r = journal_undo(a->dep.dir, &how, ret_clean, err);
	if (r == 0 && *ret_clean)
		r = remove_dir(a, a->dep.path, err);
	if (r == 0 && *ret_clean)
		(void)end_ours(p); /* the proof says so */
	dep_close(a);
	return r;
}

int dep_undo(struct agent *a, bool force, bool *ret_clean, struct err *err)
{
	struct proof *p = proof_new(a);
	int r = undo_with(p, force, ret_clean, err);

	free(p);
	return r;
}

/* undo ID keep|force: NOTEs `kept PATH WHY`, `check ok|left TEXT`; words
 * clean=0|1.  A deployment that is not here is clean. */
int call_undo(struct agent *a, const struct frame_args *args, struct err *err)
{
	bool force = strcmp(frame_arg(args, 2), "force") == 0;
	struct proof *p;
	bool clean;
	int r;

	agent_set_who(a, args);
	r = dep_open(a, frame_arg(args, 1), false, 0, err);
	if (r == -NFZ_E_NO_DEPLOYMENT) {
		agent_say(a, "clean=1");
		agent_say(a, "absent=1");
		return 0;
	}
	/* being stripped is no failure of strip: it can look once more */
	if (r == -NFZ_E_BUSY && agent_told_to_end())
		err->code = NFZ_E_REMOTE;
	if (r < 0)
		return r;
	p = proof_new(a);
	r = undo_with(p, force, &clean, err);
	if (r == 0)
		prove(p);
	agent_say(a, "clean=%d", clean);
	free(p);
	return r;
}

static int count_one(void *ctx, const char *path, const char *id)
{
	char text[AGENT_PATH + 64];

	(void)id;
	snprintf(text, sizeof(text), "deployment %s", path);
	check(ctx, false, text);
	return 0;
}

/* verify: what of ours is on this node at all. */
int call_verify(struct agent *a, const struct frame_args *args, struct err *err)
{
	struct agent_place places[AGENT_PLACES];
	struct proof *p = proof_new(a);
	struct stat st;

	(void)args;
	(void)err;
	agent_place_tidy(a);
	agent_each_deployment(a, count_one, a);
	agent_places(a, places);
	for (int i = 0; i < AGENT_PLACES; i++) {
		char text[AGENT_PATH + 64];

		if (lstat(places[i].path, &st) < 0) {
			/* gone; a process may still run from there */
			if (lstat(places[i].base, &st) < 0)
				continue;
		} else {
			snprintf(text, sizeof(text), "%.480s", places[i].path);
			check(a, false, text);
		}
		snprintf(p->path, sizeof(p->path), "%.500s/", places[i].path);
		snprintf(text, sizeof(text), "no process runs from %.480s",
			places[i].path);
		check(a, each_of_ours(p, NULL, NULL) == 0, text);
	}
	free(p);
	return 0;
}
