/* Any bytes as an LZ4 block: nothing outside is touched, and what the library
 * takes for one is one here, with the same bytes. */
#include "base/mem.h"
#include "deploy/unpack/lz4_block.h"
#include "format/compress.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const size_t room = len ? data[0] * (size_t)8 : 0;
	uint8_t *ours, *theirs;
	bool good;

	if (!len)
		return 0;
	data++;
	len--;
	ours = mem_zalloc(room, 1);
	theirs = mem_zalloc(room, 1);
	good = lz4_block_open(data, len, ours, room);
	if (compress_lz4_open(data, len, theirs, room) &&
		(!good || memcmp(ours, theirs, room) != 0))
		abort();
	free(ours);
	free(theirs);
	return 0;
}
