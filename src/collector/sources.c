/* Sequence numbers are compared modulo 2^32.  An exporter was restarted when
 *
 * - its start moves by more than boot_moved_ns (clocks step, and whole seconds
 *   are common), or by more than boot_back_ns while its uptime or its number
 *   goes back, and not just by as much as a message may be late,
 * - messages come that are nothing new, with no new one between: IN_ORDER that
 *   go on from each other, or as many with gaps, farther from the others than
 *   a reordering network explains, or CROWD with few gaps, in any order: too
 *   many to have come twice.  IPFIX does not tell when its exporter began.
 *
 * One message that is far from all others proves nothing: it was under way for
 * long, or nobody knows whose it is. */
#include "collector/sources.h"
#include "flow/health.h"

#include <stddef.h>
#include <string.h>

enum {
	IN_ORDER = 3,
	CROWD = 8,
	/* a network that disorders explains no more */
	REORDER_FLOWS = 10000,
	REORDER_MESSAGES = 500,
	/* Before the first that came, others may be late: of so many messages,
	 * so many back.  Messages that are so near go on from each other. */
	YOUNG = 32,
	NEAR_MESSAGES = 32,
	NEAR_FLOWS = 1000,
	/* no message is under way for longer */
	LATE_MS = 10000,
	/* who sends so many from one port in a row does not hop */
	STAYS = 32,
	/* no more than this can have been lost at once, or, where the number
	 * alone would tell a restart, without a silence */
	AHEAD_MOST = 1 << 24,
	AHEAD_AT_ONCE = 1 << 20
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

static uint32_t near(const struct source *s)
{
	return counts_messages(s) ? NEAR_MESSAGES : NEAR_FLOWS;
}

static bool restarted(const struct source *s, const struct source_news *news)
{
	const int64_t moved = boot_moved(s, news);
	const int32_t ahead = (int32_t)(news->sequence - s->now.next);
	const bool back = (int32_t)(news->uptime_ms - s->uptime_ms) < 0;

	/* sFlow's start is told by our clock, and late by as much as it is */
	if (s->kind == SOURCE_SFLOW)
		return moved > boot_moved_ns || moved < -boot_moved_ns;
	if (moved <= boot_back_ns && moved >= -boot_back_ns)
		return false;
	if (back && ahead < 0 && news->uptime_ms > LATE_MS &&
		s->uptime_ms - news->uptime_ms <= LATE_MS)
		return false; /* or its clock was set since */
	if (back || ahead < 0)
		return true;
	return (moved > boot_moved_ns || moved < -boot_moved_ns) &&
	       (uint32_t)ahead > near(s); /* or its clock was set */
}

/* Gaps ---------------------------------------------------------------------- */

static void drop_gap(struct source_life *l, size_t at)
{
	memmove(l->gaps + at, l->gaps + at + 1,
		(--l->n_gaps - at) * sizeof(*l->gaps));
}

static void open_gap(struct source_life *l, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	l->lost += to - from;
	if (l->n_gaps == SOURCE_GAPS)
		drop_gap(l, 0);
	l->gaps[l->n_gaps++] = (struct source_range){from, to - from};
}

/* Are these numbers missing?  Then they no longer are. */
static bool fill_gap(struct source_life *l, uint32_t from, uint32_t n)
{
	struct source_range gap;
	size_t i = l->n_gaps;

	while (i-- > 0) {
		gap = l->gaps[i];
		if (from - gap.from < gap.n && n <= gap.n - (from - gap.from))
			break;
	}
	if (i == SIZE_MAX)
		return false;
	drop_gap(l, i);
	l->lost -= gap.n;
	open_gap(l, gap.from, from);
	open_gap(l, from + n, gap.from + gap.n);
	return true;
}

/* Messages ------------------------------------------------------------------ */

enum fits {
	FITS_NEW,   /* its numbers are higher than all before */
	FITS_LATE,  /* they were missing */
	FITS_EARLY, /* they are from before the first that came */
	FITS_NOT    /* they were there, or are far from all others */
};

/* Notes a message, unless it does not fit; new ones are at most so far ahead. */
static enum fits note(struct source_life *l, const struct source_news *news,
	uint32_t most_ahead, uint32_t most_back)
{
	const uint32_t seq = news->sequence, back = l->first - seq;
	enum fits fits = FITS_NOT;

	if (seq - l->next <= most_ahead) {
		open_gap(l, l->next, seq);
		l->next = seq + news->units;
		fits = FITS_NEW;
	} else if (fill_gap(l, seq, news->units)) {
		fits = FITS_LATE;
	} else if (l->heard <= YOUNG && back <= most_back &&
		   news->units <= back) {
		open_gap(l, seq + news->units, l->first);
		l->first = seq;
		fits = FITS_EARLY;
	}
	l->heard += fits != FITS_NOT;
	return fits;
}

/* Without the gaps that it has room for, but not got. */
static void copy_life(struct source_life *to, const struct source_life *from)
{
	memcpy(to, from,
		offsetof(struct source_life, gaps) +
			from->n_gaps * sizeof(*from->gaps));
	to->n_gaps = from->n_gaps;
}

static void begin_maybe(struct source *s, const struct source_news *news)
{
	copy_life(&s->before, &s->now);
	s->maybe.first = s->maybe.next = news->sequence;
	s->maybe.heard = 0;
	s->maybe.lost = 0;
	s->maybe.n_gaps = 0;
	s->is_maybe = true;
	s->in_order = s->strange = s->strange_units = 0;
}

static void begin_life(struct source *s, const struct source_news *news)
{
	s->restarts++;
	s->lost += s->now.lost;
	s->boot_ns = news->boot_ns;
	s->uptime_ms = news->uptime_ms;
	s->is_maybe = s->unknown = false;
}

/* Is there another life, which this message is of? */
static bool is_another(const struct source *s, const struct source_news *news)
{
	const uint32_t most =
		counts_messages(s) ? REORDER_MESSAGES : REORDER_FLOWS;

	if (s->in_order >= IN_ORDER)
		return true;
	if (s->now.next - news->sequence > most)
		return s->strange >= IN_ORDER;
	return s->strange >= CROWD &&
	       s->strange_units >= (s->maybe.next - s->maybe.first) / 2;
}

/* A message that is nothing new, which may be one of another life. */
static void note_maybe(
	struct source *s, const struct source_news *news, bool late)
{
	struct source_life *m = &s->maybe;
	const bool goes_on = news->sequence == m->next;

	if (note(m, news, near(s), near(s)) == FITS_NOT) {
		if (late || news->sequence - m->first < m->next - m->first)
			return;
		begin_maybe(s, news);
		note(m, news, 0, 0);
	} else if (!goes_on) {
		s->in_order = 0;
	}
	if (!late) {
		s->in_order++;
		s->strange++;
		s->strange_units += news->units;
	}
	if (!is_another(s, news))
		return;
	copy_life(&s->now, &s->before);
	begin_life(s, news);
	copy_life(&s->now, m);
}

static uint32_t most_ahead(const struct source *s, int64_t silence_ns)
{
	const bool many = s->boot_ns || silence_ns > INT64_C(1000000000);

	return many && !counts_messages(s) ? AHEAD_MOST : AHEAD_AT_ONCE;
}

static void count(
	struct source *s, const struct source_news *news, int64_t silence_ns)
{
	const uint32_t most = most_ahead(s, silence_ns);
	enum fits fits;

	/* what the message before had, beyond what we could count */
	if (s->unknown && news->sequence - s->now.next <= most)
		s->now.next = news->sequence;
	s->unknown = news->unknown;
	if (news->sequence - s->now.next > most) {
		if (!news->units)
			return;
		if (!s->is_maybe)
			begin_maybe(s, news);
	}
	fits = note(&s->now, news, most, near(s));
	if (fits == FITS_NEW || fits == FITS_EARLY)
		s->is_maybe = false;
	else
		note_maybe(s, news, fits == FITS_LATE);
	if (fits == FITS_NEW) {
		s->uptime_ms = news->uptime_ms;
		s->boot_ns = news->boot_ns;
	}
}

/* Exporters ----------------------------------------------------------------- */

/* Is the i-th one no more, since s->items[by] began? */
static bool is_gone(const struct sources *s, size_t i, size_t by)
{
	return s->items[by].predecessor == i + 1 &&
	       s->items[by].predecessor_messages == s->items[i].messages;
}

/* Who stands for the i-th one; s->n: nobody else. */
static size_t heir_of(const struct sources *s, size_t i)
{
	size_t by = 0;

	while (by < s->n && !is_gone(s, i, by))
		by++;
	return by;
}

static void add_sum(struct source_sum *to, const struct source *src)
{
	to->messages += src->messages + src->past.messages;
	to->flows += src->flows + src->past.flows;
	to->restarts += src->restarts + src->past.restarts;
	to->lost += source_lost(src) + src->past.lost;
}

/* Before anything is counted, all are alike. */
static bool has_begun(const struct source *s)
{
	return !*source_kind_unit(s->kind) || s->now.next != s->now.first;
}

/* One that was before another: a restart, if it had begun. */
static void add_before(struct source_sum *to, const struct source *src)
{
	add_sum(to, src);
	to->restarts += has_begun(src);
}

bool sources_sum(const struct sources *s, size_t i, struct source_sum *ret)
{
	*ret = (struct source_sum){0};
	if (heir_of(s, i) < s->n)
		return false;
	add_sum(ret, &s->items[i]);
	for (size_t before; (before = s->items[i].predecessor) > 0;
		i = before - 1) {
		if (!is_gone(s, before - 1, i))
			break;
		add_before(ret, &s->items[before - 1]);
	}
	return true;
}

/* The place of one that is no more: its heir takes over its sums.  Heirs were
 * heard later, so who was heard last stays. */
static struct source *bequeath(struct sources *s)
{
	struct source *heir = NULL, *gone;
	size_t place = 0;

	for (size_t by = 0; by < s->n && !heir; by++) {
		place = s->items[by].predecessor;
		if (place && is_gone(s, place - 1, by))
			heir = &s->items[by];
	}
	if (!heir)
		return NULL;
	gone = &s->items[place - 1];
	add_before(&heir->past, gone);
	heir->predecessor_messages = gone->predecessor_messages;
	heir->predecessor = gone->predecessor;
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].predecessor == place)
			s->items[i].predecessor = 0;
	return gone;
}

static struct source *add(
	struct sources *s, const struct source_news *news, size_t predecessor)
{
	struct source *src = s->n < SOURCES_MAX ? &s->items[s->n++] : NULL;
	const struct source *before =
		predecessor ? &s->items[predecessor - 1] : NULL;
	struct source_flows place = {0};

	if (!src && (src = bequeath(s)))
		place = source_flows(src);
	if (!src) {
		s->refused++;
		return NULL;
	}
	*src = (struct source){.addr = news->addr,
		.port = news->port,
		.stayed = STAYS,
		.place = place,
		.predecessor = predecessor,
		.predecessor_messages = before ? before->messages : 0,
		.kind = news->kind,
		.domain = news->domain,
		.boot_ns = news->boot_ns,
		.uptime_ms = news->uptime_ms};
	src->now.first = src->now.next = news->sequence;
	return src;
}

/* Are these numbers the next of an exporter of another port? */
static bool goes_on(const struct source *s, const struct source_news *news)
{
	return news->units && has_begun(s) && news->sequence == s->now.next &&
	       !restarted(s, news);
}

/* May it send from this port, too?  If that is the one it left first, and it
 * does not go on, another one is there. */
static bool hops_to(const struct source *s, uint16_t port)
{
	return s->stayed < STAYS && s->left != port;
}

static void hop(struct source *s, uint16_t port)
{
	s->left = s->stayed < STAYS ? 0 : s->port;
	s->stayed = 0;
	s->port = port;
}

static struct source *find(struct sources *s, const struct source_news *news)
{
	struct source *other = NULL;
	size_t last = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct source *src = &s->items[i];

		if (src->domain != news->domain || src->kind != news->kind ||
			memcmp(&src->addr, &news->addr, sizeof(news->addr)) !=
				0)
			continue;
		if (src->port == news->port) {
			src->stayed += src->stayed < STAYS;
			return src;
		}
		if (!last || src->heard > s->items[last - 1].heard)
			last = i + 1;
		if (goes_on(src, news) || (!other && hops_to(src, news->port)))
			other = src;
	}
	if (!other)
		return add(s, news, last);
	hop(other, news->port);
	return other;
}

struct source *sources_note(
	struct sources *s, const struct source_news *news, int64_t now_ns)
{
	struct source *src = find(s, news);
	int64_t silence_ns;

	if (!src)
		return NULL;
	src->messages++;
	src->heard = ++s->heard;
	src->flows += news->flows;
	silence_ns = now_ns - src->heard_ns;
	src->heard_ns = now_ns;
	if (!*source_kind_unit(news->kind))
		return src;
	if (restarted(src, news)) {
		begin_life(src, news);
		src->now = (struct source_life){
			.first = news->sequence, .next = news->sequence};
	}
	count(src, news, silence_ns);
	return src;
}

uint64_t source_lost(const struct source *s)
{
	return s->lost + s->now.lost;
}

struct source_flows source_flows(const struct source *s)
{
	const uint64_t lost = source_lost(s);

	/* of lost messages nobody knows how many flows they had */
	if (s->place.sent == HEALTH_UNKNOWN || !*source_kind_unit(s->kind) ||
		(lost && counts_messages(s)))
		return (struct source_flows){HEALTH_UNKNOWN, HEALTH_UNKNOWN};
	return (struct source_flows){
		s->place.sent + s->flows + lost, s->place.lost + lost};
}
