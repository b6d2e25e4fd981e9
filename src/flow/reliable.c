/* Sequence numbers start at 1 and never wrap (2^64 batches).
 *
 * Sender's ring:   first .. taken .. unsent .. open
 *   [first, taken]  received, waiting to be durable
 *   (taken, unsent) on their way; `received` marks those that overtook
 *   [unsent, open)  closed, not sent (window, credit)
 *
 * An acknowledgement is believed only as far as it fits what was sent. */
#include "flow/reliable.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "flow/wire.h"

static struct reliable_batch *batch(
	const struct reliable_sender *s, uint64_t seq)
{
	return &s->ring[seq & (s->size - 1)];
}

void reliable_sender_init(struct reliable_sender *s, size_t batches)
{
	size_t size = 2;

	while (size < batches)
		size *= 2;
	*s = (struct reliable_sender){.size = size,
		.first = 1,
		.open = 1,
		.unsent = 1,
		.limit = RELIABLE_WINDOW};
	s->ring = mem_zalloc(size, sizeof(*s->ring));
}

void reliable_sender_release(struct reliable_sender *s)
{
	free(s->ring);
	*s = (struct reliable_sender){0};
}

size_t reliable_room(const struct reliable_sender *s)
{
	return s->size - (size_t)(s->open - s->first) - (s->fill > 0);
}

bool reliable_empty(const struct reliable_sender *s)
{
	return s->first == s->open && !s->fill;
}

void reliable_close(struct reliable_sender *s)
{
	if (!s->fill)
		return;
	batch(s, s->open)->len = (uint16_t)s->fill;
	s->fill = 0;
	s->open++;
}

bool reliable_add(struct reliable_sender *s, const void *item, size_t len)
{
	struct reliable_batch *b;

	if (len > RELIABLE_BYTES)
		return false;
	if (s->fill + len > RELIABLE_BYTES)
		reliable_close(s);
	if (s->open - s->first >= s->size)
		return false;
	b = batch(s, s->open);
	if (!s->fill) {
		b->sends = 0;
		b->received = false;
	}
	memcpy(b->bytes + s->fill, item, len);
	s->fill += len;
	return true;
}

/* When it is lost, most likely: what was sent clearly later has arrived
 * (RFC 8985's idea), or nothing was heard of it for long. */
static int64_t due_ms(const struct reliable_sender *s, uint64_t seq)
{
	const struct reliable_batch *b = batch(s, seq);
	int64_t wait = RELIABLE_RETRY_MAX_MS;

	if (b->received)
		return INT64_MAX;
	if (s->arrived_ms - b->sent_ms >= RELIABLE_EARLY_MS)
		return b->sent_ms;
	/* a receiver that waits for its disk answers late */
	if (b->sends < 4)
		wait = (RELIABLE_RETRY_MS + 2 * s->answer_ms) << (b->sends - 1);
	if (wait > RELIABLE_RETRY_MAX_MS)
		wait = RELIABLE_RETRY_MAX_MS;
	return b->sent_ms + wait;
}

static uint64_t least_on_its_way(const struct reliable_sender *s)
{
	return s->taken + 1 > s->first ? s->taken + 1 : s->first;
}

int64_t reliable_due_ms(const struct reliable_sender *s)
{
	int64_t due = INT64_MAX;

	if (s->unsent < s->open && s->unsent <= s->limit)
		return 0;
	for (uint64_t seq = least_on_its_way(s); seq < s->unsent; seq++)
		if (due_ms(s, seq) < due)
			due = due_ms(s, seq);
	return due;
}

size_t reliable_next(struct reliable_sender *s, int64_t now_ms, uint64_t *at,
	uint8_t body[static CHANNEL_BODY])
{
	const uint64_t least = least_on_its_way(s);
	uint64_t seq = *at > least ? *at : least;
	struct wire w = wire_over(body, CHANNEL_BODY);
	struct reliable_batch *b;

	while (seq < s->unsent && due_ms(s, seq) > now_ms)
		seq++;
	if (seq >= s->open || seq > s->limit)
		return 0;
	b = batch(s, seq);
	if (seq == s->unsent)
		s->unsent++;
	else
		s->resent++;
	b->sent_ms = now_ms;
	b->sends = (uint8_t)(b->sends < 200 ? b->sends + 1 : 200);
	*at = seq + 1;
	wire_u8(&w, MESSAGE_BATCH);
	wire_u8(&w, 0);
	wire_u64(&w, seq);
	wire_u64(&w, s->first);
	wire_bytes(&w, b->bytes, b->len);
	return wire_len(&w);
}

static void mark(struct reliable_sender *s, uint64_t seq, int64_t now_ms)
{
	struct reliable_batch *b = batch(s, seq);

	if (seq < s->first || seq >= s->unsent || b->received)
		return;
	b->received = true;
	if (b->sent_ms > s->arrived_ms)
		s->arrived_ms = b->sent_ms;
	if (b->sends == 1 && now_ms - b->sent_ms > s->answer_ms)
		s->answer_ms = now_ms - b->sent_ms;
}

bool reliable_received(
	struct reliable_sender *s, const struct received *r, int64_t now_ms)
{
	/* a receiver that remembers more than we believe it got has it from
	 * an earlier life of its own: `open` is the bound, not `unsent` */
	if (r->taken >= s->open || r->durable > r->taken)
		return false;
	s->answer_ms -= s->answer_ms / 64;
	for (uint64_t seq = s->taken + 1; seq <= r->taken; seq++)
		mark(s, seq, now_ms);
	for (uint64_t i = 0; i < RECEIVED_BITS; i++)
		if (r->beyond[i / 64] >> i % 64 & 1)
			mark(s, r->taken + 1 + i, now_ms);
	if (r->taken > s->taken)
		s->taken = r->taken;
	if (r->durable >= s->first)
		s->first = r->durable + 1;
	if (s->taken >= s->unsent)
		s->unsent = s->taken + 1;
	/* never less than before, nor more than both sides can hold */
	if (r->limit > s->limit && r->limit <= r->taken + RELIABLE_WINDOW)
		s->limit = r->limit;
	return true;
}

void reliable_restart(struct reliable_sender *s)
{
	s->unsent = s->first;
	s->taken = s->first - 1;
	s->arrived_ms = 0;
	s->limit = s->taken + RELIABLE_WINDOW;
	for (uint64_t seq = s->first; seq < s->open; seq++) {
		batch(s, seq)->sends = 0;
		batch(s, seq)->received = false;
	}
}

/* --- receiver ----------------------------------------------------------- */

void reliable_begin(
	struct reliable_receiver *r, uint64_t life, uint64_t last_seq)
{
	if (!r->slots)
		r->slots = mem_zalloc(RELIABLE_WINDOW, sizeof(*r->slots));
	for (size_t i = 0; i < RELIABLE_WINDOW; i++)
		r->slots[i].len = 0;
	r->life = life;
	r->next = last_seq + 1;
	r->marked = r->durable = last_seq;
	r->unsaid = 1; /* say at once where to go on */
}

void reliable_receiver_release(struct reliable_receiver *r)
{
	free(r->slots);
	*r = (struct reliable_receiver){0};
}

static struct reliable_slot *slot(
	const struct reliable_receiver *r, uint64_t seq)
{
	return &r->slots[seq % RELIABLE_WINDOW];
}

/* The sender keeps nothing before base: it was durable in an earlier life of
 * ours, of which we know less than it does. */
static void skip_to(struct reliable_receiver *r, uint64_t base)
{
	uint64_t gap = base - r->next;

	for (uint64_t i = 0; i < gap && i < RELIABLE_WINDOW; i++)
		slot(r, r->next + i)->len = 0;
	r->skipped += gap;
	r->next = base;
	r->marked = r->durable = base - 1;
}

bool reliable_take(struct reliable_receiver *r, const uint8_t *body, size_t len)
{
	struct cursor c = cursor_over(body, len);
	uint64_t seq, base;
	size_t n;

	cursor_skip(&c, 2);
	seq = cursor_u64(&c);
	base = cursor_u64(&c);
	n = cursor_left(&c);
	if (!cursor_ok(&c) || !r->slots || !n || n > RELIABLE_BYTES || !base ||
		seq < base || seq == UINT64_MAX)
		return false;
	if (base > r->next)
		skip_to(r, base);
	r->unsaid++;
	if (seq < r->next ||
		(seq - r->next < RELIABLE_WINDOW && slot(r, seq)->len)) {
		r->duplicates++;
		return true;
	}
	if (seq - r->next >= RELIABLE_WINDOW)
		return false;
	r->early += seq != r->next;
	slot(r, seq)->len = (uint16_t)n;
	cursor_copy(&c, slot(r, seq)->bytes, n);
	return true;
}

bool reliable_waits(const struct reliable_receiver *r)
{
	return r->slots && slot(r, r->next)->len;
}

void reliable_deliver(
	struct reliable_receiver *r, reliable_sink sink, void *data)
{
	while (reliable_waits(r)) {
		struct reliable_slot *s = slot(r, r->next);

		if (!sink(data, r->next, s->bytes, s->len))
			return;
		s->len = 0;
		r->next++;
		r->batches++;
	}
}

void reliable_mark(struct reliable_receiver *r)
{
	if (r->slots)
		r->marked = r->next - 1;
}

void reliable_durable(struct reliable_receiver *r)
{
	if (r->durable == r->marked)
		return;
	r->durable = r->marked;
	r->unsaid++;
}

void reliable_say(struct reliable_receiver *r, struct received *ret)
{
	*ret = (struct received){.life = r->life,
		.taken = r->next - 1,
		.durable = r->durable,
		.limit = r->next - 1 + RELIABLE_WINDOW};
	for (uint64_t i = 0; i < RELIABLE_WINDOW; i++)
		if (slot(r, r->next + i)->len)
			ret->beyond[i / 64] |= UINT64_C(1) << i % 64;
	r->unsaid = 0;
}
