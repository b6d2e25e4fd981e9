/* The loop over all nodes: who may start, whose descriptor is ready, whose
 * deadline has passed. */
#include "deploy/fleet.h"
#include "base/mem.h"
#include "deploy/fleet_io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	PARALLEL = 64,
	LOGINS = 16,     /* of these at first */
	SILENT_MS = 300, /* then it may be no host at all, */
	MUTE_MS = 2000,  /* or one that hangs */
	EVENTS = 64,     /* taken at once */
	SLOW_MS = 3000,  /* somebody who waits wants to know for whom */
	SAFETY_MS = 50,  /* for who must be asked again at some time */
	LOOK_MS = 400,   /* at who gives no sign: deadlines, and to be sure */
	PING_MS = 20000,
	PING_ROUND_MS = 1000,
	KEPT_MS = 30000,
	NODE_MS = 600000
};

const char *node_status_name(enum node_status status)
{
	static const char *const names[] = {[NODE_PENDING] = "pending",
		[NODE_OK] = "ok",
		[NODE_UNCHANGED] = "unchanged",
		[NODE_FAILED] = "failed",
		[NODE_UNREACHABLE] = "unreachable",
		[NODE_TIMED_OUT] = "timed-out",
		[NODE_SKIPPED] = "skipped"};

	return names[status];
}

struct fleet *fleet_new(
	size_t n, const struct payloads *payloads, struct remote_keys *keys)
{
	struct fleet *f = mem_zalloc(1, sizeof(*f));

	f->nodes = mem_zalloc(n, sizeof(*f->nodes));
	f->n = n;
	f->payloads = payloads;
	f->keys = keys;
	f->logins = LOGINS;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->options = (struct fleet_options){.parallel = PARALLEL,
		.connect_ms = 10000,
		.login_ms = 10000,
		.stall_ms = 15000,
		.start_ms = 10000,
		.retry_ms = 20000,
		.node_ms = NODE_MS};
	for (size_t i = 0; i < n; i++)
		f->nodes[i].io = fleet_io_new();
	return f;
}

bool fleet_connected(const struct fleet_node *n)
{
	return n->io->phase == IO_AGENT && !n->io->ended;
}

const struct reply *fleet_kept(const struct fleet_node *n)
{
	const struct fleet_io *io = n->io;
	bool fresh = io->kept.result.n > 0 &&
		     !mono_passed(mono_add_ms(io->kept_at, KEPT_MS));

	return io->phase == IO_AGENT && fresh ? &io->kept : NULL;
}

void fleet_call(struct fleet_node *n, int64_t ms, const char *const *words)
{
	struct io_call *c;
	size_t count = 0;

	while (words[count])
		count++;
	if (!fleet_awaited(n))
		fleet_io_forget(n->io);
	c = &MEM_PUSH(n->io->calls, n->io->n_calls, n->io->calls_cap);
	*c = (struct io_call){.frame = BUF_INIT(2 * FRAME_BODY_MAX), .ms = ms};
	snprintf(c->name, sizeof(c->name), "%s", words[0]);
	frame_put_args(&c->frame, FRAME_CALL, words, count);
	fleet_io_await(n->io);
}

size_t fleet_awaited(const struct fleet_node *n)
{
	return n->io->n_calls - n->io->calls_answered;
}

void fleet_call_data(
	struct fleet_node *n, const void *data, size_t len, bool binary)
{
	struct io_call *c = &n->io->calls[n->io->n_calls - 1];

	c->data = len ? data : "";
	c->len = len;
	c->binary = binary;
}

/* Wakes us for what this node waits for; asked anew after each step, for until
 * it is logged in the connection may be another one, with the descriptor of the
 * last. */
static void watch(struct fleet *f, struct fleet_node *n)
{
	struct epoll_event e = {.data.ptr = n};
	bool settled = n->io->phase >= IO_SCRIPT;
	int fd;

	if (!n->io->ssh)
		return;
	fd = remote_fd(n->io->ssh);
	e.events = (uint32_t)remote_events(n->io->ssh);
	if (settled && n->io->watched == e.events)
		return;
	n->io->watched = settled ? e.events : 0;
	if (epoll_ctl(f->epoll, EPOLL_CTL_MOD, fd, &e) < 0 && errno == ENOENT)
		/* failing that, it is looked at now and then */
		(void)epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &e);
}

static void unwatch(struct fleet *f, struct fleet_node *n)
{
	n->io->watched = 0;
	if (n->io->ssh)
		(void)epoll_ctl(
			f->epoll, EPOLL_CTL_DEL, remote_fd(n->io->ssh), NULL);
}

static void finish(
	struct fleet *f, struct fleet_node *n, const struct fleet_job *job)
{
	f->events++;
	n->io->active = false;
	n->io->waiting = false;
	n->wanted = false;
	unwatch(f, n);
	fleet_io_rest(n->io);
	if (job->last && n->io->phase == IO_AGENT) {
		remote_end_input(n->io->ssh);
		n->io->ended = true;
	}
	if (job->done)
		job->done(job->ctx, n);
}

static void fail(struct fleet *f, struct fleet_node *n,
	const struct fleet_job *job, const struct err *err)
{
	n->err = *err;
	switch (err->code) {
	case NFZ_E_UNREACHABLE:
		n->status = NODE_UNREACHABLE;
		break;
	case NFZ_E_TIMEOUT:
		n->status = NODE_TIMED_OUT;
		break;
	case NFZ_E_INTERRUPTED:
	case NFZ_E_NODES_FAILED: /* others did */
		n->status = NODE_SKIPPED;
		break;
	default:
		n->status = NODE_FAILED;
	}
	fleet_io_close(n->io);
	finish(f, n, job);
}

/* The phase's time, if it has one that does not move on, or the node's own:
 * that ends waiting for others, too, whatever they wait for. */
static bool time_is_up(struct fleet *f, struct fleet_io *io)
{
	if (mono_passed(io->limit))
		return true;
	return io->phase != IO_WAITING && !io->waiting &&
	       mono_passed(io->deadline) && !fleet_io_moves(f, io);
}

/* The node begins anew, if that may help. */
static bool again(struct fleet *f, struct fleet_node *n,
	const struct fleet_job *job, const struct err *err)
{
	if (!job->again || mono_passed(n->io->limit) ||
		(f->options.cancel && *f->options.cancel) ||
		!job->again(job->ctx, n, err))
		return false;
	unwatch(f, n);
	fleet_io_again(n->io);
	n->none = false;
	n->begun++;
	return true;
}

static void give_up(
	struct fleet *f, struct fleet_node *n, const struct fleet_job *job)
{
	bool silent = fleet_io_silent(n->io);
	struct err err = ERR_INIT;

	if (silent && !mono_passed(n->io->limit) && fleet_io_retry(f, n->io))
		return;
	err_set(&err, silent ? NFZ_E_UNREACHABLE : NFZ_E_TIMEOUT,
		silent ? "%s: no answer (%s, %d tries)" : "%s: timed out (%s)",
		n->name, n->io->waiting ? "others" : n->io->phase_text,
		n->io->tries + 1);
	err_hint(&err, "Is the node up? Look at the testbed's page, "
		       "then run this again.");
	fail(f, n, job, &err);
}

static void step(
	struct fleet *f, struct fleet_node *n, const struct fleet_job *job)
{
	struct err err = ERR_INIT;
	int r;

	n->io->ready = false;
	r = fleet_io_step(f, n, job, &err);
	n->io->room = false;
	n->io->look = mono_add_ms(mono_now(), LOOK_MS);
	if (r < 0) {
		if (!again(f, n, job, &err))
			fail(f, n, job, &err);
	} else if (r == 1) {
		if (n->none && !f->options.keep)
			fleet_io_close(n->io);
		finish(f, n, job);
	} else if (time_is_up(f, n->io)) {
		give_up(f, n, job);
	}
	if (n->io->active)
		watch(f, n);
}

static bool at_work(const struct fleet_node *n)
{
	return n->io->active && !n->io->waiting;
}

static int count_at_work(const struct fleet *f)
{
	int n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += at_work(&f->nodes[i]);
	return n;
}

/* Those that are not through stay where they are. */
static void leave(struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct fleet_node *n = &f->nodes[i];

		if (!n->io->active && !n->wanted)
			continue;
		unwatch(f, n);
		n->io->active = n->wanted = false;
		n->io->left = mono_now();
	}
}

static struct mono_time later(struct mono_time t, int64_t ns)
{
	t.ns += t.ns ? ns : 0;
	return t;
}

/* A node's first step in a run, or the next one where it was left. */
static void start(
	struct fleet *f, struct fleet_node *n, const struct fleet_job *job)
{
	struct fleet_io *io = n->io;
	struct mono_time now = mono_now();

	if (io->left.ns) {
		int64_t away = now.ns - io->left.ns;

		io->began = later(io->began, away);
		io->deadline = later(io->deadline, away);
		io->give_up = later(io->give_up, away);
		io->left.ns = 0;
	} else {
		fleet_io_forget(io);
	}
	/* else this run gets the answer to the last one's call */
	if (!fleet_awaited(n))
		io->asked = false;
	io->active = true;
	io->waiting = false;
	io->limit = mono_add_ms(now, f->options.node_ms);
	step(f, n, job);
}

/* A host that says nothing takes nobody's time, nor does one that is to be tried
 * again. */
static bool logs_in(const struct fleet_io *io)
{
	int64_t ms = fleet_io_silent(io) ? SILENT_MS : MUTE_MS;

	if (!io->active || io->phase >= IO_PARKED || io->phase == IO_WAITING)
		return false;
	return io->phase != IO_SSH || !io->ssh || remote_heard(io->ssh) ||
	       !mono_passed(mono_add_ms(io->began, ms));
}

static int count_logins(const struct fleet *f)
{
	int n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += logs_in(f->nodes[i].io);
	return n;
}

static void start_some(struct fleet *f, const struct fleet_job *job)
{
	int active = count_at_work(f), logins = count_logins(f);

	for (size_t i = 0; i < 2 * f->n && active < f->options.parallel; i++) {
		struct fleet_node *n = &f->nodes[i % f->n];

		if (!n->wanted || n->io->active || n->first != (i < f->n) ||
			(n->io->phase < IO_PARKED && logins >= f->logins))
			continue;
		start(f, n, job);
		logins += n->io->active && n->io->phase < IO_PARKED;
		active += at_work(n);
	}
}

/* A silent controller counts as lost: say something to those who wait. */
static void ping(struct fleet *f)
{
	if (!mono_passed(f->ping))
		return;
	f->ping = mono_add_ms(mono_now(), PING_ROUND_MS);
	for (size_t i = 0; i < f->n; i++) {
		struct fleet_io *io = f->nodes[i].io;
		struct buf b = BUF_INIT(64);

		if (io->phase != IO_AGENT || io->ended ||
			(io->active && !io->waiting) ||
			!mono_passed(mono_add_ms(io->pinged, PING_MS)))
			continue;
		frame_put(&b, FRAME_NOOP, NULL, 0);
		/* what does not go out now is no loss */
		if (remote_write(io->ssh, b.data, b.len) < 0)
			fleet_io_close(io);
		io->pinged = mono_now();
		buf_release(&b);
	}
}

/* Has something happened since this one was told to wait, and is there room for
 * it among those at work?  So the first are through while others are not yet in
 * each other's way. */
static bool has_news(const struct fleet *f, const struct fleet_io *io)
{
	return io->waiting && io->seen != f->events && !f->full;
}

/* Waits for any descriptor; false when nothing is at work any more. */
static bool wait_any(struct fleet *f)
{
	struct epoll_event events[EVENTS];
	int n, ms = SAFETY_MS;
	bool any = false;

	for (size_t i = 0; i < f->n; i++) {
		const struct fleet_io *io = f->nodes[i].io;

		any = any || io->active || f->nodes[i].wanted;
		if (io->ready || has_news(f, io))
			ms = 0;
	}
	n = any ? epoll_wait(f->epoll, events, EVENTS, ms) : 0;
	for (int i = 0; i < n; i++) {
		struct fleet_node *node = events[i].data.ptr;

		node->io->ready = true;
		node->io->room = events[i].events == EPOLLOUT;
	}
	return any;
}

/* Is there anything for this node to do, or to look at once more? */
static bool is_due(
	const struct fleet *f, const struct fleet_io *io, struct mono_time now)
{
	return io->active && (io->ready || !io->ssh || has_news(f, io) ||
				     now.ns >= io->look.ns);
}

static void step_all(struct fleet *f, const struct fleet_job *job)
{
	int active = count_at_work(f);
	struct mono_time now = mono_now();

	for (size_t i = 0; i < f->n; i++) {
		struct fleet_node *n = &f->nodes[i];

		f->full = active >= f->options.parallel;
		if (!is_due(f, n->io, now))
			continue;
		active -= at_work(n);
		step(f, n, job);
		active += at_work(n);
	}
	f->full = active >= f->options.parallel;
}

static void drop(struct fleet *f, const struct fleet_job *job, bool all)
{
	struct err err = ERR_INIT;

	err_set(&err, NFZ_E_INTERRUPTED, "interrupted");
	for (size_t i = 0; i < f->n; i++) {
		struct fleet_node *n = &f->nodes[i];

		/* who waits, or is not there yet, is in the middle of nothing */
		if (n->io->active ? all || n->io->waiting ||
					    n->io->phase < IO_SCRIPT
				  : n->wanted)
			fail(f, n, job, &err);
	}
}

/* False when there is nothing to tell so far. */
static bool tell_slow(const struct fleet *f)
{
	const char *one = NULL;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct fleet_node *node = &f->nodes[i];

		if (!node->io->active || node->io->phase >= IO_SCRIPT)
			continue;
		one = one ? one : node->name;
		n++;
	}
	if (n)
		f->options.slow(f->options.slow_ctx, n, one);
	return n > 0;
}

/* What takes time that is no node's own. */
static void prepare(struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].wanted && f->nodes[i].io->phase == IO_IDLE)
			remote_prepare(&f->nodes[i].target, f->keys);
}

int fleet_run(struct fleet *f, const struct fleet_job *job, struct err *err)
{
	const struct mono_time slow = mono_add_ms(mono_now(), SLOW_MS);
	bool cancelled = false, told = !f->options.slow;

	for (size_t i = 0; i < f->n; i++) {
		struct fleet_node *n = &f->nodes[i];

		if (n->wanted && n->status >= NODE_FAILED)
			finish(f, n, job);
	}
	prepare(f);
	do {
		int cancel = f->options.cancel ? *f->options.cancel : 0;

		if (cancel) {
			cancelled = true;
			drop(f, job, cancel > 1 || job->asks);
		}
		start_some(f, job);
		ping(f);
		if (!told && mono_passed(slow))
			told = tell_slow(f);
		step_all(f, job);
		if (job->enough && job->enough(job->ctx)) {
			leave(f);
			break;
		}
	} while (wait_any(f));
	return cancelled ? err_set(err, NFZ_E_INTERRUPTED, "interrupted") : 0;
}
