/* Adapter for openssl's EVP_MAC. */
#include "format/hmac.h"
#include "base/mem.h"

#include <openssl/evp.h>
#include <openssl/params.h>

struct hmac {
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;
};

struct hmac *hmac_new(void)
{
	struct hmac *h = mem_zalloc(1, sizeof(*h));
	char name[] = "SHA1";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", name, 0),
		OSSL_PARAM_construct_end()};

	h->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	h->ctx = h->mac ? EVP_MAC_CTX_new(h->mac) : NULL;
	if (h->ctx && EVP_MAC_CTX_set_params(h->ctx, params) == 1)
		return h;
	hmac_free(h);
	return NULL;
}

void hmac_free(struct hmac *h)
{
	if (!h)
		return;
	EVP_MAC_CTX_free(h->ctx);
	EVP_MAC_free(h->mac);
	free(h);
}

bool hmac_sha1(struct hmac *h, const uint8_t key[HMAC_SHA1], const void *data,
	size_t len, uint8_t ret[HMAC_SHA1])
{
	size_t n = 0;

	return h && EVP_MAC_init(h->ctx, key, HMAC_SHA1, NULL) == 1 &&
	       EVP_MAC_update(h->ctx, data, len) == 1 &&
	       EVP_MAC_final(h->ctx, ret, &n, HMAC_SHA1) == 1 && n == HMAC_SHA1;
}
