/* A bit of an address is turned or not by a key of its own, which the bits in
 * front of it lead to: a walk down a tree of keys. */
#include "report/anonymise.h"

#include <ctype.h>
#include <string.h>

enum { V4_BEGIN = 96, BITS = 128 };

struct net_addr anonymise_addr(
	const uint8_t key[static CRYPTO_KEY], const struct net_addr *a)
{
	struct net_addr ret = *a;
	uint8_t at[CRYPTO_KEY];

	memcpy(at, key, sizeof(at));
	for (int i = net_addr_is_v4(a) ? V4_BEGIN : 0; i < BITS; i++) {
		unsigned shift = 7 - (unsigned)i % 8;
		unsigned bit = a->b[i / 8] >> shift & 1;
		uint8_t next[CRYPTO_KEY];

		ret.b[i / 8] ^= (uint8_t)((at[0] & 1u) << shift);
		crypto_derive(at, bit, "addrbits", next);
		memcpy(at, next, sizeof(at));
	}
	crypto_wipe(at, sizeof(at));
	return ret;
}

/* Characters that addresses are made of. */
static bool is_of(char c, bool v6)
{
	return isdigit((unsigned char)c) || c == '.' ||
	       (v6 && (isxdigit((unsigned char)c) || c == ':'));
}

/* Length of the longest address at the start of the text, 0: none. */
static size_t address_at(
	const char *text, size_t len, bool v6, struct net_addr *ret)
{
	char word[NET_ADDR_TEXT];
	size_t n = 0, marks = 0;

	for (; n < len && n + 1 < sizeof(word) && is_of(text[n], v6); n++) {
		word[n] = text[n];
		marks += word[n] == (v6 ? ':' : '.');
	}
	if (marks < (v6 ? 2 : 3)) /* as nearly all numbers */
		return 0;
	for (; n > 1; n--) {
		word[n] = '\0';
		if (net_addr_parse(word, ret))
			return n;
	}
	return 0;
}

/* An escape of JSON, or of nothing: its letters are part of no address. */
static size_t escape_at(const char *text, size_t len)
{
	size_t n = text[0] != '\\' ? 0 : len > 1 && text[1] == 'u' ? 6 : 2;

	return n < len ? n : len;
}

void anonymise_text(const uint8_t key[static CRYPTO_KEY], const char *text,
	size_t len, struct buf *out)
{
	char last = ' ', print[NET_ADDR_TEXT];
	struct net_addr a;

	for (size_t i = 0, n; i < len; i += n) {
		n = escape_at(text + i, len - i);
		if (n) {
			buf_add(out, text + i, n);
			last = ' ';
			continue;
		}
		if (last == ':' || !is_of(last, true))
			n = address_at(text + i, len - i, true, &a);
		if (!n && !is_of(last, false))
			n = address_at(text + i, len - i, false, &a);
		if (n) {
			a = anonymise_addr(key, &a);
			buf_adds(out, net_addr_print(&a, print));
		} else {
			n = 1;
			buf_addc(out, text[i]);
		}
		last = text[i + n - 1];
	}
}
