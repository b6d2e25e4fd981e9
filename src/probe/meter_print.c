/* For tests and for looking at an interface: no collector, nothing is lost
 * because standard output takes everything. */
#include "probe/meter_print.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/mem.h"
#include "probe/courier.h"
#include "probe/meter.h"
#include "probe/privs.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { OUT_MAX = 1 << 20, RETRY_MS = 50, FAREWELL_MS = 10000 };

struct printer {
	struct loop *loop;
	struct meter *meter;
	enum record_style style;
	struct flow_shape shape;
	struct buf out, said;
	bool lines;
	bool broken; /* nobody reads any more */
	struct courier *courier;
	bool ending;
};

static void write_out(struct printer *p)
{
	if (file_write_all(STDOUT_FILENO, buf_str(&p->out), p->out.len, NULL) <
		0) {
		p->broken = true;
		loop_stop(p->loop);
	}
	buf_reset(&p->out);
}

static bool on_record(
	void *data, struct flows *flows, const struct flow_record *r)
{
	struct printer *p = data;
	struct export_sampling how;
	struct courier_item item = flows_item(flows, r);

	if (!courier_has_room(p->courier))
		return false;
	how = meter_sampling_of(p->meter, flows, r);
	item.how = &how;
	courier_add(p->courier, &item);
	if (p->lines)
		record_print(&p->out, p->style, r, &p->shape, item.more);
	if (p->out.len > OUT_MAX / 2)
		write_out(p);
	return true;
}

static void on_counters(void *data, const struct tap_counters *c, size_t n)
{
	struct printer *p = data;

	/* those of every second are for a collector: here on demand */
	(void)c;
	(void)n;
	write_out(p);
	courier_wake(p->courier, p->meter ? meter_lost(p->meter) : 0);
}

static void print_counters(struct printer *p)
{
	for (size_t i = 0; i < meter_taps(p->meter); i++)
		counters_print(
			&p->out, p->style, &meter_tap(p->meter, i)->ledger);
	write_out(p);
}

/* As the courier makes room. */
static void end_rest(void *data)
{
	struct printer *p = data;

	if (!meter_end_rest(p->meter))
		return;
	print_counters(p);
	loop_stop(p->loop);
}

static void end(void *data)
{
	struct printer *p = data;

	if (p->ending)
		return;
	p->ending = true;
	if (!meter_end(p->meter)) {
		loop_every(p->loop, RETRY_MS, end_rest, p);
		return;
	}
	print_counters(p);
	loop_stop(p->loop);
}

static void on_signal(void *data, int signo)
{
	struct printer *p = data;

	if (signo != SIGUSR1) {
		end(p);
		return;
	}
	(void)meter_flush(p->meter);
	print_counters(p);
}

static int run(
	struct printer *p, const struct meter_print_options *o, struct err *err)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};
	const struct meter_output output = {.data = p,
		.record = on_record,
		.counters = on_counters,
		.refusal = LOSS_CACHE};
	const struct meter_options options = {.loop = p->loop,
		.setup = o->setup,
		.output = &output,
		.choice = o->choice,
		.definition = o->definition,
		.ring_bytes = o->ring_bytes,
		.threads = o->threads};
	const struct courier_options courier = {
		.setup = o->setup, .balance = o->balance, .pace = o->pace};
	int r = loop_signals(p->loop, signals, 3, on_signal, p, err);

	if (r == 0)
		r = courier_open(&courier, &p->courier, err);
	if (r == 0)
		r = meter_new(&options, &p->meter, err);
	if (r == 0) {
		meter_set_sampling(p->meter, &o->sampling);
		r = meter_guard(p->meter, o->uid, err);
	}
	if (r == 0)
		r = privs_drop(o->uid, PRIVS_NET_RAW, err);
	if (r == 0)
		r = courier_start(p->courier, err);
	if (r == 0)
		r = meter_start(p->meter, err);
	if (r == 0)
		r = privs_jail(err);
	if (r < 0)
		return r;
	if (o->limit_ms > 0)
		loop_after(p->loop, o->limit_ms, end, p);
	fprintf(stderr, "READY taps=%zu backend=%s\n", meter_taps(p->meter),
		meter_backend(p->meter));
	p->shape = flows_shape(meter_flows(p->meter));
	if (p->lines)
		record_print_head(&p->out, p->style, &p->shape);
	write_out(p);
	r = loop_run(p->loop, err);
	courier_finish(p->courier, FAREWELL_MS);
	meter_print_threads(p->meter, &p->said);
	courier_print(p->courier, &p->said);
	fputs(buf_str(&p->said), stderr);
	return r;
}

int meter_print_run(const struct meter_print_options *o, struct err *err)
{
	struct printer p = {.loop = loop_new(),
		.style = o->style,
		.lines = o->lines,
		.out = BUF_INIT(OUT_MAX),
		.said = BUF_INIT(OUT_MAX)};
	int r = run(&p, o, err);

	meter_free(p.meter);
	loop_free(p.loop);
	courier_close(p.courier);
	buf_release(&p.out);
	buf_release(&p.said);
	if (r == 0 && p.broken)
		return err_set(err, NFZ_E_IO, "standard output is closed");
	return r;
}
