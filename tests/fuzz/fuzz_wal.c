/* The first byte picks: any bytes as a log file; as pieces (kind, length 2,
 * bytes) that become entries with good checksums. */
#define _GNU_SOURCE
#include "store/inside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int apply(
	void *ctx, enum wal_kind kind, struct cursor *body, struct err *err)
{
	uint64_t rows;

	(void)err;
	if (state_apply(ctx, kind, body, &rows, NULL) == 0 && !cursor_ok(body))
		abort();
	return 0;
}

static int look(void *ctx, const struct flow_rows *rows, struct err *err)
{
	(void)ctx;
	(void)err;
	for (size_t i = 0; rows->extras && i < rows->n; i++)
		if (!flow_others_sound(&rows->extras[i].others))
			abort();
	return 0;
}

static void read_log(const void *data, size_t size)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	struct store_state state, again;
	struct wal_reading how = {.fd = fd,
		.name = "fuzz",
		.size = size,
		.fn = apply,
		.ctx = &state};
	struct wal_found found;
	struct buf out = BUF_INIT(64 << 20);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	state_init(&state);
	state_init(&again);
	if (wal_read(&how, &found, NULL) == 0 &&
		found.good_bytes + found.torn_bytes != size)
		abort();
	/* the state, written and read, is the state */
	wal_begin(&out, 1);
	state_encode(&state, &out);
	if (ftruncate(fd, 0) < 0 ||
		pwrite(fd, out.data, out.len, 0) != (ssize_t)out.len)
		abort();
	how.size = out.len;
	how.ctx = &again;
	if (wal_read(&how, &found, NULL) < 0 || found.torn_bytes ||
		again.n_taps != state.n_taps ||
		again.n_senders != state.n_senders ||
		again.n_modules != state.n_modules)
		abort();
	state_release(&state);
	state_release(&again);
	buf_release(&out);
	close(fd);
}

static void as_pieces(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_over(data, size);
	struct buf log = BUF_INIT(1 << 20);

	wal_begin(&log, 3);
	while (cursor_left(&c)) {
		uint8_t kind = cursor_u8(&c);
		size_t n = cursor_u16(&c), entry = wal_entry_begin(&log);

		n = n < cursor_left(&c) ? n : cursor_left(&c);
		buf_add(&log, c.at, n);
		cursor_skip(&c, n);
		wal_entry_end(&log, entry, (enum wal_kind)kind);
		if (c.bad)
			break;
	}
	if (buf_ok(&log))
		read_log(log.data, log.len);
	buf_consume(&log, WAL_HEAD);
	if (store_read_entries(&log, look, NULL, NULL) > 0)
		abort();
	buf_release(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] % 2)
		as_pieces(data + 1, size - 1);
	else
		read_log(data + 1, size - 1);
	return 0;
}
