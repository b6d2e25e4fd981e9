/* The first byte picks: any bytes as a segment file; as the body of a block;
 * as a footer under a good checksum. */
#define _GNU_SOURCE
#include "format/checksum.h"
#include "store/segment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int touch(
	void *ctx, const struct flow_record *rows, size_t n, struct err *err)
{
	uint64_t *sum = ctx;

	(void)err;
	for (size_t i = 0; i < n; i++)
		*sum += rows[i].packets;
	return 0;
}

static void as_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("segment", MFD_CLOEXEC);
	uint64_t sum = 0;
	const struct store_scan scan = {.fn = touch, .ctx = &sum};
	struct segment s;
	struct err err;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (segment_open(fd, "fuzz", &s, &err) < 0)
		return;
	if (segment_scan(&s, &scan, &err) < 0 && !err.text[0])
		abort();
	segment_close(&s);
}

static void as_body(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_over(data, size);
	static struct block b; /* their room is kept */
	static struct block_writer *w;

	if (!w) {
		block_init(&b);
		w = block_writer_new();
	}
	b.n = b.n_hosts = 0;
	if (block_decode_hosts(&b, &c) && block_decode_rows(&b, &c)) {
		struct buf out = BUF_INIT(8 << 20);
		struct store_zone zone;

		/* what could be read can be written */
		block_encode(w, b.rows, b.n, &out, &zone);
		if (!buf_ok(&out))
			abort();
		buf_release(&out);
	}
}

static void as_footer(const uint8_t *data, size_t size)
{
	struct buf file = BUF_INIT(1 << 20);

	buf_adds(&file, "NFZSEG1\n");
	buf_u32(&file, 1);
	buf_u32(&file, 0);
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
	switch (data[0] % 3) {
	case 0:
		as_file(data + 1, size - 1);
		break;
	case 1:
		as_body(data + 1, size - 1);
		break;
	default:
		as_footer(data + 1, size - 1);
	}
	return 0;
}
