/* Systematic and random choice (RFC 5475 5.1, 5.2) look at no packet; choice by
 * hash (6.2) looks at nothing else, so that all probes with the same initialiser
 * choose the same packets, wherever they are on the way.
 *
 * The hash is the one that RFC 5475 recommends, BOB (Jenkins 1996, "lookup2",
 * its appendix A.2), over the fields that no router changes. */
#include "probe/sample.h"
#include "base/cursor.h"
#include "base/hash.h"

#include <string.h>

enum { IP4_HEADER = 20, IP6_HEADER = 40, INPUT_MOST = 64 };
enum { BLOCK = 12 };
static const uint32_t golden = 0x9e3779b9;

void sample_init(struct sample *s, const struct export_sampling *how)
{
	*s = (struct sample){.how = *how, .state = hash_key_new().k0};
}

/* xorshift64 (Marsaglia 2003): chance enough, from a start nobody knows. */
static uint64_t chance(struct sample *s)
{
	s->state |= s->state == 0;
	s->state ^= s->state << 13;
	s->state ^= s->state >> 7;
	s->state ^= s->state << 17;
	return s->state;
}

bool sample_frame(struct sample *s)
{
	uint32_t n = s->how.one_of;

	if (n <= 1 || s->how.by == EXPORT_HASH)
		return true;
	if (s->how.by == EXPORT_RANDOM)
		return chance(s) % n == 0;
	if (s->skip > 0) {
		s->skip--;
		return false;
	}
	s->skip = n - 1;
	return true;
}

/* --- by hash ------------------------------------------------------------- */

static void mix(uint32_t w[static 3])
{
	static const int8_t shifts[9] = {13, -8, 13, 12, -16, 5, 3, -10, 15};

	for (int i = 0; i < 9; i++) {
		uint32_t *a = &w[i % 3], b = w[(i + 1) % 3], c = w[(i + 2) % 3];
		int by = shifts[i];

		*a = (*a - b - c) ^ (by > 0 ? c >> by : c << -by);
	}
}

/* Little-endian, whatever the machine: probes agree. */
static uint32_t load(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint32_t bob(const uint8_t *bytes, size_t len, uint32_t initialiser)
{
	uint32_t w[3] = {golden, golden, initialiser};
	uint8_t rest[BLOCK] = {0};
	size_t left = len;

	for (; left >= BLOCK; left -= BLOCK, bytes += BLOCK) {
		for (size_t i = 0; i < 3; i++)
			w[i] += load(bytes + 4 * i);
		mix(w);
	}
	/* the lowest byte of the third word is the length's */
	memcpy(rest, bytes, left < 8 ? left : 8);
	if (left > 8)
		memcpy(rest + 9, bytes + 8, left - 8);
	for (size_t i = 0; i < 3; i++)
		w[i] += load(rest + 4 * i);
	w[2] += (uint32_t)len;
	mix(w);
	return w[2];
}

struct input {
	uint8_t bytes[INPUT_MOST];
	size_t n;
};

static void put(struct input *in, const uint8_t *p, size_t n)
{
	memcpy(in->bytes + in->n, p, n);
	in->n += n;
}

/* What of the packet is the same at every hop, hashed: addresses, protocol,
 * identification or flow label, length, and the first 8 bytes of what IP
 * carries, as far as captured; what a link fills short frames up with is none
 * of them. */
static uint32_t sample_hash(
	uint32_t initialiser, const struct frame *f, const struct dissect *d)
{
	struct cursor c = cursor_over(f->data, f->captured);
	/* a header may say less than it takes */
	const size_t octets = d->octets > d->l3_len ? d->octets : d->l3_len;
	struct input in = {.n = 0};
	const uint8_t *p;
	size_t n;

	cursor_skip(&c, d->l3_at);
	if (octets < cursor_left(&c))
		c = cursor_sub(&c, octets);
	p = cursor_left(&c) >= IP4_HEADER ? c.at : NULL;
	if (p && p[0] >> 4 == 4) {
		put(&in, p + 2, 6);  /* length, identification, fragment */
		put(&in, p + 9, 1);  /* protocol */
		put(&in, p + 12, 8); /* addresses */
		cursor_skip(&c, (size_t)(p[0] & 15) * 4);
	} else if (p && cursor_left(&c) >= IP6_HEADER) {
		/* the flow label without the class in front of it */
		const uint8_t label[3] = {p[1] & 15, p[2], p[3]};

		put(&in, label, sizeof(label));
		put(&in, p + 4, 3); /* length, next header */
		put(&in, p + 8, 32);
		cursor_skip(&c, IP6_HEADER);
	}
	n = cursor_left(&c) < EXPORT_HASH_PAYLOAD ? cursor_left(&c)
						  : EXPORT_HASH_PAYLOAD;
	if (in.n && n)
		put(&in, c.at, n);
	return bob(in.bytes, in.n, initialiser);
}

bool sample_packet(
	const struct sample *s, const struct frame *f, const struct dissect *d)
{
	uint32_t n = s->how.one_of;

	return n <= 1 || s->how.by != EXPORT_HASH ||
	       sample_hash(s->how.initialiser, f, d) <=
		       export_hash_last(&s->how);
}
