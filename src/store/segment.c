/* Writing segment files: blocks as they fill, what says where they are at the
 * end. */
#include "store/segment.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/checksum.h"
#include "store/bloom.h"
#include "store/segment_form.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct segment_writer {
	char *path, *tmp;
	int fd;
	struct timespec written; /* when; 0: now */
	uint64_t offset;
	struct buf out, filters, footer, extras;
	uint32_t n_blocks, n_extras;
	struct block block;
	struct rollup_fill *fill;
	struct buf rollup;
};

static void writer_free(struct segment_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->path);
	free(w->tmp);
	buf_release(&w->out);
	buf_release(&w->filters);
	buf_release(&w->footer);
	buf_release(&w->extras);
	block_release(&w->block);
	rollup_fill_free(w->fill);
	buf_release(&w->rollup);
	free(w);
}

void segment_abandon(struct segment_writer *w)
{
	if (!w)
		return;
	unlink(w->tmp);
	writer_free(w);
}

/* As errno says. */
static int failed(const struct segment_writer *w, struct err *err)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(
			err, NFZ_E_DISK_FULL, "%s: no space left", w->tmp);
	return err_sys(err, "%s", w->tmp);
}

static int write_all(
	const struct segment_writer *w, const struct buf *b, struct err *err)
{
	return file_write_all(w->fd, buf_str(b), b->len, NULL) < 0
		       ? failed(w, err)
		       : 0;
}

/* Writes what is in w->out. */
static int flush(struct segment_writer *w, struct err *err)
{
	int r = write_all(w, &w->out, err);

	if (r < 0)
		return r;
	w->offset += w->out.len;
	buf_reset(&w->out);
	return 0;
}

static int create(const char *dir, uint64_t number, const char *magic,
	struct segment_writer **ret, struct err *err)
{
	struct segment_writer *w = mem_zalloc(1, sizeof(*w));
	int r;

	w->path = mem_printf("%s/seg-%010" PRIu64, dir, number);
	w->tmp = mem_printf("%s.new", w->path);
	w->out = (struct buf)BUF_INIT(SEGMENT_BLOCK_MAX);
	w->filters = (struct buf)BUF_INIT(SEGMENT_FILTERS_MAX);
	w->footer = w->extras = (struct buf)BUF_INIT(SEGMENT_FOOTER_MAX);
	w->rollup = (struct buf)BUF_INIT(ROLLUP_BYTES);
	w->fill = rollup_fill_new();
	block_init(&w->block);
	block_begin(&w->block);
	w->fd = open(w->tmp,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->fd < 0) {
		r = failed(w, err);
		writer_free(w);
		return r;
	}
	buf_add(&w->out, magic, SEGMENT_MAGIC);
	buf_u64(&w->out, 0);
	buf_u64(&w->out, number);
	r = flush(w, err);
	if (r < 0)
		segment_abandon(w);
	else
		*ret = w;
	return r;
}

int segment_create(const char *dir, uint64_t number,
	struct segment_writer **ret, struct err *err)
{
	return create(dir, number, SEGMENT_HEAD_MAGIC, ret, err);
}

int segment_create_packed(const char *dir, const struct segment *of,
	struct segment_writer **ret, struct err *err)
{
	struct stat st;
	int r;

	if (fstat(of->fd, &st) < 0)
		return err_sys(err, "%s", of->name);
	r = create(dir, of->number, SEGMENT_PACKED_MAGIC, ret, err);
	if (r == 0)
		(*ret)->written = st.st_mtim;
	return r;
}

static void add_part(struct buf *to, const struct column_part *p)
{
	buf_u8(to, p->width);
	buf_u8(to, p->scale);
	buf_u16(to, p->packed);
	buf_u32(to, p->len);
	buf_u64(to, p->sum);
	buf_u64(to, p->range.min);
	buf_u64(to, p->range.max);
}

static void add_footer(struct buf *footer, const struct store_zone *z,
	const struct block_parts *parts, size_t filter)
{
	buf_u64(footer, parts->offset);
	buf_u32(footer, z->rows);
	buf_u32(footer, parts->n_hosts4);
	buf_u32(footer, parts->n_hosts6);
	buf_u32(footer, (uint32_t)filter);
	buf_u64(footer, (uint64_t)z->first_ns);
	buf_u64(footer, (uint64_t)z->last_ns);
	for (int c = 0; c < COLUMN_EXTRAS; c++)
		add_part(footer, &parts->part[c]);
	add_part(footer, &parts->part[PART_HOSTS4]);
	add_part(footer, &parts->part[PART_HOSTS6]);
}

static void add_extra(
	struct segment_writer *w, uint32_t field, const struct column_part *p)
{
	buf_u32(&w->extras, w->n_blocks);
	buf_u32(&w->extras, field);
	add_part(&w->extras, p);
	w->n_extras++;
}

static void add_extras(
	struct segment_writer *w, const struct block_parts *parts)
{
	unsigned fields = parts->extras;

	if (parts->host_as) {
		fields &= ~(EXTRA_BIT(SRC_AS) | EXTRA_BIT(DST_AS));
		add_extra(w, SEGMENT_HOST_AS, &parts->part[PART_HOST_AS]);
	}
	for (uint32_t f = 0; f <= EXTRA_OTHERS; f++)
		if (fields >> f & 1)
			add_extra(w, f, &parts->part[COLUMN_EXTRAS + f]);
	if (fields & EXTRA_BIT(OTHERS))
		add_extra(w, SEGMENT_OTHERS, &parts->part[PART_OTHERS]);
}

/* Returns the length of the block's filter. */
static size_t add_filter(struct buf *filters, const struct block *b)
{
	size_t len = 0;
	uint8_t *filter = bloom_begin(filters, b->n_hosts, &len);

	for (size_t i = 0; filter && i < b->n_hosts; i++) {
		struct net_addr a = block_host(b, i);

		bloom_add(filter, len, &a);
	}
	return len;
}

/* Room for one more? */
static int check_room(const struct segment_writer *w, struct err *err)
{
	if (w->n_blocks < SEGMENT_BLOCKS_MAX)
		return 0;
	return err_set(err, NFZ_E_LIMIT, "%s: too many blocks", w->path);
}

/* The block whose parts are in w->out, behind its filter. */
static int put_block(struct segment_writer *w, const struct store_zone *zone,
	struct block_parts *parts, size_t filter, struct err *err)
{
	parts->offset = w->offset;
	add_footer(&w->footer, zone, parts, filter);
	add_extras(w, parts);
	w->n_blocks++;
	return flush(w, err);
}

static int write_block(struct segment_writer *w, struct err *err)
{
	struct block_parts parts;
	int r = check_room(w, err);

	if (r < 0)
		return r;
	block_end(&w->block);
	r = rollup_fill_add(w->fill, &w->block, err);
	if (r < 0)
		return r;
	block_encode(&w->block, &w->out, &parts);
	r = put_block(w, &w->block.zone, &parts,
		add_filter(&w->filters, &w->block), err);
	block_begin(&w->block);
	return r;
}

int segment_add_packed(
	struct segment_writer *w, struct segment *of, size_t i, struct err *err)
{
	const struct segment_block *b = &of->blocks[i];
	struct block_parts parts;
	int r = check_room(w, err);

	if (r == 0)
		r = segment_need_filters(of, err);
	if (r < 0)
		return r;
	block_open(&w->block, &b->zone, &b->parts, segment_read, of);
	r = block_pack(&w->block, &w->out, &parts, err);
	if (r == 0)
		r = rollup_fill_add(w->fill, &w->block, err);
	block_begin(&w->block); /* it is nobody's any more */
	if (r < 0)
		return r;
	buf_add(&w->filters, b->zone.bloom, b->zone.bloom_len);
	return put_block(w, &b->zone, &parts, b->zone.bloom_len, err);
}

int segment_add(
	struct segment_writer *w, const struct flow_rows *rows, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < rows->n && r == 0;) {
		i += block_add(&w->block, rows, i);
		if (block_full(&w->block))
			r = write_block(w, err);
	}
	return r;
}

/* Rollup, filters, footer and tail. */
static int write_end(struct segment_writer *w, struct err *err)
{
	struct buf footer = BUF_INIT(SEGMENT_FOOTER_MAX);
	int r;

	rollup_fill_end(w->fill, &w->rollup);
	if (!buf_ok(&w->rollup))
		buf_reset(&w->rollup);
	buf_u32(&footer, w->n_blocks);
	buf_u32(&footer, w->n_extras);
	buf_u64(&footer, w->filters.len);
	buf_u64(&footer, checksum(buf_str(&w->filters), w->filters.len));
	buf_add(&footer, buf_str(&w->footer), w->footer.len);
	buf_add(&footer, buf_str(&w->extras), w->extras.len);
	r = write_all(w, &w->rollup, err);
	if (r == 0)
		r = write_all(w, &w->filters, err);
	if (r == 0)
		r = write_all(w, &footer, err);
	buf_u32(&w->out, (uint32_t)footer.len);
	buf_u32(&w->out, (uint32_t)w->rollup.len);
	buf_u64(&w->out, checksum(footer.data, footer.len));
	buf_add(&w->out, SEGMENT_TAIL_MAGIC, SEGMENT_MAGIC);
	buf_release(&footer);
	return r < 0 ? r : flush(w, err);
}

static int finish(struct segment_writer *w, struct err *err)
{
	const struct timespec times[] = {w->written, w->written};
	int r = 0;

	if (w->block.n)
		r = write_block(w, err);
	if (r == 0)
		r = write_end(w, err);
	if (r < 0)
		return r;
	if ((w->written.tv_sec && futimens(w->fd, times) < 0) ||
		fsync(w->fd) < 0 || rename(w->tmp, w->path) < 0)
		return failed(w, err);
	return 0;
}

int segment_finish(struct segment_writer *w, struct err *err)
{
	int r = finish(w, err);

	if (r < 0)
		segment_abandon(w);
	else
		writer_free(w);
	return r;
}
