/* The one door to libsodium. */
#include "format/crypto.h"
#include "format/sha256_blocks.h"

#include <sodium.h>
#include <string.h>

enum { MUCH = 4096 /* bytes, that another way of hashing is looked for */ };

#ifdef NFZ_NODE
/* Debian's libsodium.a was compiled for glibc with fortification; musl lacks
 * the checked form of explicit_bzero. */
void __explicit_bzero_chk(void *p, size_t len, size_t room);
void __explicit_bzero_chk(void *p, size_t len, size_t room)
{
	if (len > room)
		__builtin_trap();
	explicit_bzero(p, len);
}

/* Misuse is what the library calls when it is called wrongly.  Its own lives
 * beside sodium_init(), which a program that only hashes would get with it; the
 * linker puts this one in its place (--wrap in mk/node.mk). */
void __wrap_sodium_misuse(void);
void __wrap_sodium_misuse(void)
{
	__builtin_trap();
}

/* sodium_init() chooses among implementations of everything there is.  No
 * program on a node hashes passwords, agrees on keys by curves or uses salsa20:
 * with these in their place none of that is linked, half of a program. */
int _crypto_pwhash_argon2_pick_best_implementation(void);
int _crypto_scalarmult_curve25519_pick_best_implementation(void);
int _crypto_stream_salsa20_pick_best_implementation(void);

int _crypto_pwhash_argon2_pick_best_implementation(void)
{
	return 0;
}

int _crypto_scalarmult_curve25519_pick_best_implementation(void)
{
	return 0;
}

int _crypto_stream_salsa20_pick_best_implementation(void)
{
	return 0;
}

/* BLAKE2b is for the few keys that are derived: one way of it is enough. */
#ifdef __x86_64__
struct blake2b_state;
typedef int blake2b_fn(struct blake2b_state *s, const uint8_t *block);
blake2b_fn blake2b_compress_ref;
blake2b_fn blake2b_compress_ssse3, blake2b_compress_sse41,
	blake2b_compress_avx2;

int blake2b_compress_ssse3(struct blake2b_state *s, const uint8_t *block)
{
	return blake2b_compress_ref(s, block);
}

int blake2b_compress_sse41(struct blake2b_state *s, const uint8_t *block)
{
	return blake2b_compress_ref(s, block);
}

int blake2b_compress_avx2(struct blake2b_state *s, const uint8_t *block)
{
	return blake2b_compress_ref(s, block);
}
#endif
#endif

_Static_assert(CRYPTO_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "");
_Static_assert(
	CRYPTO_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "");
_Static_assert(CRYPTO_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "");
_Static_assert(CRYPTO_KEY == crypto_kdf_KEYBYTES, "");
_Static_assert(crypto_kdf_CONTEXTBYTES == 8, "");
_Static_assert(
	sizeof(struct crypto_sha256) >= sizeof(crypto_hash_sha256_state), "");

int crypto_init(struct err *err)
{
	if (sodium_init() < 0)
		return err_set(
			err, NFZ_E_INTERNAL, "libsodium cannot be initialised");
	return 0;
}

void crypto_random(void *to, size_t len)
{
	randombytes_buf(to, len);
}

void crypto_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void crypto_seal(const struct crypto_box *box, void *text, size_t len,
	uint8_t tag[static CRYPTO_TAG])
{
	uint8_t none = 0; /* the library wants an address for 0 bytes too */

	if (!text)
		text = &none;
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(text, tag, NULL,
		text, len, box->aad, box->aad_len, NULL, box->nonce, box->key);
}

bool crypto_open(const struct crypto_box *box, void *text, size_t len,
	const uint8_t tag[static CRYPTO_TAG])
{
	uint8_t none = 0;

	if (!text)
		text = &none;
	return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(text, NULL,
		       text, len, tag, box->aad, box->aad_len, box->nonce,
		       box->key) == 0;
}

void crypto_derive(const uint8_t key[static CRYPTO_KEY], uint64_t number,
	const char context[static 8], uint8_t ret[static CRYPTO_KEY])
{
	crypto_kdf_derive_from_key(ret, CRYPTO_KEY, number, context, key);
}

void crypto_sha256_init(struct crypto_sha256 *s)
{
	crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)s->state);
	s->asked = s->by_blocks = false;
}

/* Much, from the beginning of a block on, goes in by blocks. */
static size_t add_blocks(struct crypto_sha256 *s, const void *data, size_t len)
{
	crypto_hash_sha256_state *state = (void *)s->state;
	size_t done;

	if (len < MUCH || state->count / 8 % SHA256_BLOCK)
		return 0;
	s->by_blocks = s->asked ? s->by_blocks : sha256_has_blocks();
	s->asked = true;
	done = s->by_blocks ? sha256_blocks(state->state, data, len) : 0;
	state->count += 8 * (uint64_t)done;
	return done;
}

void crypto_sha256_add(struct crypto_sha256 *s, const void *data, size_t len)
{
	size_t done = add_blocks(s, data, len);

	crypto_hash_sha256_update((crypto_hash_sha256_state *)(void *)s->state,
		(const uint8_t *)data + done, len - done);
}

void crypto_sha256_end(
	struct crypto_sha256 *s, uint8_t ret[static CRYPTO_SHA256])
{
	crypto_hash_sha256_final(
		(crypto_hash_sha256_state *)(void *)s->state, ret);
}

char *crypto_sha256_text(
	const void *data, size_t len, char text[static CRYPTO_SHA256_TEXT])
{
	uint8_t sum[CRYPTO_SHA256];
	struct crypto_sha256 s;

	crypto_sha256_init(&s);
	crypto_sha256_add(&s, data, len);
	crypto_sha256_end(&s, sum);
	return crypto_hex(sum, sizeof(sum), text);
}

char *crypto_hex(const void *data, size_t len, char *text)
{
	return sodium_bin2hex(text, len * 2 + 1, data, len);
}

bool crypto_unhex(const char *text, void *to, size_t len)
{
	size_t n = strlen(text), done;
	const char *end;

	return n == len * 2 &&
	       sodium_hex2bin(to, len, text, n, NULL, &done, &end) == 0 &&
	       done == len && end == text + n;
}
