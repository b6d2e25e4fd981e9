/* Addresses and prefixes, IPv4 and IPv6 alike.
 *
 * A net_addr always has 16 bytes; an IPv4 address is held in the v4-mapped
 * form ::ffff:a.b.c.d, so that comparing 16 bytes compares addresses. */
#ifndef NFZ_BASE_NET_H
#define NFZ_BASE_NET_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct net_addr {
	uint8_t b[16];
};

struct net_prefix {
	struct net_addr addr;
	uint8_t len; /* 0..128; an IPv4 /24 is 120 */
};

enum { NET_ADDR_TEXT = 46, NET_PREFIX_TEXT = 50, NET_MAC_TEXT = 18 };

struct net_addr net_addr_v4(const uint8_t b[static 4]);
/* Inline: of every record stored. */
static inline struct net_addr net_addr_v4_host(uint32_t host_order)
{
	const uint32_t v = __builtin_bswap32(host_order);
	struct net_addr a = {.b = {[10] = 0xff, [11] = 0xff}};

	memcpy(a.b + 12, &v, sizeof(v));
	return a;
}
static inline bool net_addr_is_v4(const struct net_addr *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}
static inline uint32_t net_addr_v4_value(
	const struct net_addr *a) /* host order */
{
	uint32_t v;

	memcpy(&v, a->b + 12, sizeof(v));
	return __builtin_bswap32(v);
}
/* Numeric only, never a name service. */
bool net_addr_parse(const char *s, struct net_addr *ret);
/* Writes and returns text. */
char *net_addr_print(const struct net_addr *a, char text[static NET_ADDR_TEXT]);
/* "10.1.0.0/16", "10.1.2.3" (then /32), "2001:db8::/32" */
bool net_prefix_parse(const char *s, struct net_prefix *ret);
bool net_prefix_has(const struct net_prefix *p, const struct net_addr *a);
/* Clears the bits beyond len. */
void net_addr_mask(struct net_addr *a, uint8_t len);
/* 255.255.255.0 -> 24; -1 when the mask has holes. */
int net_mask_length(const struct net_addr *mask);
/* 12 hex digits, or six pairs with ':' or '-'. */
bool net_mac_parse(const char *s, uint8_t ret[static 6]);
/* "00:04:23:b7:1f:1e" */
char *net_mac_print(
	const uint8_t mac[static 6], char text[static NET_MAC_TEXT]);

#endif
