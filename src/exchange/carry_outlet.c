/* Flows as messages of NetFlow and IPFIX, to a collector or into a file.  The
 * exporter's uptime begins with the first flow, and its clock stands at the end
 * of the last: flows keep their times, whatever their order. */
#include "base/mem.h"
#include "exchange/carry.h"
#include "probe/outlet.h"

enum { PACE = 8000, PATIENCE_S = 10 };

struct target {
	struct outlet *outlet;
	int64_t now_ns;
	bool extras;
};

static int open_outlet(struct outlet_options *o, const struct carry_ask *ask,
	void **ret, struct err *err)
{
	struct target *t = mem_zalloc(1, sizeof(*t));
	int r;

	o->pace = ask->pace ? ask->pace : PACE;
	o->patience_s = PATIENCE_S;
	r = outlet_open(o, &t->outlet, err);
	if (r < 0)
		free(t);
	else
		*ret = t;
	return r;
}

static int open_collector(const struct carry_ask *ask, const char *rest,
	void **ret, struct err *err)
{
	struct outlet_options o = {0};
	int r = export_target_parse(rest, &o.target, err);

	if (r < 0)
		err_hint(err,
			"To collectors: nf1 nf5 nf7 nf9 ipfix ipfix+tcp, as in "
			"nf9://10.1.2.3:2055\n"
			"Into files: ipfix:FILE sqlite:FILE parquet:FILE; CSV: "
			"netflowize query DIR -o csv\n"
			"Into a table: clickhouse://HOST:PORT/DATABASE");
	return r < 0 ? r : open_outlet(&o, ask, ret, err);
}

static int open_file(const struct carry_ask *ask, const char *rest, void **ret,
	struct err *err)
{
	struct outlet_options o = {.path = rest};

	return open_outlet(&o, ask, ret, err);
}

static void begin(void *it, const struct carry_times *times)
{
	struct target *t = it;

	t->extras = times->extras;
	t->now_ns = times->last_ns;
	outlet_begin(
		t->outlet, times->first_ns, times->extras ? MORE_EXTRA : 0);
}

static int add(void *it, const struct flow *f, struct err *err)
{
	static const struct flow_extra none;
	struct target *t = it;
	const struct flow_more more = {.extra = f->extra ? f->extra : &none};
	const struct flow_record r = {.key = f->key,
		.packets = f->packets,
		.bytes = f->bytes,
		.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.tcp_flags = f->tcp_flags,
		.tos = f->n_rows ? f->rows[0]->tos : 0,
		.src_slot = SLOT_UNKNOWN,
		.dst_slot = SLOT_UNKNOWN};

	if (outlet_add(t->outlet, &r, t->extras ? &more : NULL, t->now_ns))
		return 0;
	return outlet_failed(t->outlet, err);
}

static int end(void *it, struct carry_sums *sums, struct err *err)
{
	struct target *t = it;
	struct outlet_stats stats;

	if (!outlet_push(t->outlet, t->now_ns))
		return outlet_failed(t->outlet, err);
	outlet_stats(t->outlet, &stats);
	sums->messages = stats.messages;
	sums->left_out = stats.left_out;
	sums->retimed = stats.retimed;
	sums->unsent = stats.unsent;
	return 0;
}

static void release(void *it)
{
	struct target *t = it;

	if (t)
		outlet_close(t->outlet);
	free(t);
}

const struct carrier carrier_collector = {
	"", open_collector, begin, add, end, release};
const struct carrier carrier_ipfix_file = {
	"ipfix:", open_file, begin, add, end, release};
