/* A description with or without our block: what is found comes out, what is
 * put in is found again, and the text around it stays. */
#include "base/mem.h"
#include "testbed/ns_block.h"

#include <string.h>

enum { TEXT_MAX = 1 << 20 };

static void must(bool ok)
{
	if (!ok)
		__builtin_trap();
}

static void put_in(const char *text)
{
	static const struct ns_trace traces[] = {{"l", NULL}, {"lan-0", "n"}};
	const struct ns_change change = {.mode = "heavy",
		.collector = "nfz-collector",
		.traces = traces,
		.n_traces = 2};
	struct buf with = BUF_INIT(TEXT_MAX), back = BUF_INIT(TEXT_MAX);
	struct buf diff = BUF_INIT(4 * TEXT_MAX);
	struct arena arena = ARENA_INIT;
	struct ns_block b;

	if (ns_block_insert(text, &change, &with, NULL) == 0) {
		must(ns_block_find(buf_str(&with), &arena, &b, NULL) == 1);
		must(b.n_traces == 2 && b.collector);
		must(ns_block_intact(buf_str(&with), &b));
		ns_block_remove(buf_str(&with), &b, &back);
		must(strcmp(buf_str(&back), text) == 0);
		ns_text_diff(text, buf_str(&with), "x", &diff);
		must(diff.len > 0);
	}
	arena_release(&arena);
	buf_release(&with);
	buf_release(&back);
	buf_release(&diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	struct arena arena = ARENA_INIT;
	struct buf plain = BUF_INIT(TEXT_MAX), rest = BUF_INIT(TEXT_MAX);
	struct buf diff = BUF_INIT(4 * TEXT_MAX);
	struct ns_block b;
	int r;

	(void)ns_text_plain(text, &plain);
	r = ns_block_find(buf_str(&plain), &arena, &b, NULL);
	if (r == 1) {
		must(b.start < b.end && b.end <= plain.len);
		ns_block_remove(buf_str(&plain), &b, &rest);
		must(rest.len == plain.len - (b.end - b.start));
		ns_text_diff(buf_str(&plain), buf_str(&rest), "x", &diff);
	} else if (r == 0) {
		put_in(buf_str(&plain));
	}
	arena_release(&arena);
	buf_release(&plain);
	buf_release(&rest);
	buf_release(&diff);
	free(text);
	return 0;
}
