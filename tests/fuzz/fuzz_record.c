/* Batches of the record stream from a broken sender. */
#include "flow/stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool take(void *data, uint64_t seq, const uint8_t *items, size_t len)
{
	struct stream_content c;
	uint64_t *expected = data;

	if (seq < *expected)
		abort();
	*expected = seq + 1;
	if (stream_read(items, len, &c))
		for (size_t i = 0; i < c.n_records; i++)
			if (c.records[i].point || c.records[i].id)
				abort(); /* are of one program only */
	return true;
}

/* Pieces of the input, each with a length in front, arrive one after the
 * other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct reliable_receiver r; /* keeps its room */
	struct received say;
	uint64_t expected = 1;

	reliable_begin(&r, 1, 0);
	while (len > 2) {
		size_t n = (size_t)(data[0] << 8 | data[1]) % 1500;

		data += 2;
		len -= 2;
		if (n > len)
			n = len;
		reliable_take(&r, data, n);
		reliable_deliver(&r, take, &expected);
		reliable_mark(&r);
		reliable_durable(&r);
		reliable_say(&r, &say);
		if (say.durable > say.taken)
			abort();
		data += n;
		len -= n;
	}
	return 0;
}
