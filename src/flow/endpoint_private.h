/* What the files of the endpoint share; nobody else includes this. */
#ifndef NFZ_FLOW_ENDPOINT_PRIVATE_H
#define NFZ_FLOW_ENDPOINT_PRIVATE_H

#include "flow/channel.h"
#include "flow/credit.h"
#include "flow/endpoint.h"
#include "flow/peer_clock.h"
#include "flow/session.h"
#include "flow/stream.h"
#include "flow/udp.h"

enum {
	TICK_MS = 100,        /* while something is due by then */
	FAST_MS = 10,         /* while something is under way */
	REST_MS = 1000,       /* and never less often */
	BATCH_AGE_MS = 50,    /* of the open batch, before it is sent */
	QUEUE_BATCHES = 4096, /* 5.8 MB; 61,000 records */
	ACK_EVERY = 32,       /* batches between acknowledgements */
	ASK_MS = 300          /* without an answer to digests */
};

struct peer {
	const struct setup_peer *setup;
	struct channel channel;
	struct session session;
	struct net_addr addr; /* where it was last heard, or the setup's */
	uint16_t port;        /* 0: not known yet */

	struct reliable_receiver stream; /* records from it */
	uint64_t flush_heard, flush_seq; /* FLUSHED in batch flush_seq */
	uint64_t flush_wanted, flush_asked, flush_done;

	struct digest_out *out; /* a cache, and we are a meter */
	uint64_t out_mark;      /* digests to be confirmed before FLUSHED */
	int64_t out_ms;         /* last digests to it, or credit of it */
	int64_t answered_ms;    /* last credit, or nothing to be answered */
	struct digest_in in;

	bool has_health;
	struct module_health health;
	struct peer_clock clock;
	int64_t heard_ms; /* -1: never heard */
};

struct endpoint {
	struct loop *loop;
	const struct setup *setup;
	struct endpoint_handlers do_;
	struct udp udp;
	uint8_t epoch[CHANNEL_EPOCH];
	uint64_t life;
	struct peer *peers; /* in order of their ids */
	size_t n_peers;
	struct peer *sink; /* the collector, when we are not it */
	struct loop_timer *timer;
	int64_t turn_ms;               /* its last turn */
	struct stream_content content; /* of the batch at hand */

	struct reliable_sender queue;
	int64_t fill_ms;        /* since when the open batch has something */
	uint64_t flush_pending; /* to be said in the stream; 0: none */
	uint64_t flush_number;  /* collector: last asked */

	struct hash_key share_seed;
	uint64_t credit_window;

	bool leaving, aborting, left_said, lease_over_said;
	int64_t leave_by_ms, lease_until_ms, lease_said_ms;
	struct endpoint_stats stats;
	uint64_t clock_steps;
	int64_t ours_ns; /* our wall clock, ahead of our monotonic one */
	uint64_t lost_records, lost_digests;
	uint64_t refused[CAUSE_COUNT]; /* before the sender was known */
};

int64_t ep_now_ms(void);
/* Peers are to know when our clock was set before they hear of what it dates. */
void ep_look_at_clock(struct endpoint *ep);
struct peer *ep_find(const struct endpoint *ep, uint16_t id);
/* Something is under way. */
void ep_hasten(struct endpoint *ep);
/* What is under way has changed. */
void ep_wait_for_next(struct endpoint *ep);

/* endpoint_out.c: towards peers */
void ep_count_sent(struct endpoint *ep, const struct net_addr *to, size_t len);
void ep_send_message(
	struct endpoint *ep, struct peer *p, const struct message *m);
/* Runs the session, sends what it says, tells the program. */
void ep_session(struct endpoint *ep, struct peer *p,
	enum session_input_kind kind, const struct message *m, uint64_t number);
void ep_pump(struct endpoint *ep); /* queued batches */
void ep_acknowledge(struct endpoint *ep, struct peer *p);
void ep_grant(struct endpoint *ep, struct peer *p);
/* Digests came that it was not told of. */
bool ep_grant_due(const struct endpoint *ep, const struct peer *p);
/* Digests: asks a cache that owes an answer. */
void ep_ask_credit(struct endpoint *ep, struct peer *p);
/* True when nothing is in the way of FLUSHED, or of leaving. */
bool ep_digests_confirmed(const struct endpoint *ep);
void ep_mark_digests(struct endpoint *ep);
void ep_try_flushed(struct endpoint *ep);

/* endpoint_in.c: from peers */
void ep_readable(void *data, int fd, short revents);
void ep_deliver(struct endpoint *ep, struct peer *p);
/* Collector: goes on with a flush: caches after meters. */
void ep_go_on_flush(struct endpoint *ep);

#endif
