/* The first byte picks: any bytes as a segment file; as a stored column; as a
 * footer under a good checksum; as what nobody knows of a block's rows. */
#define _GNU_SOURCE
#include "format/checksum.h"
#include "store/ahead.h"
#include "store/block_others.h"
#include "store/segment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int touch(void *ctx, const struct flow_rows *rows, struct err *err)
{
	uint64_t *sum = ctx;

	(void)err;
	for (size_t i = 0; i < rows->n; i++) {
		static const struct flow_extra none;
		const struct flow_extra *e =
			rows->extras ? &rows->extras[i] : &none;

		if (!flow_others_sound(&e->others))
			abort();
		*sum += rows->records[i].packets + e->src_as;
	}
	return 0;
}

static void as_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("segment", MFD_CLOEXEC);
	uint64_t sum = 0;
	const struct store_scan scan = {.rows = touch, .ctx = &sum};
	struct segment s;
	struct ahead *ahead;
	struct err err;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (segment_open(fd, "fuzz", &s, &err) < 0)
		return;
	ahead = ahead_new(&scan);
	if (segment_scan(&s, &scan, ahead, &err) < 0 && !err.text[0])
		abort();
	ahead_free(ahead);
	segment_close(&s);
}

/* Packed again it is the same. */
static void as_packed(const struct column_part *part, const uint8_t *stored,
	size_t n, unsigned width, const uint64_t *values)
{
	static uint64_t again[2 * BLOCK_ROWS];
	struct buf out = BUF_INIT(4 << 20);
	struct column_part small;

	if (!column_pack(part, stored, n, &out, &small) ||
		!column_decode(&small, (const uint8_t *)buf_str(&out), n, width,
			again) ||
		memcmp(again, values, n * width) != 0)
		abort();
	buf_release(&out);
}

/* How many rows, their size, the part; the rest is what is stored. */
static void as_column(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_over(data, size);
	static uint64_t values[2 * BLOCK_ROWS], some[2 * BLOCK_ROWS];
	const size_t n = cursor_u16(&c) % (2 * BLOCK_ROWS + 1);
	const unsigned width = 1u << cursor_u8(&c) % 4;
	struct column_part part = {.width = cursor_u8(&c),
		.scale = cursor_u8(&c),
		.packed = cursor_u16(&c)};
	uint16_t row = (uint16_t)(n ? n - 1 : 0);
	bool good;

	part.range.min = cursor_u8(&c);
	part.range.max = cursor_u8(&c);
	part.len = (uint32_t)cursor_left(&c);
	good = column_decode(&part, c.at, n, width, values);
	if (good)
		as_packed(&part, c.at, n, width, values);
	/* of what is damaged behind the rows they may know nothing */
	if (n && column_decode_rows(&part, c.at, n, width, &row, 1, some) &&
		(good && memcmp((uint8_t *)some + row * width,
				 (uint8_t *)values + row * width, width) != 0))
		abort();
	(void)column_decode_addrs(
		&part, c.at, n % BLOCK_ROWS, (uint8_t *)values);
}

/* What can be read is the same when it was written again. */
static void as_others(const uint8_t *data, size_t size)
{
	struct column_part part = {.width = 1, .len = (uint32_t)size};
	struct buf out = BUF_INIT(8 << 20);
	struct block_others o, again;

	block_others_init(&o);
	block_others_init(&again);
	if (block_others_decode(&o, &part, data)) {
		block_others_encode(&o, &out, &part);
		if (!block_others_decode(
			    &again, &part, (const uint8_t *)out.data) ||
			again.n != o.n || again.raw.len != o.raw.len ||
			memcmp(again.raw.data, o.raw.data, o.raw.len) != 0)
			abort();
	}
	block_others_release(&o);
	block_others_release(&again);
	buf_release(&out);
}

static void as_footer(const uint8_t *data, size_t size)
{
	struct buf file = BUF_INIT(1 << 20);

	buf_addf(&file, "NFZSEG%d\n", 2 + (int)(size % 3));
	buf_u64(&file, 0);
	buf_u64(&file, 7);
	buf_add(&file, data, size);
	buf_u32(&file, (uint32_t)size);
	buf_u32(&file, 0);
	buf_u64(&file, checksum(data, size));
	buf_adds(&file, "NFZSEND\n");
	if (buf_ok(&file))
		as_file((const uint8_t *)file.data, file.len);
	buf_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0:
		as_file(data + 1, size - 1);
		break;
	case 1:
		as_column(data + 1, size - 1);
		break;
	case 2:
		as_footer(data + 1, size - 1);
		break;
	default:
		as_others(data + 1, size - 1);
	}
	return 0;
}
