/* Any text as a filter: refused with a place, or answers; what it prints of
 * itself says the same again. */
#include "store/block.h"
#include "store/filter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct catalog *names(void)
{
	static struct catalog *c;
	static const char text[] =
		"netflowize.catalog/1\nnode a\nnode b\nlink l p2p covered\n"
		"member 0 10.0.0.1\nmember 1 10.0.0.2\ntap 1 0 0 0 1 eth0\n";

	if (!c && catalog_parse(text, sizeof(text) - 1, &c, NULL) < 0)
		abort();
	return c;
}

static enum filter_answer ask(const struct filter *f, bool whole)
{
	static const int links[] = {0};
	const struct flow_key key = {.sport = 53, .dport = 1000, .proto = 17};
	const struct flow_extra extra = {.src_as = 64512,
		.dst_as = 4200000000,
		.in_if = 3,
		.vlan = 100,
		.src_mac = 0x020000000001,
		.next_low = 0xffff0a000001};
	const struct filter_subject s = {.key = &key,
		.extra = &extra,
		.whole = whole,
		.packets = 3,
		.bytes = 300,
		.links = links,
		.n_links = 1};

	return filter_test(f, &s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct store_zone zone = {.rows = 1};
	const struct catalog *c = names();
	struct filter *f = NULL, *again = NULL;
	struct buf text = BUF_INIT(16 << 20);
	struct err err = {0};

	if (filter_parse((const char *)data, size, c, &f, &err) < 0) {
		if (err.code != NFZ_E_FILTER || !err.text[0])
			abort();
	} else {
		enum filter_answer key = ask(f, false), all = ask(f, true);

		/* without the names it may be right, too */
		if (filter_check((const char *)data, size, &err) < 0)
			abort();
		if (all == FILTER_MAYBE || (key != FILTER_MAYBE && key != all))
			abort();
		(void)filter_may(f, &zone);
		filter_print(f, c, &text);
		if (text.len <= FILTER_TEXT_MAX &&
			(filter_parse(buf_str(&text), text.len, c, &again,
				 &err) < 0 ||
				ask(again, true) != all))
			abort();
	}
	filter_free(f);
	filter_free(again);
	buf_release(&text);
	return 0;
}
