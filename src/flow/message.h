/* The bodies of management datagrams, as values and as bytes. */
#ifndef NFZ_FLOW_MESSAGE_H
#define NFZ_FLOW_MESSAGE_H

#include "flow/health.h"
#include "flow/setup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* First byte of every sealed body. */
enum message_kind {
	MESSAGE_NONE,
	MESSAGE_CONN,     /* we are here and want to send you things */
	MESSAGE_ACK,      /* of `of`: CONN, END, DISCONN or ABORT */
	MESSAGE_ALIVE,    /* every second, with health */
	MESSAGE_END,      /* drain, then leave */
	MESSAGE_DISCONN,  /* drained; good-bye */
	MESSAGE_ABORT,    /* everybody stops at once */
	MESSAGE_FLUSH,    /* send all you have; number */
	MESSAGE_LEASE,    /* live on for `number` ms */
	MESSAGE_BATCH,    /* of the record stream (flow/stream.h) */
	MESSAGE_RECEIVED, /* how far the record stream got */
	MESSAGE_DIGESTS,  /* authenticated only (flow/digest.h) */
	MESSAGE_CREDIT,   /* how far digests got, and how many more */
	MESSAGE_COUNT
};

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
