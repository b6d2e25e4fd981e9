/* Records and tap counters as bytes.  The layouts are those of
 * netflowize-protocol(7); both directions sit here and are tested as inverses.
 *
 * Record, RECORD_WIRE bytes: source 16, destination 16, ports 2+2, protocol 1,
 * key flags 1, tap 2, packets 8, bytes 8, first 8, last 8, slots 2+2, TCP
 * flags 1, ToS 1, end reason 1, flags 1, zero 8.
 *
 * Counters: tap 2, number of losses 1, of what was added since the first version
 * 1, then 64-bit numbers in the order of the struct. */
#include "flow/record.h"

void flow_record_encode(const struct flow_record *r, struct buf *out)
{
	char *to = buf_room(out, RECORD_WIRE);
	struct wire w;

	if (!to)
		return;
	w = wire_over(to, RECORD_WIRE);
	wire_bytes(&w, r->key.src.b, sizeof(r->key.src.b));
	wire_bytes(&w, r->key.dst.b, sizeof(r->key.dst.b));
	wire_u16(&w, r->key.sport);
	wire_u16(&w, r->key.dport);
	wire_u8(&w, r->key.proto);
	wire_u8(&w, r->key.flags);
	wire_u16(&w, r->tap);
	wire_u64(&w, r->packets);
	wire_u64(&w, r->bytes);
	flow_record_encode_rest(r, &w);
	wire_zeros(&w, 8);
	buf_commit(out, wire_len(&w));
}

void flow_record_decode(struct cursor *c, struct flow_record *ret)
{
	const uint8_t *p = cursor_bytes(c, RECORD_WIRE);
	struct cursor w;

	memset(ret, 0, sizeof(*ret));
	if (!p)
		return;
	w = cursor_over(p, RECORD_WIRE); /* so no read needs a check */
	cursor_copy(&w, ret->key.src.b, sizeof(ret->key.src.b));
	cursor_copy(&w, ret->key.dst.b, sizeof(ret->key.dst.b));
	ret->key.sport = cursor_u16(&w);
	ret->key.dport = cursor_u16(&w);
	ret->key.proto = cursor_u8(&w);
	ret->key.flags = cursor_u8(&w);
	ret->tap = cursor_u16(&w);
	ret->packets = cursor_u64(&w);
	ret->bytes = cursor_u64(&w);
	flow_record_decode_rest(&w, ret);
}

const char *tap_loss_name(enum tap_loss loss)
{
	static const char *const names[] = {
#define X(name, text) [LOSS_##name] = (text),
		TAP_LOSSES(X)
#undef X
	};

	return (unsigned)loss < TAP_LOSS_COUNT ? names[loss] : "unknown";
}

/* What was added since, at the end: bases; frames not sampled and sizes. */
enum { BASES = 2, MORE = BASES + 1 + 2 * 2 * PACKET_SIZES };

bool tap_counters_sized(const struct tap_counters *c)
{
	return c->sizes[0][0].packets != COUNTERS_UNKNOWN;
}

static void encode_sizes(const struct tap_counters *c, struct wire *w)
{
	for (size_t way = 0; way < 2; way++)
		for (size_t i = 0; i < PACKET_SIZES; i++) {
			wire_u64(w, c->sizes[way][i].packets);
			wire_u64(w, c->sizes[way][i].octets);
		}
}

void tap_counters_encode(const struct tap_counters *c, struct buf *out)
{
	const uint64_t after[] = {c->if_received, c->if_sent,
		c->frames_received, c->frames_sent, c->attach_uncertainty,
		c->base_received, c->base_sent, c->unsampled};
	const uint64_t before[] = {(uint64_t)c->at_ns, c->wire_frames,
		c->ip_frames, c->non_ip, c->excluded, c->packets};
	uint8_t bytes[COUNTERS_WIRE_MAX];
	struct wire w = wire_over(bytes, sizeof(bytes));

	_Static_assert(
		4 + 8 * (11 + MORE + TAP_LOSS_COUNT) <= COUNTERS_WIRE_MAX,
		"counters fit");
	wire_u16(&w, c->tap);
	wire_u8(&w, TAP_LOSS_COUNT);
	wire_u8(&w, MORE);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		wire_u64(&w, before[i]);
	for (size_t i = 0; i < TAP_LOSS_COUNT; i++)
		wire_u64(&w, c->lost[i]);
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		wire_u64(&w, after[i]);
	encode_sizes(c, &w);
	buf_add(out, bytes, wire_len(&w));
}

static void decode_more(struct cursor *c, uint8_t more, struct tap_counters *to)
{
	to->base_received = more ? cursor_u64(c) : COUNTERS_UNKNOWN;
	to->base_sent = more ? cursor_u64(c) : COUNTERS_UNKNOWN;
	to->sizes[0][0].packets = COUNTERS_UNKNOWN;
	if (more <= BASES)
		return;
	to->unsampled = cursor_u64(c);
	for (size_t way = 0; way < 2; way++)
		for (size_t i = 0; i < PACKET_SIZES; i++) {
			to->sizes[way][i].packets = cursor_u64(c);
			to->sizes[way][i].octets = cursor_u64(c);
		}
}

void tap_counters_decode(struct cursor *c, struct tap_counters *ret)
{
	uint8_t losses, more;

	memset(ret, 0, sizeof(*ret));
	ret->tap = cursor_u16(c);
	losses = cursor_u8(c);
	more = cursor_u8(c);
	/* a loss without a name here would leave a hole in the ledger */
	if (losses > TAP_LOSS_COUNT ||
		(more != 0 && more != BASES && more != MORE))
		c->bad = true;
	ret->at_ns = (int64_t)cursor_u64(c);
	ret->wire_frames = cursor_u64(c);
	ret->ip_frames = cursor_u64(c);
	ret->non_ip = cursor_u64(c);
	ret->excluded = cursor_u64(c);
	ret->packets = cursor_u64(c);
	for (size_t i = 0; i < losses && cursor_ok(c); i++)
		ret->lost[i] = cursor_u64(c);
	ret->if_received = cursor_u64(c);
	ret->if_sent = cursor_u64(c);
	ret->frames_received = cursor_u64(c);
	ret->frames_sent = cursor_u64(c);
	ret->attach_uncertainty = cursor_u64(c);
	decode_more(c, more, ret);
}
