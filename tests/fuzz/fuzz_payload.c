/* Any bytes as an archive, in pieces: names stay harmless, sizes are true. */
#include "deploy/payload_read.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int look(void *ctx, const struct payload_entry *e, const void *data,
	struct err *err)
{
	volatile uint8_t sum = 0;

	(void)ctx;
	(void)err;
	if (strchr(e->name, '/') || e->name[0] == '.' || e->mode & ~0755U)
		abort();
	for (size_t i = 0; i < e->size; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)data)[i]);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct payload_reader *r;
	size_t piece = len ? data[0] + (size_t)1 : 1;

	r = payload_reader_new(look, NULL);
	for (size_t at = 1; at < len; at += piece)
		if (payload_reader_add(r, data + at,
			    len - at < piece ? len - at : piece, NULL) < 0)
			break;
	payload_reader_free(r);
	return 0;
}
