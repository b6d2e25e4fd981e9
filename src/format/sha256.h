/* SHA-256 of many megabytes, by whatever the processor has for it.  For little,
 * and on nodes: format/crypto.h. */
#ifndef NFZ_FORMAT_SHA256_H
#define NFZ_FORMAT_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32 };

/* Piece by piece; nothing here can fail or allocates. */
struct sha256 {
	_Alignas(8) unsigned char state[128];
};
void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_end(struct sha256 *s, uint8_t ret[static SHA256_SIZE]);

#endif
