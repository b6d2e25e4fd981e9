#include "base/thread.h"

#include <errno.h>
#include <signal.h>

int thread_start(pthread_t *ret, void *(*work)(void *data), void *data)
{
	sigset_t all, before;
	int e;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(ret, NULL, work, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return e;
}

void thread_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t how;

	pthread_condattr_init(&how);
	pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &how);
	pthread_condattr_destroy(&how);
}

bool thread_cond_wait(
	pthread_cond_t *cond, pthread_mutex_t *lock, struct mono_time until)
{
	const struct timespec by = {until.ns / NS_PER_S, until.ns % NS_PER_S};

	return pthread_cond_timedwait(cond, lock, &by) != ETIMEDOUT;
}
