/* Retention: the oldest segments go, by bytes of all or by the time since they
 * were written, and what went is known (DIR/retired).
 *
 * That file is durable before a segment goes, and says up to which number: a
 * crash between the two leaves segments that go at the next occasion and are
 * not counted again. */
#include "base/file.h"
#include "base/mem.h"
#include "format/checksum.h"
#include "store/inside.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RETIRED_FILE "retired"
#define RETIRED_MAGIC "NFZGONE\n"
enum { MAGIC = 8, NUMBERS = 6, RETIRED_BYTES = MAGIC + 8 * NUMBERS + 8 };

static void encode(const struct store_retired *t, struct buf *out)
{
	buf_add(out, RETIRED_MAGIC, MAGIC);
	buf_u64(out, t->upto);
	buf_u64(out, t->segments);
	buf_u64(out, t->rows);
	buf_u64(out, t->bytes);
	buf_u64(out, (uint64_t)t->first_ns);
	buf_u64(out, (uint64_t)t->last_ns);
	buf_u64(out, checksum(out->data, out->len));
}

static bool decode(const struct buf *text, struct store_retired *ret)
{
	struct cursor c = cursor_over(buf_str(text), text->len);

	if (text->len != RETIRED_BYTES ||
		memcmp(cursor_bytes(&c, MAGIC), RETIRED_MAGIC, MAGIC) != 0)
		return false;
	ret->upto = cursor_u64(&c);
	ret->segments = cursor_u64(&c);
	ret->rows = cursor_u64(&c);
	ret->bytes = cursor_u64(&c);
	ret->first_ns = (int64_t)cursor_u64(&c);
	ret->last_ns = (int64_t)cursor_u64(&c);
	return cursor_u64(&c) == checksum(text->data, RETIRED_BYTES - 8);
}

void store_read_retired(struct store *s)
{
	cleanup_free char *path = mem_printf("%s/" RETIRED_FILE, s->dir);
	struct buf text = BUF_INIT(4 * RETIRED_BYTES);
	struct store_retired found = {0};

	if (access(path, F_OK) == 0 && file_read(path, &text, NULL) == 0 &&
		decode(&text, &found))
		s->retired = found;
	buf_release(&text);
}

static int write_retired(
	const struct store *s, const struct store_retired *t, struct err *err)
{
	cleanup_free char *path = mem_printf("%s/" RETIRED_FILE, s->dir);
	struct buf text = BUF_INIT(4 * RETIRED_BYTES);
	int r;

	encode(t, &text);
	r = file_replace(path, 0600, text.data, text.len, err);
	buf_release(&text);
	return r;
}

/* One that cannot be read goes all the same, with unknown rows. */
static void count_one(const struct store *s, const struct store_file *f,
	struct store_retired *to)
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

int store_retire(struct store *s, struct store_files *f, struct err *err)
{
	struct store_retired t = s->disk.retired;
	const size_t n = how_many(s, f);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (f->items[i].number > s->disk.retired.upto)
			count_one(s, &f->items[i], &t);
	if (t.upto != s->disk.retired.upto)
		r = write_retired(s, &t, err);
	if (r < 0)
		return r;
	s->disk.retired = t;
	for (size_t i = 0; i < n; i++) {
		char name[STORE_PATH];
		cleanup_free char *path = mem_printf("%s/%s", s->dir,
			store_segment_name(f->items[i].number, name));

		f->items[i].segment = false;
		unlink(path);
	}
	return 0;
}
