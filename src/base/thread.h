/* Threads that take no signals: those are for the thread that starts them,
 * whose loop waits for them. */
#ifndef NFZ_BASE_THREAD_H
#define NFZ_BASE_THREAD_H

#include <pthread.h>

/* Runs work(data) beside the caller, who joins or detaches it.  0, or why not,
 * as errno. */
int thread_start(pthread_t *ret, void *(*work)(void *data), void *data);

#endif
