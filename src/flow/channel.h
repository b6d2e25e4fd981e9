/* Authenticated datagrams between two modules: no sockets, no clock.
 *
 * Every datagram has a clear header that is protected with the rest: version,
 * kind, deployment, sender, receiver, the sender's epoch (16 random bytes per
 * start of its process) and a counter; then the tag, then the body.  Nonce =
 * epoch || counter, and each direction has its own key, so no nonce is ever
 * used twice, even by a process that forgot everything.
 *
 * The epoch of a peer is believed only when it has answered a fresh challenge;
 * an old recording can therefore not open one.  Within an epoch each counter is
 * accepted once, and none from before that answer.  What fails is counted by cause and changes nothing: no reply,
 * no allocation. */
#ifndef NFZ_FLOW_CHANNEL_H
#define NFZ_FLOW_CHANNEL_H

#include "base/clock.h"
#include "flow/replay.h"
#include "flow/setup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHANNEL_VERSION = 1,
	CHANNEL_EPOCH = 16,
	CHANNEL_HEADER = 56,     /* with the tag */
	CHANNEL_DATAGRAM = 1452, /* UDP payload within 1500 under IPv6 */
	CHANNEL_BODY = CHANNEL_DATAGRAM - CHANNEL_HEADER,
	CHANNEL_HELLO_RATE = 100, /* replies a second to one unproved epoch */
	CHANNEL_EPOCHS = 16,      /* that are told apart there */
	CHANNEL_REPLY = CHANNEL_HEADER + 16
};

/* Also the order of counters in status. */
#define CHANNEL_CAUSES(X)                                                      \
	X(SHORT, "short")     /* cut, or larger than any of ours */            \
	X(VERSION, "version") /* not our protocol, or a version unknown */     \
	X(DEPLOYMENT, "deployment") /* of another deployment */                \
	X(PEER, "peer")     /* sender unknown, or meant for another module */  \
	X(RATE, "rate")     /* unknown epoch, too many a second */             \
	X(TAG, "tag")       /* not made with the key */                        \
	X(REPLAY, "replay") /* counter seen before */                          \
	X(OLD, "old")       /* counter before the window */                    \
	X(EPOCH, "epoch")   /* authentic, but its epoch is not proved yet */   \
	X(ANSWER, "answer") /* to a challenge we did not ask */                \
	X(ROLE, "role")     /* the sender's role may not say this */           \
	X(MESSAGE, "message") /* authentic, but ill-formed */                  \
	X(STATE, "state")     /* not now */

enum channel_cause {
#define X(name, text) CAUSE_##name,
	CHANNEL_CAUSES(X)
#undef X
		CAUSE_COUNT
};
const char *channel_cause_name(enum channel_cause cause);

enum channel_kind {
	CHANNEL_SEALED = 1, /* encrypted */
	CHANNEL_CLEAR,      /* authenticated only: digests */
	CHANNEL_CHALLENGE,
	CHANNEL_ANSWER
};

struct channel {
	uint64_t deployment;
	uint16_t self, peer;
	uint8_t send_key[SETUP_KEY_BYTES], receive_key[SETUP_KEY_BYTES];
	uint8_t epoch[CHANNEL_EPOCH]; /* ours */
	uint64_t counter;             /* last used */
	bool known;                   /* the peer's epoch was proved */
	uint8_t peer_epoch[CHANNEL_EPOCH];
	struct replay replay;
	bool asking; /* a challenge of ours is open */
	uint8_t nonce[16];
	struct mono_time asking_until;
	struct channel_tokens {
		int64_t second;
		int used;
	} tokens[2][CHANNEL_EPOCHS]; /* planned address, any other */
	uint64_t refused[CAUSE_COUNT];
};

/* What came in a datagram. */
enum channel_result {
	CHANNEL_REFUSED,  /* counted; nothing to do but send `replies` */
	CHANNEL_ACCEPTED, /* kind, body, len */
	CHANNEL_FRESH     /* the peer has proved a new epoch: a new life */
};
struct channel_input {
	uint8_t *data; /* decrypted in place */
	size_t len;
	struct mono_time now;
	bool planned_source; /* came from the address the setup says */
};
struct channel_output {
	enum channel_kind kind;
	uint8_t *body; /* within the input */
	size_t len;
	bool newest;      /* nothing later was accepted before */
	size_t n_replies; /* to send back, whatever the result */
	uint8_t replies[2][CHANNEL_REPLY];
};

/* Who a datagram says it is from, when it could be for us; else false and the
 * cause.  Nothing is authenticated yet. */
bool channel_peek(const uint8_t *data, size_t len, const struct setup *self,
	uint16_t *ret_sender, enum channel_cause *ret_cause);
void channel_init(struct channel *ch, const struct setup *self,
	const struct setup_peer *peer,
	const uint8_t epoch[static CHANNEL_EPOCH]);
void channel_wipe(struct channel *ch);
/* `data` holds CHANNEL_HEADER bytes of room and then len <= CHANNEL_BODY bytes
 * of body; returns the length of the datagram made of it. */
size_t channel_seal(
	struct channel *ch, enum channel_kind kind, uint8_t *data, size_t len);
enum channel_result channel_open(struct channel *ch,
	const struct channel_input *in, struct channel_output *out);
/* Counts something that was authentic and yet is refused. */
void channel_refuse(struct channel *ch, enum channel_cause cause);
/* First 8 bytes of the peer's epoch, as a number; 0: unknown. */
uint64_t channel_peer_life(const struct channel *ch);

#endif
