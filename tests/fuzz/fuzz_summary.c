/* A summary from a collector: read, drawn, told. */
#include "report/page.h"
#include "report/top.h"

#include <stdlib.h>

static void show(struct facts *f, const struct topology *t, const uint8_t *data,
	size_t len)
{
	const struct page page = {.topology = t,
		.facts = f,
		.summary = (const char *)data,
		.summary_len = len,
		.command = "nfz-query run",
		.version = "fuzz"};
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct err err = ERR_INIT;

	facts_join(f, t);
	(void)!page_print(&page, &out, &err);
	for (int i = TOP_LINKS; i <= TOP_PROBES; i++) {
		const struct top top = {.screen = (enum top_screen)i,
			.width = 80,
			.height = 24};

		buf_reset(&out);
		top_print(&top, f, t, &out);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct facts *f = NULL;
	struct topology *t = NULL;
	struct err err = ERR_INIT;

	if (len > 65536 || facts_parse((const char *)data, len, &f, &err) < 0)
		return 0;
	/* the picture's own limits have a fuzzer of their own */
	if (f->n_links < 64 && facts_topology(f, &t, &err) == 0)
		show(f, t, data, len);
	topology_free(t);
	facts_free(f);
	return 0;
}
