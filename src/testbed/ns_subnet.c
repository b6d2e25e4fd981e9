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

/* Where the search for a mask goes on; its first candidate at the start. */
static struct ns_subnet *place_for(
	struct ns_subnets *s, uint32_t mask, struct span c, struct span d)
{
	for (size_t i = 0; i < s->n_last; i++) {
		if (s->last[i].mask == mask)
			return &s->last[i];
	}
	MEM_PUSH(s->last, s->n_last, s->cap_last) = (struct ns_subnet){
		(uint32_t)BASE << 24 | (uint32_t)MIN_B << 16 | c.min << 8 |
			d.min,
		mask};
	return &s->last[s->n_last - 1];
}

/* The candidate after net; false at the end. */
static bool next_candidate(uint32_t *net, struct span c, struct span d)
{
	uint32_t two = *net >> 16 & 0xff, three = *net >> 8 & 0xff,
		 four = *net & 0xff;

	four += d.step;
	if (four >= d.max) {
		four = d.min;
		three += c.step;
	}
	if (three >= c.max) {
		three = c.min;
		two++;
	}
	*net = (uint32_t)BASE << 24 | two << 16 | three << 8 | four;
	return two < MAX_B;
}

bool ns_subnet_get(struct ns_subnets *s, uint32_t mask, uint32_t *ret)
{
	struct span c = span_of(mask >> 8 & 0xff);
	struct span d = span_of(mask & 0xff);
	struct ns_subnet *at = place_for(s, mask, c, d);

	while (!is_free(s, at->net, mask)) {
		if (!next_candidate(&at->net, c, d))
			return false;
	}
	*ret = at->net;
	ns_subnet_use(s, at->net, mask);
	return true;
}
