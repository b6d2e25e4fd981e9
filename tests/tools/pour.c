/* A meter that makes up its records and sends them the acknowledged way:
 *
 *	tool-pour SETUP RATE
 *
 * RATE records a second; the n-th has n packets, so that whoever has them all,
 * each once, knows from their number and sum.  SIGTERM: no more are made, what
 * was made becomes durable, and it says how many that were. */
#include "base/log.h"
#include "base/mem.h"
#include "flow/endpoint.h"
#include "probe/setupfile.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { TICK_MS = 5, LEAVE_MS = 60000, HOSTS = 5000 };

struct pour {
	struct loop *loop;
	struct endpoint *ep;
	uint64_t rate, made;
	struct mono_time began;
	bool ending, complete;
};

static bool make_one(struct pour *p)
{
	const uint64_t n = p->made + 1;
	const int64_t now_ns = wall_now().ns;
	struct flow_record r = {.packets = n,
		.bytes = 100,
		.first_ns = now_ns - NS_PER_S,
		.last_ns = now_ns,
		.tap = 5};

	r.key.src = net_addr_v4_host(0x0a000000 + (uint32_t)(n % HOSTS));
	r.key.dst = net_addr_v4_host(0x0a010000 + (uint32_t)(n / 7 % HOSTS));
	r.key.sport = (uint16_t)n;
	r.key.dport = 443;
	r.key.proto = 6;
	if (!endpoint_send_rows(
		    p->ep, &(struct flow_rows){.records = &r, .n = 1}))
		return false;
	p->made++;
	return true;
}

/* What was not taken is made later: nothing is ever given up. */
static void on_tick(void *data)
{
	struct pour *p = data;
	const int64_t ns = mono_now().ns - p->began.ns;
	const uint64_t due = (uint64_t)(ns / NS_PER_MS) * p->rate / 1000;

	while (!p->ending && p->made < due && make_one(p))
		;
}

static void on_signal(void *data, int signo)
{
	struct pour *p = data;

	(void)signo;
	p->ending = true;
	endpoint_leave(p->ep, LEAVE_MS);
}

static void on_left(void *data, bool complete)
{
	struct pour *p = data;

	p->complete = complete;
	loop_stop(p->loop);
}

int main(int argc, char **argv)
{
	static const int signals[] = {SIGTERM};
	struct pour p = {.loop = loop_new(), .began = mono_now()};
	const struct endpoint_handlers handlers = {
		.data = &p, .on_left = on_left};
	struct setup setup = {0};
	struct err err = ERR_INIT;
	int r = argc == 3 ? setupfile_read(argv[1], &setup, &err) : -1;

	if (r == 0)
		r = endpoint_new(p.loop, &setup, &handlers, &p.ep, &err);
	if (r == 0)
		r = loop_signals(p.loop, signals, 1, on_signal, &p, &err);
	if (r == 0) {
		p.rate = strtoull(argv[2], NULL, 10);
		loop_every(p.loop, TICK_MS, on_tick, &p);
		r = loop_run(p.loop, &err);
	}
	if (r < 0)
		log_err(&err);
	printf("%" PRIu64 " %s\n", p.made,
		p.complete ? "durable" : "not all of them durable");
	endpoint_free(p.ep);
	loop_free(p.loop);
	setup_release(&setup);
	return r < 0;
}
