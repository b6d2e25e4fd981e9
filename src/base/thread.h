/* Threads that take no signals: those are for the thread that starts them,
 * whose loop waits for them. */
#ifndef NFZ_BASE_THREAD_H
#define NFZ_BASE_THREAD_H

#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>

/* Runs work(data) beside the caller, who joins or detaches it.  0, or why not,
 * as errno. */
int thread_start(pthread_t *ret, void *(*work)(void *data), void *data);

/* For waits that end by the clock nobody sets. */
void thread_cond_init(pthread_cond_t *cond);
/* With the lock held; false: nobody called until then. */
bool thread_cond_wait(
	pthread_cond_t *cond, pthread_mutex_t *lock, struct mono_time until);

#endif
