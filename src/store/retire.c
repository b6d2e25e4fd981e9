/* Retention: the oldest segments go, by bytes of all or by the time since they
 * were written.  What went is known, and what remains of it (DIR/retired):
 *
 *   "NFZGON3\n", six numbers of 8 bytes, the history (store/history.h), the
 *   checksum of all that.  "NFZGON2\n" has an old one, "NFZGONE\n" none.
 *
 * That file is durable before a segment goes, and says up to which number: a
 * crash between the two leaves segments that nobody reads, which go at the next
 * occasion and are not counted again.  Only on a full disk, where there is no
 * room for that file, the oldest go first and make some; a crash just then
 * leaves them uncounted.
 *
 * What they carried has to be read where no rollup tells it, which takes a
 * second for 10 million rows: so many go at once, the others on the next
 * occasion, which is soon. */
#include "base/file.h"
#include "base/mem.h"
#include "format/checksum.h"
#include "store/ahead.h"
#include "store/inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RETIRED_FILE "retired"
#define ROLLUP_FINE (60 * NS_PER_S)
#define RETIRED_MAGIC "NFZGON3\n"
#define RETIRED_TAPS_MAGIC "NFZGON2\n"
#define RETIRED_OLD_MAGIC "NFZGONE\n"
enum {
	MAGIC = 8,
	RETIRED_MAX = HISTORY_BYTES + 4096,
	AT_ONCE = 16,
	ROOM_MS = 10000 /* between looks for what may go from a full disk */
};

static void encode(
	const struct store_retired *t, struct history *history, struct buf *out)
{
	buf_add(out, RETIRED_MAGIC, MAGIC);
	buf_u64(out, t->upto);
	buf_u64(out, t->segments);
	buf_u64(out, t->rows);
	buf_u64(out, t->bytes);
	buf_u64(out, (uint64_t)t->first_ns);
	buf_u64(out, (uint64_t)t->last_ns);
	history_encode(history, out);
	buf_u64(out, checksum(buf_str(out), out->len));
}

static bool decode_history(
	const uint8_t *magic, struct history *h, struct cursor *c)
{
	if (memcmp(magic, RETIRED_OLD_MAGIC, MAGIC) == 0)
		return true;
	if (memcmp(magic, RETIRED_TAPS_MAGIC, MAGIC) == 0)
		return history_decode_old(h, c);
	return memcmp(magic, RETIRED_MAGIC, MAGIC) == 0 && history_decode(h, c);
}

bool retire_decode(const struct buf *text, struct store_retired *ret,
	struct history *history)
{
	struct cursor c = cursor_over(buf_str(text), text->len);
	const uint8_t *magic = cursor_bytes(&c, MAGIC);

	if (!magic || cursor_left(&c) < CHECKSUM)
		return false;
	c = cursor_sub(&c, cursor_left(&c) - CHECKSUM);
	ret->upto = cursor_u64(&c);
	ret->segments = cursor_u64(&c);
	ret->rows = cursor_u64(&c);
	ret->bytes = cursor_u64(&c);
	ret->first_ns = (int64_t)cursor_u64(&c);
	ret->last_ns = (int64_t)cursor_u64(&c);
	return cursor_ok(&c) && decode_history(magic, history, &c) &&
	       cursor_left(&c) == 0;
}

/* Nothing, where there is none or it cannot be read. */
void store_read_retired(struct store *s)
{
	cleanup_free char *path = mem_printf("%s/" RETIRED_FILE, s->dir);
	struct buf text = BUF_INIT(RETIRED_MAX);

	s->retired = (struct store_retired){0};
	history_release(&s->history);
	history_init(&s->history);
	if (access(path, F_OK) != 0 || file_read(path, &text, NULL) < 0 ||
		!checksum_ends(buf_str(&text), text.len) ||
		!retire_decode(&text, &s->retired, &s->history)) {
		s->retired = (struct store_retired){0};
		history_release(&s->history);
		history_init(&s->history);
	}
	buf_release(&text);
}

static int write_retired(
	struct store *s, const struct store_retired *t, struct err *err)
{
	cleanup_free char *path = mem_printf("%s/" RETIRED_FILE, s->dir);
	struct buf text = BUF_INIT(RETIRED_MAX);
	struct err why = ERR_INIT;
	int r;

	encode(t, &s->history, &text);
	r = file_replace(path, 0600, text.data, text.len, &why);
	buf_release(&text);
	if (r < 0 && (why.sys == ENOSPC || why.sys == EDQUOT))
		return err_set(err, NFZ_E_DISK_FULL, "%s: no space left", path);
	if (r < 0 && err)
		*err = why;
	return r;
}

static void read_rows(struct segment *segment, struct history *to)
{
	const struct store_scan scan = {.block = history_add_block, .ctx = to};
	struct ahead *ahead = ahead_new(&scan);

	(void)!segment_scan(segment, &scan, ahead, NULL);
	ahead_free(ahead);
}

/* What its rollup tells, unless pieces would become longer by that than a
 * minute; else what its rows tell. */
static void keep_history(struct store *s, struct segment *segment)
{
	const int64_t longest = s->history.unit_ns > ROLLUP_FINE
					? s->history.unit_ns
					: ROLLUP_FINE;
	struct rollup rollup;

	rollup_init(&rollup);
	if (segment_rollup(segment, ROLLUP_TAP, &rollup) &&
		rollup.by[ROLLUP_TAP].unit_ns <= longest)
		history_add_all(&s->history, &rollup.by[ROLLUP_TAP]);
	else
		read_rows(segment, &s->history);
	rollup_release(&rollup);
}

/* One that cannot be read goes all the same, with unknown rows. */
static void count_one(
	struct store *s, const struct store_file *f, struct store_retired *to)
{
	const bool any = to->rows > 0;
	struct segment segment;
	bool there;

	to->upto = f->number;
	to->segments++;
	to->bytes += f->segment_bytes;
	if (store_open_segment(s, f->number, &segment, &there, NULL) < 0 ||
		!there)
		return;
	to->rows += segment.rows;
	if (segment.rows && (!any || segment.first_ns < to->first_ns))
		to->first_ns = segment.first_ns;
	if (segment.rows && (!any || segment.last_ns > to->last_ns))
		to->last_ns = segment.last_ns;
	keep_history(s, &segment);
	segment_close(&segment);
}

/* How many of the first files go. */
static size_t how_many(const struct store *s, const struct store_files *f)
{
	const struct store_limits *l = &s->limits;
	const int64_t now_ns = wall_now().ns;
	uint64_t bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		bytes += f->items[i].segment_bytes;
	for (; n < f->n && !f->items[n].wal; n++) {
		const struct store_file *file = &f->items[n];

		if (file->number > s->disk.retired.upto &&
			!(l->max_bytes && bytes > l->max_bytes) &&
			!(l->max_age_ms &&
				(now_ns - file->written_ns) / NS_PER_MS >
					l->max_age_ms))
			break;
		bytes -= file->segment_bytes;
	}
	return n;
}

static void remove_segment(const struct store *s, struct store_file *f)
{
	char name[STORE_PATH];
	cleanup_free char *path = mem_printf(
		"%s/%s", s->dir, store_segment_name(f->number, name));

	f->segment = false;
	unlink(path);
}

int store_retire(struct store *s, struct store_files *f, struct err *err)
{
	struct store_disk *d = &s->disk;
	const uint64_t upto = d->retired.upto;
	const size_t all = how_many(s, f);
	const size_t n = all > AT_ONCE ? AT_ONCE : all;
	size_t gone = 0;
	int r = 0;

	d->more = n < all;
	for (size_t i = 0; i < n; i++)
		if (f->items[i].number > upto)
			count_one(s, &f->items[i], &d->retired);
	d->unsaid |= d->retired.upto != upto;
	if (d->unsaid)
		r = write_retired(s, &d->retired, err);
	while (r == -NFZ_E_DISK_FULL && gone < n) {
		remove_segment(s, &f->items[gone++]);
		r = write_retired(s, &d->retired, err);
	}
	if (r < 0)
		return r;
	d->unsaid = false;
	while (gone < n)
		remove_segment(s, &f->items[gone++]);
	return 0;
}

void store_make_room(struct store *s)
{
	struct store_disk *d = &s->disk;
	struct store_files f;

	if ((!s->limits.max_bytes && !s->limits.max_age_ms) ||
		!mono_passed(d->room) || store_files_list(s->dir, &f, NULL) < 0)
		return;
	d->room = mono_add_ms(mono_now(), ROOM_MS);
	(void)!store_retire(s, &f, NULL);
	store_files_release(&f);
	d->aging = true; /* to be counted, as soon as all is written */
}
