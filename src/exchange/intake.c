/* Records gathered to batches, and batches committed.  A source of its own for
 * each intake, so that nothing is taken for something that came before. */
#include "exchange/intake.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

enum { BATCH = 16384, COMMIT = 16 << 20, OTHERS = 2 << 20 };

struct intake {
	struct store *s;
	struct flow_record *rows;
	struct flow_extra *extras;
	struct wire others; /* of extras */
	const struct metrics *metrics;
	const volatile int *interrupted;
	size_t n;
	uint64_t seq;
	struct store_source from;
	struct intake_sums sums;
	int failed;
	struct err err;
};

struct intake *intake_new(struct store *s, const struct metrics *of_captures,
	const volatile int *interrupted)
{
	struct intake *in = mem_zalloc(1, sizeof(*in));

	in->s = s;
	in->rows = mem_zalloc(BATCH, sizeof(*in->rows));
	in->extras = mem_zalloc(BATCH, sizeof(*in->extras));
	in->others = wire_over(mem_zalloc(OTHERS, 1), OTHERS);
	in->metrics = of_captures;
	in->interrupted = interrupted;
	in->from =
		(struct store_source){STORE_FOREIGN, (uint64_t)wall_now().ns};
	return in;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	free(in->rows);
	free(in->extras);
	free(in->others.start);
	free(in);
}

static void append(struct intake *in)
{
	const struct store_batch b = {.from = in->from,
		.seq = ++in->seq,
		.received_ns = wall_now().ns,
		.records = in->rows,
		.extras = in->extras,
		.n = in->n};
	bool new;

	if (in->n && !in->failed)
		in->failed = store_append(in->s, &b, &new, &in->err);
	if (store_pending(in->s) >= COMMIT && !in->failed)
		in->failed = store_commit(in->s, &in->err);
	in->n = 0;
	in->others.len = 0;
}

const struct metrics *intake_metrics(const struct intake *in)
{
	return in->metrics;
}

static void own_others(struct intake *in, struct flow_others *o)
{
	uint8_t *to = o->len ? wire_space(&in->others, o->len) : NULL;

	if (!to)
		return;
	memcpy(to, o->at, o->len);
	o->at = to;
}

void intake_add(struct intake *in, const struct flow_rows *rows)
{
	static const struct flow_extra none;

	for (size_t i = 0; i < rows->n && !in->failed; i++) {
		struct flow_record *to = &in->rows[in->n];

		*to = rows->records[i];
		in->extras[in->n] = rows->extras ? rows->extras[i] : none;
		own_others(in, &in->extras[in->n++].others);
		to->flags |= RECORD_FOREIGN;
		to->tap = TAP_FOREIGN;
		to->src_slot = to->dst_slot = SLOT_UNKNOWN;
		in->sums.records++;
		in->sums.packets += to->packets;
		in->sums.bytes += to->bytes;
		if (in->n == BATCH || wire_left(&in->others) < OTHERS_MAX)
			append(in);
	}
}

void intake_leave_out(struct intake *in, uint64_t n)
{
	in->sums.left_out += n;
}

int intake_failed(const struct intake *in, struct err *err)
{
	if (!in->failed && *in->interrupted)
		return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
	if (in->failed && err)
		*err = in->err;
	return in->failed;
}

int intake_end(struct intake *in, struct intake_sums *ret, struct err *err)
{
	append(in);
	if (!in->failed)
		in->failed = store_commit(in->s, &in->err);
	*ret = in->sums;
	if (in->failed && err)
		*err = in->err;
	return in->failed;
}
