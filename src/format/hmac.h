/* HMAC-SHA1, which known hosts files name hosts by.  Nothing new should use
 * it: format/crypto.h. */
#ifndef NFZ_FORMAT_HMAC_H
#define NFZ_FORMAT_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HMAC_SHA1 = 20 };

/* A context that is used over and over: that is what makes it fast. */
struct hmac;
struct hmac *hmac_new(void);
void hmac_free(struct hmac *h); /* NULL is fine */
bool hmac_sha1(struct hmac *h, const uint8_t key[HMAC_SHA1], const void *data,
	size_t len, uint8_t ret[HMAC_SHA1]);

#endif
