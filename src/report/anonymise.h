/* A text with other addresses in it, for pages that leave the house.
 *
 * Addresses are replaced so that any two agree in as many leading bits as
 * before (Xu et al., "Prefix-preserving IP address anonymization", ICNP 2002):
 * who is in whose network can be told, who it is cannot.  IPv4 stays IPv4. */
#ifndef NFZ_REPORT_ANONYMISE_H
#define NFZ_REPORT_ANONYMISE_H

#include "base/buf.h"
#include "base/net.h"
#include "format/crypto.h"

/* The address that stands for this one with that key.  crypto_init() must have
 * been called. */
struct net_addr anonymise_addr(
	const uint8_t key[static CRYPTO_KEY], const struct net_addr *a);

/* The text with each address in it replaced, wherever it stands: in members of
 * a JSON document, in filters and in people's words.  What is JSON stays so. */
void anonymise_text(const uint8_t key[static CRYPTO_KEY], const char *text,
	size_t len, struct buf *out);

#endif
