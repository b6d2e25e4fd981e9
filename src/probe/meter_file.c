/* Records of a capture file as lines.  FIN and RST end no flow unless asked:
 * a file is read for what is in it, and a late segment is no other flow. */
#include "probe/meter_file.h"
#include "base/file.h"
#include "probe/offline.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { OUT_MAX = 1 << 20 };

struct lines {
	enum record_style style;
	struct buf out;
	int failed;
	struct err err;
};

static bool write_out(struct lines *l)
{
	if (!l->failed)
		l->failed = file_write_all(
			STDOUT_FILENO, buf_str(&l->out), l->out.len, &l->err);
	buf_reset(&l->out);
	return l->failed == 0;
}

static bool on_record(void *data, const struct flow_record *r)
{
	struct lines *l = data;

	record_print(&l->out, l->style, r);
	return l->out.len < OUT_MAX / 2 || write_out(l);
}

int meter_file_run(const struct meter_file_options *o, struct err *err)
{
	struct lines l = {.style = o->style, .out = BUF_INIT(OUT_MAX)};
	const struct flowcache_options flows = {.flows = o->flows,
		.idle_ms = o->idle_ms,
		.active_ms = o->active_ms,
		.fin_ms = o->fin_ms,
		.sink = on_record,
		.data = &l};
	struct offline_result got = {0};
	int r;

	record_print_head(&l.out, l.style);
	r = offline_run(o->path, &flows, &got, err);
	if (!write_out(&l)) {
		*err = l.err;
		r = l.failed;
	}
	buf_release(&l.out);
	fprintf(stderr,
		"frames %" PRIu64 " = ip %" PRIu64 " + other %" PRIu64
		"; packets %" PRIu64 ", octets %" PRIu64 ", records %" PRIu64
		", evicted %" PRIu64 "\n",
		got.frames, got.ip, got.other, got.cache.sent_packets,
		got.cache.sent_octets, got.cache.records, got.cache.evicted);
	return r;
}
