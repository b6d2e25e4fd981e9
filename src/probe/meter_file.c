/* Records of capture files as lines and as datagrams.  FIN and RST end no flow
 * unless asked: a file is read for what is in it, and a late segment is no
 * other flow. */
#include "probe/meter_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "probe/capfile.h"
#include "probe/offline.h"
#include "probe/outlet.h"
#include "probe/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUT_MAX = 1 << 20, PROGRESS_MS = 300 };
/* of the memory: what is not the table's, and the share of the set of keys */
enum { BESIDE_MIB = 4, SEEN_SHARE = 8 };

struct run {
	const struct meter_file_options *opt;
	struct offline *meter;
	struct outlet **outlets; /* the file, if one is written, is the last */
	size_t n_outlets, n_to;
	struct hash_key seed;
	unsigned key; /* KEY_... */
	struct metrics metrics;
	struct flow_shape shape;
	const struct export_interface *interface;
	struct buf out;
	int failed;
	struct err err;
	struct interrupt interrupt;
	bool terminal; /* progress is wanted */
	struct mono_time next;
};

static bool write_out(struct run *o)
{
	if (!o->failed) {
		o->failed = file_write_all(
			STDOUT_FILENO, buf_str(&o->out), o->out.len, &o->err);
		if (o->failed)
			err_wrap(&o->err, "standard output");
	}
	buf_reset(&o->out);
	return o->failed == 0;
}

/* All outlets, but of those that share the load only the flow's own. */
static bool export(struct run *o, const struct flow_record *r,
	const struct flow_more *more)
{
	int64_t now_ns = offline_now(o->meter);
	size_t own = o->n_to;
	bool ok = true;

	if (o->opt->balance && o->n_to > 1)
		own = flow_key_hash(&o->seed, &r->key) % o->n_to;
	for (size_t i = 0; i < o->n_outlets; i++)
		if (own == o->n_to || i == own || i >= o->n_to)
			ok = outlet_add(o->outlets[i], r, more, now_ns) && ok;
	return ok;
}

static bool on_record(void *data, const struct flow_record *r)
{
	struct run *o = data;
	const struct flow_more *more = offline_more(o->meter, r);

	if (o->n_outlets && !export(o, r, more))
		return false;
	if (!o->opt->lines)
		return true;
	record_print(&o->out, o->opt->style, r, &o->shape, more);
	return o->out.len < OUT_MAX / 2 || write_out(o);
}

/* Nobody has ended it, and somebody takes what comes out. */
static bool goes_on(const struct run *o)
{
	return !interrupt_came(&o->interrupt) && (!o->failed || o->n_outlets);
}

static bool on_progress(void *data, const struct capfile *file, uint64_t frames)
{
	struct run *o = data;
	uint64_t size = capfile_size(file);

	if (!goes_on(o))
		return false;
	/* a file's memory is there for the flows then */
	for (size_t i = 0; i < o->n_outlets; i++)
		outlet_expect(o->outlets[i]);
	if (!o->terminal || !mono_passed(o->next))
		return true;
	o->next = mono_add_ms(mono_now(), PROGRESS_MS);
	fprintf(stderr, "\r%" PRIu64 " frames", frames);
	if (size)
		fprintf(stderr, ", %3" PRIu64 " %% of the file",
			capfile_done(file) * 100 / size);
	fprintf(stderr, "\033[K");
	return true;
}

/* What is there of messages and lines leaves: nobody knows when more comes. */
static bool on_pause(void *data)
{
	struct run *o = data;

	for (size_t i = 0; i < o->n_outlets; i++)
		(void)outlet_push(o->outlets[i], offline_now(o->meter));
	(void)write_out(o);
	return goes_on(o);
}

static uint64_t memory_of(const struct meter_file_options *o)
{
	uint64_t pages = (uint64_t)sysconf(_SC_AVPHYS_PAGES);

	if (o->memory_mib)
		return (uint64_t)o->memory_mib << 20;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
}

static struct offline_options set_up(
	const struct meter_file_options *o, struct run *run)
{
	uint64_t memory = memory_of(o), least = (uint64_t)BESIDE_MIB << 21;
	uint64_t seen = o->stats ? memory / SEEN_SHARE : 0;
	struct offline_options options = {
		.flows = {.idle_ms = o->idle_ms,
			.active_ms = o->active_ms,
			.fin_ms = o->fin_ms,
			.limit = o->limit,
			.grows = true,
			.merge_fragments = true,
			.both = o->both,
			.seen_bytes = seen,
			.side = {.bytes = run->metrics.bytes},
			.sink = on_record,
			.data = run},
		.filter = o->filter,
		.key = run->key,
		.inner = o->inner,
		.fragment_ports = o->fragment_ports,
		.metrics = run->metrics,
		.sampling = o->sampling,
		.progress = on_progress,
		.pause = on_pause,
		.data = run};
	uint32_t fit;

	least += run->metrics.shared_bytes;
	if (memory < least)
		memory = least;
	fit = flowcache_fit(
		&options.flows, memory - seen - run->metrics.shared_bytes -
					((uint64_t)BESIDE_MIB << 20));
	options.flows.flows = o->flows && o->flows < fit ? o->flows : fit;
	return options;
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

/* Some interfaces of a capture may be of use, others not. */
static void say_unread(const struct run *run, const char *path, uint64_t before)
{
	struct offline_result got;

	offline_result(run->meter, &got);
	if (got.link_type > before)
		log_warning("%s: %" PRIu64 " frames of link type %" PRIu32
			    " cannot be read",
			path, got.link_type - before, got.unread);
}

static int read_one(struct run *run, const char *path, struct err *err)
{
	struct offline_result before;
	int r;

	offline_result(run->meter, &before);
	r = offline_read(run->meter, path, err);
	say_unread(run, path, before.link_type);
	return r;
}

/* Who was interrupted says so, whatever else ended the reading: a Ctrl-C ends
 * those who write into a pipe, too, and that one ends as if it were all. */
static int read_all(struct run *run, struct err *err)
{
	const struct meter_file_options *o = run->opt;
	struct err e = ERR_INIT;
	int first = 0, r;

	for (size_t i = 0; i < o->n_paths && goes_on(run); i++) {
		r = read_one(run, o->paths[i], &e);
		if (r != -NFZ_E_INTERRUPTED)
			first = keep_first(first, r, err, &e);
	}
	r = offline_end(run->meter, &e);
	first = keep_first(first, r, err, &e);
	if (run->terminal)
		fprintf(stderr, "\r\033[K");
	if (!interrupt_came(&run->interrupt))
		return first;
	if (first < 0)
		log_err(err);
	return err_set(err, NFZ_E_INTERRUPTED, "interrupted");
}

/* --- export -------------------------------------------------------------- */

static int open_one(struct run *run, struct outlet_options *o, struct err *err)
{
	struct outlet *outlet = NULL;
	int r;

	o->pace = run->opt->pace;
	o->exporter.shape = run->shape;
	o->exporter.interfaces = run->interface;
	o->exporter.n_interfaces = 1;
	o->exporter.sampling = run->opt->sampling;
	r = outlet_open(o, &outlet, err);
	if (r == 0)
		run->outlets[run->n_outlets++] = outlet;
	return r;
}

/* What is read is not written over, by whatever name. */
static int check_write(const struct meter_file_options *o, struct err *err)
{
	struct stat to, from;

	if (!o->write || stat(o->write, &to) < 0 || !S_ISREG(to.st_mode))
		return 0;
	for (size_t i = 0; i < o->n_paths; i++)
		if ((strcmp(o->paths[i], "-") == 0
				    ? fstat(STDIN_FILENO, &from)
				    : stat(o->paths[i], &from)) == 0 &&
			from.st_dev == to.st_dev && from.st_ino == to.st_ino) {
			err_set(err, NFZ_E_USAGE, "--write: %s is what is read",
				o->write);
			return err_hint(err, "Name another file; nothing was "
					     "written");
		}
	return 0;
}

static int open_outlets(struct run *run, struct err *err)
{
	const struct meter_file_options *o = run->opt;
	int r = 0;

	run->outlets = mem_zalloc(o->n_to + 1, sizeof(*run->outlets));
	for (size_t i = 0; i < o->n_to && r == 0; i++) {
		struct outlet_options to = {0};

		r = export_target_parse(o->to[i], &to.target, err);
		if (r == 0)
			r = open_one(run, &to, err);
	}
	run->n_to = run->n_outlets;
	if (r == 0 && o->write) {
		struct outlet_options to = {.path = o->write};

		r = open_one(run, &to, err);
	}
	return r;
}

static struct export_ledger ledger_of(const struct offline_result *got)
{
	const struct flowcache_stats *f = &got->flows;

	return (struct export_ledger){
		.ignored_packets = got->truncated + got->cache,
		.unsent_packets = f->packets - f->sent_packets,
		.unsent_octets = f->octets - f->sent_octets};
}

/* The first failure stays in *err. */
static int close_outlets(
	struct run *run, const struct offline_result *got, struct err *err)
{
	const struct export_ledger ledger = ledger_of(got);
	struct outlet_stats stats;
	struct err e = ERR_INIT;
	int first = 0;

	for (size_t i = 0; i < run->n_outlets; i++) {
		struct outlet *o = run->outlets[i];

		(void)outlet_finish(o, &ledger, offline_now(run->meter));
		first = keep_first(first, outlet_failed(o, &e), err, &e);
		if (run->opt->quiet)
			continue;
		outlet_stats(o, &stats);
		fprintf(stderr,
			"%s: messages %" PRIu64 ", refused %" PRIu64
			", records %" PRIu64 ", left out (not IPv4) %" PRIu64
			", with other times %" PRIu64 "\n",
			outlet_name(o), stats.messages, stats.unsent,
			stats.records, stats.left_out, stats.retimed);
	}
	return first;
}

static void release(struct run *run)
{
	for (size_t i = 0; i < run->n_outlets; i++)
		outlet_close(run->outlets[i]);
	free(run->outlets);
	offline_free(run->meter);
	metrics_release(&run->metrics);
	buf_release(&run->out);
}

static void summarise(struct run *run, const struct offline_result *got)
{
	struct buf text = BUF_INIT(OUT_MAX);

	if (run->opt->stats)
		stats_print(&run->out, got);
	else if (!run->opt->quiet)
		stats_say(&text, got);
	if (!run->opt->quiet)
		metrics_say(&run->metrics, &text);
	(void)write_out(run);
	fputs(buf_str(&text), stderr);
	buf_release(&text);
}

static int finish(struct run *run, int r, struct err *err)
{
	struct offline_result got;
	struct err e = ERR_INIT;
	bool nothing;

	offline_result(run->meter, &got);
	nothing = r < 0 && !got.frames; /* no capture, most likely */
	if (nothing)
		buf_reset(&run->out);
	(void)write_out(run);
	r = keep_first(r, close_outlets(run, &got, &e), err, &e);
	if (!nothing || run->opt->stats)
		summarise(run, &got);
	return keep_first(r, run->failed, err, &run->err);
}

int meter_file_run(const struct meter_file_options *o, struct err *err)
{
	const struct export_interface interface = {.name = o->paths[0]};
	struct run run = {.opt = o,
		.out = BUF_INIT(OUT_MAX),
		.seed = hash_key_new(),
		.interface = &interface,
		.terminal = !o->quiet && isatty(STDERR_FILENO)};
	struct offline_options options;
	int r = check_write(o, err);

	if (r == 0)
		r = definition_choose_key(o->key, &run.key, err);
	if (r == 0)
		r = metrics_choose(o->metrics, &run.metrics, err);
	options = set_up(o, &run);
	run.shape = offline_shape(&options);
	if (r == 0)
		r = open_outlets(&run, err);
	if (r == 0)
		r = offline_new(&options, &run.meter, err);
	if (r == 0) {
		interrupt_begin(&run.interrupt,
			"\nInterrupted: what was counted is told "
			"first; once more ends it at once.\n");
		if (o->lines)
			record_print_head(&run.out, o->style, &run.shape);
		r = finish(&run, read_all(&run, err), err);
		interrupt_end(&run.interrupt);
	}
	release(&run);
	return r;
}
