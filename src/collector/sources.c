/* Sequence numbers are compared modulo 2^32.  An exporter was restarted when
 *
 * - its start moves by more than boot_moved_ns (clocks step, and whole seconds
 *   are common), or by more than boot_back_ns while its number goes back,
 * - its number jumps back by more than a reordering network explains,
 * - IN_ORDER messages in a row go on from each other where all had arrived before,
 *   with none but late ones between: IPFIX does not tell when its exporter began. */
#include "collector/sources.h"

#include <string.h>

enum {
	REORDER_FLOWS = 10000,
	REORDER_MESSAGES = 500,
	IN_ORDER = 3,
	/* before the first that came, others may be late: of so many messages,
	 * so many flows back */
	YOUNG = 32,
	YOUNG_FLOWS = 1000
};
static const int64_t boot_moved_ns = INT64_C(10) * 1000000000,
		     boot_back_ns = INT64_C(15) * 100000000;

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
		.first = news->sequence,
		.next = news->sequence};
	return src;
}

static bool counts_messages(const struct source *s)
{
	return s->kind == SOURCE_NF9 || s->kind == SOURCE_SFLOW;
}

/* By how much its start seems to be another; its uptime wraps after 2^32 ms. */
static int64_t boot_moved(
	const struct source *s, const struct source_news *news)
{
	const int64_t wrap_ns = INT64_C(1000000) << 32;
	const int64_t moved = (news->boot_ns - s->boot_ns) % wrap_ns;

	return moved > wrap_ns / 2    ? moved - wrap_ns
	       : moved < -wrap_ns / 2 ? moved + wrap_ns
				      : moved;
}

static bool restarted(const struct source *s, const struct source_news *news)
{
	const int64_t moved = boot_moved(s, news);
	const int32_t ahead = (int32_t)(news->sequence - s->next);
	/* sFlow's start is told by our clock, and late by as much as it is */
	const int64_t most = ahead < 0 && s->kind != SOURCE_SFLOW
				     ? boot_back_ns
				     : boot_moved_ns;

	return moved > most || moved < -most ||
	       ahead < -(counts_messages(s) ? REORDER_MESSAGES : REORDER_FLOWS);
}

static void begin_life(
	struct source *s, const struct source_news *news, uint32_t first)
{
	s->restarts++;
	s->boot_ns = news->boot_ns;
	s->first = s->next = first;
	s->heard = 0;
	s->n_gaps = 0;
	s->maybe.n_late = s->maybe.in_order = 0;
	s->unknown = false;
}

/* Gaps ---------------------------------------------------------------------- */

static void drop_gap(struct source *s, size_t at)
{
	memmove(s->gaps + at, s->gaps + at + 1,
		(--s->n_gaps - at) * sizeof(*s->gaps));
}

static void open_gap(struct source *s, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	s->lost += to - from;
	if (s->n_gaps == SOURCE_GAPS)
		drop_gap(s, 0);
	s->gaps[s->n_gaps++] = (struct source_range){from, to - from};
}

/* The gap that these numbers fit into, or NULL. */
static struct source_range *gap_of(struct source *s, uint32_t from, uint32_t n)
{
	for (size_t i = s->n_gaps; i-- > 0;) {
		const uint32_t before = from - s->gaps[i].from;

		if (before < s->gaps[i].n && n <= s->gaps[i].n - before)
			return &s->gaps[i];
	}
	return NULL;
}

/* They are no longer missing. */
static void fill_gap(struct source *s, uint32_t from, uint32_t n)
{
	struct source_range *at = gap_of(s, from, n), gap;

	if (!at)
		return;
	gap = *at;
	drop_gap(s, (size_t)(at - s->gaps));
	s->lost -= gap.n;
	open_gap(s, gap.from, from);
	open_gap(s, from + n, gap.from + gap.n);
}

/* Messages ------------------------------------------------------------------ */

/* What the message before had, beyond what we could count, is known now. */
static void settle(struct source *s, const struct source_news *news)
{
	if (s->unknown && (int32_t)(news->sequence - s->next) > 0)
		s->next = news->sequence;
	s->unknown = news->unknown;
}

/* One that is late, and from before the first that came. */
static bool is_early(const struct source *s, const struct source_news *news)
{
	const uint32_t back = s->first - news->sequence;
	const uint32_t most = counts_messages(s) ? YOUNG : YOUNG_FLOWS;

	return s->heard <= YOUNG && back <= most && news->units <= back;
}

/* It was no other life: what may have been late was. */
static void drop_maybe(struct source *s)
{
	for (size_t i = 0; i < s->maybe.n_late; i++)
		fill_gap(s, s->maybe.late[i].from, s->maybe.late[i].n);
	s->maybe.n_late = s->maybe.in_order = 0;
}

/* One from before the first that came, and late. */
static void note_early(struct source *s, const struct source_news *news)
{
	drop_maybe(s);
	open_gap(s, news->sequence + news->units, s->first);
	s->first = news->sequence;
}

/* Numbers from before the highest: late, there before, or of another life. */
static void note_back(struct source *s, const struct source_news *news)
{
	const bool some = s->maybe.in_order || s->maybe.n_late;
	const bool goes_on = some && news->sequence == s->maybe.next &&
			     s->maybe.n_late < SOURCE_LATE;

	if (!goes_on) {
		drop_maybe(s);
		s->maybe.first = news->sequence;
	}
	s->maybe.next = news->sequence + news->units;
	if (gap_of(s, news->sequence, news->units))
		s->maybe.late[s->maybe.n_late++] =
			(struct source_range){news->sequence, news->units};
	else if (is_early(s, news))
		note_early(s, news);
	else
		s->maybe.in_order++;
	if (s->maybe.in_order < IN_ORDER)
		return;
	begin_life(s, news, s->maybe.first);
	s->next = s->maybe.next;
}

static void count(struct source *s, const struct source_news *news)
{
	s->heard++;
	settle(s, news);
	if ((int32_t)(news->sequence - s->next) >= 0) {
		drop_maybe(s);
		open_gap(s, s->next, news->sequence);
		s->next = news->sequence + news->units;
	} else if (news->units) {
		note_back(s, news);
	}
}

struct source *sources_note(
	struct sources *s, const struct source_news *news, int64_t now_ns)
{
	struct source *src = find(s, news);

	if (!src)
		return NULL;
	src->messages++;
	src->flows += news->flows;
	src->heard_ns = now_ns;
	if (!*source_kind_unit(news->kind))
		return src;
	if (restarted(src, news))
		begin_life(src, news, news->sequence);
	count(src, news);
	return src;
}

/* What may have been late was, unless it turns out otherwise. */
uint64_t source_lost(const struct source *s)
{
	uint64_t lost = s->lost;

	for (size_t i = 0; i < s->maybe.n_late; i++)
		lost -= s->maybe.late[i].n;
	return lost;
}
