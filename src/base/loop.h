/* One thread's event loop: descriptors, timers, signals.  Single-threaded, no
 * globals; callbacks get the data pointer they were added with. */
#ifndef NFZ_BASE_LOOP_H
#define NFZ_BASE_LOOP_H

#include "base/clock.h"
#include "base/err.h"

#include <signal.h>
#include <stdbool.h>

struct loop;
struct loop_timer;

typedef void (*loop_io_fn)(void *data, int fd, short revents);
typedef void (*loop_timer_fn)(void *data);
typedef void (*loop_signal_fn)(void *data, int signo);

struct loop *loop_new(void);
void loop_free(struct loop *loop); /* descriptors stay open */

/* Watches fd for poll(2) events; adding it again replaces. */
void loop_watch(
	struct loop *loop, int fd, short events, loop_io_fn fn, void *data);
void loop_unwatch(struct loop *loop, int fd);
/* Calls fn every period_ms, the first time by then, in step with other timers of
 * the loop; the handle stays valid until loop_timer_stop() or loop_free(). */
struct loop_timer *loop_every(
	struct loop *loop, int64_t period_ms, loop_timer_fn fn, void *data);
/* Once, after delay_ms; stops itself. */
struct loop_timer *loop_after(
	struct loop *loop, int64_t delay_ms, loop_timer_fn fn, void *data);
/* Leaves out its turns of the next delay_ms, whatever was to come before. */
void loop_timer_rest(
	struct loop *loop, struct loop_timer *timer, int64_t delay_ms);
/* Leaves out none from here on.  Called however often, it puts off nothing. */
void loop_timer_wake(struct loop *loop, struct loop_timer *timer);
/* Calls it within delay_ms, be that between its turns. */
void loop_timer_by(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);
/* Blocks the signals and delivers them through the loop (signalfd). */
int loop_signals(struct loop *loop, const int *signals, int n,
	loop_signal_fn fn, void *data, struct err *err) NFZ_MUST_CHECK;
/* Runs until loop_stop(). */
int loop_run(struct loop *loop, struct err *err) NFZ_MUST_CHECK;
/* One round: waits at most max_ms for anything, delivers it. */
int loop_step(struct loop *loop, int max_ms, struct err *err) NFZ_MUST_CHECK;
void loop_stop(struct loop *loop);

#endif
