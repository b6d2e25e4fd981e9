/* The writer: append, commit, rotate, seal.
 *
 * Order of things, each durable before the next: rows in log N; log N+1 with
 * the whole state at its head; segment N; log N removed.  A crash between any
 * two leaves something that opening understands: a log with a segment of the
 * same number is removed, a log without one is sealed.
 *
 * A log without rows (counters only) is not sealed but written anew under its
 * own number, so that an idle store stays small.
 *
 * What waits for the disk is in disk.c; here is what does not. */
#include "store/store.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	PENDING_MAX = 64 << 20,
	RETRY_MS = 10000,
	AGE_MS = 10000, /* between looks at the age of segments */
	/* A disk that keeps so much waiting has no time for sealing: logs may
	 * be that many times longer. */
	BEHIND = 16 << 20,
	BEHIND_TIMES = 4
};

static const struct store_limits defaults = {
	.seal_rows = 262144, .seal_bytes = 64 << 20, .seal_ms = 300000};

static bool due(const struct store *s)
{
	int64_t age_ms = (mono_now().ns - s->began.ns) / NS_PER_MS;
	uint64_t times = s->disk.bytes.len >= BEHIND ? BEHIND_TIMES : 1;

	return s->rows >= times * s->limits.seal_rows ||
	       s->size >= times * s->limits.seal_bytes ||
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

/* The present log is a new one. */
static void log_begins(struct store *s, uint64_t rows, uint64_t size)
{
	s->rows = rows;
	s->size = size;
	s->began = mono_now();
}

static void note_sealing(struct store *s)
{
	s->trouble = s->disk.trouble;
	if (s->trouble.code)
		s->retry = mono_add_ms(mono_now(), RETRY_MS);
	s->sealed_rows = s->disk.sealed_rows;
	s->sealed_bytes = s->disk.sealed_bytes;
	s->retired = s->disk.retired;
	s->more = s->disk.more;
	s->age = mono_add_ms(mono_now(), AGE_MS);
}

static int open_writer(struct store *s, struct err *err)
{
	struct store_disk *d = &s->disk;
	uint64_t number;
	int r = lock_dir(s, err);

	if (r < 0)
		return r;
	store_files_sweep(s->dir);
	r = store_look(s, err);
	number = next_number(s);
	if (r == 0)
		r = store_make_head(s, number, &d->head, err);
	d->retired = s->retired;
	if (r == 0)
		r = store_begin_log(s, number, &d->head, err);
	if (r == -NFZ_E_DISK_FULL) {
		store_make_room(s);
		r = store_begin_log(s, number, &d->head, err);
	}
	store_close_logs(s);
	if (r < 0)
		return r;
	log_begins(s, 0, d->head.len);
	buf_reset(&d->head);
	store_tidy(s);
	note_sealing(s);
	return 0;
}

int store_open(const char *dir, enum store_mode mode,
	const struct store_limits *limits, struct store **ret, struct err *err)
{
	struct store *s = mem_zalloc(1, sizeof(*s));
	int r;

	s->dir = mem_strdup(dir);
	s->mode = mode;
	s->lock = s->disk.fd = -1;
	s->pending = (struct buf)BUF_INIT(PENDING_MAX);
	s->disk.bytes = s->pending;
	state_init(&s->state);
	history_init(&s->history);
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
	history_release(&s->history);
	buf_release(&s->pending);
	buf_release(&s->disk.bytes);
	buf_release(&s->disk.head);
	segment_abandon(s->disk.live);
	if (s->disk.fd >= 0)
		close(s->disk.fd);
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
	size_t len = b->n * (RECORD_WIRE + sizeof(struct flow_extra));
	int r;

	for (size_t i = 0; b->extras && i < b->n; i++)
		len += b->extras[i].others.len;
	if (b->n > STORE_BATCH_MAX || len > WAL_BODY_MAX - 64)
		return err_set(
			err, NFZ_E_LIMIT, "a batch of %zu records", b->n);
	*ret_new = b->seq > store_last_seq(s, b->from);
	if (!*ret_new)
		return 0;
	r = can_append(s, WAL_ENTRY + 64 + len, b->n, err);
	if (r < 0)
		return r;
	state_encode_batch(b, &s->pending);
	state_batch(&s->state, b);
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

/* Committing: here is what the thread that appends does of it -------------- */

/* Changes places: the disk is done with what it had. */
static void give_pending(struct store *s)
{
	struct buf bytes = s->disk.bytes;

	s->disk.bytes = s->pending;
	s->pending = bytes;
	s->cut_to = s->appended + s->disk.bytes.len;
}

static bool cut(struct store *s, bool seal)
{
	struct store_disk *d = &s->disk;

	if (d->failed) /* the same once more */
		return true;
	give_pending(s);
	s->appended = s->cut_to;
	s->size += d->bytes.len;
	s->rows_cut = s->rows;
	d->rotating = seal || (due(s) && mono_passed(s->retry));
	d->compact = s->rows == 0;
	d->aging = s->more || (s->limits.max_age_ms && mono_passed(s->age)) ||
		   (s->trouble.code && mono_passed(s->retry));
	d->trouble = (struct err)ERR_INIT;
	if (d->rotating && store_make_head(s, d->number + !d->compact, &d->head,
				   &d->trouble) < 0)
		buf_reset(&d->head);
	return d->bytes.len || d->rotating || d->aging;
}

bool store_cut(struct store *s, uint64_t *ret_upto)
{
	const bool any = cut(s, false);

	*ret_upto = s->cut_to;
	return any;
}

void store_settle(struct store *s)
{
	struct store_disk *d = &s->disk;

	if (d->failed)
		return;
	if (d->rotated)
		log_begins(s, s->rows - s->rows_cut, d->size);
	if (d->rotating || d->aging)
		note_sealing(s);
	d->rotated = d->rotating = d->aging = false;
}

static int commit(struct store *s, bool seal, struct err *err)
{
	int r;

	do {
		if (!cut(s, seal))
			return 0;
		r = store_write(s, err);
		if (r == 0)
			store_rotate(s);
		store_settle(s);
	} while (r == 0 && s->pending.len);
	return r;
}

int store_commit(struct store *s, struct err *err)
{
	return commit(s, false, err);
}

int store_seal(struct store *s, struct err *err)
{
	int r = commit(s, true, err);

	if (r == 0 && s->trouble.code) {
		*err = s->trouble;
		return -(int)s->trouble.code;
	}
	return r;
}

uint64_t store_appended(const struct store *s)
{
	return s->appended + s->pending.len;
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

const struct store_retired *store_retired(const struct store *s)
{
	return &s->retired;
}

const struct history *store_history(const struct store *s)
{
	return &s->history;
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
