/* Datagrams from anybody, then the same bytes as the body of an authentic
 * datagram: neither may be accepted twice or crash; a management message that
 * is understood must be made again byte for byte. */
#include "flow/channel.h"
#include "flow/message.h"
#include "flow/session.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct ends {
	struct setup setup[2];
	struct setup_peer peer[2];
	struct channel end[2];
};

static void meet(struct ends *e)
{
	const uint8_t epochs[2][CHANNEL_EPOCH] = {{1}, {2}};

	memset(e, 0, sizeof(*e));
	for (int i = 0; i < 2; i++) {
		e->setup[i].id = (uint16_t)(i + 1);
		e->peer[i].id = (uint16_t)(2 - i);
		channel_init(&e->end[i], &e->setup[i], &e->peer[i], epochs[i]);
	}
	memcpy(e->end[1].peer_epoch, epochs[0], CHANNEL_EPOCH);
	e->end[1].known = true;
}

static enum channel_result hear(struct ends *e, const uint8_t *data, size_t len,
	struct channel_output *out, uint8_t *room)
{
	const struct channel_input in = {
		.data = room, .len = len, .now = {NS_PER_S}};

	memcpy(room, data, len);
	return channel_open(&e->end[1], &in, out);
}

static void understand(const uint8_t *body, size_t len)
{
	uint8_t again[MESSAGE_WIRE_MAX];
	struct session_output out;
	struct session s;
	struct message m;
	struct session_input in = {
		.kind = SESSION_MESSAGE, .message = &m, .now_ms = 5};

	if (!message_decode(body, len, &m))
		return;
	if (m.kind != MESSAGE_ALIVE && /* its text is cleaned */
		(message_encode(&m, again, sizeof(again)) != len ||
			memcmp(again, body, len) != 0))
		abort();
	session_init(&s, MODULE_METER, MODULE_COLLECTOR, 0);
	session_step(&s, &in, &out);
	if (out.n > SESSION_SENDS)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t wire[CHANNEL_DATAGRAM], room[CHANNEL_DATAGRAM];
	enum channel_cause cause;
	struct channel_output out;
	struct ends e;
	uint16_t sender;

	if (len > CHANNEL_BODY)
		return 0;
	meet(&e);
	channel_peek(data, len, &e.setup[1], &sender, &cause);
	if (hear(&e, data, len, &out, room) != CHANNEL_REFUSED)
		abort(); /* nobody guesses a tag */
	memcpy(wire + CHANNEL_HEADER, data, len);
	len = channel_seal(
		&e.end[0], len % 2 ? CHANNEL_SEALED : CHANNEL_CLEAR, wire, len);
	if (hear(&e, wire, len, &out, room) != CHANNEL_ACCEPTED)
		abort();
	understand(out.body, out.len);
	if (hear(&e, wire, len, &out, room) != CHANNEL_REFUSED)
		abort();
	return 0;
}
