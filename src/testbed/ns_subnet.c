/* Subnets, given out in the testbed's order.
 *
 * The second byte counts from 1 to 253; the third and fourth count in steps of
 * what the mask leaves, from one step (so 10.1.0.0 is never given with a mask
 * of 24 bits).  A subnet is free when it overlaps none taken before. */
#include "testbed/ns_subnet.h"

#include "base/mem.h"

enum { BASE = 10, MIN_B = 1, MAX_B = 254 };

/* First, last + 1 and step of one byte below the mask. */
struct span {
	uint32_t min, max, step;
};

static struct span span_of(uint32_t mask_byte)
{
	uint32_t step = 256 - mask_byte;

	if (mask_byte == 0)
		return (struct span){0, 1, 1};
	return (struct span){step, 255, step};
}

static bool is_free(const struct ns_subnets *s, uint32_t net, uint32_t mask)
{
	for (size_t i = 0; i < s->n; i++) {
		if ((net & s->items[i].mask) == s->items[i].net ||
			(s->items[i].net & mask) == net)
			return false;
	}
	return true;
}

void ns_subnet_use(struct ns_subnets *s, uint32_t net, uint32_t mask)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].net == net) {
			s->items[i].mask = mask;
			return;
		}
	}
	MEM_PUSH(s->items, s->n, s->cap) = (struct ns_subnet){net, mask};
}

bool ns_subnet_get(struct ns_subnets *s, uint32_t mask, uint32_t *ret)
{
	struct span c = span_of(mask >> 8 & 0xff);
	struct span d = span_of(mask & 0xff);

	for (uint32_t b = MIN_B; b < MAX_B; b++) {
		for (uint32_t i = c.min; i < c.max; i += c.step) {
			for (uint32_t j = d.min; j < d.max; j += d.step) {
				uint32_t net = (uint32_t)BASE << 24 | b << 16 |
					       i << 8 | j;

				if (!is_free(s, net, mask))
					continue;
				ns_subnet_use(s, net, mask);
				*ret = net;
				return true;
			}
		}
	}
	return false;
}
