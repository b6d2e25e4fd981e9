/* A fast checksum against accidents (XXH64, seed 0), not against people.  The
 * only place that knows xxhash. */
#ifndef NFZ_FORMAT_CHECKSUM_H
#define NFZ_FORMAT_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t checksum(const void *data, size_t len);

#endif
