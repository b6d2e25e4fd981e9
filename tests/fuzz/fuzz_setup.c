/* Any text: parsed or refused; what was parsed prints and parses again to the
 * same text. */
#include "flow/setup.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf a = BUF_INIT(64 << 20), b = BUF_INIT(64 << 20);
	struct setup s, again;

	if (setup_parse((const char *)data, len, &s, NULL) != 0)
		return 0;
	setup_print(&s, &a);
	if (setup_parse(a.data, a.len, &again, NULL) != 0)
		abort();
	setup_print(&again, &b);
	if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	setup_release(&s);
	setup_release(&again);
	buf_release(&a);
	buf_release(&b);
	return 0;
}
