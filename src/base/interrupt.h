/* Ctrl-C and the like, of a program that runs to an end: the first one is
 * looked for, a second one ends the program at once, whatever it waits for. */
#ifndef NFZ_BASE_INTERRUPT_H
#define NFZ_BASE_INTERRUPT_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct interrupt {
	sigset_t set;
	pthread_t thread;
	const char *say; /* to standard error when the first one comes */
	atomic_bool came;
	bool watched;
};

/* From here on, for SIGINT, SIGTERM and SIGHUP, but for those that are ignored,
 * as under nohup(1).  *i stays where it is until interrupt_end(). */
void interrupt_begin(struct interrupt *i, const char *say);
/* Has one come? */
static inline bool interrupt_came(const struct interrupt *i)
{
	return atomic_load_explicit(&i->came, memory_order_relaxed);
}
/* They end the program again. */
void interrupt_end(struct interrupt *i);

#endif
