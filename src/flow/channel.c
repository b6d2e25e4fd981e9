/* Layout of a datagram, big-endian: "NF" 2, version 1, kind 1, deployment 8,
 * sender 2, receiver 2, epoch 16, counter 8 (all this is the protected header),
 * tag 16, body.  Kind CHANNEL_CLEAR protects header and body without hiding
 * the body: the body is added to the authenticated data.
 *
 * Order of checks, cheapest first: header, replay window, then the tag.  What
 * is authentic, of an unknown epoch, is answered CHANNEL_HELLO_RATE times a
 * second (a tenth of that from addresses not in the setup).  That is counted
 * behind the tag, and of epochs apart: else a peer that was started again would
 * not be heard in a flood of forged datagrams, or of its former life's.
 *
 * Handshake when A knows nothing of B's epoch: whatever authentic datagram of
 * B makes A ask CHALLENGE(random); B answers ANSWER(same) in its epoch, and, if
 * A's epoch is unknown to B too, adds a challenge of its own.  Answering is
 * harmless: it proves only that B lives now. */
#include "flow/channel.h"
#include "base/cursor.h"
#include "flow/wire.h"
#include "format/crypto.h"

enum { CLEAR = CHANNEL_HEADER - CRYPTO_TAG, NONCE = 16, ASKING_MS = 5000 };

_Static_assert(CHANNEL_REPLY == CHANNEL_HEADER + NONCE, "a reply is a nonce");

struct header {
	uint8_t version, kind;
	uint64_t deployment, counter;
	uint16_t sender, receiver;
	const uint8_t *epoch;
};

static bool read_header(const uint8_t *data, size_t len, struct header *ret)
{
	struct cursor c = cursor_over(data, len);
	uint16_t magic = cursor_u16(&c);

	ret->version = cursor_u8(&c);
	ret->kind = cursor_u8(&c);
	ret->deployment = cursor_u64(&c);
	ret->sender = cursor_u16(&c);
	ret->receiver = cursor_u16(&c);
	ret->epoch = cursor_bytes(&c, CHANNEL_EPOCH);
	ret->counter = cursor_u64(&c);
	return cursor_ok(&c) && magic == ('N' << 8 | 'F');
}

const char *channel_cause_name(enum channel_cause cause)
{
	static const char *const names[] = {
#define X(name, text) [CAUSE_##name] = (text),
		CHANNEL_CAUSES(X)
#undef X
	};

	return (unsigned)cause < CAUSE_COUNT ? names[cause] : "unknown";
}

bool channel_peek(const uint8_t *data, size_t len, const struct setup *self,
	uint16_t *ret_sender, enum channel_cause *ret_cause)
{
	struct header h;

	if (len < CHANNEL_HEADER || len > CHANNEL_DATAGRAM)
		*ret_cause = CAUSE_SHORT;
	else if (!read_header(data, len, &h) || h.version != CHANNEL_VERSION ||
		 h.kind < CHANNEL_SEALED || h.kind > CHANNEL_ANSWER)
		*ret_cause = CAUSE_VERSION;
	else if (h.deployment != self->deployment)
		*ret_cause = CAUSE_DEPLOYMENT;
	else if (h.receiver != self->id)
		*ret_cause = CAUSE_PEER;
	else {
		*ret_sender = h.sender;
		return true;
	}
	return false;
}

void channel_init(struct channel *ch, const struct setup *self,
	const struct setup_peer *peer,
	const uint8_t epoch[static CHANNEL_EPOCH])
{
	*ch = (struct channel){.deployment = self->deployment,
		.self = self->id,
		.peer = peer->id};
	memcpy(ch->send_key, peer->send_key, sizeof(ch->send_key));
	memcpy(ch->receive_key, peer->receive_key, sizeof(ch->receive_key));
	memcpy(ch->epoch, epoch, CHANNEL_EPOCH);
}

void channel_wipe(struct channel *ch)
{
	crypto_wipe(ch, sizeof(*ch));
}

uint64_t channel_peer_life(const struct channel *ch)
{
	struct cursor c = cursor_over(ch->peer_epoch, sizeof(ch->peer_epoch));

	return ch->known ? cursor_u64(&c) : 0;
}

void channel_refuse(struct channel *ch, enum channel_cause cause)
{
	ch->refused[cause]++;
}

/* Epoch and counter follow each other in the header: that is the nonce. */
static struct crypto_box box_of(
	const uint8_t *key, const uint8_t *data, size_t aad_len)
{
	return (struct crypto_box){.key = key,
		.nonce = data + CLEAR - CRYPTO_NONCE,
		.aad = data,
		.aad_len = aad_len};
}

size_t channel_seal(
	struct channel *ch, enum channel_kind kind, uint8_t *data, size_t len)
{
	struct wire w = wire_over(data, CLEAR);
	uint8_t tag[CRYPTO_TAG];
	struct crypto_box box;

	wire_u8(&w, 'N');
	wire_u8(&w, 'F');
	wire_u8(&w, CHANNEL_VERSION);
	wire_u8(&w, (uint8_t)kind);
	wire_u64(&w, ch->deployment);
	wire_u16(&w, ch->self);
	wire_u16(&w, ch->peer);
	wire_bytes(&w, ch->epoch, CHANNEL_EPOCH);
	wire_u64(&w, ++ch->counter);
	if (kind == CHANNEL_CLEAR) {
		/* one stretch of authenticated data: a zero tag in its place */
		memset(data + CLEAR, 0, CRYPTO_TAG);
		box = box_of(ch->send_key, data, CHANNEL_HEADER + len);
		crypto_seal(&box, NULL, 0, tag);
	} else {
		box = box_of(ch->send_key, data, CLEAR);
		crypto_seal(&box, data + CHANNEL_HEADER, len, tag);
	}
	memcpy(data + CLEAR, tag, CRYPTO_TAG);
	return CHANNEL_HEADER + len;
}

static bool authentic(struct channel *ch, const struct channel_input *in,
	const struct header *h)
{
	uint8_t tag[CRYPTO_TAG];
	struct crypto_box box;

	memcpy(tag, in->data + CLEAR, CRYPTO_TAG);
	if (h->kind == CHANNEL_CLEAR) {
		memset(in->data + CLEAR, 0, CRYPTO_TAG);
		box = box_of(ch->receive_key, in->data, in->len);
		return crypto_open(&box, NULL, 0, tag);
	}
	box = box_of(ch->receive_key, in->data, CLEAR);
	return crypto_open(
		&box, in->data + CHANNEL_HEADER, in->len - CHANNEL_HEADER, tag);
}

static void reply(struct channel *ch, enum channel_kind kind,
	const uint8_t nonce[static NONCE], struct channel_output *out)
{
	uint8_t *data = out->replies[out->n_replies++];

	memcpy(data + CHANNEL_HEADER, nonce, NONCE);
	channel_seal(ch, kind, data, NONCE);
}

/* An open challenge is asked again rather than replaced, so that an answer on
 * its way still counts. */
static void challenge(
	struct channel *ch, struct mono_time now, struct channel_output *out)
{
	if (!ch->asking || now.ns >= ch->asking_until.ns) {
		crypto_random(ch->nonce, sizeof(ch->nonce));
		ch->asking = true;
		ch->asking_until = mono_add_ms(now, ASKING_MS);
	}
	reply(ch, CHANNEL_CHALLENGE, ch->nonce, out);
}

/* A reply.  Only authentic epochs come here: to be in the way of one it takes
 * datagrams, recorded, of a former life that falls in with it. */
static bool allowed(struct channel *ch, const struct channel_input *in,
	const struct header *h)
{
	struct channel_tokens *t = &ch->tokens[in->planned_source ? 0 : 1]
					      [h->epoch[0] % CHANNEL_EPOCHS];
	int64_t second = in->now.ns / NS_PER_S;
	int most = CHANNEL_HELLO_RATE / (in->planned_source ? 1 : 10);

	if (second != t->second)
		*t = (struct channel_tokens){.second = second};
	return t->used++ < most;
}

/* Is it the answer to our open challenge, in the epoch of its header? */
static bool proved(struct channel *ch, const struct channel_input *in)
{
	bool r = ch->asking && in->now.ns < ch->asking_until.ns &&
		 in->len == CHANNEL_REPLY &&
		 crypto_equal(in->data + CHANNEL_HEADER, ch->nonce, NONCE);

	if (r)
		ch->asking = false;
	else
		channel_refuse(ch, CAUSE_ANSWER);
	return r;
}

static enum channel_result open_unknown(struct channel *ch,
	const struct channel_input *in, const struct header *h,
	struct channel_output *out)
{
	if (!authentic(ch, in, h)) {
		channel_refuse(ch, CAUSE_TAG);
		return CHANNEL_REFUSED;
	}
	if (h->kind == CHANNEL_ANSWER) {
		if (!proved(ch, in))
			return CHANNEL_REFUSED;
		memcpy(ch->peer_epoch, h->epoch, CHANNEL_EPOCH);
		ch->known = true;
		/* A former life of ours may have heard all before that. */
		replay_begin(&ch->replay, h->counter);
		out->newest = true;
		return CHANNEL_FRESH;
	}
	if (!allowed(ch, in, h)) {
		channel_refuse(ch, CAUSE_RATE);
		return CHANNEL_REFUSED;
	}
	channel_refuse(ch, CAUSE_EPOCH);
	if (h->kind == CHANNEL_CHALLENGE && in->len == CHANNEL_REPLY)
		reply(ch, CHANNEL_ANSWER, in->data + CHANNEL_HEADER, out);
	challenge(ch, in->now, out);
	return CHANNEL_REFUSED;
}

static enum channel_result open_known(struct channel *ch,
	const struct channel_input *in, const struct header *h,
	struct channel_output *out)
{
	enum replay_verdict verdict = replay_check(&ch->replay, h->counter);

	if (verdict != REPLAY_FRESH) {
		channel_refuse(
			ch, verdict == REPLAY_SEEN ? CAUSE_REPLAY : CAUSE_OLD);
		return CHANNEL_REFUSED;
	}
	if (!authentic(ch, in, h)) {
		channel_refuse(ch, CAUSE_TAG);
		return CHANNEL_REFUSED;
	}
	out->newest = h->counter > ch->replay.highest;
	replay_mark(&ch->replay, h->counter);
	switch (h->kind) {
	case CHANNEL_CHALLENGE:
		if (in->len == CHANNEL_REPLY)
			reply(ch, CHANNEL_ANSWER, in->data + CHANNEL_HEADER,
				out);
		else
			channel_refuse(ch, CAUSE_MESSAGE);
		return CHANNEL_REFUSED;
	case CHANNEL_ANSWER:
		/* proves what is known already; a second answer is normal */
		return CHANNEL_REFUSED;
	}
	out->kind = (enum channel_kind)h->kind;
	out->body = in->data + CHANNEL_HEADER;
	out->len = in->len - CHANNEL_HEADER;
	return CHANNEL_ACCEPTED;
}

enum channel_result channel_open(struct channel *ch,
	const struct channel_input *in, struct channel_output *out)
{
	struct header h;

	out->n_replies = 0;
	out->newest = false;
	if (in->len < CHANNEL_HEADER || in->len > CHANNEL_DATAGRAM ||
		!read_header(in->data, in->len, &h)) {
		channel_refuse(ch, CAUSE_SHORT);
		return CHANNEL_REFUSED;
	}
	if (ch->known && memcmp(h.epoch, ch->peer_epoch, CHANNEL_EPOCH) == 0)
		return open_known(ch, in, &h, out);
	return open_unknown(ch, in, &h, out);
}
