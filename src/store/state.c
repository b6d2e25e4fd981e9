/* Senders, taps and modules, found by number and life.
 *
 * Bodies of entries:
 *   batch     module 2, life 8, seq 8, received 8, n 4, n records
 *   more      the same, but in front of the records which EXTRA_BITs they have
 *             4, and behind each record those (flow/extra.h)
 *   short     the same, but behind the EXTRA_BITs the records' form 4
 *             (store/logrow.h)
 *   counters  module 2, life 8, n 4, n counters (store/... tap_counters)
 *   stats     module 2, role 1, zero 1, life 8, at 8, offset 8, backend 16,
 *             numbers 4, each 8
 *   senders   n 4, each: module 2, life 8, last seq 8, records 8
 *   taps      n 4, each: module 2, life 8, tap 2, records 8, packets 8,
 *             bytes 8, known 1, and if known its counters
 * Entries that set something may come twice: the later holds. */
#include "store/state.h"
#include "base/mem.h"
#include "store/logrow.h"

#include <stdio.h>
#include <string.h>

enum { PER_ENTRY = 4096 };

struct key {
	uint64_t life;
	uint16_t module, tap;
	uint32_t zero; /* no hidden padding */
};

static struct key key_of(struct store_source from, uint16_t tap)
{
	return (struct key){
		.life = from.life, .module = from.module, .tap = tap};
}

void state_init(struct store_state *s)
{
	*s = (struct store_state){0};
	map_init(&s->by_sender);
	map_init(&s->by_tap);
	map_init(&s->by_module);
}

void state_release(struct store_state *s)
{
	map_release(&s->by_sender);
	map_release(&s->by_tap);
	map_release(&s->by_module);
	free(s->senders);
	free(s->taps);
	free(s->modules);
}

static size_t find(const struct map *map, const struct key *key)
{
	return (size_t)(uintptr_t)map_get(map, key, sizeof(*key));
}

static void put(struct map *map, const struct key *key, size_t place)
{
	map_put(map, key, sizeof(*key), (void *)(uintptr_t)(place + 1));
}

const struct store_sender *state_sender(
	const struct store_state *s, struct store_source from)
{
	const struct key key = key_of(from, 0);
	size_t i = find(&s->by_sender, &key);

	return i ? &s->senders[i - 1] : NULL;
}

static struct store_sender *sender(
	struct store_state *s, struct store_source from)
{
	const struct key key = key_of(from, 0);
	size_t i = find(&s->by_sender, &key);

	if (i)
		return &s->senders[i - 1];
	put(&s->by_sender, &key, s->n_senders);
	MEM_PUSH(s->senders, s->n_senders, s->senders_cap) =
		(struct store_sender){.source = from};
	return &s->senders[s->n_senders - 1];
}

static struct store_tap *tap(
	struct store_state *s, struct store_source from, uint16_t id)
{
	const struct key key = key_of(from, id);
	size_t i = find(&s->by_tap, &key);

	if (i)
		return &s->taps[i - 1];
	put(&s->by_tap, &key, s->n_taps);
	MEM_PUSH(s->taps, s->n_taps, s->taps_cap) =
		(struct store_tap){.source = from, .counters.tap = id};
	return &s->taps[s->n_taps - 1];
}

int state_room(const struct store_state *s, size_t more, struct err *err)
{
	if (s->n_senders >= STORE_SOURCES_MAX ||
		s->n_modules >= STORE_SOURCES_MAX ||
		s->n_taps + more > 4 * (size_t)STORE_SOURCES_MAX)
		return err_set(err, NFZ_E_LIMIT,
			"the store has heard of too many senders");
	return 0;
}

/* last: the tap of the record before, mostly the same; NULL: there was none. */
static struct store_tap *add_row(struct store_state *s,
	struct store_source from, const struct flow_record *r,
	struct store_tap *last)
{
	struct store_tap *t = last && last->counters.tap == r->tap
				      ? last
				      : tap(s, from, r->tap);

	t->records++;
	t->packets += r->packets;
	t->bytes += r->bytes;
	return t;
}

void state_batch(struct store_state *s, const struct store_batch *b)
{
	struct store_sender *from = sender(s, b->from);
	struct store_tap *t = NULL;

	from->last_seq = b->seq;
	from->records += b->n;
	for (size_t i = 0; i < b->n; i++)
		t = add_row(s, b->from, &b->records[i], t);
}

void state_counters(struct store_state *s, struct store_source from,
	const struct tap_counters *c)
{
	struct store_tap *t = tap(s, from, c->tap);

	t->known = true;
	t->counters = *c;
}

void state_stats(struct store_state *s, const struct module_stats *m)
{
	const struct key key =
		key_of((struct store_source){m->module, m->life}, 0);
	size_t i = find(&s->by_module, &key);

	if (!i) {
		put(&s->by_module, &key, s->n_modules);
		MEM_PUSH(s->modules, s->n_modules, s->modules_cap) = *m;
		return;
	}
	s->modules[i - 1] = *m;
}

/* Encoding ------------------------------------------------------------- */

static void put_source(struct buf *out, struct store_source from)
{
	buf_u16(out, from.module);
	buf_u64(out, from.life);
}

static struct store_source get_source(struct cursor *c)
{
	struct store_source from = {.module = cursor_u16(c)};

	from.life = cursor_u64(c);
	return from;
}

void state_encode_batch(const struct store_batch *b, struct buf *out)
{
	const unsigned has = b->extras ? flow_extras_of(b->extras, b->n) : 0;
	const unsigned form = logrow_form(b->records, b->n);
	size_t entry = wal_entry_begin(out);

	put_source(out, b->from);
	buf_u64(out, b->seq);
	buf_u64(out, (uint64_t)b->received_ns);
	buf_u32(out, (uint32_t)b->n);
	buf_u32(out, has);
	buf_u32(out, form);
	for (size_t i = 0; i < b->n; i++) {
		logrow_encode(&b->records[i], form, out);
		if (has)
			flow_extra_encode(&b->extras[i], has, out);
	}
	wal_entry_end(out, entry, WAL_BATCH_SHORT);
}

void state_encode_counters(struct store_source from,
	const struct tap_counters *c, size_t n, struct buf *out)
{
	size_t entry = wal_entry_begin(out);

	put_source(out, from);
	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		tap_counters_encode(&c[i], out);
	wal_entry_end(out, entry, WAL_COUNTERS);
}

void state_encode_stats(const struct module_stats *m, struct buf *out)
{
	size_t entry = wal_entry_begin(out);

	buf_u16(out, m->module);
	buf_u8(out, m->role);
	buf_u8(out, 0);
	buf_u64(out, m->life);
	buf_u64(out, (uint64_t)m->at_ns);
	buf_u64(out, (uint64_t)m->clock_offset_ns);
	buf_add(out, m->backend, sizeof(m->backend));
	buf_u32(out, MODULE_STAT_COUNT);
	for (int i = 0; i < MODULE_STAT_COUNT; i++)
		buf_u64(out, m->n[i]);
	wal_entry_end(out, entry, WAL_STATS);
}

static void encode_senders(
	const struct store_sender *s, size_t n, struct buf *out)
{
	size_t entry = wal_entry_begin(out);

	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		put_source(out, s[i].source);
		buf_u64(out, s[i].last_seq);
		buf_u64(out, s[i].records);
	}
	wal_entry_end(out, entry, WAL_SENDERS);
}

static void encode_taps(const struct store_tap *t, size_t n, struct buf *out)
{
	size_t entry = wal_entry_begin(out);

	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		put_source(out, t[i].source);
		buf_u16(out, t[i].counters.tap);
		buf_u64(out, t[i].records);
		buf_u64(out, t[i].packets);
		buf_u64(out, t[i].bytes);
		buf_u8(out, t[i].known);
		if (t[i].known)
			tap_counters_encode(&t[i].counters, out);
	}
	wal_entry_end(out, entry, WAL_TAPS);
}

static size_t part(size_t n, size_t at)
{
	return n - at < PER_ENTRY ? n - at : PER_ENTRY;
}

void state_encode(const struct store_state *s, struct buf *out)
{
	for (size_t i = 0; i < s->n_senders; i += PER_ENTRY)
		encode_senders(s->senders + i, part(s->n_senders, i), out);
	for (size_t i = 0; i < s->n_taps; i += PER_ENTRY)
		encode_taps(s->taps + i, part(s->n_taps, i), out);
	for (size_t i = 0; i < s->n_modules; i++)
		state_encode_stats(&s->modules[i], out);
}

/* Applying entries ----------------------------------------------------- */

bool state_batch_head(enum wal_kind kind, struct cursor *body,
	struct store_batch *ret, struct state_rows *ret_as)
{
	const bool brief = kind == WAL_BATCH_SHORT;
	size_t least;

	if (!wal_is_batch(kind))
		return false;
	*ret = (struct store_batch){.from = get_source(body)};
	ret->seq = cursor_u64(body);
	ret->received_ns = (int64_t)cursor_u64(body);
	ret->n = cursor_u32(body);
	*ret_as = (struct state_rows){.brief = brief};
	if (kind != WAL_BATCH)
		ret_as->has = cursor_u32(body);
	if (brief)
		ret_as->form = cursor_u32(body);
	least = ret->n * ((brief ? logrow_len(ret_as->form) : RECORD_WIRE) +
				 flow_extra_wire(ret_as->has));
	return cursor_ok(body) && ret->n <= STORE_BATCH_MAX &&
	       ret_as->has <= EXTRAS_ALL && ret_as->form <= LOGROW_FORMS &&
	       (ret_as->has & EXTRA_BIT(OTHERS) ? cursor_left(body) >= least
						: cursor_left(body) == least);
}

void state_batch_record(struct cursor *body, const struct state_rows *as,
	struct flow_record *ret)
{
	if (as->brief)
		logrow_decode(body, as->form, ret);
	else
		flow_record_decode(body, ret);
}

static bool apply_batch(struct store_state *s, enum wal_kind kind,
	struct cursor *body, uint64_t *ret_rows)
{
	struct store_batch b;
	struct store_sender *from;
	struct store_tap *t = NULL;
	struct state_rows as;

	if (!state_batch_head(kind, body, &b, &as))
		return false;
	for (size_t i = 0; i < b.n; i++) {
		struct flow_record r;

		state_batch_record(body, &as, &r);
		flow_extra_skip(body, as.has);
		if (!cursor_ok(body))
			return false;
		t = add_row(s, b.from, &r, t);
	}
	from = sender(s, b.from);
	from->last_seq = b.seq;
	from->records += b.n;
	*ret_rows = b.n;
	return true;
}

static bool apply_counters(struct store_state *s, struct cursor *body)
{
	struct store_source from = get_source(body);
	uint32_t n = cursor_u32(body);

	for (uint32_t i = 0; i < n && cursor_ok(body); i++) {
		struct tap_counters c;

		tap_counters_decode(body, &c);
		if (cursor_ok(body))
			state_counters(s, from, &c);
	}
	return cursor_ok(body);
}

static bool apply_stats(struct store_state *s, struct cursor *body)
{
	struct module_stats m = {.module = cursor_u16(body)};
	uint32_t n;

	m.role = cursor_u8(body);
	cursor_skip(body, 1);
	m.life = cursor_u64(body);
	m.at_ns = (int64_t)cursor_u64(body);
	m.clock_offset_ns = (int64_t)cursor_u64(body);
	cursor_copy(body, m.backend, sizeof(m.backend));
	m.backend[sizeof(m.backend) - 1] = '\0';
	n = cursor_u32(body);
	for (uint32_t i = 0; i < MODULE_STAT_COUNT; i++)
		m.n[i] = i < n ? cursor_u64(body) : UINT64_MAX;
	if (!cursor_ok(body))
		return false;
	state_stats(s, &m);
	return true;
}

static bool apply_senders(struct store_state *s, struct cursor *body)
{
	uint32_t n = cursor_u32(body);

	for (uint32_t i = 0; i < n && cursor_ok(body); i++) {
		struct store_sender from = {.source = get_source(body)};

		from.last_seq = cursor_u64(body);
		from.records = cursor_u64(body);
		if (cursor_ok(body))
			*sender(s, from.source) = from;
	}
	return cursor_ok(body);
}

static bool apply_taps(struct store_state *s, struct cursor *body)
{
	uint32_t n = cursor_u32(body);

	for (uint32_t i = 0; i < n && cursor_ok(body); i++) {
		struct store_tap t = {.source = get_source(body)};

		t.counters.tap = cursor_u16(body);
		t.records = cursor_u64(body);
		t.packets = cursor_u64(body);
		t.bytes = cursor_u64(body);
		t.known = cursor_u8(body);
		if (t.known) {
			uint16_t id = t.counters.tap;

			tap_counters_decode(body, &t.counters);
			if (t.counters.tap != id)
				body->bad = true;
		}
		if (cursor_ok(body))
			*tap(s, t.source, t.counters.tap) = t;
	}
	return cursor_ok(body);
}

int state_apply(struct store_state *s, enum wal_kind kind, struct cursor *body,
	uint64_t *ret_rows, struct err *err)
{
	bool good = true;
	int r;

	*ret_rows = 0;
	/* a body of 16 MiB cannot name more taps than this many */
	r = state_room(s, 0, err);
	if (r < 0)
		return r;
	switch (kind) {
	case WAL_BATCH:
	case WAL_BATCH_MORE:
	case WAL_BATCH_SHORT:
		good = apply_batch(s, kind, body, ret_rows);
		break;
	case WAL_COUNTERS:
		good = apply_counters(s, body);
		break;
	case WAL_STATS:
		good = apply_stats(s, body);
		break;
	case WAL_SENDERS:
		good = apply_senders(s, body);
		break;
	case WAL_TAPS:
		good = apply_taps(s, body);
		break;
	}
	/* kinds of later versions are passed over */
	if (!good)
		return err_set(err, NFZ_E_INPUT, "a log entry makes no sense");
	return 0;
}
