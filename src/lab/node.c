/* The life of a node as its launcher sees it: clone, wait, write, kill.
 * What its PID 1 does in there is node_init.c. */
#define _GNU_SOURCE
#include "lab/node.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "lab/netns.h"
#include "lab/node_init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { BOOT_MS = 20000 };

static const char *const parts[] = {"u", "w", "m"};
/* Directories of this machine that no node shall see: they start empty. */
static const char *const hidden[] = {"root", "home"};

int node_disk(const struct node_place *place, struct err *err)
{
	char path[512], options[64];
	int64_t size =
		place->disk_bytes > 0 ? place->disk_bytes : INT64_C(512) << 20;
	int r = file_make_dirs(place->store, 0700, err);

	if (r != 0)
		return r;
	snprintf(options, sizeof(options), "mode=0755,size=%lld",
		(long long)size);
	if (mount("node", place->store, "tmpfs", 0, options) < 0)
		return err_sys(err, "a disk for %s", place->hostname);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", place->store, parts[i]);
		if (mkdir(path, 0755) < 0)
			return err_sys(err, "%s", path);
	}
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		snprintf(
			path, sizeof(path), "%s/u/%s", place->store, hidden[i]);
		if (mkdir(path, i == 0 ? 0700 : 0755) < 0 ||
			setxattr(path, "trusted.overlay.opaque", "y", 1, 0) < 0)
			return err_sys(err, "hiding /%s", hidden[i]);
	}
	return 0;
}

/* As fork(2), with namespaces; nothing is shared with the child. */
static pid_t clone_with(unsigned long flags)
{
	return (pid_t)syscall(
		SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0UL);
}

int node_start(
	const struct node_place *place, struct lab_node *node, struct err *err)
{
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "socketpair");
	node->pid = clone_with(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID |
			       CLONE_NEWNET | CLONE_NEWIPC);
	if (node->pid == 0) {
		close(ends[0]);
		node_init(place, ends[1]);
	}
	close(ends[1]);
	if (node->pid < 0) {
		node->pid = 0;
		close(ends[0]);
		return err_sys(err, "clone for %s", place->hostname);
	}
	node->talk = ends[0];
	node->boot++;
	node->n_bridges = 0;
	free(take(node->net_text));
	if (!proc_start_time(node->pid, &node->start))
		node->start = 0;
	r = netns_of(node->pid, &node->net, err);
	return r;
}

static int receive(struct lab_node *node, struct err *err)
{
	struct pollfd p = {node->talk, POLLIN, 0};
	char text[256];
	ssize_t n = -1;

	if (poll(&p, 1, BOOT_MS) > 0)
		n = recv(node->talk, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return err_set(err, NFZ_E_CRASHED, "%s died while booting",
			node->vname);
	text[n] = '\0';
	if (strcmp(text, NODE_OK) != 0)
		return err_set(err, NFZ_E_CRASHED, "%s: %s", node->vname, text);
	return 0;
}

int node_mounted(struct lab_node *node, struct err *err)
{
	return receive(node, err);
}

int node_release(struct lab_node *node, struct err *err)
{
	if (send(node->talk, "go", 2, MSG_NOSIGNAL) != 2)
		return err_sys(err, "%s died while booting", node->vname);
	return 0;
}

int node_booted(struct lab_node *node, struct err *err)
{
	int r = receive(node, err);

	close(node->talk);
	node->talk = -1;
	return r;
}

void node_kill(const struct lab_node *node)
{
	if (node->pid > 0)
		kill(node->pid, SIGKILL);
}

void node_stop(struct lab_node *node)
{
	if (node->pid > 0) {
		node_kill(node);
		(void)proc_wait(node->pid);
	}
	if (node->talk >= 0)
		close(node->talk);
	if (node->net >= 0)
		close(node->net);
	free(take(node->net_text));
	node->pid = 0;
	node->talk = node->net = -1;
}

/* ---- files ---- */

static int open_root(const struct lab_node *node, struct err *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)node->pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "%s", path) : fd;
}

/* Paths come from us, but what they lead through belongs to the node. */
static int open_in(int root, const char *path, uint64_t flags, mode_t mode)
{
	struct open_how how = {.flags = flags | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static bool same(int root, const struct nodefile *f)
{
	cleanup_close int fd = open_in(root, f->path, O_RDONLY, 0);
	char chunk[4096];
	size_t at = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		if (at + (size_t)n > f->len ||
			memcmp(chunk, f->text + at, (size_t)n) != 0)
			return false;
		at += (size_t)n;
	}
	return n == 0 && at == f->len;
}

/* A descriptor of the directory of path, made with its parents. */
static int open_parent(int root, const char *path, bool of_user)
{
	cleanup_free char *copy = mem_strdup(path);
	char *slash = strrchr(copy, '/');
	int fd = open_in(root, "/",
		(slash == copy ? O_RDONLY : O_PATH) | O_DIRECTORY, 0);

	if (slash == copy)
		return fd;
	*slash = '\0';
	for (char *at = copy + 1; fd >= 0; at++) {
		char *end = at + strcspn(at, "/");
		bool last = *end == '\0';

		*end = '\0';
		if (mkdirat(fd, at, 0755) == 0 && of_user && last &&
			(fchownat(fd, at, LAB_UID, LAB_GID, 0) < 0 ||
				fchmodat(fd, at, 0700, 0) < 0)) {
			close(fd);
			return -1;
		}
		close(fd);
		fd = open_in(root, copy, O_PATH | O_DIRECTORY, 0);
		if (last)
			break;
		*end = '/';
		at = end;
	}
	if (fd >= 0) {
		close(fd);
		fd = open_in(root, copy, O_RDONLY | O_DIRECTORY, 0);
	}
	return fd;
}

/* A file of the testbed's that changes keeps its time, and so does its
 * directory: what users change stays the only thing that shows. */
static int write_one(int root, const struct nodefile *f, struct err *err)
{
	const char *name = strrchr(f->path, '/') + 1;
	cleanup_close int dir = open_parent(root, f->path, f->of_user);
	struct stat old, above;
	bool again = false;
	int fd, r;

	if (dir < 0 || fstat(dir, &above) < 0)
		return err_sys(err, "the directory of %s", f->path);
	again = fstatat(dir, name, &old, AT_SYMLINK_NOFOLLOW) == 0;
	unlinkat(dir, name, 0);
	fd = openat(dir, name,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, "%s", f->path);
	r = file_write_all(fd, f->text, f->len, err);
	if (r == 0 && f->of_user && fchown(fd, LAB_UID, LAB_GID) < 0)
		r = err_sys(err, "%s", f->path);
	if (r == 0 && fchmod(fd, f->mode) < 0)
		r = err_sys(err, "%s", f->path);
	if (again) {
		const struct timespec file[2] = {old.st_atim, old.st_mtim};
		const struct timespec parent[2] = {
			above.st_atim, above.st_mtim};

		if (r == 0 &&
			(futimens(fd, file) < 0 || futimens(dir, parent) < 0))
			r = err_sys(err, "the time of %s", f->path);
	}
	close(fd);
	return r;
}

int node_write(const struct lab_node *node, const struct nodefiles *files,
	struct err *err)
{
	int root = open_root(node, err), r = 0;

	if (root < 0)
		return root;
	for (size_t i = 0; i < files->n && r == 0; i++)
		if (!same(root, &files->files[i]))
			r = write_one(root, &files->files[i], err);
	close(root);
	if (r != 0)
		return err_wrap(err, "%s", node->vname);
	return 0;
}

int node_unlink(const struct lab_node *node, const char *path, struct err *err)
{
	int root = open_root(node, err), dir, r = 0;

	if (root < 0)
		return root;
	dir = open_parent(root, path, false);
	if (dir < 0 || (unlinkat(dir, strrchr(path, '/') + 1, 0) < 0 &&
			       errno != ENOENT))
		r = err_sys(err, "%s: %s", node->vname, path);
	if (dir >= 0)
		close(dir);
	close(root);
	return r;
}

pid_t node_sshd(const struct lab_node *node)
{
	struct buf text = BUF_INIT(64 << 10);
	char path[96];
	struct err err = ERR_INIT;
	pid_t found = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
		(int)node->pid, (int)node->pid);
	if (node->pid <= 0 || file_read(path, &text, &err) != 0) {
		buf_release(&text);
		return 0;
	}
	for (const char *at = buf_str(&text); *at != '\0' && found == 0;) {
		long pid = strtol(at, NULL, 10);
		struct buf comm = BUF_INIT(256);

		snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
		if (file_read(path, &comm, &err) == 0 &&
			strcmp(buf_str(&comm), "sshd\n") == 0)
			found = (pid_t)pid;
		buf_release(&comm);
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	buf_release(&text);
	return found;
}
