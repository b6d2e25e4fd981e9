#include "base/file.h"
#include "base/mem.h"
#include "base/within.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_where(int dir, char *to, size_t room)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, to, room);
	if (n <= 0 || (size_t)n == room)
		return false;
	to[n] = '\0';
	return true;
}

static int read_fd(int fd, const char *path, struct buf *buf, struct err *err)
{
	for (;;) {
		size_t room = buf->max - buf->len;
		size_t want = room < 65536 ? room + 1 : 65536;
		char chunk[65536];
		ssize_t n = read(
			fd, chunk, want < sizeof(chunk) ? want : sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "%s", path);
		if (n == 0)
			return 0;
		buf_add(buf, chunk, (size_t)n);
		if (!buf_ok(buf))
			return err_set(err, NFZ_E_LIMIT,
				"%s: larger than %zu bytes", path, buf->max);
	}
}

int file_read(const char *path, struct buf *buf, struct err *err)
{
	cleanup_close int fd = -1;

	if (strcmp(path, "-") == 0)
		return read_fd(STDIN_FILENO, "standard input", buf, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "%s", path);
	return read_fd(fd, path, buf, err);
}

int file_misnamed(const char *path, struct err *err)
{
	(void)err_sys(err, "%s", path);
	if (err)
		err->code = NFZ_E_INPUT;
	return -NFZ_E_INPUT;
}

int file_read_named(
	const char *path, const char *what, struct buf *buf, struct err *err)
{
	int r = file_read(path, buf, err);

	if (r != -NFZ_E_IO)
		return r;
	if (err)
		err->code = NFZ_E_INPUT;
	(void)err_wrap(err, "%s cannot be read", what);
	return -NFZ_E_INPUT;
}

int file_write_all(int fd, const void *data, size_t len, struct err *err)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t file_read_at(int fd, void *to, size_t len, uint64_t offset)
{
	uint8_t *p = to;
	size_t done = 0;

	while (done < len) {
		const ssize_t n =
			pread(fd, p + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int file_sync_dir_of(const char *path, struct err *err)
{
	cleanup_free char *dir = mem_strdup(path);
	char *slash = strrchr(dir, '/');
	cleanup_close int fd = -1;

	if (slash == dir)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, "%s: sync of its directory", path);
	return 0;
}

/* A device, a pipe: what is written goes there; it is not replaced. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

static int write_there(
	const char *path, const void *data, size_t len, struct err *err)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "%s", path);
	if (file_write_all(fd, data, len, err) < 0)
		return err_wrap(err, "%s", path);
	return 0;
}

/* A new file with these bytes, open; -1: errno tells, and there is none. */
static int make(const char *path, mode_t mode, const void *data, size_t len)
{
	int why, fd = open(path,
			 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			 mode);

	if (fd < 0 || (fchmod(fd, mode) == 0 &&
			      file_write_all(fd, data, len, NULL) == 0))
		return fd;
	why = errno;
	unlink(path);
	close(fd);
	errno = why;
	return -1;
}

int file_replace(const char *path, mode_t mode, const void *data, size_t len,
	struct err *err)
{
	cleanup_free char *tmp = mem_printf("%s.new.%d", path, (int)getpid());
	cleanup_close int fd = -1;

	if (strcmp(path, "-") == 0)
		return file_write_all(STDOUT_FILENO, data, len, err);
	if (is_special(path))
		return write_there(path, data, len, err);
	fd = make(tmp, mode, data, len);
	if (fd < 0)
		return err_sys(err, "%s", path);
	if (fsync(fd) < 0 || rename(tmp, path) < 0) {
		err_sys(err, "%s", path);
		unlink(tmp);
		return -NFZ_E_IO;
	}
	return file_sync_dir_of(path, err);
}

int file_replace_soon(const char *path, mode_t mode, const void *data,
	size_t len, struct err *err)
{
	cleanup_free char *tmp = mem_printf("%s.new.%d", path, (int)getpid());
	cleanup_close int fd = make(tmp, mode, data, len);

	if (fd < 0)
		return err_sys(err, "%s", path);
	if (rename(tmp, path) < 0) {
		err_sys(err, "%s", path);
		unlink(tmp);
		return -NFZ_E_IO;
	}
	return 0;
}

int file_make_dirs(const char *path, mode_t mode, struct err *err)
{
	cleanup_free char *copy = mem_strdup(path);

	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_sys(err, "%s", copy);
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return err_sys(err, "%s", copy);
	return 0;
}

int file_lock(const char *path, int *ret_fd, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_sys(err, "%s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int busy = errno == EWOULDBLOCK;

		if (busy)
			err_set(err, NFZ_E_BUSY, "%s: held by another process",
				path);
		else
			err_sys(err, "%s", path);
		close(fd);
		return busy ? -NFZ_E_BUSY : -NFZ_E_IO;
	}
	*ret_fd = fd;
	return 0;
}

int file_remove_tree(const char *path, struct err *err)
{
	return within_remove(AT_FDCWD, path, err);
}

const char *file_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *me;

	if (home && *home)
		return home;
	me = getpwuid(getuid());
	return me ? me->pw_dir : "/";
}
