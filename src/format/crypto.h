/* What netflowize uses of libsodium; the only file that knows it.
 *
 * Call crypto_init() once, before threads, where anything is sealed, opened or
 * derived.  Nothing else here can fail except where it says so; nothing
 * allocates. */
#ifndef NFZ_FORMAT_CRYPTO_H
#define NFZ_FORMAT_CRYPTO_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CRYPTO_KEY = 32,
	CRYPTO_NONCE = 24,
	CRYPTO_TAG = 16,
	CRYPTO_SHA256 = 32,
	CRYPTO_SHA256_TEXT = 65
};

int crypto_init(struct err *err) NFZ_MUST_CHECK;
void crypto_random(void *to, size_t len);
/* Overwrites; the compiler may not leave it out. */
void crypto_wipe(void *p, size_t len);
/* In constant time. */
bool crypto_equal(const void *a, const void *b, size_t len);

/* XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03).  A nonce must never come
 * twice with one key.  The tag stands by itself, so that a message can also be
 * authenticated without being hidden: len 0, everything in `aad`. */
struct crypto_box {
	const uint8_t *key;   /* CRYPTO_KEY bytes */
	const uint8_t *nonce; /* CRYPTO_NONCE bytes */
	const void *aad;      /* clear, but protected */
	size_t aad_len;
};
/* Encrypts len bytes in place and writes the tag. */
void crypto_seal(const struct crypto_box *box, void *text, size_t len,
	uint8_t tag[static CRYPTO_TAG]);
/* Decrypts in place; false, and the text cleared, when anything differs. */
bool crypto_open(const struct crypto_box *box, void *text, size_t len,
	const uint8_t tag[static CRYPTO_TAG]) NFZ_MUST_CHECK;

/* A key made from a key: another number or another context (8 characters),
 * another key (libsodium's crypto_kdf). */
void crypto_derive(const uint8_t key[static CRYPTO_KEY], uint64_t number,
	const char context[static 8], uint8_t ret[static CRYPTO_KEY]);

/* SHA-256, piece by piece. */
struct crypto_sha256 {
	_Alignas(8) unsigned char state[128];
	bool asked, by_blocks; /* how: when much comes at once */
};
void crypto_sha256_init(struct crypto_sha256 *s);
void crypto_sha256_add(struct crypto_sha256 *s, const void *data, size_t len);
void crypto_sha256_end(
	struct crypto_sha256 *s, uint8_t ret[static CRYPTO_SHA256]);
/* The whole at once, as 64 hex digits. */
char *crypto_sha256_text(
	const void *data, size_t len, char text[static CRYPTO_SHA256_TEXT]);

/* Lower-case hex, 2 * len characters and a NUL; returns text. */
char *crypto_hex(const void *data, size_t len, char *text);
/* Exactly len bytes from exactly 2 * len hex digits, in constant time. */
bool crypto_unhex(const char *text, void *to, size_t len);

#endif
