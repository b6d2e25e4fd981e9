/* Records of a capture file as lines.  FIN and RST end no flow unless asked:
 * a file is read for what is in it, and a late segment is no other flow. */
#include "probe/meter_file.h"
#include "base/file.h"
#include "probe/offline.h"
#include "probe/v5out.h"

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

static bool on_record_v5(void *data, const struct flow_record *r)
{
	v5out_add(data, r);
	return true;
}

static void summarise(const struct offline_result *got)
{
	fprintf(stderr,
		"frames %" PRIu64 " = ip %" PRIu64 " + other %" PRIu64
		"; packets %" PRIu64 ", octets %" PRIu64 ", records %" PRIu64
		", evicted %" PRIu64 "\n",
		got->frames, got->ip, got->other, got->cache.sent_packets,
		got->cache.sent_octets, got->cache.records, got->cache.evicted);
}

static int run_lines(const struct meter_file_options *o,
	struct flowcache_options *flows, struct err *err)
{
	struct lines l = {.style = o->style, .out = BUF_INIT(OUT_MAX)};
	struct offline_result got = {0};
	int r;

	flows->sink = on_record;
	flows->data = &l;
	record_print_head(&l.out, l.style);
	r = offline_run(o->path, flows, &got, err);
	if (!write_out(&l)) {
		*err = l.err;
		r = l.failed;
	}
	buf_release(&l.out);
	summarise(&got);
	return r;
}

static int run_v5(const struct meter_file_options *o,
	struct flowcache_options *flows, struct err *err)
{
	struct v5out_options to = {.paced = true};
	struct offline_result got = {0};
	struct v5out_stats stats;
	struct v5out *v5 = NULL;
	int r = v5out_parse(o->v5_to, &to, err);

	if (r == 0)
		r = v5out_open(&to, &v5, err);
	if (r < 0)
		return r;
	flows->sink = on_record_v5;
	flows->data = v5;
	r = offline_run(o->path, flows, &got, err);
	v5out_push(v5);
	v5out_stats(v5, &stats);
	v5out_close(v5);
	summarise(&got);
	fprintf(stderr,
		"v5: datagrams %" PRIu64 ", refused %" PRIu64
		", records left out (not IPv4) %" PRIu64 "\n",
		stats.datagrams, stats.unsent, stats.left_out);
	return r;
}

int meter_file_run(const struct meter_file_options *o, struct err *err)
{
	struct flowcache_options flows = {.flows = o->flows,
		.idle_ms = o->idle_ms,
		.active_ms = o->active_ms,
		.fin_ms = o->fin_ms};

	return o->v5_to ? run_v5(o, &flows, err) : run_lines(o, &flows, err);
}
