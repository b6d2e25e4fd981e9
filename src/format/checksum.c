/* Adapter for xxhash, header only: nothing to link. */
#include "format/checksum.h"
#include "base/cursor.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t checksum(const void *data, size_t len)
{
	return XXH64(data, len, 0);
}

bool checksum_ends(const void *data, size_t len)
{
	struct cursor c = cursor_over(data, len);

	if (len < CHECKSUM)
		return false;
	cursor_skip(&c, len - CHECKSUM);
	return cursor_u64(&c) == checksum(data, len - CHECKSUM);
}
