/* A thread waits for them: one that is blocked interrupts no call of the
 * others, and the next one, which it lets through, ends them all. */
#include "base/interrupt.h"
#include "base/thread.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void *watch(void *data)
{
	struct interrupt *i = data;

	/* no variable of ours on a stack that is left by being cancelled: the
	 * address sanitizer would find its bounds there */
	while (sigwaitinfo(&i->set, NULL) < 0)
		if (errno != EINTR)
			return NULL;
	atomic_store_explicit(&i->came, true, memory_order_relaxed);
	if (write(STDERR_FILENO, i->say, strlen(i->say)) < 0) {
		/* nobody to be told */
	}
	pthread_sigmask(SIG_UNBLOCK, &i->set, NULL);
	for (;;)
		pause();
}

void interrupt_begin(struct interrupt *i, const char *say)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction now;

	*i = (struct interrupt){.say = say};
	sigemptyset(&i->set);
	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
		if (sigaction(all[k], NULL, &now) == 0 &&
			now.sa_handler != SIG_IGN)
			sigaddset(&i->set, all[k]);
	pthread_sigmask(SIG_BLOCK, &i->set, NULL);
	i->watched = thread_start(&i->thread, watch, i) == 0;
	if (!i->watched)
		pthread_sigmask(SIG_UNBLOCK, &i->set, NULL);
}

void interrupt_end(struct interrupt *i)
{
	if (!i->watched)
		return;
	i->watched = false;
	pthread_cancel(i->thread);
	pthread_join(i->thread, NULL);
	pthread_sigmask(SIG_UNBLOCK, &i->set, NULL);
}
