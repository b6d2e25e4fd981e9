#include "base/net.h"
#include "base/lines.h"
#include "base/word.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct net_addr net_addr_v4(const uint8_t b[static 4])
{
	uint32_t v;

	memcpy(&v, b, sizeof(v));
	return net_addr_v4_host(ntohl(v));
}

bool net_addr_parse(const char *s, struct net_addr *ret)
{
	uint8_t v4[4];

	if (inet_pton(AF_INET, s, v4) == 1) {
		*ret = net_addr_v4(v4);
		return true;
	}
	return inet_pton(AF_INET6, s, ret->b) == 1;
}

char *net_addr_print(const struct net_addr *a, char text[static NET_ADDR_TEXT])
{
	if (net_addr_is_v4(a))
		inet_ntop(AF_INET, a->b + 12, text, NET_ADDR_TEXT);
	else
		inet_ntop(AF_INET6, a->b, text, NET_ADDR_TEXT);
	return text;
}

bool net_prefix_parse(const char *s, struct net_prefix *ret)
{
	char text[NET_PREFIX_TEXT];
	char *slash;
	struct net_prefix p;
	int64_t len;
	bool v4;

	if (strlen(s) >= sizeof(text))
		return false;
	memcpy(text, s, strlen(s) + 1);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (!net_addr_parse(text, &p.addr))
		return false;
	v4 = net_addr_is_v4(&p.addr);
	len = v4 ? 32 : 128;
	if (slash && !span_count(span_of(slash), len, &len))
		return false;
	p.len = (uint8_t)(len + (v4 ? 96 : 0));
	net_addr_mask(&p.addr, p.len);
	*ret = p;
	return true;
}

bool net_prefix_has(const struct net_prefix *p, const struct net_addr *a)
{
	unsigned whole = p->len / 8, rest = p->len % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	return memcmp(p->addr.b, a->b, whole) == 0 &&
	       (!rest || (p->addr.b[whole] & mask) == (a->b[whole] & mask));
}

void net_addr_mask(struct net_addr *a, uint8_t len)
{
	unsigned whole = len / 8, rest = len % 8;

	if (whole >= 16)
		return;
	a->b[whole] = (uint8_t)(a->b[whole] & (0xff00 >> rest));
	memset(a->b + whole + 1, 0, 15 - whole);
}

int net_mask_length(const struct net_addr *mask)
{
	uint32_t v = net_addr_v4_value(mask);
	int len = __builtin_popcount(v);

	return v == (len ? ~UINT32_C(0) << (32 - len) : 0) ? len : -1;
}

bool net_mac_parse(const char *s, uint8_t ret[static 6])
{
	uint8_t mac[6];

	for (int i = 0; i < 6; i++) {
		int high, low;

		if (i && (*s == ':' || *s == '-'))
			s++;
		high = word_digit(s[0]);
		low = high < 0 ? -1 : word_digit(s[1]);
		if (low < 0)
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
		s += 2;
	}
	if (*s)
		return false;
	memcpy(ret, mac, 6);
	return true;
}

char *net_mac_print(const uint8_t mac[static 6], char text[static NET_MAC_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	char *to = text;

	for (int i = 0; i < 6; i++) { /* a large LAN prints very many */
		*to++ = digits[mac[i] >> 4];
		*to++ = digits[mac[i] & 15];
		*to++ = ':';
	}
	to[-1] = '\0';
	return text;
}
