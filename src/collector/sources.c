/* Sequence numbers are compared modulo 2^32.  An exporter was restarted when
 * its number jumps back by more than REORDER flows, or its start moves by more
 * than BOOT_MOVED_NS (clocks step, and whole seconds are common). */
#include "collector/sources.h"

#include <string.h>

enum { REORDER = 10000 };
static const int64_t boot_moved_ns = INT64_C(10) * 1000000000;

static struct source *find(struct sources *s, const struct net_addr *addr,
	const struct nf5_header *h)
{
	uint16_t engine = (uint16_t)(h->engine_type << 8 | h->engine_id);
	struct source *src;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].engine == engine &&
			memcmp(&s->items[i].addr, addr, sizeof(*addr)) == 0)
			return &s->items[i];
	if (s->n == SOURCES_MAX) {
		s->refused++;
		return NULL;
	}
	src = &s->items[s->n++];
	*src = (struct source){.addr = *addr,
		.engine = engine,
		.boot_ns = nf5_boot_ns(h),
		.next = h->sequence};
	return src;
}

static bool restarted(const struct source *s, const struct nf5_header *h)
{
	int64_t moved = nf5_boot_ns(h) - s->boot_ns;
	int32_t ahead = (int32_t)(h->sequence - s->next);

	return moved > boot_moved_ns || moved < -boot_moved_ns ||
	       ahead < -REORDER;
}

struct source *sources_note(struct sources *s, const struct net_addr *addr,
	const struct nf5_header *h, int64_t now_ns)
{
	struct source *src = find(s, addr, h);
	int32_t ahead;

	if (!src)
		return NULL;
	if (restarted(src, h)) {
		src->lost_before = source_lost(src);
		src->span = src->got = 0;
		src->next = h->sequence;
		src->boot_ns = nf5_boot_ns(h);
		src->restarts++;
	}
	ahead = (int32_t)(h->sequence + h->count - src->next);
	if (ahead > 0) {
		src->span += (uint32_t)ahead;
		src->next += (uint32_t)ahead;
	}
	src->got += h->count;
	src->datagrams++;
	src->flows += h->count;
	src->heard_ns = now_ns;
	return src;
}

uint64_t source_lost(const struct source *s)
{
	return s->lost_before + (s->span > s->got ? s->span - s->got : 0);
}
