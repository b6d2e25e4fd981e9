/* Key pairs by OpenSSL's libcrypto, written as OpenSSH does: RFC 4253 6.6, RFC
 * 5656 3.1 and RFC 8709 4 for the public part, PROTOCOL.key of OpenSSH's source
 * for the private file.  What is secret is wiped from our own memory. */
#include "format/sshkey.h"
#include "base/mem.h"
#include "format/base64.h"
#include "format/crypto.h"
#include "format/pem.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <string.h>

enum { KEY_MAX = 8 << 10, RSA_BITS = 2048, POINT = 65, LINE = 51, BLOCK = 8 };

static const char *const types[] = {
	"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"};

static void free_key(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void wipe(struct buf *b)
{
	crypto_wipe(b->data, b->len);
	buf_release(b);
}

static void put(struct buf *to, const void *data, size_t len)
{
	buf_u32(to, (uint32_t)len);
	buf_add(to, data, len);
}

static void put_text(struct buf *to, const char *text)
{
	put(to, text, strlen(text));
}

/* RFC 4251 5, mpint: in as few bytes as leave the first bit 0. */
static bool put_number(struct buf *to, const EVP_PKEY *key, const char *name)
{
	uint8_t bytes[RSA_BITS / 8 + 1];
	BIGNUM *n = NULL;
	int len;
	bool fits;

	if (!EVP_PKEY_get_bn_param(key, name, &n))
		return false;
	len = BN_num_bits(n) / 8 + 1;
	fits = len <= (int)sizeof(bytes) && BN_bn2binpad(n, bytes, len) == len;
	if (fits)
		put(to, bytes, (size_t)len);
	BN_clear_free(n);
	crypto_wipe(bytes, sizeof(bytes));
	return fits;
}

/* The fields after the type, as both parts have them. */
static bool put_curve(struct buf *to, const EVP_PKEY *key)
{
	uint8_t point[POINT];
	size_t len = 0;

	if (!EVP_PKEY_get_octet_string_param(
		    key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len))
		return false;
	put_text(to, "nistp256");
	put(to, point, len);
	return true;
}

static bool put_public(
	struct buf *to, enum sshkey_kind kind, const EVP_PKEY *key)
{
	uint8_t raw[32];
	size_t len = sizeof(raw);

	put_text(to, types[kind]);
	switch (kind) {
	case SSHKEY_ED25519:
		if (!EVP_PKEY_get_raw_public_key(key, raw, &len))
			return false;
		put(to, raw, len);
		return true;
	case SSHKEY_ECDSA:
		return put_curve(to, key);
	case SSHKEY_RSA:
		return put_number(to, key, OSSL_PKEY_PARAM_RSA_E) &&
		       put_number(to, key, OSSL_PKEY_PARAM_RSA_N);
	}
	return false;
}

static bool put_ed25519(struct buf *to, const EVP_PKEY *key)
{
	uint8_t pair[64];
	size_t secret = 32, known = 32;
	bool good = EVP_PKEY_get_raw_private_key(key, pair, &secret) &&
		    EVP_PKEY_get_raw_public_key(key, pair + 32, &known);

	put(to, pair + 32, known);
	put(to, pair, sizeof(pair));
	crypto_wipe(pair, sizeof(pair));
	return good;
}

static bool put_private(
	struct buf *to, enum sshkey_kind kind, const EVP_PKEY *key)
{
	static const char *const rsa[] = {OSSL_PKEY_PARAM_RSA_N,
		OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1, OSSL_PKEY_PARAM_RSA_FACTOR1,
		OSSL_PKEY_PARAM_RSA_FACTOR2};
	bool good = true;

	put_text(to, types[kind]);
	switch (kind) {
	case SSHKEY_ED25519:
		return put_ed25519(to, key);
	case SSHKEY_ECDSA:
		return put_curve(to, key) &&
		       put_number(to, key, OSSL_PKEY_PARAM_PRIV_KEY);
	case SSHKEY_RSA:
		for (size_t i = 0; i < sizeof(rsa) / sizeof(rsa[0]); i++)
			good = good && put_number(to, key, rsa[i]);
		return good;
	}
	return false;
}

/* The part that could be encrypted: two equal numbers show that it was opened
 * with the right passphrase, the rest of a block counts up from 1. */
static bool put_secret(struct buf *to, enum sshkey_kind kind,
	const EVP_PKEY *key, const char *comment)
{
	uint32_t check;
	bool good;

	crypto_random(&check, sizeof(check));
	buf_u32(to, check);
	buf_u32(to, check);
	good = put_private(to, kind, key);
	put_text(to, comment);
	for (uint8_t pad = 1; to->len % BLOCK != 0; pad++)
		buf_u8(to, pad);
	return good;
}

static void put_file(
	const struct buf *known, const struct buf *secret, struct buf *out)
{
	struct buf all cleanup(wipe) = BUF_INIT(KEY_MAX);

	buf_add(&all, "openssh-key-v1", sizeof("openssh-key-v1"));
	put_text(&all, "none"); /* cipher */
	put_text(&all, "none"); /* what makes its key */
	put_text(&all, "");
	buf_u32(&all, 1);
	put(&all, known->data, known->len);
	put(&all, secret->data, secret->len);
	buf_adds(out, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
	base64_encode(all.data, all.len, LINE, out);
	buf_adds(out, "-----END OPENSSH PRIVATE KEY-----\n");
}

static EVP_PKEY *generate(enum sshkey_kind kind)
{
	switch (kind) {
	case SSHKEY_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case SSHKEY_ECDSA:
		return EVP_EC_gen("P-256");
	case SSHKEY_RSA:
		return EVP_RSA_gen(RSA_BITS);
	}
	return NULL;
}

int sshkey_make(enum sshkey_kind kind, const char *comment,
	struct buf *ret_file, struct buf *ret_line, struct err *err)
{
	struct buf known cleanup(buf_release) = BUF_INIT(KEY_MAX);
	struct buf secret cleanup(wipe) = BUF_INIT(KEY_MAX);
	EVP_PKEY *key cleanup(free_key) = NULL;

	pem_library_clear();
	key = generate(kind);
	if (key == NULL || !put_public(&known, kind, key) ||
		!put_secret(&secret, kind, key, comment))
		return pem_library_error(
			err, NFZ_E_INTERNAL, "making an SSH key");
	put_file(&known, &secret, ret_file);
	buf_addf(ret_line, "%s ", types[kind]);
	base64_encode(known.data, known.len, 0, ret_line);
	buf_addf(ret_line, " %s\n", comment);
	return 0;
}
