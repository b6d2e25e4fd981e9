/* Any bytes as a rollup, but for its checksum: refused, or it is read as it was
 * written, and answers questions, each table its own, with nothing that it does
 * not hold. */
#include "base/mem.h"
#include "format/checksum.h"
#include "store/rollup_ask.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append_sum(struct buf *text)
{
	buf_u64(text, checksum(buf_str(text), text->len));
}

static int add(void *ctx, const struct rollup_sum *sum, struct err *err)
{
	uint64_t *bytes = ctx;

	(void)err;
	*bytes += sum->bytes;
	return 0;
}

static void ask(const struct rollup *r, const char *filter, const char *key)
{
	struct group_by by = {.n = 0};
	struct filter *f;
	struct rollup_ask ask;
	uint64_t told = 0, held = 0, records;

	if (filter_parse(filter, strlen(filter), NULL, &f, NULL) < 0 ||
		group_by_add(&by, "time:3600", NULL) < 0 ||
		group_by_add(&by, key, NULL) < 0 || !rollup_can(&ask, f, &by))
		abort();
	for (size_t i = 0; i < r->by[ask.kind].n; i++)
		held += r->by[ask.kind].cells[i].bytes;
	if (rollup_tell(r, &ask, &records, add, &told, NULL) == 1 && !*filter &&
		told != held)
		abort();
	filter_free(f);
}

static void write_and_read(struct rollup *r)
{
	struct buf text = BUF_INIT(2 * ROLLUP_BYTES),
		   again = BUF_INIT(2 * ROLLUP_BYTES);
	struct rollup back;

	rollup_encode(r, &text);
	rollup_init(&back);
	if (!buf_ok(&text) ||
		!rollup_decode(&back, text.data, text.len, ROLLUP_KINDS))
		abort();
	rollup_encode(&back, &again);
	if (again.len != text.len ||
		memcmp(again.data, text.data, text.len) != 0)
		abort();
	rollup_release(&back);
	buf_release(&text);
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const questions[][2] = {{"", "proto"},
		{"tcp or dst port 80", "dport"},
		{"not src port < 1024", "sport"}, {"in if 2", "in_if"},
		{"not out if 1", "out_if"}, {"src net 10.0.0.0/8", "src"},
		{"", "dst"}};
	struct buf text = BUF_INIT(ROLLUP_BYTES);
	struct rollup r;

	buf_add(&text, data, size);
	append_sum(&text);
	rollup_init(&r);
	if (buf_ok(&text) &&
		rollup_decode(&r, text.data, text.len, ROLLUP_KINDS)) {
		write_and_read(&r);
		for (size_t i = 0; i < sizeof(questions) / sizeof(*questions);
			i++)
			ask(&r, questions[i][0], questions[i][1]);
	}
	rollup_release(&r);
	buf_release(&text);
	return 0;
}
