/* Sequence numbers are compared modulo 2^32.  An exporter was restarted when
 * its number jumps back by more than a reordering network explains, or its
 * start moves by more than BOOT_MOVED_NS (clocks step, and whole seconds are
 * common). */
#include "collector/sources.h"

#include <string.h>

enum { REORDER_FLOWS = 10000, REORDER_MESSAGES = 500 };
static const int64_t boot_moved_ns = INT64_C(10) * 1000000000;

const char *source_kind_name(enum source_kind kind)
{
	static const char *const names[] = {
#define X(name, text, unit) text,
		SOURCE_KINDS(X)
#undef X
	};

	return names[kind];
}

const char *source_kind_unit(enum source_kind kind)
{
	static const char *const units[] = {
#define X(name, text, unit) unit,
		SOURCE_KINDS(X)
#undef X
	};

	return units[kind];
}

static struct source *find(struct sources *s, const struct source_news *news)
{
	struct source *src;

	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].domain == news->domain &&
			s->items[i].kind == news->kind &&
			memcmp(&s->items[i].addr, &news->addr,
				sizeof(news->addr)) == 0)
			return &s->items[i];
	if (s->n == SOURCES_MAX) {
		s->refused++;
		return NULL;
	}
	src = &s->items[s->n++];
	*src = (struct source){.addr = news->addr,
		.kind = news->kind,
		.domain = news->domain,
		.boot_ns = news->boot_ns,
		.next = news->sequence};
	return src;
}

static bool restarted(const struct source *s, const struct source_news *news)
{
	int64_t moved = news->boot_ns - s->boot_ns;
	int32_t ahead = (int32_t)(news->sequence - s->next);
	bool messages = s->kind == SOURCE_NF9 || s->kind == SOURCE_SFLOW;

	return moved > boot_moved_ns || moved < -boot_moved_ns ||
	       ahead < -(messages ? REORDER_MESSAGES : REORDER_FLOWS);
}

/* What the message before had, beyond what we could count, is known now. */
static void settle(struct source *src, const struct source_news *news)
{
	int32_t more = (int32_t)(news->sequence - src->next);

	if (src->unknown && more > 0) {
		src->span += (uint32_t)more;
		src->got += (uint32_t)more;
		src->next += (uint32_t)more;
	}
	src->unknown = news->unknown;
}

struct source *sources_note(
	struct sources *s, const struct source_news *news, int64_t now_ns)
{
	struct source *src = find(s, news);
	int32_t ahead;

	if (!src)
		return NULL;
	src->messages++;
	src->flows += news->flows;
	src->heard_ns = now_ns;
	if (!*source_kind_unit(news->kind))
		return src;
	if (restarted(src, news)) {
		src->lost_before = source_lost(src);
		src->span = src->got = 0;
		src->next = news->sequence;
		src->boot_ns = news->boot_ns;
		src->restarts++;
		src->unknown = false;
	}
	settle(src, news);
	ahead = (int32_t)(news->sequence + news->units - src->next);
	if (ahead > 0) {
		src->span += (uint32_t)ahead;
		src->next += (uint32_t)ahead;
	}
	src->got += news->units;
	return src;
}

uint64_t source_lost(const struct source *s)
{
	return s->lost_before + (s->span > s->got ? s->span - s->got : 0);
}
