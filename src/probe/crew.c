#define _GNU_SOURCE
#include "probe/crew.h"
#include "base/jail.h"
#include "base/mem.h"
#include "base/thread.h"

#include <stdbool.h>
#include <sched.h>
#include <string.h>

enum { AUTO_MAX = 4, AUTO_PROCESSORS = 4 };

struct member {
	struct crew *crew;
	unsigned number;
	pthread_t thread;
};

struct crew {
	unsigned n;       /* members, the caller too */
	unsigned started; /* threads */
	struct member *members;
	pthread_mutex_t alone;
	pthread_mutex_t lock; /* for the rest */
	pthread_cond_t called, done;
	unsigned turn; /* jobs begun */
	unsigned left; /* threads that are at it */
	bool ended;
	crew_job job;
	void *data;
	struct err err; /* why a thread could not lock itself up */
};

unsigned crew_size(unsigned wish)
{
	cpu_set_t set;
	unsigned n;

	if (wish > 0)
		return wish < CREW_MAX ? wish : CREW_MAX;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	n = (unsigned)CPU_COUNT(&set);
	if (n < AUTO_PROCESSORS)
		return 1;
	return n / 2 < AUTO_MAX ? n / 2 : AUTO_MAX;
}

struct crew *crew_new(unsigned members)
{
	struct crew *c = mem_zalloc(1, sizeof(*c));

	c->n = members;
	c->members = mem_zalloc(members, sizeof(*c->members));
	pthread_mutex_init(&c->alone, NULL);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->called, NULL);
	pthread_cond_init(&c->done, NULL);
	return c;
}

/* Waits for a turn it has not had; false: there will be none. */
static bool wait_for_turn(struct crew *c, unsigned *had)
{
	bool more;

	pthread_mutex_lock(&c->lock);
	while (c->turn == *had && !c->ended)
		pthread_cond_wait(&c->called, &c->lock);
	more = !c->ended;
	*had = c->turn;
	pthread_mutex_unlock(&c->lock);
	return more;
}

static void begin_one(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->left++;
	pthread_mutex_unlock(&c->lock);
}

static void say_done(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	if (--c->left == 0)
		pthread_cond_signal(&c->done);
	pthread_mutex_unlock(&c->lock);
}

static void *work(void *data)
{
	const struct jail jail = {.no_capabilities = true, .no_sockets = true};
	const struct member *m = data;
	struct crew *c = m->crew;
	struct jail_state state;
	unsigned had = 0;
	struct err err = ERR_INIT;
	int r = jail_enter(&jail, &state, &err);

	pthread_mutex_lock(&c->lock);
	if (r < 0)
		c->err = err;
	pthread_mutex_unlock(&c->lock);
	say_done(c);
	while (wait_for_turn(c, &had)) {
		c->job(c->data, m->number);
		say_done(c);
	}
	return NULL;
}

static void wait_for_all(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->left)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

int crew_start(struct crew *c, struct err *err)
{
	int e = 0;

	for (unsigned i = 1; i < c->n && e == 0; i++) {
		c->members[i] = (struct member){.crew = c, .number = i};
		begin_one(c);
		e = thread_start(&c->members[i].thread, work, &c->members[i]);
		if (e == 0)
			c->started++;
		else
			say_done(c);
	}
	wait_for_all(c);
	if (e)
		return err_set(err, NFZ_E_IO, "cannot start %u threads: %s",
			c->n, strerror(e));
	if (c->err.code)
		*err = c->err;
	return c->err.code ? -c->err.code : 0;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->ended = true;
	pthread_cond_broadcast(&c->called);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 1; i <= c->started; i++)
		pthread_join(c->members[i].thread, NULL);
	pthread_cond_destroy(&c->called);
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->alone);
	free(c->members);
	free(c);
}

static void call_all(struct crew *c, crew_job job, void *data)
{
	pthread_mutex_lock(&c->lock);
	c->job = job;
	c->data = data;
	c->left = c->started;
	c->turn++;
	pthread_cond_broadcast(&c->called);
	pthread_mutex_unlock(&c->lock);
}

void crew_run(struct crew *c, crew_job job, void *data)
{
	if (c->started)
		call_all(c, job, data);
	job(data, 0);
	for (unsigned i = c->started + 1; i < c->n; i++)
		job(data, i);
	if (c->started)
		wait_for_all(c);
}

void crew_alone(struct crew *c)
{
	if (c->started)
		pthread_mutex_lock(&c->alone);
}

void crew_together(struct crew *c)
{
	if (c->started)
		pthread_mutex_unlock(&c->alone);
}
