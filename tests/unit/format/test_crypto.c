#include "format/crypto.h"
#include "format/sha256.h"

#include <criterion/criterion.h>
#include <string.h>

/* FIPS 180-4 example. */
Test(crypto, sha256_of_abc)
{
	char text[CRYPTO_SHA256_TEXT], again[CRYPTO_SHA256_TEXT];
	uint8_t sum[CRYPTO_SHA256];
	struct crypto_sha256 s;

	cr_assert_str_eq(crypto_sha256_text("abc", 3, text),
		"ba7816bf8f01cfea414140de5dae2223"
		"b00361a396177a9cb410ff61f20015ad");
	crypto_sha256_init(&s);
	crypto_sha256_add(&s, "a", 1);
	crypto_sha256_add(&s, "bc", 2);
	crypto_sha256_end(&s, sum);
	cr_assert_str_eq(crypto_hex(sum, sizeof(sum), again), text);
}

static void add_both(
	struct crypto_sha256 *s, struct sha256 *o, uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)(i * 31 + len);
	crypto_sha256_add(s, text, len);
	sha256_add(o, text, len);
}

Test(crypto, both_ways_to_sha256_agree)
{
	uint8_t text[8192], sum[CRYPTO_SHA256], other[SHA256_SIZE];
	struct crypto_sha256 s;
	struct sha256 o;

	crypto_sha256_init(&s);
	sha256_init(&o);
	for (size_t len = 0; len < 300; len += 7)
		add_both(&s, &o, text, len);
	/* and large pieces, at any place */
	for (size_t len = sizeof(text) - 8; len < sizeof(text); len++)
		add_both(&s, &o, text + sizeof(text) - len, len);
	crypto_sha256_end(&s, sum);
	sha256_end(&o, other);
	cr_assert_arr_eq(other, sum, sizeof(sum));
}

/* By blocks, where the processor can, and what is left of the last. */
Test(crypto, much_at_once_is_hashed_alike)
{
	uint8_t text[9000], sum[CRYPTO_SHA256], other[SHA256_SIZE];

	for (size_t len = 4000; len < sizeof(text); len += 63) {
		struct crypto_sha256 s;
		struct sha256 o;

		crypto_sha256_init(&s);
		sha256_init(&o);
		add_both(&s, &o, text, len);
		add_both(&s, &o, text, sizeof(text) - len);
		add_both(&s, &o, text, len);
		crypto_sha256_end(&s, sum);
		sha256_end(&o, other);
		cr_assert_arr_eq(other, sum, sizeof(sum));
	}
}

Test(crypto, opens_only_what_was_sealed)
{
	uint8_t key[CRYPTO_KEY] = {1}, nonce[CRYPTO_NONCE] = {2};
	const struct crypto_box box = {key, nonce, "head", 4},
				other = {key, nonce, "heae", 4};
	uint8_t tag[CRYPTO_TAG], text[6] = "hello";

	cr_assert_eq(crypto_init(NULL), 0);
	crypto_seal(&box, text, sizeof(text), tag);
	cr_assert_neq(memcmp(text, "hello", 6), 0);
	for (int i = 0; i < 8 * CRYPTO_TAG; i++) {
		uint8_t copy[6];

		memcpy(copy, text, 6);
		tag[i / 8] ^= (uint8_t)(1 << i % 8);
		cr_assert_not(crypto_open(&box, copy, sizeof(copy), tag));
		tag[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	{
		uint8_t copy[6];

		memcpy(copy, text, 6);
		cr_assert_not(crypto_open(&other, copy, sizeof(copy), tag));
	}
	cr_assert(crypto_open(&box, text, sizeof(text), tag));
	cr_assert_str_eq((char *)text, "hello");
}

Test(crypto, authenticates_without_hiding)
{
	uint8_t key[CRYPTO_KEY] = {1}, nonce[CRYPTO_NONCE] = {2};
	const struct crypto_box box = {key, nonce, "seen", 4};
	uint8_t tag[CRYPTO_TAG];

	crypto_seal(&box, NULL, 0, tag);
	cr_assert(crypto_open(&box, NULL, 0, tag));
	tag[0] ^= 1;
	cr_assert_not(crypto_open(&box, NULL, 0, tag));
}

Test(crypto, unhex_wants_exactly_the_digits)
{
	uint8_t b[2];

	cr_assert(crypto_unhex("12aF", b, 2));
	cr_assert(b[0] == 0x12 && b[1] == 0xaf);
	cr_assert_not(crypto_unhex("12a", b, 2));
	cr_assert_not(crypto_unhex("12a ", b, 2));
	cr_assert_not(crypto_unhex("12af0", b, 2));
	cr_assert_not(crypto_unhex("12ag", b, 2));
}
