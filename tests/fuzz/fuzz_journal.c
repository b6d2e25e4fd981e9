/* Any text as a journal: no record names a path outside, or process 0 or 1. */
#include "deploy/journal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct journal_list list = {0};

	journal_parse((const char *)data, len, &list);
	for (size_t i = 0; i < list.n; i++) {
		const struct journal_record *r = &list.records[i];

		if (r->kind == JOURNAL_PROC ? r->pid <= 1 || !r->role
					    : !r->path || r->path[0] == '/' ||
						      !journal_path_ok(r->path))
			abort();
	}
	journal_list_release(&list);
	return 0;
}
