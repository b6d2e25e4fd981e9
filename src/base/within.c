/* Nothing of a path is used before it is known what it is: each part is opened
 * by its one name below its parent, and looked at through the descriptor.
 *
 * A bind mount has the device of what it shows, so mounts are told by their
 * number in /proc/self/fdinfo, and by the device only where that is not told
 * (before Linux 3.15). */
#define _GNU_SOURCE
#include "base/within.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 256, TRIES = 100 };

struct mount {
	long id; /* -1: not told */
	dev_t dev;
};

static struct mount mount_of(int fd)
{
	struct mount m = {.id = -1};
	char path[64], text[1024];
	cleanup_close int info = -1;
	const char *at;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0)
		m.dev = st.st_dev;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	n = info < 0 ? 0 : read(info, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "mnt_id:");
	if (at)
		m.id = strtol(at + strlen("mnt_id:"), NULL, 10);
	return m;
}

static bool is_same(const struct mount *a, const struct mount *b)
{
	return a->id >= 0 && b->id >= 0 ? a->id == b->id : a->dev == b->dev;
}

bool within_one_mount(int a, int b)
{
	const struct mount one = mount_of(a), other = mount_of(b);

	return is_same(&one, &other);
}

/* The part of path up to slash, opened below fd, which is closed. */
static int enter(int fd, const char *path, const char *slash)
{
	char part[256];
	int next;

	snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
	next = openat(
		fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next >= 0 && !within_one_mount(fd, next)) {
		close(next);
		next = -1;
		errno = EXDEV;
	}
	close(fd);
	return next;
}

int within_parent(int dir, const char *path, const char **ret_name)
{
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	const char *slash;

	while (fd >= 0 && (slash = strchr(path, '/'))) {
		fd = enter(fd, path, slash);
		path = slash + 1;
	}
	*ret_name = path;
	return fd;
}

/* Through the descriptor of a name: what is opened is what was looked at. */
static int open_seen(int parent, int seen, int flags)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	char path[64];
	struct stat st;

	if (fstat(seen, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || !within_one_mount(parent, seen) ||
		(writes && st.st_nlink > 1)) {
		errno = EMLINK;
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", seen);
	return open(path, (flags & ~O_CREAT) | O_CLOEXEC);
}

int within_open(int dir, const char *path, int flags, mode_t mode)
{
	const char *name;
	cleanup_close int parent = within_parent(dir, path, &name);
	int fd = -1;

	if (parent < 0) {
		if (errno == ELOOP || errno == ENOTDIR || errno == EXDEV)
			errno = EMLINK;
		return -1;
	}
	/* who makes it may find that somebody else just has */
	for (int i = 0; i < TRIES; i++) {
		cleanup_close int seen =
			openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		if (seen >= 0)
			return open_seen(parent, seen, flags);
		if (errno != ENOENT || !(flags & O_CREAT))
			return -1;
		fd = openat(parent, name,
			flags | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

struct removal {
	struct mount mount;
	bool known; /* where it may not be left */
	int depth;
};

static int remove_at(
	int dir, const char *name, struct removal *r, struct err *err);

static int empty(int fd, const char *name, struct removal *r, struct err *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int result = 0;

	if (!d) {
		close(fd);
		return err_sys(err, "%s", name);
	}
	r->depth++;
	while (result == 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			result = remove_at(fd, e->d_name, r, err);
	r->depth--;
	closedir(d);
	return result;
}

static int remove_at(
	int dir, const char *name, struct removal *r, struct err *err)
{
	struct mount here;
	int fd, result, why;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	why = errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) {
		if (errno == ENOTDIR || errno == ELOOP)
			errno = why;
		return err_sys(err, "%s", name);
	}
	here = mount_of(fd);
	if (!r->known)
		r->mount = here;
	r->known = true;
	if (!is_same(&here, &r->mount) || r->depth > DEPTH_MAX) {
		close(fd);
		return err_set(err, NFZ_E_IO, "%s: %s, left alone", name,
			r->depth > DEPTH_MAX ? "too deep below"
					     : "something is mounted there");
	}
	result = empty(fd, name, r, err);
	if (result == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0 &&
		errno != ENOENT)
		result = err_sys(err, "%s", name);
	return result;
}

int within_remove(int dir, const char *name, struct err *err)
{
	struct removal r = {.known = dir != AT_FDCWD};

	if (r.known)
		r.mount = mount_of(dir);
	return remove_at(dir, name, &r, err);
}
