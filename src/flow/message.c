/* Message bodies: kind 1, then what the kind needs.  ACK: kind 1.  ALIVE:
 * health.  FLUSH, LEASE: number 8.  RECEIVED, CREDIT: their struct in order.
 *
 * The role table is the whole policy: a meter can never end, flush or lease
 * anybody, nor send records to a cache.  What it may do to the collector is
 * connect, report, leave -- and abort, since an abort from any side ends all
 * (DESIGN section 7). */
#include "flow/message.h"

#define BIT(kind) (1u << MESSAGE_##kind)

bool message_allowed(
	enum message_kind kind, enum module_role from, enum module_role to)
{
	static const unsigned always = BIT(ACK) | BIT(ALIVE);
	static const unsigned manage =
		BIT(END) | BIT(ABORT) | BIT(FLUSH) | BIT(LEASE) | BIT(RECEIVED);
	static const unsigned report =
		BIT(CONN) | BIT(DISCONN) | BIT(ABORT) | BIT(BATCH);
	static const unsigned table[5][5] = {
		[MODULE_METER] = {[MODULE_CACHE] = BIT(CONN) | BIT(DISCONN) |
						   BIT(DIGESTS),
			[MODULE_COLLECTOR] = report},
		[MODULE_CACHE] = {[MODULE_METER] = BIT(DISCONN) | BIT(CREDIT),
			[MODULE_COLLECTOR] = report},
		[MODULE_COLLECTOR] =
			{[MODULE_METER] = manage, [MODULE_CACHE] = manage},
		[MODULE_CONTROLLER] = {[MODULE_METER] = BIT(ABORT),
			[MODULE_CACHE] = BIT(ABORT),
			[MODULE_COLLECTOR] = BIT(ABORT)}};

	if ((unsigned)from >= 5 || (unsigned)to >= 5 ||
		(unsigned)kind >= MESSAGE_COUNT)
		return false;
	return ((always | table[from][to]) >> kind & 1) != 0;
}

size_t message_encode(const struct message *m, void *body, size_t max)
{
	struct wire w = wire_over(body, max);

	wire_u8(&w, (uint8_t)m->kind);
	switch (m->kind) {
	case MESSAGE_ACK:
		wire_u8(&w, (uint8_t)m->of);
		break;
	case MESSAGE_ALIVE:
		module_health_encode(&m->health, &w);
		break;
	case MESSAGE_FLUSH:
	case MESSAGE_LEASE:
		wire_u64(&w, m->number);
		break;
	case MESSAGE_RECEIVED:
		wire_u64(&w, m->received.life);
		wire_u64(&w, m->received.taken);
		wire_u64(&w, m->received.durable);
		wire_u64(&w, m->received.limit);
		for (size_t i = 0; i < RECEIVED_WORDS; i++)
			wire_u64(&w, m->received.beyond[i]);
		break;
	case MESSAGE_CREDIT:
		wire_u64(&w, m->credit.life);
		wire_u64(&w, m->credit.datagrams);
		wire_u64(&w, m->credit.digests);
		wire_u64(&w, m->credit.got);
		wire_u64(&w, m->credit.limit);
		break;
	case MESSAGE_NONE:
	case MESSAGE_CONN:
	case MESSAGE_END:
	case MESSAGE_DISCONN:
	case MESSAGE_ABORT:
	case MESSAGE_BATCH:
	case MESSAGE_DIGESTS:
	case MESSAGE_COUNT:
		break;
	}
	return w.bad ? 0 : wire_len(&w);
}

bool message_decode(const void *body, size_t len, struct message *ret)
{
	struct cursor c = cursor_over(body, len);

	*ret = (struct message){.kind = (enum message_kind)cursor_u8(&c)};
	switch (ret->kind) {
	case MESSAGE_ACK:
		ret->of = (enum message_kind)cursor_u8(&c);
		if (ret->of != MESSAGE_CONN && ret->of != MESSAGE_END &&
			ret->of != MESSAGE_DISCONN && ret->of != MESSAGE_ABORT)
			return false;
		break;
	case MESSAGE_ALIVE:
		module_health_decode(&c, &ret->health);
		break;
	case MESSAGE_FLUSH:
	case MESSAGE_LEASE:
		ret->number = cursor_u64(&c);
		break;
	case MESSAGE_RECEIVED:
		ret->received.life = cursor_u64(&c);
		ret->received.taken = cursor_u64(&c);
		ret->received.durable = cursor_u64(&c);
		ret->received.limit = cursor_u64(&c);
		for (size_t i = 0; i < RECEIVED_WORDS; i++)
			ret->received.beyond[i] = cursor_u64(&c);
		break;
	case MESSAGE_CREDIT:
		ret->credit.life = cursor_u64(&c);
		ret->credit.datagrams = cursor_u64(&c);
		ret->credit.digests = cursor_u64(&c);
		ret->credit.got = cursor_u64(&c);
		ret->credit.limit = cursor_u64(&c);
		break;
	case MESSAGE_CONN:
	case MESSAGE_END:
	case MESSAGE_DISCONN:
	case MESSAGE_ABORT:
		break;
	case MESSAGE_NONE:
	case MESSAGE_BATCH:
	case MESSAGE_DIGESTS:
	case MESSAGE_COUNT:
	default: /* a byte from outside can be anything */
		return false;
	}
	return cursor_ok(&c) && cursor_left(&c) == 0;
}
