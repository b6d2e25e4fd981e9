#define _GNU_SOURCE
#include "flow/channel.h"
#include "format/crypto.h"

#include <criterion/criterion.h>
#include <string.h>

/* Two ends; `wire` is the last datagram made. */
struct link {
	struct setup setup[2];
	struct setup_peer peer[2];
	struct channel end[2];
	uint8_t wire[CHANNEL_DATAGRAM + 10];
	size_t len;
	struct mono_time now;
};

static void boot(struct link *l, int side)
{
	uint8_t epoch[CHANNEL_EPOCH];

	crypto_random(epoch, sizeof(epoch));
	channel_init(&l->end[side], &l->setup[side], &l->peer[side], epoch);
}

static void make(struct link *l)
{
	const uint8_t master[SETUP_KEY_BYTES] = {1};

	cr_assert_eq(crypto_init(NULL), 0);
	memset(l, 0, sizeof(*l));
	l->now.ns = 5 * NS_PER_S;
	for (int i = 0; i < 2; i++) {
		l->setup[i].id = (uint16_t)(i + 1);
		l->setup[i].deployment = 77;
		l->peer[i].id = (uint16_t)(2 - i);
		setup_pair_key(master, (uint16_t)(i + 1), (uint16_t)(2 - i),
			l->peer[i].send_key);
		setup_pair_key(master, (uint16_t)(2 - i), (uint16_t)(i + 1),
			l->peer[i].receive_key);
		boot(l, i);
	}
}

static void say(
	struct link *l, int side, enum channel_kind kind, const char *text)
{
	memcpy(l->wire + CHANNEL_HEADER, text, strlen(text) + 1);
	l->len = channel_seal(&l->end[side], kind, l->wire, strlen(text) + 1);
}

/* Hands a copy of bytes to a side; replies travel until there are none. */
static enum channel_result hear(struct link *l, int side, const uint8_t *data,
	size_t len, struct channel_output *out)
{
	uint8_t copy[CHANNEL_DATAGRAM + 10];
	const struct channel_input in = {.data = copy,
		.len = len,
		.now = l->now,
		.planned_source = true};
	struct channel_output answer;
	enum channel_result r;

	memcpy(copy, data, len);
	r = channel_open(&l->end[side], &in, out);
	for (size_t i = 0; i < out->n_replies; i++)
		hear(l, 1 - side, out->replies[i], CHANNEL_REPLY, &answer);
	if (r == CHANNEL_ACCEPTED)
		cr_assert_str_eq((char *)out->body, "hello");
	return r;
}

static enum channel_result hear_wire(struct link *l, int side)
{
	struct channel_output out;

	return hear(l, side, l->wire, l->len, &out);
}

static void meet(struct link *l)
{
	say(l, 0, CHANNEL_SEALED, "hello");
	cr_assert_eq(hear_wire(l, 1), CHANNEL_REFUSED);
	cr_assert(l->end[1].known, "the answer to the challenge");
	cr_assert(l->end[0].known, "and the other way round");
}

Test(channel, meets_and_talks)
{
	struct link l;

	make(&l);
	meet(&l);
	say(&l, 0, CHANNEL_SEALED, "hello");
	cr_assert_null(memmem(l.wire, l.len, "hello", 5));
	cr_assert_eq(hear_wire(&l, 1), CHANNEL_ACCEPTED);
	say(&l, 1, CHANNEL_CLEAR, "hello");
	cr_assert_not_null(memmem(l.wire, l.len, "hello", 5));
	cr_assert_eq(hear_wire(&l, 0), CHANNEL_ACCEPTED);
}

Test(channel, every_flipped_bit_is_refused)
{
	static const enum channel_kind kinds[] = {
		CHANNEL_SEALED, CHANNEL_CLEAR};
	struct link l;

	make(&l);
	meet(&l);
	for (int k = 0; k < 2; k++) {
		say(&l, 0, kinds[k], "hello");
		for (size_t bit = 0; bit < l.len * 8; bit++) {
			l.now.ns += NS_PER_S; /* beyond the hello limit */
			l.wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
			cr_assert_eq(hear_wire(&l, 1), CHANNEL_REFUSED,
				"bit %zu", bit);
			l.wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		cr_assert_eq(hear_wire(&l, 1), CHANNEL_ACCEPTED);
	}
}

Test(channel, every_length_is_refused_without_harm)
{
	struct link l;

	make(&l);
	meet(&l);
	say(&l, 0, CHANNEL_SEALED, "hello");
	for (size_t n = 0; n < l.len; n++) {
		struct channel_output out;

		cr_assert_eq(hear(&l, 1, l.wire, n, &out), CHANNEL_REFUSED);
	}
	cr_assert_eq(hear_wire(&l, 1), CHANNEL_ACCEPTED);
}

Test(channel, replays_are_refused)
{
	struct link l;

	make(&l);
	meet(&l);
	say(&l, 0, CHANNEL_SEALED, "hello");
	cr_assert_eq(hear_wire(&l, 1), CHANNEL_ACCEPTED);
	cr_assert_eq(hear_wire(&l, 1), CHANNEL_REFUSED);
	cr_assert_eq(l.end[1].refused[CAUSE_REPLAY], 1);
	/* nor its own datagram, sent back */
	cr_assert_eq(hear_wire(&l, 0), CHANNEL_REFUSED);
}

/* Where a peer is, it is by its newest word: one that was lost may come from
 * whoever heard it on its way. */
Test(channel, a_late_datagram_is_not_the_newest)
{
	uint8_t late[CHANNEL_DATAGRAM];
	struct channel_output out;
	struct link l;
	size_t len;

	make(&l);
	say(&l, 0, CHANNEL_SEALED, "hello");
	hear_wire(&l, 1); /* they meet */
	say(&l, 0, CHANNEL_SEALED, "hello");
	memcpy(late, l.wire, len = l.len);
	say(&l, 0, CHANNEL_SEALED, "hello");
	cr_assert_eq(hear(&l, 1, l.wire, l.len, &out), CHANNEL_ACCEPTED);
	cr_expect(out.newest);
	cr_assert_eq(hear(&l, 1, late, len, &out), CHANNEL_ACCEPTED);
	cr_expect_not(out.newest);
	cr_assert_eq(hear(&l, 1, late, len, &out), CHANNEL_REFUSED);
}

Test(channel, recording_opens_no_new_epoch)
{
	uint8_t recorded[8][CHANNEL_DATAGRAM];
	size_t len[8];
	struct link l;
	uint64_t life;

	make(&l);
	meet(&l);
	for (int i = 0; i < 8; i++) {
		say(&l, 0, i % 2 ? CHANNEL_SEALED : CHANNEL_ANSWER,
			"hello0123456789");
		memcpy(recorded[i], l.wire, l.len);
		len[i] = l.len;
	}
	boot(&l, 0); /* the sender lives again */
	meet(&l);
	life = channel_peer_life(&l.end[1]);
	for (int i = 0; i < 8; i++) {
		struct channel_output out;

		cr_assert_eq(hear(&l, 1, recorded[i], len[i], &out),
			CHANNEL_REFUSED);
	}
	cr_assert_eq(channel_peer_life(&l.end[1]), life);
	boot(&l, 1); /* the receiver too: everything is recorded */
	for (int i = 0; i < 8; i++) {
		uint8_t copy[CHANNEL_DATAGRAM];
		const struct channel_input in = {
			.data = copy, .len = len[i], .now = l.now};
		struct channel_output out;

		memcpy(copy, recorded[i], len[i]);
		cr_assert_eq(
			channel_open(&l.end[1], &in, &out), CHANNEL_REFUSED);
	}
	cr_assert_not(l.end[1].known);
}

/* Nor does a receiver that was started again take what its former life was
 * told, however late: it is the same life of the sender that it meets. */
Test(channel, what_a_former_life_heard_is_refused)
{
	uint8_t recorded[8][CHANNEL_DATAGRAM];
	size_t len[8];
	struct link l;

	make(&l);
	meet(&l);
	for (int i = 0; i < 8; i++) {
		say(&l, 0, i % 2 ? CHANNEL_SEALED : CHANNEL_CLEAR, "hello");
		memcpy(recorded[i], l.wire, l.len);
		len[i] = l.len;
		if (i < 4)
			cr_assert_eq(hear_wire(&l, 1), CHANNEL_ACCEPTED);
	}
	boot(&l, 1);
	meet(&l);
	for (int i = 0; i < 8; i++) {
		struct channel_output out;

		cr_assert_eq(hear(&l, 1, recorded[i], len[i], &out),
			CHANNEL_REFUSED, "%d", i);
	}
	cr_assert_eq(l.end[1].refused[CAUSE_REPLAY], 8);
	say(&l, 0, CHANNEL_SEALED, "hello");
	cr_assert_eq(hear_wire(&l, 1), CHANNEL_ACCEPTED);
}

Test(channel, unknown_epochs_cost_little)
{
	struct channel_output out;
	struct link l;
	size_t replies = 0;

	make(&l);
	say(&l, 0, CHANNEL_SEALED, "hello");
	for (int i = 0; i < 1000; i++) {
		uint8_t copy[CHANNEL_DATAGRAM];
		const struct channel_input in = {.data = copy,
			.len = l.len,
			.now = l.now,
			.planned_source = true};

		memcpy(copy, l.wire, l.len);
		channel_open(&l.end[1], &in, &out);
		replies += out.n_replies;
	}
	cr_assert_eq(replies, CHANNEL_HELLO_RATE);
	cr_assert_eq(l.end[1].refused[CAUSE_RATE], 1000 - CHANNEL_HELLO_RATE);
}

/* Hands over so many, of one moment; nothing travels back. */
static void flood(struct link *l, int side, void (*change)(uint8_t *data))
{
	struct channel_output out;

	for (int i = 0; i < 20 * CHANNEL_HELLO_RATE; i++) {
		uint8_t copy[CHANNEL_DATAGRAM];
		const struct channel_input in = {.data = copy,
			.len = l->len,
			.now = l->now,
			.planned_source = true};

		memcpy(copy, l->wire, l->len);
		if (change)
			change(copy);
		cr_assert_eq(channel_open(&l->end[side], &in, &out),
			CHANNEL_REFUSED);
	}
}

static void change_epoch(uint8_t *data)
{
	crypto_random(data + 16, CHANNEL_EPOCH);
}

/* What nobody with the key made does not keep a peer from being met. */
Test(channel, meets_among_forged_epochs)
{
	struct link l;

	make(&l);
	say(&l, 0, CHANNEL_SEALED, "hello");
	flood(&l, 1, change_epoch);
	cr_assert_eq(
		l.end[1].refused[CAUSE_TAG], 20 * (uint64_t)CHANNEL_HELLO_RATE);
	meet(&l);
}

/* Nor do recordings of its former life, which are authentic. */
Test(channel, meets_among_recordings)
{
	uint8_t epoch[CHANNEL_EPOCH] = {1};
	struct link l;

	make(&l);
	channel_init(&l.end[0], &l.setup[0], &l.peer[0], epoch);
	say(&l, 0, CHANNEL_SEALED, "hello");
	epoch[0]++; /* it lives again, and so does who is to meet it */
	channel_init(&l.end[0], &l.setup[0], &l.peer[0], epoch);
	boot(&l, 1);
	flood(&l, 1, NULL);
	cr_assert_gt(l.end[1].refused[CAUSE_RATE], 0);
	meet(&l);
}

Test(channel, peek_sorts_out_strangers)
{
	enum channel_cause cause;
	uint16_t sender = 0;
	struct link l;

	make(&l);
	say(&l, 0, CHANNEL_SEALED, "hello");
	cr_assert(channel_peek(l.wire, l.len, &l.setup[1], &sender, &cause));
	cr_assert_eq(sender, 1);
	cr_assert_not(channel_peek(l.wire, 10, &l.setup[1], &sender, &cause));
	cr_assert_eq(cause, CAUSE_SHORT);
	cr_assert_not(
		channel_peek(l.wire, l.len, &l.setup[0], &sender, &cause));
	cr_assert_eq(cause, CAUSE_PEER);
	l.setup[1].deployment++;
	cr_assert_not(
		channel_peek(l.wire, l.len, &l.setup[1], &sender, &cause));
	cr_assert_eq(cause, CAUSE_DEPLOYMENT);
	l.wire[2] = 255;
	cr_assert_not(
		channel_peek(l.wire, l.len, &l.setup[1], &sender, &cause));
	cr_assert_eq(cause, CAUSE_VERSION);
}

/* The window against a plain set of what was seen. */
Test(replay, agrees_with_a_set)
{
	static bool seen[20000];
	struct replay w = {0};
	unsigned seed = 5;
	uint64_t highest = 0, base = 1;

	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < 60000; i++) {
		uint64_t c = base + (uint64_t)(rand_r(&seed) % 3000);
		enum replay_verdict v = replay_check(&w, c);

		if (highest >= REPLAY_WINDOW && c <= highest - REPLAY_WINDOW)
			cr_assert_eq(v, REPLAY_OLD);
		else
			cr_assert_eq(v, seen[c] ? REPLAY_SEEN : REPLAY_FRESH);
		if (v == REPLAY_FRESH) {
			replay_mark(&w, c);
			seen[c] = true;
			highest = c > highest ? c : highest;
		}
		if (i % 4 == 0 && base < 16000)
			base++;
	}
	replay_mark(&w, UINT64_MAX);
	cr_assert_eq(replay_check(&w, UINT64_MAX), REPLAY_SEEN);
	cr_assert_eq(replay_check(&w, UINT64_MAX - 1), REPLAY_FRESH);
	cr_assert_eq(replay_check(&w, 0), REPLAY_SEEN);
}
