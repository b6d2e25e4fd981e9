/* Any text as a catalog: refused with a line, or printed so that it reads back
 * to the same print. */
#include "store/catalog.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct catalog *c = NULL, *again = NULL;
	struct buf one = BUF_INIT(64 << 20), two = BUF_INIT(64 << 20);
	struct err err = {0};

	if (catalog_parse((const char *)data, size, &c, &err) < 0) {
		if (!err.text[0])
			abort();
		return 0;
	}
	catalog_print(c, &one);
	if (catalog_parse(one.data, one.len, &again, &err) < 0)
		abort();
	catalog_print(again, &two);
	if (one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
		abort();
	catalog_free(c);
	catalog_free(again);
	buf_release(&one);
	buf_release(&two);
	return 0;
}
