/* SHA-256 by the processor's own instructions (x86 SHA extensions, ARMv8
 * cryptography): ten times as fast as portable C.  Only the compression of
 * whole blocks; length, tail and padding stay with who calls it. */
#ifndef NFZ_FORMAT_SHA256_BLOCKS_H
#define NFZ_FORMAT_SHA256_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds n blocks of 64 bytes to the state (FIPS 180-4, in the order of H0 to
 * H7).  False: this processor cannot, or they are too few for it to be asked;
 * nothing has been done. */
bool sha256_blocks(uint32_t state[static 8], const uint8_t *data, size_t n);

#endif
