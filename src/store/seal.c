/* From logs to segments.
 *
 * While a log is written, its rows also become blocks of a segment, one as soon
 * as it is full, so that sealing takes no long pause and reads nothing back.
 * That segment counts only when it is complete; when it cannot be written, or
 * after a crash, the segment is made from the log. */
#include "base/mem.h"
#include "store/inside.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int add_rows(void *ctx, const struct flow_rows *rows, struct err *err)
{
	return segment_add(ctx, rows, err);
}

/* A log with damage in it is kept, under a name nobody reads. */
static void remove_log(const struct store *s, uint64_t number, bool keep)
{
	char name[STORE_PATH];
	cleanup_free char *path =
		mem_printf("%s/%s", s->dir, store_wal_name(number, name));
	cleanup_free char *kept = mem_printf("%s/damaged-%s", s->dir, name);

	if (!keep || rename(path, kept) < 0)
		unlink(path);
}

static int seal_log(const struct store *s, struct store_log *log,
	bool *ret_damaged, struct err *err)
{
	struct segment_writer *w;
	struct wal_found found = {0};
	int r = segment_create(s->dir, log->number, &w, err);

	if (r < 0)
		return r;
	if (!log->headless)
		r = store_read_log(log, add_rows, w, &found, err);
	if (r < 0) {
		segment_abandon(w);
		return r;
	}
	*ret_damaged = log->headless || found.damaged_bytes;
	return segment_finish(w, err);
}

/* Makes the segment of a log. */
static int seal_number(const struct store *s, uint64_t number,
	bool *ret_damaged, struct err *err)
{
	cleanup_close int fd = -1;
	struct store_log log = {.number = number};
	char name[STORE_PATH];
	off_t size;
	int r = store_file_open(
		s->dir, store_wal_name(number, name), O_RDONLY, &fd, err);

	if (r < 0 || fd < 0)
		return r;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return err_sys(err, "%s", name);
	log.fd = fd;
	log.size = (uint64_t)size;
	r = seal_log(s, &log, ret_damaged, err);
	if (r == -NFZ_E_INPUT) {
		log.headless = true;
		r = seal_log(s, &log, ret_damaged, err);
	}
	return r;
}

/* A log goes when its segment is durable, and the name of the log that knows
 * the state since. */
static int seal_logs(
	struct store *s, const struct store_files *f, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < f->n && r == 0; i++) {
		const struct store_file *file = &f->items[i];
		bool damaged = false;

		if (!file->wal || file->number >= s->disk.number)
			continue;
		if (!file->segment)
			r = seal_number(s, file->number, &damaged, err);
		if (r == 0)
			r = store_dir_sync(s->dir, err);
		if (r == 0)
			remove_log(s, file->number, damaged);
	}
	return r;
}

static int tidy(struct store *s, struct err *err)
{
	struct store_disk *d = &s->disk;
	struct store_files f;
	int r = store_files_list(s->dir, &f, err), sealed;

	if (r < 0)
		return r;
	sealed = seal_logs(s, &f, err);
	store_files_release(&f);
	/* what goes makes room for what could not be sealed */
	err = sealed < 0 ? NULL : err;
	r = store_files_list(s->dir, &f, err);
	if (r < 0)
		return r;
	r = store_retire(s, &f, err);
	store_count_sealed(s, &f, &d->sealed_rows, &d->sealed_bytes);
	store_files_release(&f);
	return sealed < 0 ? sealed : r;
}

void store_tidy(struct store *s)
{
	(void)tidy(s, &s->disk.trouble); /* it is told there */
}

/* Of the log being written --------------------------------------------- */

static int add_live(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct store *s = ctx;
	struct store_disk *d = &s->disk;
	int r = 0;

	if (!d->live_begun)
		r = segment_create(s->dir, d->number, &d->live, err);
	d->live_begun = true;
	if (r == 0 && d->live)
		r = segment_add(d->live, rows, err);
	return r;
}

void store_add_live(struct store *s, const struct buf *entries)
{
	if (store_read_entries(entries, add_live, s, NULL) < 0)
		segment_abandon(take(s->disk.live));
}

void store_seal_live(struct store *s)
{
	struct store_disk *d = &s->disk;

	d->live_begun = false;
	if (d->live && segment_finish(take(d->live), NULL) < 0)
		return; /* then it is made from the log */
}
