/* A collector without a store, for tests of what speaks to one: prints records
 * and counters as JSON lines, {"from":N} before those of module N.  SIGUSR1 asks all for a flush and prints
 * {"flushed":N} when they have answered; SIGTERM ends meters, then caches. */
#include "base/log.h"
#include "flow/endpoint.h"
#include "probe/recprint.h"
#include "probe/setupfile.h"

#include <signal.h>
#include <stdio.h>

struct sink {
	struct loop *loop;
	struct endpoint *ep;
	struct buf out;
	uint64_t flush;
	bool ending;
};

static bool on_batch(void *data, const struct endpoint_batch *b)
{
	struct sink *s = data;

	buf_reset(&s->out);
	buf_addf(&s->out, "{\"from\":%u}\n", b->from.module);
	for (size_t i = 0; i < b->n_records; i++)
		record_print(&s->out, RECORD_JSON, &b->records[i], NULL, NULL);
	for (size_t i = 0; i < b->n_counters; i++)
		counters_print(&s->out, RECORD_JSON, &b->counters[i]);
	fputs(buf_str(&s->out), stdout);
	fflush(stdout);
	return true;
}

static void on_flushed(void *data, uint16_t module, uint64_t number)
{
	struct sink *s = data;

	(void)module;
	if (number != s->flush ||
		endpoint_unflushed(s->ep, number, NULL, 0) > 0)
		return;
	printf("{\"flushed\":%llu}\n", (unsigned long long)number);
	fflush(stdout);
}

static void on_tick(void *data)
{
	struct sink *s = data;
	struct endpoint_peer p;
	bool meters = false, caches = false;

	endpoint_mark(s->ep);
	endpoint_durable(s->ep);
	if (!s->ending)
		return;
	for (size_t i = 0; endpoint_peer(s->ep, i, &p); i++) {
		if (p.state != PEER_UP && p.state != PEER_ENDING)
			continue;
		meters |= p.source.role == MODULE_METER;
		caches |= p.source.role == MODULE_CACHE;
	}
	if (!meters)
		endpoint_end(s->ep, MODULE_CACHE);
	if (!meters && !caches)
		loop_stop(s->loop);
}

static void on_signal(void *data, int signo)
{
	struct sink *s = data;

	if (signo == SIGUSR1) {
		s->flush = endpoint_flush(s->ep);
		return;
	}
	s->ending = true;
	endpoint_end(s->ep, MODULE_METER);
}

int main(int argc, char **argv)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};
	struct sink s = {.loop = loop_new(), .out = BUF_INIT(1 << 20)};
	const struct endpoint_handlers handlers = {
		.data = &s, .on_batch = on_batch, .on_flushed = on_flushed};
	struct setup setup = {0};
	struct err err = ERR_INIT;
	int r = argc == 2 ? setupfile_read(argv[1], &setup, &err) : -1;

	if (r == 0)
		r = endpoint_new(s.loop, &setup, &handlers, &s.ep, &err);
	if (r == 0)
		r = loop_signals(s.loop, signals, 3, on_signal, &s, &err);
	if (r == 0) {
		loop_every(s.loop, 20, on_tick, &s);
		r = loop_run(s.loop, &err);
	}
	if (r < 0)
		log_err(&err);
	endpoint_free(s.ep);
	loop_free(s.loop);
	setup_release(&setup);
	buf_release(&s.out);
	return r < 0;
}
