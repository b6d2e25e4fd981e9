/* One node's conversation, from the first byte to the last answer.  Used by
 * the fleet's loop only. */
#ifndef NFZ_DEPLOY_FLEET_IO_H
#define NFZ_DEPLOY_FLEET_IO_H

#include "deploy/fleet.h"

#include <poll.h>

enum io_phase {
	IO_IDLE,    /* not connected */
	IO_WAITING, /* for another try */
	IO_SSH,     /* connecting, logging in */
	IO_SCRIPT,  /* the bootstrap speaks */
	IO_SENDING, /* the agent's program is on its way */
	IO_PARKED,  /* nothing was there; the script waits */
	IO_AGENT    /* frames */
};

/* A call, from when it is made to its answer. */
struct io_call {
	struct buf frame; /* until it is sent */
	const char *data; /* behind it; NULL: none */
	size_t len;
	bool binary;
	int64_t ms; /* for the answer */
	char name[24];
};

struct fleet_io {
	enum io_phase phase;
	struct remote *ssh;
	struct remote_target target; /* ssh keeps a pointer to it */
	bool active;                 /* at work in this fleet_run */
	bool asked;            /* next() has been asked once in this run */
	bool waiting;          /* ... and said FLEET_WAIT */
	bool ready;            /* there is something to take in, */
	bool room;             /* or only room to send more */
	uint64_t seen;         /* fleet's events when it was asked last */
	struct mono_time look; /* next time without any sign */
	struct mono_time deadline, limit; /* of the phase, of the run */
	struct mono_time give_up, retry_at, pinged;
	struct mono_time began; /* to connect */
	bool ended;             /* nothing more is said to it */
	struct mono_time left;  /* in the middle of a run; 0: not */
	int tries;
	struct io_call *calls; /* answered ones first, then those sent */
	size_t n_calls, calls_cap, calls_answered, calls_sent;
	struct buf in, out, stderr_tail;
	const char *data; /* of a call, or the agent's program */
	size_t data_len, data_sent;
	bool data_binary, data_frames, data_end;
	char phase_text[24];
	struct reply reply;
	struct reply kept; /* of a job that wants it; n 0: none */
	struct mono_time kept_at;
	size_t note_bytes, fresh; /* fresh: heard since its time began */
	int unsent;               /* remote_unsent() when that was looked at */
	uint32_t watched; /* events asked for since the login; 0: none */
};

/* fleet_send.c: the call whose answer is awaited, NULL: none. */
struct io_call *fleet_io_call(const struct fleet_io *io);
/* Its time begins. */
void fleet_io_await(struct fleet_io *io);
/* What was called and not answered does not count any more. */
void fleet_io_forget(struct fleet_io *io);
/* Sends what is waiting; is there more? */
int fleet_io_push(
	struct fleet *f, struct fleet_node *n, struct err *err) NFZ_MUST_CHECK;
bool fleet_io_has_more(const struct fleet_io *io);
struct fleet_io *fleet_io_new(void);
void fleet_io_free(struct fleet_io *io);
/* Does what can be done now: 1 when the node is through with the job, 0 when
 * it waits, negative when it failed. */
int fleet_io_step(struct fleet *f, struct fleet_node *n,
	const struct fleet_job *job, struct err *err) NFZ_MUST_CHECK;
/* Is there a connection on which nothing is under way, and does it still stand?
 * One that said anything but NOOP does not: nothing was asked. */
bool fleet_io_alive(struct fleet_io *io);
/* Its time is up; but has the other side taken anything since the last look,
 * though slowly?  Then it gets more. */
bool fleet_io_moves(struct fleet *f, struct fleet_io *io);
/* So much of a call's output came, and was taken in so many nanoseconds.  That
 * is not the node's time, nor is all that a large copy takes; drips are. */
void fleet_io_took(struct fleet_io *io, size_t n, int64_t ns);
/* Was there no answer yet?  Is it logged in now? */
bool fleet_io_silent(const struct fleet_io *io);
void fleet_io_arrived(struct fleet *f, const struct fleet_io *io);
/* No answer at all: one more try; false when that was it. */
bool fleet_io_retry(struct fleet *f, struct fleet_io *io);
/* From the beginning, in a moment. */
void fleet_io_again(struct fleet_io *io);
/* Nothing will be said for a while: gives memory back. */
void fleet_io_rest(struct fleet_io *io);
/* The time of the phase begins anew. */
void fleet_io_within(struct fleet_io *io, int64_t ms);
/* Until the agent speaks (fleet_boot.c): the script goes out, for a node that
 * was only looked at the rest of it; lines come in (1: nothing is there);
 * the channel closed before the agent spoke, why? */
void fleet_boot_begin(struct fleet *f, struct fleet_node *n);
int fleet_boot_go_on(
	struct fleet *f, struct fleet_node *n, struct err *err) NFZ_MUST_CHECK;
int fleet_boot_lines(
	struct fleet *f, struct fleet_node *n, struct err *err) NFZ_MUST_CHECK;
int fleet_boot_ended(struct fleet_node *n, bool rooted, struct err *err);
/* The agent has gone: what did it say? */
int fleet_agent_ended(
	const struct fleet_node *n, struct err *err) NFZ_MUST_CHECK;
/* Drops the connection. */
void fleet_io_close(struct fleet_io *io);

#endif
