/* Records of capture files as lines and as datagrams.  FIN and RST end no flow
 * unless asked: a file is read for what is in it, and a late segment is no
 * other flow. */
#include "probe/meter_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "probe/capfile.h"
#include "probe/offline.h"
#include "probe/stats.h"
#include "probe/v5out.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { OUT_MAX = 1 << 20, PROGRESS_MS = 300 };
/* of the memory: what is not the table's, and the share of the set of keys */
enum { BESIDE_MIB = 4, SEEN_SHARE = 8 };

struct outlet {
	const struct meter_file_options *opt;
	struct buf out;
	struct v5out *v5; /* NULL: none */
	int failed;
	struct err err;
	bool terminal; /* progress is wanted */
	struct mono_time next;
};

static bool write_out(struct outlet *o)
{
	if (!o->failed)
		o->failed = file_write_all(
			STDOUT_FILENO, buf_str(&o->out), o->out.len, &o->err);
	buf_reset(&o->out);
	return o->failed == 0;
}

static bool on_record(void *data, const struct flow_record *r)
{
	struct outlet *o = data;

	v5out_add(o->v5, r);
	if (!o->opt->lines)
		return true;
	record_print(&o->out, o->opt->style, r);
	return o->out.len < OUT_MAX / 2 || write_out(o);
}

static void on_progress(void *data, const struct capfile *file, uint64_t frames)
{
	struct outlet *o = data;
	uint64_t size = capfile_size(file);

	if (!o->terminal || !mono_passed(o->next))
		return;
	o->next = mono_add_ms(mono_now(), PROGRESS_MS);
	fprintf(stderr, "\r%" PRIu64 " frames", frames);
	if (size)
		fprintf(stderr, ", %3" PRIu64 " %% of the file",
			capfile_done(file) * 100 / size);
	fprintf(stderr, "\033[K");
}

static uint64_t memory_of(const struct meter_file_options *o)
{
	uint64_t pages = (uint64_t)sysconf(_SC_AVPHYS_PAGES);

	if (o->memory_mib)
		return (uint64_t)o->memory_mib << 20;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
}

static struct offline_options set_up(
	const struct meter_file_options *o, struct outlet *outlet)
{
	uint64_t memory = memory_of(o), least = (uint64_t)BESIDE_MIB << 21;
	uint64_t seen = o->stats ? memory / SEEN_SHARE : 0;
	uint32_t fit;

	if (memory < least)
		memory = least;
	fit = flowcache_fit(memory - seen - ((uint64_t)BESIDE_MIB << 20));
	return (struct offline_options){
		.flows = {.flows = o->flows && o->flows < fit ? o->flows : fit,
			.idle_ms = o->idle_ms,
			.active_ms = o->active_ms,
			.fin_ms = o->fin_ms,
			.grows = true,
			.merge_fragments = true,
			.seen_bytes = seen,
			.sink = on_record,
			.data = outlet},
		.filter = o->filter,
		.progress = on_progress,
		.data = outlet};
}

/* The first error stays, the others are told at once. */
static int keep_first(int first, int r, struct err *err, const struct err *e)
{
	if (r >= 0)
		return first;
	if (first < 0) {
		log_err(e);
		return first;
	}
	*err = *e;
	return r;
}

static int read_all(const struct meter_file_options *o, struct offline *meter,
	struct outlet *outlet, struct err *err)
{
	struct err e = ERR_INIT;
	int first = 0, r;

	for (size_t i = 0; i < o->n_paths; i++) {
		r = offline_read(meter, o->paths[i], &e);
		first = keep_first(first, r, err, &e);
	}
	r = offline_end(meter, &e);
	first = keep_first(first, r, err, &e);
	if (outlet->terminal)
		fprintf(stderr, "\r\033[K");
	return first;
}

static int open_v5(
	const struct meter_file_options *o, struct v5out **ret, struct err *err)
{
	struct v5out_options to = {.paced = true};
	int r = o->v5_to ? v5out_parse(o->v5_to, &to, err) : 0;

	return r == 0 && o->v5_to ? v5out_open(&to, ret, err) : r;
}

static void close_v5(struct v5out *v5)
{
	struct v5out_stats stats;

	if (!v5)
		return;
	v5out_push(v5);
	v5out_stats(v5, &stats);
	v5out_close(v5);
	fprintf(stderr,
		"v5: datagrams %" PRIu64 ", refused %" PRIu64
		", records left out (not IPv4) %" PRIu64 "\n",
		stats.datagrams, stats.unsent, stats.left_out);
}

static void summarise(const struct meter_file_options *o,
	const struct offline *meter, struct outlet *outlet)
{
	struct offline_result got;
	struct buf text = BUF_INIT(OUT_MAX);

	offline_result(meter, &got);
	if (o->stats)
		stats_print(&outlet->out, &got);
	else
		stats_say(&text, &got);
	(void)write_out(outlet);
	fputs(buf_str(&text), stderr);
	buf_release(&text);
}

int meter_file_run(const struct meter_file_options *o, struct err *err)
{
	struct outlet outlet = {.opt = o,
		.out = BUF_INIT(OUT_MAX),
		.terminal = isatty(STDERR_FILENO)};
	const struct offline_options options = set_up(o, &outlet);
	struct offline *meter = NULL;
	int r = open_v5(o, &outlet.v5, err);

	if (r == 0)
		r = offline_new(&options, &meter, err);
	if (r == 0) {
		if (o->lines)
			record_print_head(&outlet.out, o->style);
		r = read_all(o, meter, &outlet, err);
		(void)write_out(&outlet);
		close_v5(take(outlet.v5));
		summarise(o, meter, &outlet);
		if (outlet.failed) {
			*err = outlet.err;
			r = outlet.failed;
		}
	}
	v5out_close(outlet.v5);
	offline_free(meter);
	buf_release(&outlet.out);
	return r;
}
