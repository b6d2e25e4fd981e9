/* Batches in logs: each form gives back what was put in, those of earlier
 * versions too. */
#include "base/buf.h"
#include "store/inside.h"
#include "store/logrow.h"
#include "store/state.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <string.h>

/* One entry of these records as the two versions before wrote them. */
static void put_old(struct buf *out, const struct flow_record *r,
	const struct flow_extra *extra)
{
	const unsigned has = extra ? flow_extras_of(extra, 1) : 0;
	const size_t at = wal_entry_begin(out);

	buf_u16(out, 7);
	buf_u64(out, 77);
	buf_u64(out, 1);
	buf_u64(out, 0);
	buf_u32(out, 1);
	if (extra)
		buf_u32(out, has);
	flow_record_encode(r, out);
	if (extra)
		flow_extra_encode(extra, has, out);
	wal_entry_end(out, at, extra ? WAL_BATCH_MORE : WAL_BATCH);
}

struct wanted {
	const struct flow_record *record;
	const struct flow_extra *extra;
	size_t seen;
};

static int compare(
	void *ctx, enum wal_kind kind, struct cursor *body, struct err *err)
{
	struct wanted *w = ctx;
	struct store_batch b;
	struct state_rows as;
	struct flow_record r;
	struct flow_extra extra;

	(void)err;
	cr_assert(state_batch_head(kind, body, &b, &as));
	cr_assert_eq(b.n, 1);
	cr_assert_eq(b.from.module, 7);
	state_batch_record(body, &as, &r);
	flow_extra_decode(body, as.has, &extra);
	cr_assert(cursor_ok(body) && cursor_left(body) == 0);
	cr_assert_eq(memcmp(&r, w->record, sizeof(r)), 0);
	if (w->extra)
		cr_assert_eq(memcmp(&extra, w->extra, sizeof(extra)), 0);
	w->seen++;
	return 0;
}

Test(log, records_come_back_in_each_form)
{
	static const char *const ends[] = {"10.0.0.1", "2001:db8::1"};
	static const uint64_t counts[] = {UINT32_MAX, UINT64_C(1) << 32};

	for (unsigned k = 0; k < 8; k++) {
		struct flow_record r = run_record(
			ends[k & 1], ends[k >> 1 & 1], 3, counts[k >> 2], 12.5);
		const struct flow_extra extra = run_extra(k + 1);
		const struct store_batch b = {.from = {7, 77},
			.seq = 1,
			.records = &r,
			.extras = &extra,
			.n = 1};
		struct buf out = BUF_INIT(1 << 16);
		struct wanted w = {&r, &extra, 0};
		struct err err = ERR_INIT;
		size_t len;

		r.bytes = r.packets;
		r.dst_slot = 4;
		r.tcp_flags = 0x12;
		r.flags = RECORD_ESTIMATED;
		cr_assert_eq(logrow_form(&r, 1),
			(k & 3 ? 0u : LOGROW_V4) |
				(k >> 2 ? 0u : LOGROW_SMALL));
		state_encode_batch(&b, &out);
		len = out.len;
		cr_assert_leq(len, WAL_ENTRY + 38 + 80 + sizeof(extra));
		put_old(&out, &r, &extra);
		cr_assert_lt(len, out.len - len); /* in fewer bytes */
		put_old(&out, &r, NULL);
		w.extra = NULL;
		cr_assert_eq(
			wal_read_entries(out.data, out.len, compare, &w, &err),
			0);
		cr_assert_eq(w.seen, 3);
		buf_release(&out);
	}
}

/* A form of a later version is not guessed at. */
Test(log, an_unknown_form_is_no_batch)
{
	const struct flow_record r = run_record("1.1.1.1", "2.2.2.2", 1, 1, 1);
	const struct store_batch b = {
		.from = {7, 77}, .seq = 1, .records = &r, .n = 1};
	struct buf out = BUF_INIT(1 << 12);
	struct cursor body;
	struct store_batch head;
	struct state_rows as;

	state_encode_batch(&b, &out);
	out.data[WAL_ENTRY + 37] = LOGROW_FORMS + 1;
	body = cursor_over(out.data + WAL_ENTRY, out.len - WAL_ENTRY);
	cr_assert_not(state_batch_head(WAL_BATCH_SHORT, &body, &head, &as));
	buf_release(&out);
}

struct rows_seen {
	size_t n;
	uint64_t packets, others; /* sums, of these in bytes */
};

static int see(void *ctx, const struct flow_rows *rows, struct err *err)
{
	struct rows_seen *seen = ctx;

	(void)err;
	for (size_t i = 0; i < rows->n; i++) {
		seen->n++;
		seen->packets += rows->records[i].packets;
		seen->others += rows->extras[i].others.len;
	}
	return 0;
}

/* Of what came behind nobody knows where it begins. */
Test(log, others_that_make_no_sense_end_a_batch)
{
	static const uint8_t element[] = {0, 0, 0, 0, 0, 32, 0, 1, 7};
	enum { HEAD = 38, ROW = 48, EACH = ROW + 2 + sizeof(element) };
	struct flow_record r[3];
	struct flow_extra extra[3] = {{0}};
	const struct store_batch b = {.from = {7, 77},
		.seq = 1,
		.records = r,
		.extras = extra,
		.n = 3};
	struct buf good = BUF_INIT(1 << 12), bad = BUF_INIT(1 << 12);
	struct rows_seen seen = {0};
	struct err err = ERR_INIT;
	size_t at;

	for (int i = 0; i < 3; i++) {
		r[i] = run_record("1.1.1.1", "2.2.2.2", 1, 1 + i, 1);
		extra[i].others =
			(struct flow_others){element, sizeof(element)};
	}
	state_encode_batch(&b, &good);
	cr_assert_eq(good.len, WAL_ENTRY + HEAD + 3 * EACH);
	cr_assert_eq(store_read_entries(&good, see, &seen, &err), 0);
	cr_assert_eq(seen.n, 3);
	cr_assert_eq(seen.others, 3 * sizeof(element));
	/* the second's value would be longer than they are all */
	good.data[WAL_ENTRY + HEAD + EACH + ROW + 2 + 7] = 2;
	at = wal_entry_begin(&bad);
	buf_add(&bad, good.data + WAL_ENTRY, good.len - WAL_ENTRY);
	wal_entry_end(&bad, at, WAL_BATCH_SHORT);
	seen = (struct rows_seen){0};
	cr_assert_eq(store_read_entries(&bad, see, &seen, &err), 0);
	cr_assert_eq(seen.n, 2);
	cr_assert_eq(seen.packets, 1 + 2);
	cr_assert_eq(seen.others, sizeof(element));
	buf_release(&good);
	buf_release(&bad);
}
