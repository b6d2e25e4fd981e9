/* poll(2) with a list of timers.  A handful of descriptors and timers per
 * daemon is the intended size; nothing here is on a packet path. */
#define _GNU_SOURCE
#include "base/loop.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct watch {
	loop_io_fn fn;
	void *data;
};

struct loop_timer {
	struct loop_timer *next;
	struct mono_time due;
	int64_t period_ms; /* 0: once */
	loop_timer_fn fn;
	void *data;
	bool dead;
};

struct loop {
	struct pollfd *fds;
	struct watch *watches;
	size_t n, fds_cap, watches_cap, watches_n;
	struct loop_timer *timers;
	int signal_fd;
	loop_signal_fn signal_fn;
	void *signal_data;
	struct mono_time began;
	bool stop;
};

struct loop *loop_new(void)
{
	struct loop *loop = mem_zalloc(1, sizeof(*loop));

	loop->signal_fd = -1;
	loop->began = mono_now();
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	while (loop->timers) {
		struct loop_timer *t = loop->timers;

		loop->timers = t->next;
		free(t);
	}
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	free(loop->fds);
	free(loop->watches);
	free(loop);
}

void loop_watch(
	struct loop *loop, int fd, short events, loop_io_fn fn, void *data)
{
	size_t i = 0;

	while (i < loop->n && loop->fds[i].fd != fd)
		i++;
	if (i == loop->n) {
		MEM_PUSH(loop->fds, loop->n, loop->fds_cap) =
			(struct pollfd){0};
		MEM_PUSH(loop->watches, loop->watches_n, loop->watches_cap) =
			(struct watch){0};
	}
	loop->fds[i] = (struct pollfd){.fd = fd, .events = events};
	loop->watches[i] = (struct watch){fn, data};
}

void loop_unwatch(struct loop *loop, int fd)
{
	/* only marked: a callback may be running over the array */
	for (size_t i = 0; i < loop->n; i++)
		if (loop->fds[i].fd == fd) {
			loop->fds[i].fd = -1;
			loop->fds[i].revents = 0;
			loop->watches[i].fn = NULL;
		}
}

static void squeeze(struct loop *loop)
{
	size_t to = 0;

	for (size_t i = 0; i < loop->n; i++) {
		if (!loop->watches[i].fn)
			continue;
		loop->fds[to] = loop->fds[i];
		loop->watches[to++] = loop->watches[i];
	}
	loop->n = loop->watches_n = to;
}

static struct loop_timer *add_timer(struct loop *loop, int64_t delay_ms,
	int64_t period_ms, loop_timer_fn fn, void *data)
{
	struct loop_timer *t = mem_zalloc(1, sizeof(*t));

	*t = (struct loop_timer){.next = loop->timers,
		.due = mono_add_ms(mono_now(), delay_ms),
		.period_ms = period_ms,
		.fn = fn,
		.data = data};
	loop->timers = t;
	return t;
}

/* The first turn after that; all count from the loop's beginning, so that they
 * wake the process at once. */
static struct mono_time turn_after(const struct loop *loop,
	const struct loop_timer *t, struct mono_time when)
{
	const int64_t ms = (when.ns - loop->began.ns) / NS_PER_MS;

	return mono_add_ms(loop->began, ms - ms % t->period_ms + t->period_ms);
}

struct loop_timer *loop_every(
	struct loop *loop, int64_t period_ms, loop_timer_fn fn, void *data)
{
	struct loop_timer *t = add_timer(loop, 0, period_ms, fn, data);

	t->due = turn_after(loop, t, mono_now());
	return t;
}

struct loop_timer *loop_after(
	struct loop *loop, int64_t delay_ms, loop_timer_fn fn, void *data)
{
	return add_timer(loop, delay_ms, 0, fn, data);
}

void loop_timer_rest(
	struct loop *loop, struct loop_timer *timer, int64_t delay_ms)
{
	timer->due = turn_after(loop, timer, mono_add_ms(mono_now(), delay_ms));
}

void loop_timer_wake(struct loop *loop, struct loop_timer *timer)
{
	const struct mono_time next = turn_after(loop, timer, mono_now());

	if (next.ns < timer->due.ns)
		timer->due = next;
}

void loop_timer_by(struct loop_timer *timer, int64_t delay_ms)
{
	const struct mono_time by = mono_add_ms(mono_now(), delay_ms);

	if (by.ns < timer->due.ns)
		timer->due = by;
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
	(void)loop;
	if (timer)
		timer->dead = true;
}

static int next_wait(const struct loop *loop, int max_ms)
{
	int wait = max_ms;

	for (const struct loop_timer *t = loop->timers; t; t = t->next) {
		int ms = t->dead ? 0 : mono_ms_until(t->due);

		if (wait < 0 || ms < wait)
			wait = ms;
	}
	return wait;
}

static void run_timers(struct loop *loop)
{
	struct loop_timer **at = &loop->timers;

	for (struct loop_timer *t = loop->timers; t; t = t->next) {
		if (t->dead || !mono_passed(t->due))
			continue;
		if (t->period_ms)
			t->due = turn_after(loop, t, mono_now());
		else
			t->dead = true;
		t->fn(t->data);
	}
	while (*at) {
		struct loop_timer *t = *at;

		if (t->dead) {
			*at = t->next;
			free(t);
		} else {
			at = &t->next;
		}
	}
}

static void on_signal_fd(void *data, int fd, short revents)
{
	struct loop *loop = data;
	struct signalfd_siginfo info;

	(void)revents;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		loop->signal_fn(loop->signal_data, (int)info.ssi_signo);
}

int loop_signals(struct loop *loop, const int *signals, int n,
	loop_signal_fn fn, void *data, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < n; i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(err, "sigprocmask");
	loop->signal_fd =
		signalfd(loop->signal_fd, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop->signal_fd < 0)
		return err_sys(err, "signalfd");
	loop->signal_fn = fn;
	loop->signal_data = data;
	loop_watch(loop, loop->signal_fd, POLLIN, on_signal_fd, loop);
	return 0;
}

int loop_step(struct loop *loop, int max_ms, struct err *err)
{
	size_t n;

	squeeze(loop);
	n = loop->n;
	if (poll(loop->fds, n, next_wait(loop, max_ms)) < 0) {
		if (errno != EINTR)
			return err_sys(err, "poll");
		n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		short revents = loop->fds[i].revents;
		const struct watch w = loop->watches[i];

		if (revents && w.fn)
			w.fn(w.data, loop->fds[i].fd, revents);
	}
	run_timers(loop);
	return 0;
}

int loop_run(struct loop *loop, struct err *err)
{
	int r = 0;

	loop->stop = false;
	while (!loop->stop && r == 0)
		r = loop_step(loop, -1, err);
	return r;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}
