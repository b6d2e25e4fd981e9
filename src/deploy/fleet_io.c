/* One node's conversation as a state machine: connect, bootstrap, calls.
 *
 * Nothing waits here.  Progress moves the deadline of phases in which data is
 * on its way; the loop in fleet.c watches it. */
#include "deploy/fleet_io.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/utf8.h"
#include "deploy/bootstrap.h"
#include "format/crypto.h"

#include <stdio.h>
#include <string.h>

enum {
	IN_MAX = FRAME_BODY_MAX + (256 << 10),
	OUT_MAX = FRAME_BODY_MAX + (256 << 10),
	READ_CHUNK = 4096,
	READS = 32, /* in one turn: others have something to say, too */
	TAIL_MAX = 2048,
	RETRY_FIRST_MS = 200,
	AGAIN_MS = 500,
	ALIVE_READS = 16,     /* of words that came while nothing was asked */
	NOTES_MAX = 16 << 20, /* bytes of one answer's notes */
	SLOWEST = 32 << 10,   /* bytes/s of output that may take any time */
	/* what gives a call its time anew: bytes, or first notes */
	PROGRESS = 4096,
	NOTES_HEARD = 8
};

struct fleet_io *fleet_io_new(void)
{
	struct fleet_io *io = mem_zalloc(1, sizeof(*io));

	io->in = (struct buf)BUF_INIT(IN_MAX);
	io->out = (struct buf)BUF_INIT(OUT_MAX);
	io->stderr_tail = (struct buf)BUF_INIT(TAIL_MAX);
	return io;
}

static void reply_reset(struct reply *r)
{
	frame_args_free(&r->result);
	for (size_t i = 0; i < r->n_notes; i++)
		frame_args_free(&r->notes[i]);
	r->n_notes = 0;
	err_clear(&r->err);
}

static void release(struct reply *r)
{
	reply_reset(r);
	free(r->notes);
	*r = (struct reply){0};
}

static void keep(struct fleet_io *io, const struct reply *answer)
{
	release(&io->kept);
	io->kept = *answer;
	io->kept_at = mono_now();
}

void fleet_io_close(struct fleet_io *io)
{
	release(&io->kept);
	remote_free(io->ssh);
	io->ssh = NULL;
	io->ended = false;
	io->phase = IO_IDLE;
	io->watched = 0;
	fleet_io_forget(io);
	io->data_len = io->data_sent = 0;
	buf_reset(&io->in);
	buf_reset(&io->out);
	buf_reset(&io->stderr_tail);
}

void fleet_io_free(struct fleet_io *io)
{
	if (!io)
		return;
	fleet_io_close(io);
	release(&io->reply);
	buf_release(&io->in);
	buf_release(&io->out);
	buf_release(&io->stderr_tail);
	free(io->calls);
	free(io);
}

void fleet_io_within(struct fleet_io *io, int64_t ms)
{
	io->deadline = mono_add_ms(mono_now(), ms);
}

static void pull_stderr(struct fleet_io *io)
{
	char chunk[TAIL_MAX];

	for (int i = 0; i < READS; i++) {
		ssize_t got = remote_read(io->ssh, true, chunk, sizeof(chunk));
		size_t room = TAIL_MAX - io->stderr_tail.len;

		if (got <= 0)
			return;
		if ((size_t)got > room)
			buf_consume(&io->stderr_tail,
				(size_t)got - room < io->stderr_tail.len
					? (size_t)got - room
					: io->stderr_tail.len);
		buf_add(&io->stderr_tail, chunk, (size_t)got);
	}
	io->ready = true;
}

/* Words of an agent that waits for us; they are no answer. */
static void skip_noops(struct fleet_io *io)
{
	struct frame frame;

	while (frame_next(buf_str(&io->in), io->in.len, &frame, NULL) == 1 &&
		frame.type == FRAME_NOOP)
		buf_consume(&io->in, frame.total);
}

/* Its time begins anew. */
static void progress(struct fleet_io *io)
{
	const struct io_call *call = fleet_io_call(io);

	io->fresh = 0;
	if (call)
		fleet_io_within(io, call->ms);
}

void fleet_io_took(struct fleet_io *io, size_t n, int64_t ns)
{
	io->deadline.ns += ns;
	io->limit.ns += ns + (int64_t)n * NS_PER_S / SLOWEST;
}

/* 1 more may come, 0 the end. */
static int pull(struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;
	const bool call = fleet_io_call(io) != NULL;

	for (int i = 0; i < READS; i++) {
		char *to = buf_space(&io->in, READ_CHUNK);
		ssize_t got =
			to ? remote_read(io->ssh, false, to, READ_CHUNK) : 0;

		/* an agent says everything in frames; to look takes a while */
		if ((got == 0 && !io->room && io->phase != IO_AGENT) || got < 0)
			pull_stderr(io);
		if (got == -2)
			return err_set(err, NFZ_E_REMOTE,
				"%s: the connection was lost", n->name);
		if (got < 0)
			return 0;
		if (got == 0)
			return 1;
		n->received += (uint64_t)got;
		buf_commit(&io->in, (size_t)got);
		if (io->phase == IO_AGENT)
			skip_noops(io);
		/* an answer that streams is progress; one in drips is not */
		io->fresh += (size_t)got;
		if (call && io->fresh >= PROGRESS)
			progress(io);
		/* that was all there is: the library looks each time */
		if (got < READ_CHUNK)
			return 1;
	}
	io->ready = true; /* the library has some more */
	return 1;
}

/* What a node says is shown in many places; here it becomes mere text. */
static int take_words(
	const struct frame *frame, struct frame_args *ret, struct err *err)
{
	int r = frame_args(frame, ret, err);

	for (size_t i = 0; r == 0 && i < ret->n; i++)
		utf8_disarm(ret->argv[i]);
	return r;
}

static int take_result(
	struct fleet_node *n, const struct frame *frame, struct err *err)
{
	struct reply *reply = &n->io->reply;
	int r = take_words(frame, &reply->result, err);

	if (r < 0)
		return r;
	if (n->io->calls_answered == n->io->calls_sent)
		return err_set(err, NFZ_E_REMOTE, "an answer to no call");
	n->io->calls_answered++;
	fleet_io_await(n->io);
	if (!fleet_awaited(n))
		n->io->data = NULL;
	if (strcmp(frame_arg(&reply->result, 0), "ok") == 0)
		return 0;
	err_set(&reply->err,
		(enum nfz_error)strtol(frame_arg(&reply->result, 1), NULL, 10),
		"%s: %s", n->name, frame_arg(&reply->result, 2));
	if (reply->err.code <= 0 || reply->err.code >= NFZ_E_COUNT)
		reply->err.code = NFZ_E_REMOTE;
	if (frame_arg(&reply->result, 3)[0])
		err_hint(&reply->err, "%s", frame_arg(&reply->result, 3));
	return 0;
}

static int take_output(struct fleet_node *n, const struct fleet_job *job,
	const struct frame *frame, struct err *err)
{
	const struct span data = {(const char *)frame->body, frame->len};
	const struct mono_time began = mono_now();
	int r;

	if (!job->data)
		return err_set(
			err, NFZ_E_REMOTE, "output that was not asked for");
	r = job->data(job->ctx, n, frame->type == FRAME_ERR, &data, err);
	fleet_io_took(n->io, data.n, mono_now().ns - began.ns);
	return r;
}

static int take_note(
	struct fleet_io *io, const struct frame *frame, struct err *err)
{
	struct frame_args note;
	int r;

	io->note_bytes += frame->len;
	if (io->reply.n_notes < NOTES_HEARD)
		progress(io);
	if (io->note_bytes > NOTES_MAX)
		return err_set(err, NFZ_E_LIMIT, "too many notes");
	r = take_words(frame, &note, err);
	if (r == 0)
		MEM_PUSH(io->reply.notes, io->reply.n_notes,
			io->reply.notes_cap) = note;
	return r;
}

/* 1: a call was answered. */
static int take_frames(
	struct fleet_node *n, const struct fleet_job *job, struct err *err)
{
	struct fleet_io *io = n->io;
	struct frame frame;
	bool answered = false;
	int r = 0;

	while (!answered && (r = frame_next(buf_str(&io->in), io->in.len,
				     &frame, err)) == 1) {
		if (frame.type == FRAME_OUT || frame.type == FRAME_ERR) {
			r = take_output(n, job, &frame, err);
		} else if (frame.type == FRAME_RESULT) {
			r = take_result(n, &frame, err);
			answered = true;
		} else if (frame.type == FRAME_NOTE) {
			r = take_note(io, &frame, err);
		} else if (frame.type != FRAME_NOOP) {
			r = err_set(err, NFZ_E_REMOTE, "an unexpected frame");
		}
		if (r < 0)
			break;
		buf_consume(&io->in, frame.total);
	}
	return r < 0 ? err_wrap(err, "%s", n->name) : answered;
}

/* Asks the job what to do next. */
static int ask(struct fleet *f, struct fleet_node *n,
	const struct fleet_job *job, struct err *err)
{
	struct fleet_io *io = n->io;
	struct reply last = io->reply;
	bool first = !io->asked || io->waiting;
	int r;

	io->reply = (struct reply){0};
	io->note_bytes = 0;
	io->seen = f->events;
	io->asked = true;
	io->waiting = false;
	if (!first && last.err.code && !job->errors) {
		*err = last.err;
		r = -(int)last.err.code;
	} else {
		r = job->next(job->ctx, n, first ? NULL : &last, err);
	}
	io->waiting = r == FLEET_WAIT;
	f->events += !io->waiting;
	if (io->waiting)
		fleet_io_rest(io);
	if (job->keep && !first && r == FLEET_DONE)
		keep(io, &last);
	else
		release(&last);
	return r < 0 ? r : r == FLEET_DONE;
}

bool fleet_io_silent(const struct fleet_io *io)
{
	return io->phase == IO_SSH && strcmp(io->phase_text, "connection") == 0;
}

void fleet_io_arrived(struct fleet *f, const struct fleet_io *io)
{
	int64_t ms = (mono_now().ns - io->began.ns) / NS_PER_MS;

	if (!f->quickest_ms || ms < f->quickest_ms)
		f->quickest_ms = ms > 0 ? ms : 1;
	if (ms <= 2 * f->quickest_ms)
		f->logins += 2;
}

bool fleet_io_retry(struct fleet *f, struct fleet_io *io)
{
	if (io->tries > 0 || (f->options.cancel && *f->options.cancel))
		return false;
	fleet_io_close(io);
	io->tries++;
	io->phase = IO_WAITING;
	io->retry_at = mono_now();
	return true;
}

/* Not all at once: whoever dropped us had too many. */
static int64_t with_jitter(int64_t ms)
{
	uint32_t dice;

	crypto_random(&dice, sizeof(dice));
	return ms / 2 + dice % ms;
}

void fleet_io_again(struct fleet_io *io)
{
	fleet_io_close(io);
	io->asked = io->waiting = false;
	io->tries = 0;
	io->phase = IO_WAITING;
	io->retry_at = mono_add_ms(mono_now(), with_jitter(AGAIN_MS));
}

static int connect_again(struct fleet *f, struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;
	int64_t wait = RETRY_FIRST_MS;

	for (int i = 0; i < io->tries && wait < 4000; i++)
		wait *= 2;
	if (err->code != NFZ_E_UNREACHABLE || !io->ssh ||
		!remote_refused(io->ssh) ||
		mono_passed(mono_add_ms(io->give_up, -wait)) ||
		(f->options.cancel && *f->options.cancel))
		return -(int)err->code;
	fleet_io_close(io);
	io->tries++;
	io->phase = IO_WAITING;
	io->retry_at = mono_add_ms(mono_now(), with_jitter(wait));
	io->deadline = mono_add_ms(io->retry_at, 1000);
	return 0;
}

static int begin(struct fleet *f, struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;

	if (io->phase == IO_IDLE)
		io->give_up = mono_add_ms(mono_now(), f->options.retry_ms);
	io->phase = IO_SSH;
	io->began = mono_now();
	fleet_io_within(io, f->options.connect_ms);
	snprintf(io->phase_text, sizeof(io->phase_text), "connection");
	io->target = n->target;
	return remote_new(&io->target, f->keys,
		bootstrap_command(remote_user(&io->target, f->keys)), &io->ssh,
		err);
}

static int step_ssh(struct fleet *f, struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;
	const char *before = remote_phase(io->ssh);
	int r = remote_step(io->ssh, err);
	const char *now = remote_phase(io->ssh);

	if (remote_new_key(io->ssh))
		snprintf(n->new_key, sizeof(n->new_key), "%s",
			remote_new_key(io->ssh));
	if (now != before)
		fleet_io_within(io, remote_refused(io->ssh)
					    ? f->options.connect_ms
					    : f->options.login_ms);
	snprintf(io->phase_text, sizeof(io->phase_text), "%s", now);
	if (r < 0)
		return connect_again(f, n, err);
	if (r == 1) {
		io->phase = IO_SCRIPT;
		fleet_io_within(io, f->options.start_ms);
		fleet_boot_begin(f, n);
	}
	return 0;
}

void fleet_io_rest(struct fleet_io *io)
{
	if (!io->in.len)
		buf_release(&io->in);
	if (!io->out.len)
		buf_release(&io->out);
	if (!io->stderr_tail.len)
		buf_release(&io->stderr_tail);
}

bool fleet_io_moves(struct fleet *f, struct fleet_io *io)
{
	int unsent = io->ssh ? remote_unsent(io->ssh) : 0;
	bool sends = io->phase == IO_SENDING || (fleet_io_call(io) && io->data);
	bool moves = sends && unsent != io->unsent;

	io->unsent = unsent;
	if (moves)
		fleet_io_within(io, f->options.stall_ms);
	return moves;
}

bool fleet_io_alive(struct fleet_io *io)
{
	char chunk[READ_CHUNK];
	ssize_t got = 1;

	if ((io->phase != IO_AGENT && io->phase != IO_PARKED) || io->ended ||
		fleet_io_call(io) || io->out.len)
		return false;
	/* a node that does not stop talking is none of ours */
	for (int i = 0; got > 0 && i < ALIVE_READS; i++) {
		got = remote_read(io->ssh, false, chunk, sizeof(chunk));
		if (got > 0)
			buf_add(&io->in, chunk, (size_t)got);
	}
	if (io->phase == IO_AGENT)
		skip_noops(io);
	return got == 0 && !io->in.len;
}

/* What is to be sent, and what has come.  *ret_more: the node has not ended. */
static int exchange(
	struct fleet *f, struct fleet_node *n, bool *ret_more, struct err *err)
{
	int r = fleet_io_push(f, n, err);

	if (r < 0)
		return r;
	r = pull(n, err);
	if (r < 0)
		return r;
	*ret_more = r;
	/* reading may have made room for what could not be sent before it */
	return fleet_io_has_more(n->io) ? fleet_io_push(f, n, err) : 0;
}

/* Answers are given to the job, its calls sent.  1: that was its last. */
static int talk(struct fleet *f, struct fleet_node *n,
	const struct fleet_job *job, struct err *err)
{
	struct fleet_io *io = n->io;
	int r = 0;

	while (r == 0 && io->phase == IO_AGENT) {
		if (fleet_io_call(io)) {
			r = take_frames(n, job, err);
			if (r <= 0)
				break;
		}
		if (io->waiting && f->full) {
			/* time without room is none of its own */
			io->limit = mono_add_ms(mono_now(), f->options.node_ms);
			break;
		}
		r = ask(f, n, job, err);
		if (io->waiting)
			break;
		if (r == 0)
			r = fleet_io_push(f, n, err);
	}
	return r;
}

int fleet_io_step(struct fleet *f, struct fleet_node *n,
	const struct fleet_job *job, struct err *err)
{
	struct fleet_io *io = n->io;
	bool more = true;
	int r = 0;

	if (io->phase == IO_IDLE ||
		(io->phase == IO_WAITING && mono_passed(io->retry_at))) {
		r = begin(f, n, err);
		if (r < 0)
			return connect_again(f, n, err);
	}
	if (io->phase == IO_PARKED) {
		if (n->look)
			return 1;
		r = fleet_boot_go_on(f, n, err);
	}
	if (io->phase == IO_SSH)
		r = step_ssh(f, n, err);
	if (r < 0 || io->phase < IO_SCRIPT)
		return r;
	r = exchange(f, n, &more, err);
	if (r == 0)
		r = fleet_boot_lines(f, n, err);
	if (r == 0 && fleet_io_has_more(io))
		r = fleet_io_push(f, n, err);
	if (r == 0)
		r = talk(f, n, job, err);
	if (r == 0 && !more)
		r = io->phase == IO_AGENT
			    ? fleet_agent_ended(n, err)
			    : fleet_boot_ended(n, n->arch[0] != '\0', err);
	return r;
}
