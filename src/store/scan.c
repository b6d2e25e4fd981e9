/* Reading a store: what is there, and its rows.
 *
 * A reader opens the logs at once and keeps them open, so that a log that is
 * sealed and removed meanwhile can still be read; segments never change.  A
 * reader of a living store sees the log up to where it was written when it was
 * opened. */
#include "base/mem.h"
#include "store/ahead.h"
#include "store/inside.h"
#include "store/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 10, ROWS = 1024 };

void store_close_logs(struct store *s)
{
	for (size_t i = 0; i < s->n_logs; i++)
		close(s->logs[i].fd);
	free(s->logs);
	s->logs = NULL;
	s->n_logs = s->logs_cap = 0;
}

/* *ret_gone: a log was sealed since the directory was listed. */
static int open_logs(struct store *s, bool *ret_gone, struct err *err)
{
	*ret_gone = false;
	for (size_t i = 0; i < s->files.n && !*ret_gone; i++) {
		const struct store_file *f = &s->files.items[i];
		struct store_log log = {.number = f->number};
		char name[STORE_PATH];
		struct stat st;
		int r;

		if (!f->wal || f->segment)
			continue;
		r = store_file_open(s->dir, store_wal_name(f->number, name),
			O_RDONLY, &log.fd, err);
		if (r < 0)
			return r;
		*ret_gone = log.fd < 0;
		if (log.fd < 0)
			continue;
		if (fstat(log.fd, &st) == 0)
			log.size = (uint64_t)st.st_size;
		MEM_PUSH(s->logs, s->n_logs, s->logs_cap) = log;
	}
	return 0;
}

struct replay {
	struct store *s;
	struct store_log *log;
};

static int replay_entry(
	void *ctx, enum wal_kind kind, struct cursor *body, struct err *err)
{
	struct replay *replay = ctx;
	struct store *s = replay->s;
	size_t len = cursor_left(body);
	uint64_t rows;

	(void)err;
	if (state_apply(&s->state, kind, body, &rows, NULL) < 0) {
		s->recovery.damaged_bytes += len;
		return 0;
	}
	replay->log->rows += rows;
	s->recovery.rows += rows;
	s->recovery.batches += wal_is_batch(kind);
	return 0;
}

static int replay_log(struct store *s, struct store_log *log, struct err *err)
{
	struct replay replay = {s, log};
	char name[STORE_PATH];
	const struct wal_reading how = {log->fd,
		store_wal_name(log->number, name), log->size, replay_entry,
		&replay};
	struct wal_found found;
	int r = wal_read(&how, &found, err);

	if (r == -NFZ_E_INPUT) {
		log->headless = true;
		s->recovery.damaged_bytes += log->size;
		return 0;
	}
	if (r < 0)
		return r;
	s->recovery.cut_bytes += found.torn_bytes;
	s->recovery.damaged_bytes += found.damaged_bytes;
	return 0;
}

int store_look(struct store *s, struct err *err)
{
	bool gone = true;
	int r = 0;

	for (int i = 0; i < TRIES && gone && r == 0; i++) {
		store_close_logs(s);
		store_files_release(&s->files);
		r = store_files_list(s->dir, &s->files, err);
		if (r == 0)
			r = open_logs(s, &gone, err);
	}
	for (size_t i = 0; i < s->n_logs && r == 0; i++)
		r = replay_log(s, &s->logs[i], err);
	store_read_retired(s);
	if (r == 0)
		store_count_sealed(
			s, &s->files, &s->sealed_rows, &s->sealed_bytes);
	return r;
}

/* Logs ----------------------------------------------------------------- */

struct log_reading {
	store_rows_fn fn;
	void *ctx;
};

static int read_entry(
	void *ctx, enum wal_kind kind, struct cursor *body, struct err *err)
{
	const struct log_reading *to = ctx;
	struct flow_record records[ROWS];
	struct flow_extra extras[ROWS];
	struct store_batch b;
	struct state_rows as;
	int r = 0;

	if (!state_batch_head(kind, body, &b, &as))
		return 0;
	/* what is behind others that make no sense is no row either */
	for (size_t i = 0; i < b.n && r == 0 && cursor_ok(body);) {
		struct flow_rows rows = {records, as.has ? extras : NULL, 0};

		for (; rows.n < ROWS && i < b.n && cursor_ok(body);
			rows.n++, i++) {
			state_batch_record(body, &as, &records[rows.n]);
			if (as.has)
				flow_extra_decode(
					body, as.has, &extras[rows.n]);
		}
		r = to->fn(to->ctx, &rows, err);
	}
	return r;
}

int store_read_entries(
	const struct buf *entries, store_rows_fn fn, void *ctx, struct err *err)
{
	struct log_reading to = {fn, ctx};

	return wal_read_entries(
		entries->data, entries->len, read_entry, &to, err);
}

int store_read_log(const struct store_log *log, store_rows_fn fn, void *ctx,
	struct wal_found *ret_found, struct err *err)
{
	struct log_reading to = {fn, ctx};
	char name[STORE_PATH];
	const struct wal_reading how = {log->fd,
		store_wal_name(log->number, name), log->size, read_entry, &to};

	return wal_read(&how, ret_found, err);
}

/* Scanning ------------------------------------------------------------- */

/* All rows of a block that fall into the time. */
static int give_rows(
	const struct store_scan *scan, struct block *b, struct err *err)
{
	struct flow_record records[ROWS];
	struct flow_extra extras[ROWS];
	struct flow_rows rows = {records, b->parts.extras ? extras : NULL, 0};
	int r = block_need(b, COLUMNS_ALL | block_extras(b), err);

	if (r == 0)
		r = block_need_hosts(b, err);
	for (size_t i = 0; i < b->n && r == 0; i++) {
		if (store_scan_wants(
			    scan, block_first_ns(b, i), block_last_ns(b, i))) {
			block_row(b, i, &records[rows.n]);
			if (rows.extras)
				block_extra(b, i, &extras[rows.n]);
			rows.n++;
		}
		if (rows.n < ROWS && i + 1 < b->n)
			continue;
		r = rows.n ? scan->rows(scan->ctx, &rows, err) : 0;
		rows.n = 0;
	}
	return r;
}

bool store_scan_may(
	const struct store_scan *scan, const struct store_zone *zone)
{
	return store_scan_wants(scan, zone->first_ns, zone->last_ns) &&
	       (!scan->may || scan->may(scan->may_ctx, zone));
}

int store_scan_prepare(
	const struct store_scan *scan, struct block *b, struct err *err)
{
	return scan->prepare ? scan->prepare(scan->ctx, b, err) : 0;
}

int store_scan_give(
	const struct store_scan *scan, struct block *b, struct err *err)
{
	return scan->rows ? give_rows(scan, b, err)
			  : scan->block(scan->ctx, b, err);
}

/* Rows of logs become blocks on the way. */
struct filling {
	const struct store_scan *scan;
	struct block *block;
};

static int give_filled(struct filling *f, struct err *err)
{
	int r = 0;

	if (f->block->n == 0)
		return 0;
	block_end(f->block);
	if (store_scan_may(f->scan, &f->block->zone)) {
		r = store_scan_prepare(f->scan, f->block, err);
		if (r == 0)
			r = store_scan_give(f->scan, f->block, err);
	}
	block_begin(f->block);
	return r;
}

static int fill_block(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct filling *f = ctx;
	int r = 0;

	for (size_t i = 0; i < rows->n && r == 0;) {
		i += block_add(f->block, rows, i);
		if (block_full(f->block))
			r = give_filled(f, err);
	}
	return r;
}

static int scan_logs(
	struct store *s, const struct store_scan *scan, struct err *err)
{
	struct block room;
	struct filling f = {.scan = scan, .block = &room};
	int r = 0;

	if (!s->n_logs)
		return 0;
	block_init(&room);
	block_begin(&room);
	for (size_t i = 0; i < s->n_logs && r == 0; i++) {
		struct wal_found found;

		if (!s->logs[i].headless)
			r = store_read_log(
				&s->logs[i], fill_block, &f, &found, err);
	}
	if (r == 0)
		r = give_filled(&f, err);
	block_release(&room);
	return r;
}

int store_open_segment(const struct store *s, uint64_t number,
	struct segment *ret, bool *ret_there, struct err *err)
{
	char name[STORE_PATH];
	int fd, r;

	r = store_file_open(
		s->dir, store_segment_name(number, name), O_RDONLY, &fd, err);
	*ret_there = r == 0 && fd >= 0;
	if (!*ret_there)
		return r;
	r = segment_open(fd, name, ret, err);
	return r < 0 ? err_wrap(err, "%s", s->dir) : 0;
}

static int scan_segment(const struct store *s, uint64_t number,
	const struct store_scan *scan, struct ahead *ahead, struct err *err)
{
	struct segment segment;
	bool there;
	int r = store_open_segment(s, number, &segment, &there, err);

	if (r < 0 || !there)
		return r;
	r = segment_scan(&segment, scan, ahead, err);
	segment_close(&segment);
	return r;
}

/* A writer looks at itself as any reader would. */
static int scan_as_reader(
	const struct store *s, const struct store_scan *scan, struct err *err)
{
	struct store *reader;
	int r = store_open(s->dir, STORE_READ, NULL, &reader, err);

	if (r < 0)
		return r;
	r = store_scan(reader, scan, err);
	store_close(reader);
	return r;
}

int store_scan(struct store *s, const struct store_scan *scan, struct err *err)
{
	struct ahead *ahead;
	int r = 0;

	if (s->mode == STORE_WRITE)
		return scan_as_reader(s, scan, err);
	ahead = ahead_new(scan);
	for (size_t i = 0; i < s->files.n && r == 0; i++)
		if (s->files.items[i].segment &&
			s->files.items[i].number > s->retired.upto)
			r = scan_segment(
				s, s->files.items[i].number, scan, ahead, err);
	ahead_free(ahead);
	return r ? r : scan_logs(s, scan, err);
}

void store_count_sealed(const struct store *s, const struct store_files *f,
	uint64_t *ret_rows, uint64_t *ret_bytes)
{
	const uint64_t upto =
		s->mode == STORE_WRITE ? s->disk.retired.upto : s->retired.upto;
	uint64_t rows = 0, bytes = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct segment segment;
		bool there;

		if (!f->items[i].segment || f->items[i].number <= upto ||
			store_open_segment(s, f->items[i].number, &segment,
				&there, NULL) < 0 ||
			!there)
			continue;
		rows += segment.rows;
		bytes += segment.size;
		segment_close(&segment);
	}
	*ret_rows = rows;
	*ret_bytes = bytes;
}

uint64_t store_rows(const struct store *s)
{
	uint64_t rows = s->sealed_rows + s->rows;

	for (size_t i = 0; i < s->n_logs; i++)
		rows += s->logs[i].rows;
	return rows;
}

uint64_t store_bytes(const struct store *s)
{
	uint64_t bytes = s->sealed_bytes + s->size + s->pending.len;

	for (size_t i = 0; i < s->n_logs; i++)
		bytes += s->logs[i].size;
	return bytes;
}
