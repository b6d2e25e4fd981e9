/* The management protocol between two modules, as a pure function of (state,
 * input, time): no sockets, no clock, no memory, so that a test can explore
 * every loss, repetition and exchange of order.
 *
 * One side is active (it connects: meter to cache and collector, cache to
 * collector), the other passive.  After CONN/ACK both say ALIVE every interval;
 * nothing heard for three makes the peer silent.  END asks a module to drain
 * and leave; it leaves with DISCONN; ABORT ends everything at once. */
#ifndef NFZ_FLOW_SESSION_H
#define NFZ_FLOW_SESSION_H

#include "flow/message.h"

enum {
	SESSION_ALIVE_MS = 1000,
	SESSION_DEAD_MS = 3 * SESSION_ALIVE_MS,
	SESSION_RETRY_MS = 300, /* CONN, END, DISCONN, ABORT unanswered */
	SESSION_FLUSH_MS = 200,
	SESSION_ABORTS = 3 /* ABORT is said so often at most */
};

enum session_state {
	SESSION_UNHEARD,
	SESSION_UP,
	SESSION_SILENT,
	SESSION_ENDING, /* the module (either of us) drains */
	SESSION_GONE,
	SESSION_ABORTED
};

struct session {
	enum module_role self, peer;
	bool active;
	enum session_state state;
	bool ending;          /* drains: survives a silence */
	bool end_asked;       /* we asked END; not yet acknowledged */
	bool leaving;         /* we say DISCONN until acknowledged */
	int aborts_left;      /* ABORT still to be said */
	uint64_t flush_asked; /* by us, not answered; 0: none */
	uint64_t flush_heard; /* highest the peer asked for */
	int64_t heard_ms, alive_ms, tried_ms, flush_ms; /* last time */
};

enum session_input_kind {
	SESSION_TICK,
	SESSION_MESSAGE,  /* authentic, allowed for the peer's role */
	SESSION_FRESH,    /* the peer has proved a new life */
	SESSION_DO_END,   /* ask the peer to end */
	SESSION_DO_LEAVE, /* drained: say good-bye */
	SESSION_DO_ABORT,
	SESSION_DO_FLUSH, /* number */
	SESSION_FLUSHED   /* number: the peer's answer is complete */
};

struct session_input {
	enum session_input_kind kind;
	const struct message *message;
	uint64_t number;
	int64_t now_ms;
};

enum session_event {
	SESSION_EV_STATE = 1,     /* state differs from before */
	SESSION_EV_END_ASKED = 2, /* drain, then SESSION_DO_LEAVE */
	SESSION_EV_ABORTED = 4,   /* the peer said ABORT */
	SESSION_EV_FLUSH = 8,     /* answer flush session.flush_heard */
	SESSION_EV_LEFT = 16,     /* our DISCONN was acknowledged */
	SESSION_EV_REFUSED = 32   /* made no sense in this state */
};

enum { SESSION_SENDS = 4 };
struct session_output {
	unsigned events;
	size_t n;
	struct message send[SESSION_SENDS]; /* ALIVE: health to be filled in */
};

void session_init(struct session *s, enum module_role self,
	enum module_role peer, int64_t now_ms);
void session_step(struct session *s, const struct session_input *in,
	struct session_output *out);
/* When SESSION_TICK has something to do, should nothing be heard before. */
int64_t session_due_ms(const struct session *s);
/* May records, digests and credits be taken from the peer now? */
bool session_carries(const struct session *s);

#endif
