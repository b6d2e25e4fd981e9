/* The bodies of management datagrams, as values and as bytes. */
#ifndef NFZ_FLOW_MESSAGE_H
#define NFZ_FLOW_MESSAGE_H

#include "flow/health.h"
#include "flow/setup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(name, text): first byte of every sealed body, in this order from 1. */
#define MESSAGES(X)                                                            \
	X(CONN, "CONN")         /* we are here and want to send you things */  \
	X(ACK, "ACK")           /* of `of`: CONN, END, DISCONN or ABORT */     \
	X(ALIVE, "ALIVE")       /* every second, with health */                \
	X(END, "END")           /* drain, then leave */                        \
	X(DISCONN, "DISCONN")   /* drained; good-bye */                        \
	X(ABORT, "ABORT")       /* everybody stops at once */                  \
	X(FLUSH, "FLUSH")       /* send all you have; number */                \
	X(LEASE, "LEASE")       /* live on for `number` ms */                  \
	X(BATCH, "BATCH")       /* of the record stream (flow/stream.h) */     \
	X(RECEIVED, "RECEIVED") /* how far the record stream got */            \
	X(DIGESTS, "DIGESTS")   /* authenticated only (flow/digest.h) */       \
	X(CREDIT, "CREDIT")     /* how far digests got, and how many more */

enum message_kind {
	MESSAGE_NONE,
#define X(name, text) MESSAGE_##name,
	MESSAGES(X)
#undef X
		MESSAGE_COUNT
};
const char *message_name(enum message_kind kind);

enum { RECEIVED_WORDS = 4, RECEIVED_BITS = RECEIVED_WORDS * 64 };

struct message {
	enum message_kind kind;
	enum message_kind of;        /* ACK */
	uint64_t number;             /* FLUSH, LEASE */
	struct module_health health; /* ALIVE */
	struct received {            /* RECEIVED */
		uint64_t life;       /* of the sender of the stream */
		uint64_t taken;      /* all up to here are received */
		uint64_t durable;    /* all up to here are on disk */
		uint64_t limit;      /* none beyond this may be sent */
		uint64_t beyond[RECEIVED_WORDS]; /* bit i: taken + 1 + i */
	} received;
	struct credit {             /* CREDIT */
		uint64_t life;      /* of the sender of the digests */
		uint64_t datagrams; /* number after the highest seen */
		uint64_t digests;   /* the same, in digests */
		uint64_t got;       /* digests that did arrive */
		uint64_t limit;     /* datagrams below this may be sent */
	} credit;
};

enum { MESSAGE_WIRE_MAX = 256 };

/* BATCH and DIGESTS are not made or read here. */
size_t message_encode(const struct message *m, void *body, size_t max);
/* False: not a message, or not exactly one. */
bool message_decode(const void *body, size_t len, struct message *ret);
/* May a module of role `from` say this to one of role `to`? */
bool message_allowed(
	enum message_kind kind, enum module_role from, enum module_role to);

#endif
