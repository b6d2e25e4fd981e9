/* Bytes of messages, big-endian, where it is known that there is room (private to
 * fields.c and its neighbours).  Each returns the place behind. */
#ifndef NFZ_FLOW_PUT_H
#define NFZ_FLOW_PUT_H

#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint8_t *add8(uint8_t *p, unsigned v)
{
	*p = (uint8_t)v;
	return p + 1;
}

static inline uint8_t *add16(uint8_t *p, unsigned v)
{
	uint16_t x = __builtin_bswap16((uint16_t)v);

	memcpy(p, &x, sizeof(x));
	return p + sizeof(x);
}

static inline uint8_t *add32(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline uint8_t *add64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
	return p + sizeof(v);
}

static inline uint8_t *add(uint8_t *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

/* In full, or what of it is IPv4's. */
static inline uint8_t *add_addr(uint8_t *p, const struct net_addr *a, bool v4)
{
	return v4 ? add(p, a->b + 12, 4) : add(p, a->b, sizeof(a->b));
}

#endif
