/* The writer: append, commit, rotate, seal.
 *
 * Order of things, each durable before the next: rows in log N; log N+1 with
 * the whole state at its head; segment N; log N removed.  A crash between any
 * two leaves something that opening understands: a log with a segment of the
 * same number is removed, a log without one is sealed.
 *
 * A log without rows (counters only) is not sealed but written anew under its
 * own number, so that an idle store stays small. */
#include "store/store.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PENDING_MAX = 32 << 20, STATE_MAX = 256 << 20, RETRY_MS = 10000 };

static const struct store_limits defaults = {
	.seal_rows = 262144, .seal_bytes = 64 << 20, .seal_ms = 300000};

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

/* Writes a log that holds the state and nothing else, and makes it the one
 * that is written to. */
static int begin_log(struct store *s, uint64_t number, struct err *err)
{
	char name[STORE_PATH];
	cleanup_free char *path =
		mem_printf("%s/%s", s->dir, store_wal_name(number, name));
	cleanup_free char *tmp = mem_printf("%s.new", path);
	cleanup_close int fd = -1;
	struct buf head = BUF_INIT(STATE_MAX);
	int r = 0;

	wal_begin(&head, number);
	state_encode(&s->state, &head);
	fd = open(
		tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (!buf_ok(&head))
		r = err_set(err, NFZ_E_LIMIT, "%s: too many senders", s->dir);
	else if (fd < 0 || file_write_all(fd, head.data, head.len, err) < 0 ||
		 fsync(fd) < 0 || rename(tmp, path) < 0)
		r = io_failed(err, s->dir, "new log");
	else
		r = store_dir_sync(s->dir, err);
	if (r < 0) {
		unlink(tmp);
		buf_release(&head);
		return r;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	fd = -1;
	s->number = number;
	s->size = head.len;
	s->rows = 0;
	s->began = mono_now();
	buf_release(&head);
	return 0;
}

/* Rotating ------------------------------------------------------------- */

static int rotate(struct store *s, struct err *err)
{
	bool compact = s->rows == 0;
	int r = begin_log(s, compact ? s->number : s->number + 1, err);

	if (r < 0 || compact)
		return r;
	r = store_seal_live(s, err);
	return r < 0 ? r : store_tidy(s, err);
}

static bool due(const struct store *s)
{
	int64_t age_ms = (mono_now().ns - s->began.ns) / NS_PER_MS;

	return s->rows >= s->limits.seal_rows ||
	       s->size >= s->limits.seal_bytes ||
	       (s->rows && age_ms >= s->limits.seal_ms);
}

/* Opening -------------------------------------------------------------- */

static void set_limits(struct store *s, const struct store_limits *limits)
{
	s->limits = limits ? *limits : defaults;
	if (!s->limits.seal_rows)
		s->limits.seal_rows = defaults.seal_rows;
	if (!s->limits.seal_bytes)
		s->limits.seal_bytes = defaults.seal_bytes;
	if (!s->limits.seal_ms)
		s->limits.seal_ms = defaults.seal_ms;
}

static int lock_dir(struct store *s, struct err *err)
{
	cleanup_free char *path = mem_printf("%s/lock", s->dir);
	int r = file_make_dirs(s->dir, 0700, err);

	if (r == 0)
		r = file_lock(path, &s->lock, err);
	return r;
}

/* The number of the log to begin: an empty last one is written anew. */
static uint64_t next_number(const struct store *s)
{
	const struct store_log *log =
		s->n_logs ? &s->logs[s->n_logs - 1] : NULL;
	uint64_t last = s->files.n ? s->files.items[s->files.n - 1].number : 0;

	if (log && log->number == last && !log->rows && !log->headless)
		return last;
	return last + 1;
}

static int open_writer(struct store *s, struct err *err)
{
	int r = lock_dir(s, err);

	if (r < 0)
		return r;
	store_files_sweep(s->dir);
	r = store_look(s, err);
	if (r == 0)
		r = begin_log(s, next_number(s), err);
	store_close_logs(s);
	if (r == 0 && store_tidy(s, &s->trouble) < 0)
		s->retry = mono_add_ms(mono_now(), RETRY_MS);
	return r;
}

int store_open(const char *dir, enum store_mode mode,
	const struct store_limits *limits, struct store **ret, struct err *err)
{
	struct store *s = mem_zalloc(1, sizeof(*s));
	int r;

	s->dir = mem_strdup(dir);
	s->mode = mode;
	s->lock = s->fd = -1;
	s->pending = (struct buf)BUF_INIT(PENDING_MAX);
	state_init(&s->state);
	set_limits(s, limits);
	r = mode == STORE_WRITE ? open_writer(s, err) : store_look(s, err);
	if (r < 0)
		store_close(s);
	else
		*ret = s;
	return r;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_close_logs(s);
	store_files_release(&s->files);
	state_release(&s->state);
	buf_release(&s->pending);
	segment_abandon(s->live);
	if (s->fd >= 0)
		close(s->fd);
	if (s->lock >= 0)
		close(s->lock);
	free(s->dir);
	free(s);
}

/* Appending ------------------------------------------------------------ */

static int can_append(
	const struct store *s, size_t bytes, size_t more, struct err *err)
{
	if (s->mode != STORE_WRITE)
		return err_set(
			err, NFZ_E_INTERNAL, "%s: opened for reading", s->dir);
	if (s->pending.len + bytes > PENDING_MAX)
		return err_set(err, NFZ_E_LIMIT,
			"%s: too much waits to be written", s->dir);
	return state_room(&s->state, more, err);
}

int store_append(struct store *s, const struct store_batch *b, bool *ret_new,
	struct err *err)
{
	int r;

	if (b->n > STORE_BATCH_MAX)
		return err_set(
			err, NFZ_E_LIMIT, "a batch of %zu records", b->n);
	*ret_new = b->seq > store_last_seq(s, b->from);
	if (!*ret_new)
		return 0;
	r = can_append(s, WAL_ENTRY + 64 + b->n * RECORD_WIRE, b->n, err);
	if (r < 0)
		return r;
	state_encode_batch(b, &s->pending);
	state_batch(&s->state, b);
	store_add_live(s, b->records, b->n);
	s->rows += b->n;
	return 0;
}

int store_append_counters(struct store *s, struct store_source from,
	const struct tap_counters *c, size_t n, struct err *err)
{
	int r = n > STORE_BATCH_MAX ? -NFZ_E_LIMIT : 0;

	if (r < 0)
		return err_set(err, NFZ_E_LIMIT, "counters of %zu taps", n);
	r = can_append(s, WAL_ENTRY + 64 + n * COUNTERS_WIRE_MAX, n, err);
	if (r < 0)
		return r;
	state_encode_counters(from, c, n, &s->pending);
	for (size_t i = 0; i < n; i++)
		state_counters(&s->state, from, &c[i]);
	return 0;
}

int store_append_stats(
	struct store *s, const struct module_stats *m, struct err *err)
{
	int r = can_append(s, WAL_ENTRY + 256, 1, err);

	if (r < 0)
		return r;
	state_encode_stats(m, &s->pending);
	state_stats(&s->state, m);
	return 0;
}

/* Writes and syncs what is pending; on failure the log is as before and the
 * bytes stay pending. */
static int write_pending(struct store *s, struct err *err)
{
	if (s->broken)
		return err_set(err, NFZ_E_IO,
			"%s: the disk failed to keep data", s->dir);
	if (s->pending.len == 0)
		return 0;
	if (file_write_all(s->fd, s->pending.data, s->pending.len, err) < 0) {
		int saved = errno;

		if (ftruncate(s->fd, (off_t)s->size) < 0 ||
			lseek(s->fd, (off_t)s->size, SEEK_SET) < 0)
			s->broken = true;
		errno = saved;
		return io_failed(err, s->dir, "write to the log");
	}
	if (fdatasync(s->fd) < 0) {
		s->broken = true; /* what reached the disk is not known */
		return io_failed(err, s->dir, "sync of the log");
	}
	s->size += s->pending.len;
	buf_reset(&s->pending);
	return 0;
}

int store_commit(struct store *s, struct err *err)
{
	int r = write_pending(s, err);

	if (r < 0 || !due(s) || !mono_passed(s->retry))
		return r;
	err_clear(&s->trouble);
	if (rotate(s, &s->trouble) < 0)
		s->retry = mono_add_ms(mono_now(), RETRY_MS);
	return 0;
}

int store_seal(struct store *s, struct err *err)
{
	int r = write_pending(s, err);

	return r < 0 ? r : rotate(s, err);
}

size_t store_pending(const struct store *s)
{
	return s->pending.len;
}

uint64_t store_last_seq(const struct store *s, struct store_source from)
{
	const struct store_sender *sender = state_sender(&s->state, from);

	return sender ? sender->last_seq : 0;
}

/* Looking at it -------------------------------------------------------- */

const char *store_dir(const struct store *s)
{
	return s->dir;
}

const struct store_recovery *store_recovered(const struct store *s)
{
	return &s->recovery;
}

const struct err *store_trouble(const struct store *s)
{
	return &s->trouble;
}

const struct store_sender *store_sender(const struct store *s, size_t i)
{
	return i < s->state.n_senders ? &s->state.senders[i] : NULL;
}

const struct store_tap *store_tap(const struct store *s, size_t i)
{
	return i < s->state.n_taps ? &s->state.taps[i] : NULL;
}

const struct module_stats *store_module(const struct store *s, size_t i)
{
	return i < s->state.n_modules ? &s->state.modules[i] : NULL;
}

const char *module_stat_name(enum module_stat stat)
{
	static const char *const names[] = {
#define X(name, text) [STAT_##name] = (text),
		MODULE_STATS(X)
#undef X
	};

	return (unsigned)stat < MODULE_STAT_COUNT ? names[stat] : "unknown";
}
