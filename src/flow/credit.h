/* Digests between one meter and one cache: who may send how much, what got
 * lost.  Plain state, both ends.
 *
 * The cache grants datagram numbers, cumulatively: a lost grant is healed by
 * the next.  Its answer also says how many digests arrived, so both ends know
 * the loss.  A meter that waits for an answer asks for it with an empty
 * datagram, so neither a lost grant nor a lost last datagram is for ever.  One
 * that got none for long, or not since the cache was silent, sends nothing
 * else: that a cache is heard does not say that it hears. */
#ifndef NFZ_FLOW_CREDIT_H
#define NFZ_FLOW_CREDIT_H

#include "flow/channel.h"
#include "flow/digest.h"
#include "flow/message.h"

enum {
	CREDIT_EVERY = 16, /* datagrams between grants */
	CREDIT_LEAST = 16, /* window */
	CREDIT_MOST = 1024,
	CREDIT_DATAGRAM_COST = 2560 /* of receive buffer */
};

/* The meter's end: one open datagram per format. */
struct digest_out {
	struct digest_writer writer[2];
	bool begun[2];
	uint8_t data[2][CHANNEL_DATAGRAM]; /* header room, kind, body */
	uint64_t datagrams, digests; /* sent in the cache's present life */
	uint64_t limit;              /* datagrams below this may be sent */
	uint64_t confirmed; /* digests up to here have arrived or are lost */
	uint64_t got;       /* digests that arrived */
	uint64_t gone;      /* unconfirmed when the cache's life ended */
};

/* Adds to the open datagram.  False: that one must be sent first. */
bool digest_out_add(struct digest_out *o, const struct digest *d);
/* Digests sent, and those of the open datagrams. */
uint64_t digest_out_taken(const struct digest_out *o);
/* May a datagram be sent? */
bool digest_out_may(const struct digest_out *o);
/* Finishes an open datagram (format 0 or 1): the length of the body behind
 * CHANNEL_HEADER in data[format], 0 when nothing was begun. */
size_t digest_out_finish(struct digest_out *o, int format, uint16_t meter);
/* Empties an open datagram, for others to have its digests: how many. */
size_t digest_out_take_back(struct digest_out *o, int format,
	struct digest digests[static DIGEST_MAX]);
/* Is nothing sent unconfirmed? */
bool digest_out_settled(const struct digest_out *o);
/* Is something unconfirmed, or may nothing be sent? */
bool digest_out_waits(const struct digest_out *o);
/* A datagram without digests, which needs no credit: the body behind
 * CHANNEL_HEADER in data, as digest_out_finish. */
size_t digest_out_ask(struct digest_out *o, uint16_t meter,
	uint8_t data[static CHANNEL_DATAGRAM]);
bool digest_out_credit(struct digest_out *o, const struct credit *c);
/* Nothing may be sent before there is an answer. */
void digest_out_withdraw(struct digest_out *o);
/* Digests that did not arrive: of a cache that is gone, all unconfirmed. */
uint64_t digest_out_lost(const struct digest_out *o, bool is_gone);
void digest_out_restart(struct digest_out *o);

/* The cache's end. */
struct digest_in {
	uint64_t datagrams, digests; /* numbers after the highest seen */
	uint64_t got, lost_before;   /* lost: in earlier lives */
	unsigned unsaid;
};

/* False: the numbers make no sense. */
bool digest_in_take(struct digest_in *in, const struct digest_header *h);
void digest_in_say(struct digest_in *in, uint64_t life, uint64_t window,
	struct credit *ret);
uint64_t digest_in_lost(const struct digest_in *in);
void digest_in_restart(struct digest_in *in);

/* Which of n caches has the share of a flow: the highest of hashes of (flow,
 * cache), so that only the share of a cache that goes or comes moves. */
uint64_t share_score(uint64_t flow_hash, uint16_t cache);

#endif
