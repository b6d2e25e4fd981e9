/* The loop over all nodes: who may start, whose descriptor is ready, whose
 * deadline has passed. */
#include "deploy/fleet.h"
#include "base/mem.h"
#include "deploy/fleet_io.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	PARALLEL = 64,
	EVENTS = 64,    /* taken at once */
	SAFETY_MS = 50, /* for who must be asked again at some time */
	LOOK_MS = 400,  /* at who gives no sign: deadlines, and to be sure */
	PING_MS = 20000,
	PING_ROUND_MS = 1000,
	GOODBYE_MS = 3000,
	STALE_MS = 100000, /* an agent gives up after two minutes */
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
	return n->io->phase == IO_AGENT;
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

static void give_up(
	struct fleet *f, struct fleet_node *n, const struct fleet_job *job)
{
	bool silent = n->io->phase == IO_SSH &&
		      strcmp(n->io->phase_text, "connection") == 0;
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

static void start_some(struct fleet *f, const struct fleet_job *job)
{
	int active = count_at_work(f);

	for (size_t i = 0; i < f->n && active < f->options.parallel; i++) {
		struct fleet_node *n = &f->nodes[i];

		if (!n->wanted || n->io->active)
			continue;
		n->io->active = true;
		n->io->asked = false;
		n->io->waiting = false;
		fleet_io_forget(n->io);
		n->io->limit = mono_add_ms(mono_now(), f->options.node_ms);
		active++;
		step(f, n, job);
		active -= !n->io->active;
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

		if (io->phase != IO_AGENT || (io->active && !io->waiting) ||
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

		/* who waits is in the middle of nothing */
		if (n->io->active ? all || n->io->waiting : n->wanted)
			fail(f, n, job, &err);
	}
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
	bool cancelled = false;

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
			drop(f, job, cancel > 1);
		}
		start_some(f, job);
		ping(f);
		step_all(f, job);
	} while (wait_any(f));
	return cancelled ? err_set(err, NFZ_E_INTERRUPTED, "interrupted") : 0;
}

/* Tells every agent that this was all and waits for it to go. */
static void say_goodbye(struct fleet *f)
{
	struct pollfd *p = mem_zalloc(f->n, sizeof(*p));
	struct mono_time limit = mono_add_ms(mono_now(), GOODBYE_MS);
	bool open = true;

	for (size_t i = 0; i < f->n; i++)
		if (f->nodes[i].io->phase == IO_AGENT)
			remote_end_input(f->nodes[i].io->ssh);
	while (open && !mono_passed(limit)) {
		nfds_t count = 0;

		open = false;
		for (size_t i = 0; i < f->n; i++) {
			struct fleet_io *io = f->nodes[i].io;
			char chunk[4096];
			ssize_t n;

			if (io->phase != IO_AGENT)
				continue;
			do
				n = remote_read(
					io->ssh, false, chunk, sizeof(chunk));
			while (n > 0);
			if (n < 0)
				fleet_io_close(io);
			else
				p[count++] = (struct pollfd){
					remote_fd(io->ssh), POLLIN, 0};
		}
		open = count > 0;
		if (open)
			poll(p, count, SAFETY_MS);
	}
	free(p);
}

static void take_over(struct fleet_node *n, struct fleet_node *from)
{
	struct fleet_io *io = n->io;

	n->status = from->status < NODE_FAILED ? NODE_PENDING : from->status;
	n->err = from->err;
	memcpy(n->arch, from->arch, sizeof(n->arch));
	memcpy(n->own_address, from->own_address, sizeof(n->own_address));
	n->binary_sent = from->binary_sent;
	n->sent = from->sent;
	n->received = from->received;
	if (mono_passed(mono_add_ms(from->io->pinged, STALE_MS)) ||
		!fleet_io_alive(from->io))
		return;
	n->io = from->io;
	n->none = n->io->phase == IO_PARKED;
	from->io = io;
}

void fleet_adopt(struct fleet *f, struct fleet *old)
{
	size_t k = 0; /* both are in the topology's order */

	for (size_t i = 0; i < f->n; i++) {
		size_t at = k;

		while (at < old->n &&
			strcmp(old->nodes[at].name, f->nodes[i].name) != 0)
			at++;
		if (at == old->n)
			continue;
		take_over(&f->nodes[i], &old->nodes[at]);
		k = at + 1;
	}
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	say_goodbye(f);
	for (size_t i = 0; i < f->n; i++)
		fleet_io_free(f->nodes[i].io);
	close(f->epoll);
	free(f->nodes);
	free(f);
}
