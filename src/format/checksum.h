/* A fast checksum against accidents (XXH64, seed 0), not against people.  The
 * only place that knows xxhash. */
#ifndef NFZ_FORMAT_CHECKSUM_H
#define NFZ_FORMAT_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM = 8 /* bytes */ };
uint64_t checksum(const void *data, size_t len);
/* Do they end with the checksum of all before it, as buf_u64 writes it? */
bool checksum_ends(const void *data, size_t len);

#endif
