/* Host keys, which a testbed tells of one machine a call.
 *
 * Each answer of a distant testbed takes a round trip, and it answers the calls
 * of one connection one after the other: of 200 machines at 50 ms that is 10 s
 * before anything connects to a node.  So when the answers take their time,
 * from the first on or later, there are more connections, each with a thread
 * that waits for it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "testbed/import_data.h"

#include <stdatomic.h>

enum {
	WIDTH = 8,    /* connections; each is a process over there */
	LEAST = 4,    /* machines for each of them */
	SLOW_MS = 5,  /* an answer, on average */
	WAIT_MS = 20, /* less says nothing yet */
	/* of waiting, for one more: its TLS costs us 10 ms of a processor */
	SHARE_MS = 500
};

struct asking {
	const struct client_exp *e;
	struct import_keys *keys;
	size_t n;
	atomic_size_t next;
};

struct helper {
	struct asking *asking;
	struct client *client;
	pthread_t thread;
	bool running;
};

bool import_keys_missing(int rc)
{
	return rc == -NFZ_E_FAULT || rc == -NFZ_E_SERVICE ||
	       rc == -NFZ_E_FORBIDDEN || rc == -NFZ_E_USAGE;
}

/* Asks about the next machine; false when there is none any more. */
static bool ask_next(struct asking *a, struct client *client)
{
	size_t at = atomic_fetch_add(&a->next, 1);
	struct err err = ERR_INIT;
	struct import_keys *k;

	if (at >= a->n)
		return false;
	k = &a->keys[at];
	if (!k->machine)
		return true;
	k->rc = client_hostkeys(client, a->e, k->machine, &k->reply, &err);
	if (k->rc && !import_keys_missing(k->rc)) {
		k->err = mem_zalloc(1, sizeof(*k->err));
		*k->err = err;
		atomic_store(&a->next, a->n);
	}
	return true;
}

static void *help(void *data)
{
	struct helper *h = data;

	while (ask_next(h->asking, h->client))
		;
	return NULL;
}

static void start(struct helper *h, struct asking *a, const struct client *of)
{
	h->asking = a;
	h->client = client_twin(of);
	h->running = h->client && thread_start(&h->thread, help, h) == 0;
}

/* How many connections pay for the machines that are left.  All answers count:
 * one server is slow as soon as its acknowledgements are delayed, a quick one is
 * slow once when its machine is busy. */
static size_t width_for(struct mono_time began, size_t answers, size_t left)
{
	int64_t ms = (mono_now().ns - began.ns) / NS_PER_MS;
	size_t width = WIDTH;
	int64_t paying;

	if (ms < WAIT_MS || ms < (int64_t)answers * SLOW_MS)
		return 1;
	paying = ms * (int64_t)left / ((int64_t)answers * SHARE_MS) + 1;
	if (paying < WIDTH)
		width = (size_t)paying;
	return left / LEAST < width ? left / LEAST : width;
}

void import_ask_keys(struct import *i, struct import_keys *keys, size_t n)
{
	struct asking a = {.e = i->e, .keys = keys, .n = n};
	struct helper helpers[WIDTH - 1] = {0};
	struct mono_time began = mono_now();
	size_t running = 0;

	for (size_t done = 1; ask_next(&a, i->client); done++) {
		size_t next = atomic_load(&a.next);
		size_t left = next < n ? n - next : 0;

		while (running + 1 < width_for(began, done, left))
			start(&helpers[running++], &a, i->client);
	}
	for (size_t k = 0; k < running; k++) {
		if (helpers[k].running)
			pthread_join(helpers[k].thread, NULL);
		client_close(helpers[k].client);
	}
}
