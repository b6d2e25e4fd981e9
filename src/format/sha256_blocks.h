/* Whole blocks of SHA-256 by the processor's own instructions for that, which
 * libsodium does not use: a node checks each program it is sent or asked about
 * in a quarter of the time. */
#ifndef NFZ_FORMAT_SHA256_BLOCKS_H
#define NFZ_FORMAT_SHA256_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK = 64 };

/* Can this processor?  A virtual one takes a while to say. */
bool sha256_has_blocks(void);
/* If so: takes as many whole blocks into the state (of FIPS 180-4, from a to h)
 * as there are; returns how many bytes that were. */
size_t sha256_blocks(uint32_t state[static 8], const void *data, size_t len);

#endif
