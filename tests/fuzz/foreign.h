/* What every reader of a foreign topology format must hold: whatever it
 * accepts prints as JSON and reads back the same. */
#ifndef NFZ_FUZZ_FOREIGN_H
#define NFZ_FUZZ_FOREIGN_H

#include "testbed/draft.h"
#include "topology/topofile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void foreign_round(const struct topology *t)
{
	struct buf first = BUF_INIT(64 << 20), second = BUF_INIT(64 << 20);
	struct topology *again = NULL;
	struct err err;

	topofile_print(t, &first);
	if (topofile_parse(buf_str(&first), first.len, "again", &again, &err))
		abort();
	topofile_print(again, &second);
	if (first.len != second.len ||
		memcmp(first.data, second.data, first.len) != 0)
		abort();
	topology_free(again);
	buf_release(&first);
	buf_release(&second);
}

static inline int foreign_input(int (*parse)(const struct draft_text *,
					struct topology **, struct err *),
	const uint8_t *data, size_t size)
{
	struct buf warnings = BUF_INIT(1 << 16);
	struct draft_text from = {.text = (const char *)data,
		.len = size,
		.name = "fuzz",
		.warnings = &warnings};
	struct topology *t = NULL;
	struct err err;

	if (parse(&from, &t, &err) == 0) {
		if (t->n_nodes < 1000)
			foreign_round(t);
	} else if (!err.text[0]) {
		abort();
	}
	topology_free(t);
	buf_release(&warnings);
	return 0;
}

#endif
