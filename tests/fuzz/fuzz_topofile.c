/* A topology document: whatever is accepted is printed, read again and must
 * print the same. */
#include "topology/topofile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = BUF_INIT(64 << 20), second = BUF_INIT(64 << 20);
	struct topology *t = NULL, *again = NULL;
	struct err err;

	if (topofile_parse((const char *)data, size, "fuzz", &t, &err))
		return 0;
	topofile_print(t, &first);
	if (topofile_parse(buf_str(&first), first.len, "again", &again, &err))
		abort();
	topofile_print(again, &second);
	if (first.len != second.len ||
		memcmp(first.data, second.data, first.len) != 0)
		abort();
	topology_free(t);
	topology_free(again);
	buf_release(&first);
	buf_release(&second);
	return 0;
}
