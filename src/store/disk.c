/* What waits for the disk: the log's end, the next log, its segment.
 *
 * Whatever fails is tried again and nothing depends on its having worked: bytes
 * that could not be written stay, and what is behind the durable end of the log
 * is cut off before more is written there.  A log that was given its name is
 * used from then on, but nothing in it is durable before its name is. */
#include "base/file.h"
#include "base/mem.h"
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { STATE_MAX = 256 << 20 };

static int io_failed(struct err *err, const char *dir, const char *what)
{
	if (errno == ENOSPC || errno == EDQUOT) {
		err_set(err, NFZ_E_DISK_FULL, "%s: %s: no space left", dir,
			what);
		return err_hint(err, "Nothing that was acknowledged is lost. "
				     "Free some space; it goes on by itself.");
	}
	return err_sys(err, "%s: %s", dir, what);
}

int store_make_head(const struct store *s, uint64_t number, struct buf *ret,
	struct err *err)
{
	ret->max = STATE_MAX;
	wal_begin(ret, number);
	state_encode(&s->state, ret);
	if (buf_ok(ret))
		return 0;
	return err_set(err, NFZ_E_LIMIT, "%s: too many senders", s->dir);
}

int store_begin_log(struct store *s, uint64_t number, const struct buf *head,
	struct err *err)
{
	struct store_disk *d = &s->disk;
	char name[STORE_PATH];
	cleanup_free char *path =
		mem_printf("%s/%s", s->dir, store_wal_name(number, name));
	cleanup_free char *tmp = mem_printf("%s.new", path);
	cleanup_close int fd = open(
		tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 || file_write_all(fd, head->data, head->len, err) < 0 ||
		fsync(fd) < 0 || rename(tmp, path) < 0) {
		int r = io_failed(err, s->dir, "new log");

		unlink(tmp);
		return r;
	}
	if (d->fd >= 0)
		close(d->fd);
	d->fd = fd;
	fd = -1;
	d->number = number;
	d->size = head->len;
	d->broken = false;
	d->unnamed = true;
	return 0;
}

/* The log ends where it is durable again. */
static int mend(struct store *s, struct err *err)
{
	struct store_disk *d = &s->disk;

	if (ftruncate(d->fd, (off_t)d->size) < 0 ||
		lseek(d->fd, (off_t)d->size, SEEK_SET) < 0 || fsync(d->fd) < 0)
		return io_failed(err, s->dir, "cutting the log's end");
	d->broken = false;
	return 0;
}

static int write_log(struct store *s, struct err *err)
{
	struct store_disk *d = &s->disk;

	if (d->unnamed && store_dir_sync(s->dir, err) < 0)
		return -NFZ_E_IO;
	d->unnamed = false;
	if (d->broken && mend(s, err) < 0)
		return -NFZ_E_IO;
	if (file_write_all(d->fd, d->bytes.data, d->bytes.len, err) < 0) {
		d->broken = true;
		return io_failed(err, s->dir, "write to the log");
	}
	if (fdatasync(d->fd) < 0) {
		d->broken = true; /* what reached the disk is not known */
		return io_failed(err, s->dir, "sync of the log");
	}
	d->size += d->bytes.len;
	return 0;
}

int store_write(struct store *s, struct err *err)
{
	struct store_disk *d = &s->disk;
	int r = d->bytes.len ? write_log(s, err) : 0;

	d->failed = r < 0;
	if (r < 0) {
		store_make_room(s);
		return r;
	}
	store_add_live(s, &d->bytes);
	buf_reset(&d->bytes);
	return 0;
}

void store_rotate(struct store *s)
{
	struct store_disk *d = &s->disk;

	if (d->aging && !d->rotating)
		store_tidy(s);
	if (!d->rotating || !d->head.len)
		return;
	d->rotated = store_begin_log(s, d->number + !d->compact, &d->head,
			     &d->trouble) == 0;
	buf_reset(&d->head);
	if (!d->rotated)
		store_make_room(s);
	if (!d->rotated || d->compact)
		return;
	store_seal_live(s);
	store_tidy(s);
}
