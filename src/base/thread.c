#include "base/thread.h"

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
