/* The record stream: numbered batches that are resent until the receiver has
 * them on disk.  Both ends as plain state: no sockets, no clock, and no memory
 * after the start.
 *
 * The sender keeps every batch until it is *durable*; it sends again only what
 * was not *received*.  The receiver hands batches on in order and each once,
 * keeping up to RELIABLE_WINDOW that came too early.  A receiver that lost its
 * memory goes on at the sender's `base`: everything before it was durable. */
#ifndef NFZ_FLOW_RELIABLE_H
#define NFZ_FLOW_RELIABLE_H

#include "flow/channel.h"
#include "flow/message.h"

enum {
	RELIABLE_WINDOW = 256, /* batches on their way at once */
	RELIABLE_HEADER = 18,  /* kind 1, zero 1, seq 8, base 8 */
	RELIABLE_BYTES = CHANNEL_BODY - RELIABLE_HEADER,
	RELIABLE_RETRY_MS = 100, /* at least; doubles with each resending... */
	RELIABLE_RETRY_MAX_MS = 1600,
	RELIABLE_EARLY_MS = 20 /* sooner, when one sent so much later arrived */
};

_Static_assert((int)RELIABLE_WINDOW <= (int)RECEIVED_BITS, "can be said");

struct reliable_batch {
	int64_t sent_ms;
	uint16_t len;
	uint8_t sends; /* since the peer's present life began */
	bool received;
	uint8_t bytes[RELIABLE_BYTES];
};

struct reliable_sender {
	struct reliable_batch *ring;
	size_t size;        /* batches; a power of two */
	uint64_t first;     /* lowest not durable */
	uint64_t open;      /* being filled; not sent before it is closed */
	size_t fill;        /* bytes in the open one */
	uint64_t unsent;    /* lowest never sent in the peer's life */
	uint64_t taken;     /* received up to here */
	uint64_t limit;     /* the receiver wants none beyond */
	int64_t arrived_ms; /* the latest sending known to have arrived */
	int64_t answer_ms;  /* how long answers take, at the worst of late */
	uint64_t resent;
};

/* Room for at least `batches` that are not durable yet. */
void reliable_sender_init(struct reliable_sender *s, size_t batches);
void reliable_sender_release(struct reliable_sender *s);
/* Adds one item to the open batch, or to the next; false: no room. */
bool reliable_add(struct reliable_sender *s, const void *item, size_t len);
/* Closes the open batch if it holds anything. */
void reliable_close(struct reliable_sender *s);
/* Batches that can still be begun, the open one included when empty. */
size_t reliable_room(const struct reliable_sender *s);
/* Nothing queued that is not durable, nothing in the open batch. */
bool reliable_empty(const struct reliable_sender *s);
/* The next batch to send; writes the body (RELIABLE_HEADER and items) and
 * returns its length, 0: none now.  *at is a place in the window: 0 at first,
 * then handed back until 0 is returned. */
size_t reliable_next(struct reliable_sender *s, int64_t now_ms, uint64_t *at,
	uint8_t body[static CHANNEL_BODY]);
/* When reliable_next() has something to send, should nothing be heard before;
 * INT64_MAX: never. */
int64_t reliable_due_ms(const struct reliable_sender *s);
/* False when it makes no sense and was ignored. */
bool reliable_received(
	struct reliable_sender *s, const struct received *r, int64_t now_ms);
/* The receiver has a new life: what is not durable is sent again. */
void reliable_restart(struct reliable_sender *s);

struct reliable_slot {
	uint16_t len; /* 0: empty */
	uint8_t bytes[RELIABLE_BYTES];
};

struct reliable_receiver {
	struct reliable_slot *slots; /* RELIABLE_WINDOW; NULL: none yet */
	uint64_t life;
	uint64_t next;   /* all before were handed on */
	uint64_t marked; /* all up to here are on their way to the disk */
	uint64_t durable;
	unsigned unsaid; /* batches since the last acknowledgement */
	uint64_t batches, duplicates, early, skipped;
};

/* Takes a batch: false leaves it for another time. */
typedef bool (*reliable_sink)(
	void *data, uint64_t seq, const uint8_t *items, size_t len);

/* A sender's life begins, of which all up to last_seq is durable already.
 * Takes memory the first time. */
void reliable_begin(
	struct reliable_receiver *r, uint64_t life, uint64_t last_seq);
void reliable_receiver_release(struct reliable_receiver *r);
/* A batch body as reliable_next made it.  False: ill-formed or out of the
 * window; nothing was changed. */
bool reliable_take(
	struct reliable_receiver *r, const uint8_t *body, size_t len);
/* Hands on what is in order. */
void reliable_deliver(
	struct reliable_receiver *r, reliable_sink sink, void *data);
/* The next one is there, and was not taken. */
bool reliable_waits(const struct reliable_receiver *r);
/* All that was handed on so far will be on disk when that is said next. */
void reliable_mark(struct reliable_receiver *r);
/* All up to the mark is on disk. */
void reliable_durable(struct reliable_receiver *r);
void reliable_say(struct reliable_receiver *r, struct received *ret);

#endif
