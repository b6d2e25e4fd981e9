/* One node's conversation as a state machine: connect, bootstrap, calls.
 *
 * Nothing waits here.  Progress moves the deadline of phases in which data is
 * on its way; the loop in fleet.c watches it. */
#include "deploy/fleet_io.h"
#include "base/mem.h"
#include "base/net.h"
#include "deploy/bootstrap.h"

#include <stdio.h>
#include <string.h>

enum {
	IN_MAX = FRAME_BODY_MAX + (256 << 10),
	OUT_MAX = FRAME_BODY_MAX + (256 << 10),
	OUT_LOW = 8 << 10, /* refill below this */
	DATA_CHUNK = 16 << 10,
	READ_CHUNK = 4096,
	TAIL_MAX = 2048,
	LINE_LIMIT = 65536, /* of banners before our first word */
	RETRY_FIRST_MS = 200,
	NOTES_MAX = 16 << 20 /* bytes of one answer's notes */
};

struct fleet_io *fleet_io_new(void)
{
	struct fleet_io *io = mem_zalloc(1, sizeof(*io));

	io->in = (struct buf)BUF_INIT(IN_MAX);
	io->out = (struct buf)BUF_INIT(OUT_MAX);
	io->stderr_tail = (struct buf)BUF_INIT(TAIL_MAX);
	io->text = (struct buf)BUF_INIT(5 * PAYLOAD_FILE_MAX);
	return io;
}

void reply_reset(struct reply *r)
{
	frame_args_free(&r->result);
	for (size_t i = 0; i < r->n_notes; i++)
		frame_args_free(&r->notes[i]);
	r->n_notes = 0;
	err_clear(&r->err);
}

void fleet_io_close(struct fleet_io *io)
{
	remote_free(io->ssh);
	io->ssh = NULL;
	io->phase = IO_IDLE;
	io->called = false;
	io->data = NULL;
	io->data_len = io->data_sent = 0;
	buf_release(&io->text);
	buf_reset(&io->in);
	buf_reset(&io->out);
	buf_reset(&io->stderr_tail);
}

void fleet_io_free(struct fleet_io *io)
{
	if (!io)
		return;
	fleet_io_close(io);
	reply_reset(&io->reply);
	free(io->reply.notes);
	buf_release(&io->in);
	buf_release(&io->out);
	buf_release(&io->stderr_tail);
	free(io);
}

static void within(struct fleet_io *io, int64_t ms)
{
	io->deadline = mono_add_ms(mono_now(), ms);
}

/* Sends what is waiting; refills from the call's data. */
static int push(struct fleet *f, struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;

	for (;;) {
		size_t left = io->data_len - io->data_sent;
		ssize_t w;

		if (io->data && io->out.len < OUT_LOW && left) {
			size_t some = left < DATA_CHUNK ? left : DATA_CHUNK;

			if (io->data_frames)
				frame_put(&io->out, FRAME_DATA,
					io->data + io->data_sent, some);
			else
				buf_add(&io->out, io->data + io->data_sent,
					some);
			io->data_sent += some;
			n->binary_sent += io->data_binary ? some : 0;
		} else if (io->data && !left && !io->data_end) {
			io->data_end = true;
			if (io->data_frames)
				frame_put(&io->out, FRAME_END, NULL, 0);
		}
		if (!io->out.len)
			return 0;
		w = remote_write(io->ssh, io->out.data, io->out.len);
		if (w < 0)
			return err_set(err, NFZ_E_REMOTE,
				"%s: the connection was lost", n->name);
		if (w == 0)
			return 0;
		n->sent += (uint64_t)w;
		io->pinged = mono_now();
		buf_consume(&io->out, (size_t)w);
		if (io->phase == IO_SENDING)
			within(io, f->options.stall_ms);
		else if (io->called && io->data)
			within(io, io->call_ms > f->options.stall_ms
					   ? io->call_ms
					   : f->options.stall_ms);
	}
}

static void pull_stderr(struct fleet_io *io)
{
	char chunk[2048];
	ssize_t got;

	while ((got = remote_read(io->ssh, true, chunk, sizeof(chunk))) > 0) {
		size_t room = TAIL_MAX - io->stderr_tail.len;

		if ((size_t)got > room)
			buf_consume(&io->stderr_tail,
				(size_t)got - room < io->stderr_tail.len
					? (size_t)got - room
					: io->stderr_tail.len);
		buf_add(&io->stderr_tail, chunk, (size_t)got);
	}
}

/* 1 more may come, 0 the end. */
static int pull(struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;

	pull_stderr(io);
	for (;;) {
		char *to = buf_space(&io->in, READ_CHUNK);
		ssize_t got =
			to ? remote_read(io->ssh, false, to, READ_CHUNK) : 0;

		if (got == -2)
			return err_set(err, NFZ_E_REMOTE,
				"%s: the connection was lost", n->name);
		if (got < 0)
			return 0;
		if (got == 0)
			return 1;
		n->received += (uint64_t)got;
		buf_commit(&io->in, (size_t)got);
		/* an answer that streams is progress */
		if (io->called)
			within(io, io->call_ms);
		if (io->in.len > IN_MAX / 2)
			return 1;
	}
}

static const char *last_stderr_line(struct fleet_io *io, char *to, size_t size)
{
	char *text = io->stderr_tail.data;
	size_t n = io->stderr_tail.len;
	size_t start;

	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	for (start = n; start && text[start - 1] != '\n'; start--)
		;
	snprintf(to, size, "%.*s", (int)(n - start), text ? text + start : "");
	return to;
}

/* The channel closed before the agent spoke: why? */
static int ended_early(struct fleet_node *n, bool rooted, struct err *err)
{
	char line[200];

	last_stderr_line(n->io, line, sizeof(line));
	if (!rooted) {
		err_set(err, NFZ_E_NO_SUDO,
			"%s: sudo without a password is not allowed%s%s%s",
			n->name, line[0] ? " (" : "", line, line[0] ? ")" : "");
		return err_hint(err,
			"The programs must open interfaces as "
			"root once.  Allow sudo for your user on "
			"this node, or leave it out: --avoid %s",
			n->name);
	}
	return err_set(err, NFZ_E_REMOTE,
		"%s: the node's shell ended before the agent started%s%s",
		n->name, line[0] ? ": " : "", line);
}

static int no_program(struct fleet_node *n, const char *what, struct err *err)
{
	err_set(err, NFZ_E_NODE_OS, "%s: there is no program for %s", n->name,
		what[0] ? what : "its system");
	return err_hint(err, "Leave it out: --avoid %s", n->name);
}

static int begin_sending(struct fleet *f, struct fleet_node *n,
	const char *arch, enum bootstrap_word word, struct err *err)
{
	const struct payload *p = payloads_for(f->payloads, arch);
	struct fleet_io *io = n->io;

	if (!p)
		return no_program(n, arch, err);
	io->data = p->agent.data;
	io->data_len = p->agent.len;
	if (word == BOOTSTRAP_PACKED) {
		io->data = p->agent_packed;
		io->data_len = p->agent_packed_len;
	} else if (word == BOOTSTRAP_TEXT) {
		bootstrap_text(p->agent.data, p->agent.len, &io->text);
		io->data = buf_str(&io->text);
		io->data_len = io->text.len;
	}
	io->data_sent = 0;
	io->data_frames = false;
	io->data_binary = true;
	io->data_end = false;
	io->phase = IO_SENDING;
	within(io, f->options.stall_ms);
	return 0;
}

/* "10.0.0.9 51234 10.0.0.1 22": where we come from, where we came in. */
static void take_address(struct fleet_node *n, const char *rest)
{
	char word[sizeof(n->own_address)] = "";
	struct net_addr a;

	if (sscanf(rest, "%*s %*s %63s", word) == 1 && net_addr_parse(word, &a))
		snprintf(n->own_address, sizeof(n->own_address), "%s", word);
}

static int on_word(struct fleet *f, struct fleet_node *n, const char *line,
	struct err *err)
{
	struct fleet_io *io = n->io;
	enum bootstrap_word word;
	const char *rest;

	word = bootstrap_parse(line, &rest);
	switch (word) {
	case BOOTSTRAP_NOISE:
		return 0;
	case BOOTSTRAP_USER:
		take_address(n, rest);
		snprintf(io->phase_text, sizeof(io->phase_text), "sudo");
		return 0;
	case BOOTSTRAP_ROOT:
		snprintf(io->phase_text, sizeof(io->phase_text), "start");
		rest = strchr(rest, ' ');
		snprintf(n->arch, sizeof(n->arch), "%s", rest ? rest + 1 : "");
		return 0;
	case BOOTSTRAP_NONE:
		n->none = true;
		io->phase = IO_PARKED;
		return 1;
	case BOOTSTRAP_OS:
		return no_program(n, rest, err);
	case BOOTSTRAP_NO_PLACE:
		return err_set(err, NFZ_E_NO_PLACE,
			"%s: no directory of /var/lib, /local and /var/tmp "
			"lets us make and run a file",
			n->name);
	case BOOTSTRAP_NEED:
	case BOOTSTRAP_PACKED:
	case BOOTSTRAP_TEXT:
		snprintf(io->phase_text, sizeof(io->phase_text), "transfer");
		return begin_sending(f, n, rest, word, err);
	case BOOTSTRAP_FULL:
		return err_set(err, NFZ_E_DISK_FULL,
			"%s: disk full: no room for the agent", n->name);
	case BOOTSTRAP_BAD:
		return err_set(err, NFZ_E_REMOTE,
			"%s: the agent did not arrive whole", n->name);
	case BOOTSTRAP_AGENT:
		io->phase = IO_AGENT;
		io->data = NULL;
		return 0;
	}
	return 0;
}

/* Lines until the agent speaks.  1: the node is through (nothing there). */
static int take_lines(struct fleet *f, struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;

	while (io->phase == IO_SCRIPT || io->phase == IO_SENDING) {
		const char *text = buf_str(&io->in);
		const char *end = memchr(text, '\n', io->in.len);
		char line[256];
		size_t len;
		int r;

		if (!end && io->in.len > LINE_LIMIT)
			return err_set(err, NFZ_E_REMOTE,
				"%s: its login says too much", n->name);
		if (!end)
			return 0;
		len = (size_t)(end - text);
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		line[strcspn(line, "\r")] = '\0';
		buf_consume(&io->in, len + 1);
		r = on_word(f, n, line, err);
		if (r)
			return r;
	}
	return 0;
}

static int take_result(
	struct fleet_node *n, const struct frame *frame, struct err *err)
{
	struct reply *reply = &n->io->reply;
	int r = frame_args(frame, &reply->result, err);

	if (r < 0)
		return r;
	n->io->called = false;
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

static int take_frames(
	struct fleet_node *n, const struct fleet_job *job, struct err *err)
{
	struct fleet_io *io = n->io;
	struct frame frame;
	int r = 0;

	while (io->called && (r = frame_next(buf_str(&io->in), io->in.len,
				      &frame, err)) == 1) {
		struct frame_args note;

		if (frame.type == FRAME_OUT || frame.type == FRAME_ERR) {
			if (job->data)
				job->data(job->ctx, n, frame.type == FRAME_ERR,
					frame.body, frame.len);
		} else if (frame.type == FRAME_RESULT) {
			r = take_result(n, &frame, err);
		} else if (frame.type == FRAME_NOTE) {
			io->note_bytes += frame.len;
			r = io->note_bytes > NOTES_MAX
				    ? err_set(err, NFZ_E_LIMIT,
					      "too many notes")
				    : frame_args(&frame, &note, err);
			if (r == 0)
				MEM_PUSH(io->reply.notes, io->reply.n_notes,
					io->reply.notes_cap) = note;
		} else {
			r = err_set(err, NFZ_E_REMOTE, "an unexpected frame");
		}
		if (r < 0)
			break;
		buf_consume(&io->in, frame.total);
	}
	return r < 0 ? err_wrap(err, "%s", n->name) : 0;
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
	reply_reset(&last);
	free(last.notes);
	return r < 0 ? r : r == FLEET_DONE;
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
	io->retry_at = mono_add_ms(mono_now(), wait);
	io->deadline = mono_add_ms(io->retry_at, 1000);
	return 0;
}

static int begin(struct fleet *f, struct fleet_node *n, struct err *err)
{
	struct fleet_io *io = n->io;

	if (io->phase == IO_IDLE)
		io->give_up = mono_add_ms(mono_now(), f->options.retry_ms);
	io->phase = IO_SSH;
	within(io, f->options.connect_ms);
	snprintf(io->phase_text, sizeof(io->phase_text), "connection");
	io->target = n->target;
	return remote_new(
		&io->target, f->keys, bootstrap_command(), &io->ssh, err);
}

static void send_script(struct fleet *f, struct fleet_node *n)
{
	struct bootstrap_agent agents[8];
	size_t k = 0;

	for (size_t i = 0; i < f->payloads->n && k < 8; i++) {
		const struct payload *p = &f->payloads->items[i];

		agents[k++] = (struct bootstrap_agent){p->arch, p->agent_sha,
			p->agent.len, p->agent_packed_len};
	}
	bootstrap_script(agents, k, n->look, &n->io->out);
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
		within(io, strcmp(now, "banner") == 0 ? f->options.connect_ms
						      : f->options.login_ms);
	snprintf(io->phase_text, sizeof(io->phase_text), "%s", now);
	if (r < 0)
		return connect_again(f, n, err);
	if (r == 1) {
		io->phase = IO_SCRIPT;
		within(io, f->options.start_ms);
		send_script(f, n);
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
	bool sends = io->phase == IO_SENDING || (io->called && io->data);
	bool moves = sends && unsent != io->unsent;

	io->unsent = unsent;
	if (moves)
		within(io, f->options.stall_ms);
	return moves;
}

/* The node that was only looked at shall have an agent after all. */
static void go_on(struct fleet *f, struct fleet_node *n)
{
	n->none = false;
	n->io->phase = IO_SCRIPT;
	within(n->io, f->options.start_ms);
	bootstrap_go_on(&n->io->out);
}

bool fleet_io_alive(struct fleet_io *io)
{
	char byte;

	return (io->phase == IO_AGENT || io->phase == IO_PARKED) &&
	       !io->called && !io->in.len && !io->out.len &&
	       remote_read(io->ssh, false, &byte, 1) == 0;
}

int fleet_io_step(struct fleet *f, struct fleet_node *n,
	const struct fleet_job *job, struct err *err)
{
	struct fleet_io *io = n->io;
	int r = 0, more = 1;

	if (io->phase == IO_IDLE ||
		(io->phase == IO_WAITING && mono_passed(io->retry_at))) {
		r = begin(f, n, err);
		if (r < 0)
			return connect_again(f, n, err);
	}
	if (io->phase == IO_PARKED) {
		if (n->look)
			return 1;
		go_on(f, n);
	}
	if (io->phase == IO_SSH)
		r = step_ssh(f, n, err);
	if (r < 0 || io->phase < IO_SCRIPT)
		return r;
	r = push(f, n, err);
	if (r == 0)
		more = pull(n, err);
	if (r < 0 || more < 0)
		return -(int)err->code;
	r = take_lines(f, n, err);
	if (r)
		return r;
	while (r == 0 && io->phase == IO_AGENT) {
		if (io->called)
			r = take_frames(n, job, err);
		if (r < 0 || io->called)
			break;
		r = ask(f, n, job, err);
		if (io->waiting)
			break;
		if (r == 0)
			r = push(f, n, err);
	}
	if (r == 0 && !more)
		r = io->phase == IO_AGENT
			    ? err_set(err, NFZ_E_REMOTE,
				      "%s: the agent ended in the middle of a "
				      "call",
				      n->name)
			    : ended_early(n, n->arch[0] != '\0', err);
	return r;
}
