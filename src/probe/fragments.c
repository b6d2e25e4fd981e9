/* Sets of four, the place in one by a keyed hash, the oldest of a set makes
 * room.  Time is that of packets, which may jump: as far as one may be away from
 * its first (RFC 8200 4.5), in either direction. */
#include "probe/fragments.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

enum { SETS = 4096, WAYS = 4 };
#define TOGETHER_NS (UINT64_C(60) * NS_PER_S)

/* RFC 791 3.2 and RFC 8200 4.5: of IPv6 the protocol is no part of it, as a
 * later fragment may not know it. */
struct packet {
	struct net_addr src, dst;
	uint32_t identification;
	uint32_t proto; /* as wide as the rest: no padding is hashed */
};

struct entry {
	struct packet packet;
	int64_t time_ns;
	uint16_t sport, dport;
	uint8_t proto;
	bool used;
};

struct fragments {
	struct hash_key key;
	struct entry sets[SETS][WAYS];
};

struct fragments *fragments_new(void)
{
	struct fragments *f = mem_zalloc(1, sizeof(*f));

	f->key = hash_key_new();
	return f;
}

void fragments_free(struct fragments *f)
{
	free(f);
}

static bool together(const struct entry *e, int64_t time_ns)
{
	return (uint64_t)e->time_ns - (uint64_t)time_ns + TOGETHER_NS <=
	       2 * TOGETHER_NS;
}

/* The packet's entry; NULL: there is none, and *room is where to put it. */
static struct entry *find(
	struct fragments *f, const struct packet *p, struct entry **room)
{
	struct entry *set = f->sets[hash_bytes(&f->key, p, sizeof(*p)) % SETS];

	*room = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].used && memcmp(&set[i].packet, p, sizeof(*p)) == 0)
			return &set[i];
		if (!set[i].used ||
			((*room)->used && set[i].time_ns < (*room)->time_ns))
			*room = &set[i];
	}
	return NULL;
}

static struct packet packet_of(const struct dissect *d)
{
	const bool v4 = net_addr_is_v4(&d->key.src);

	return (struct packet){d->key.src, d->key.dst, d->identification,
		v4 ? d->key.proto : 0};
}

void fragments_join(struct fragments *f, struct dissect *d, int64_t time_ns)
{
	struct entry *e, *room;
	struct packet p;

	if (!d->first && !d->later)
		return;
	p = packet_of(d);
	e = find(f, &p, &room);
	if (d->first) {
		*(e ? e : room) = (struct entry){p, time_ns, d->key.sport,
			d->key.dport, d->key.proto, true};
	} else if (e && together(e, time_ns)) {
		d->key.sport = e->sport;
		d->key.dport = e->dport;
		d->key.proto = e->proto;
		dissect_mark_later(d); /* IPv6 may not have told what it is */
	}
}
