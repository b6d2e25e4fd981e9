/* Adding up what the store knows of taps, modules and senders. */
#include "store/ledger.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { MODULES = 65536 };

/* Unknown plus anything is unknown. */
static uint64_t plus(uint64_t a, uint64_t b)
{
	return a == LEDGER_UNKNOWN || b == LEDGER_UNKNOWN ? LEDGER_UNKNOWN
							  : a + b;
}

static struct ledger_frames unknown_frames(void)
{
	struct ledger_frames f = {.wire = LEDGER_UNKNOWN,
		.ip = LEDGER_UNKNOWN,
		.non_ip = LEDGER_UNKNOWN,
		.excluded = LEDGER_UNKNOWN,
		.unsampled = LEDGER_UNKNOWN,
		.packets = LEDGER_UNKNOWN};

	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		f.lost[i] = LEDGER_UNKNOWN;
	return f;
}

static struct ledger_frames frames_of(const struct store_tap *t)
{
	const struct tap_counters *k = &t->counters;
	struct ledger_frames f = {.wire = k->wire_frames,
		.ip = k->ip_frames,
		.non_ip = k->non_ip,
		.excluded = k->excluded,
		.unsampled = k->unsampled,
		.packets = k->packets};

	if (!t->known)
		f = unknown_frames();
	else
		memcpy(f.lost, k->lost, sizeof(f.lost));
	f.packets_stored = t->packets;
	return f;
}

static void balance(struct ledger_frames *f)
{
	uint64_t named = f->ip + f->non_ip + f->excluded + f->unsampled;

	if (f->wire == LEDGER_UNKNOWN)
		return;
	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		named += f->lost[i];
	f->unaccounted = (int64_t)(f->wire - named);
}

void ledger_add_frames(struct ledger_frames *to, const struct ledger_frames *f)
{
	to->wire = plus(to->wire, f->wire);
	to->ip = plus(to->ip, f->ip);
	to->non_ip = plus(to->non_ip, f->non_ip);
	to->excluded = plus(to->excluded, f->excluded);
	to->unsampled = plus(to->unsampled, f->unsampled);
	to->packets = plus(to->packets, f->packets);
	to->packets_stored += f->packets_stored;
	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		to->lost[i] = plus(to->lost[i], f->lost[i]);
	balance(to);
}

/* Frames of one direction between two lives of a probe.  A number that went
 * back is another interface's, or of another start of the system. */
static uint64_t between(uint64_t base, uint64_t seen, uint64_t next)
{
	if (base == COUNTERS_UNKNOWN || next == COUNTERS_UNKNOWN ||
		next < base + seen)
		return LEDGER_UNKNOWN;
	return next - base - seen;
}

static uint64_t unwatched(
	const struct store_tap *before, const struct store_tap *now)
{
	const struct tap_counters *a = &before->counters, *b = &now->counters;

	if (!before->known || !now->known)
		return LEDGER_UNKNOWN;
	return plus(between(a->base_received, a->if_received, b->base_received),
		between(a->base_sent, a->if_sent, b->base_sent));
}

static void add_life(struct ledger_tap *to, const struct store_tap *t)
{
	const struct tap_counters *k = &t->counters;
	const struct ledger_frames f = frames_of(t);

	ledger_add_frames(&to->frames, &f);
	to->sized = to->sized && t->known && tap_counters_sized(k);
	if (!t->known)
		return;
	to->if_received += k->if_received;
	to->if_sent += k->if_sent;
	to->received += k->frames_received;
	to->sent += k->frames_sent;
	to->uncertainty += k->attach_uncertainty;
	if (k->at_ns > to->at_ns)
		to->at_ns = k->at_ns;
	for (size_t way = 0; way < 2; way++)
		sizes_merge(to->sizes[way], k->sizes[way], 1);
}

/* What is not watched now and never was does not count. */
static void drop_idle(struct ledger *l, bool *heard)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_taps; i++) {
		if (l->taps[i].tap->idle && !heard[i])
			continue;
		l->taps[n] = l->taps[i];
		heard[n++] = heard[i];
	}
	l->n_taps = n;
}

static void read_taps(const struct store *s, struct ledger *l)
{
	cleanup_free bool *heard = mem_zalloc(l->n_taps, sizeof(*heard));
	cleanup_free const struct store_tap **before =
		mem_zalloc(l->n_taps, sizeof(*before));
	const struct store_tap *t;

	for (size_t i = 0; (t = store_tap(s, i)); i++) {
		size_t at = l->catalog->tap_of[t->counters.tap];
		struct ledger_tap *tap;

		if (!at || t->source.module >= STORE_FOREIGN)
			continue;
		tap = &l->taps[at - 1];
		if (t->source.module != tap->tap->module) {
			/* from a cache: the meter's counters are another's */
			tap->frames.packets_stored += t->packets;
			continue;
		}
		add_life(tap, t);
		if (before[at - 1])
			tap->unwatched = plus(
				tap->unwatched, unwatched(before[at - 1], t));
		before[at - 1] = t;
		heard[at - 1] = true;
	}
	drop_idle(l, heard);
	for (size_t i = 0; i < l->n_taps; i++) {
		struct ledger_tap *tap = &l->taps[i];

		if (!heard[i])
			tap->frames = unknown_frames();
		tap->sized = tap->sized && heard[i];
		if (tap->frames.wire == LEDGER_UNKNOWN) {
			l->n_unheard++;
			l->silent[tap->tap->link] = true;
		}
		ledger_add_frames(&l->frames, &tap->frames);
		l->unwatched = plus(l->unwatched, tap->unwatched);
	}
}

uint64_t ledger_lost(const struct ledger_frames *f)
{
	uint64_t sum = 0;

	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		sum = plus(sum, f->lost[i]);
	return sum;
}

static uint64_t stored_of(const struct store *s, uint16_t module, uint64_t life)
{
	const struct store_sender *from;

	for (size_t i = 0; (from = store_sender(s, i)); i++)
		if (from->source.module == module && from->source.life == life)
			return from->records;
	return 0;
}

static bool has_stats(const struct store *s, uint16_t module, uint64_t life)
{
	const struct module_stats *m;

	for (size_t i = 0; (m = store_module(s, i)); i++)
		if (m->module == module && m->life == life)
			return true;
	return false;
}

/* What was stored was sent, even where the sender died before it said so. */
static uint64_t at_least(uint64_t sent, uint64_t stored)
{
	return sent != LEDGER_UNKNOWN && sent < stored ? stored : sent;
}

static void read_stats(const struct store *s, struct ledger *l)
{
	const struct module_stats *m;

	for (size_t i = 0; (m = store_module(s, i)); i++) {
		uint64_t sent = m->n[STAT_RECORDS_SENT];
		uint64_t lost = m->n[STAT_RECORDS_LOST];

		if (m->module >= STORE_FOREIGN) {
			l->foreign_sent = plus(l->foreign_sent, sent);
			l->foreign_lost = plus(l->foreign_lost, lost);
			continue;
		}
		sent = at_least(sent, stored_of(s, m->module, m->life));
		l->records_sent = plus(l->records_sent, sent);
		l->records_lost = plus(l->records_lost, lost);
		l->digests_lost =
			plus(l->digests_lost, m->n[STAT_DIGESTS_LOST]);
	}
}

static void read_records(const struct store *s, struct ledger *l)
{
	const struct store_sender *from;

	read_stats(s, l);
	for (size_t i = 0; (from = store_sender(s, i)); i++) {
		if (from->source.module >= STORE_FOREIGN) {
			l->foreign_stored += from->records;
			continue;
		}
		l->records_stored += from->records;
		if (!has_stats(s, from->source.module, from->source.life))
			l->records_sent = LEDGER_UNKNOWN;
	}
}

static void read_modules(const struct store *s, struct ledger *l)
{
	cleanup_free uint32_t *place = mem_zalloc(MODULES, sizeof(*place));
	const struct module_stats *m;
	size_t cap = 0;

	for (size_t i = 0; (m = store_module(s, i)); i++) {
		uint32_t at = place[m->module];

		if (!at) {
			MEM_PUSH(l->modules, l->n_modules, cap) = m;
			place[m->module] = (uint32_t)l->n_modules;
		} else if (m->at_ns >= l->modules[at - 1]->at_ns) {
			l->modules[at - 1] = m;
		}
	}
}

void ledger_read(
	const struct store *s, const struct catalog *c, struct ledger *ret)
{
	struct ledger l = {.catalog = c, .n_taps = c->n_taps};

	l.taps = mem_zalloc(l.n_taps, sizeof(*l.taps));
	l.silent = mem_zalloc(c->n_links, sizeof(*l.silent));
	for (size_t i = 0; i < l.n_taps; i++)
		l.taps[i] =
			(struct ledger_tap){.tap = &c->taps[i], .sized = true};
	read_taps(s, &l);
	read_records(s, &l);
	read_modules(s, &l);
	*ret = l;
}

void ledger_release(struct ledger *l)
{
	free(l->taps);
	free(l->silent);
	free(l->modules);
}

const char *ledger_gap(const struct ledger *l, size_t link)
{
	const struct catalog_link *of = &l->catalog->links[link];

	if (!of->covered)
		return of->gap ? of->gap : "unknown";
	return l->silent[link] ? "its probe was never heard of" : NULL;
}

static uint64_t size_of(int64_t v)
{
	return v < 0 ? -(uint64_t)v : (uint64_t)v;
}

struct ledger_check ledger_verify(const struct ledger_tap *t)
{
	struct ledger_check check = {.known = t->frames.wire != LEDGER_UNKNOWN};

	if (!check.known)
		return check;
	check.received = (int64_t)(t->if_received - t->received);
	check.sent = (int64_t)(t->if_sent - t->sent);
	/* which way a frame went that the ring lost, nobody can say */
	check.uncertainty = t->uncertainty + t->frames.lost[LOSS_RING];
	check.agrees =
		size_of(check.received) <= check.uncertainty &&
		size_of(check.sent) <= check.uncertainty &&
		size_of(check.received + check.sent) <= check.uncertainty;
	return check;
}
