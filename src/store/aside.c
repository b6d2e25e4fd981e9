#define _GNU_SOURCE
#include "store/aside.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Left on the disk: this much, or so much of it. */
#define SPARE_BYTES (UINT64_C(1) << 30)
enum { SPARE_PART = 32 };
#define ELSEWHERE                                                              \
	"TMPDIR, where the store is, can name a directory on another disk."

static int open_unnamed(const char *dir)
{
	const int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	cleanup_free char *name = NULL;
	int named;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	name = mem_printf("%s/netflowize-XXXXXX", dir);
	named = mkostemp(name, O_CLOEXEC);
	if (named >= 0)
		unlink(name);
	return named;
}

int aside_open(struct aside *a, struct err *err)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || !*dir)
		dir = "/var/tmp";
	*a = (struct aside){.dir = dir, .fd = open_unnamed(dir)};
	if (a->fd >= 0)
		return 0;
	err_sys(err, "cannot put anything aside in %s", dir);
	return err_hint(err, ELSEWHERE);
}

void aside_close(struct aside *a)
{
	close(a->fd);
}

static int is_full(const struct aside *a, struct err *err)
{
	err_set(err, NFZ_E_DISK_FULL,
		"%s: no space left for what is put aside, after %llu MiB",
		a->dir, (unsigned long long)(a->size >> 20));
	return err_hint(err,
		"What is too much for memory waits on disk: rows of own "
		"probes, beyond a million, until they are merged, 48 bytes for "
		"most, and what analyses tell apart.  TMPDIR, where the store "
		"is, can name a directory with more room; a filter or a "
		"shorter time takes less.");
}

int aside_write(struct aside *a, const void *data, size_t len, struct err *err)
{
	struct statvfs disk;

	/* some file systems tell no size */
	if (fstatvfs(a->fd, &disk) == 0 && disk.f_blocks) {
		const uint64_t unit = disk.f_frsize;
		const uint64_t part = disk.f_blocks * unit / SPARE_PART;

		if (disk.f_bavail * unit <
			len + (part < SPARE_BYTES ? part : SPARE_BYTES))
			return is_full(a, err);
	}
	if (file_write_all(a->fd, data, len, err) < 0) {
		if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
			return is_full(a, err);
		err_wrap(err, "what is put aside in %s", a->dir);
		return err_hint(err, ELSEWHERE);
	}
	a->size += len;
	return 0;
}

int aside_damaged(const struct aside *a, struct err *err)
{
	err_set(err, NFZ_E_IO, "what was put aside in %s came back damaged",
		a->dir);
	return err_hint(err, ELSEWHERE);
}

int aside_read(const struct aside *a, void *room, size_t len, uint64_t offset,
	struct err *err)
{
	const ssize_t got = file_read_at(a->fd, room, len, offset);

	if (got >= 0)
		return (size_t)got == len ? 0 : aside_damaged(a, err);
	err_sys(err, "what was put aside in %s", a->dir);
	return err_hint(err, ELSEWHERE);
}
