/* nfz-meter: counts the packets on its taps into flow records (nfz-meter(8)).
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/proc.h"
#include "base/program.h"
#include "probe/crew.h"
#include "probe/dump.h"
#include "probe/guard.h"
#include "probe/courier.h"
#include "probe/meter_file.h"
#include "probe/meter_net.h"
#include "probe/meter_print.h"
#include "probe/privs.h"
#include "probe/setupfile.h"

#include <signal.h>
#include <string.h>

struct args {
	const char *setup, *status, *settings, *dump;
	struct opt_list read, to, key, metrics;
	struct opt_list filter, write; /* one at most */
	bool print, balance, random, inner, fragment_ports, both, quiet, help,
		version;
	int style, stats, backend, verbose;
	int64_t limit_ms, ring_mib, uid, idle_ms, active_ms, fin_ms,
		report_bytes, report_packets, flows, memory_mib, pace, sample,
		hash, count, threads;
};

enum { STYLE_NDJSON = RECORD_CSV + 1, STYLE_NONE, STYLE_DEFAULT };
static const char *const styles[] = {
	"text", "json", "csv", "ndjson", "none", NULL};
static const char *const stats[] = {"text", "json", NULL};

#define AT(field) offsetof(struct args, field)
static const struct opt table[] = {
	{"setup", 's', OPT_TEXT, AT(setup), "FILE",
		"what to tap and whom to tell", NULL, 0, 0},
	{"read", 'r', OPT_EACH, AT(read), "FILE",
		"meter capture files instead; - is stdin", NULL, 0, 0},
	{"print", 'p', OPT_FLAG, AT(print), NULL,
		"records to stdout, no collector", NULL, 0, 0},
	{"output", 'o', OPT_CHOICE, AT(style), "FORMAT",
		"text, json or ndjson, csv, none", styles, 0, 0},
	{"stats", 0, OPT_CHOICE, AT(stats), "FORMAT",
		"text: to stderr; json: the last line (with --read)", stats, 0,
		0},
	{"filter", 'F', OPT_EACH, AT(filter), "EXPRESSION",
		"only such frames, as tcpdump's (with --read)", NULL, 0, 0},
	{"key", 'k', OPT_LIST, AT(key), "WORDS",
		"flows by 5tuple or addresses, vlan, mac, tos", NULL, 0, 0},
	{"inner", 0, OPT_FLAG, AT(inner), NULL,
		"flows inside of tunnels (with --read)", NULL, 0, 0},
	{"fragment-ports", 0, OPT_FLAG, AT(fragment_ports), NULL,
		"later fragments have the first's ports (with --read)", NULL, 0,
		0},
	{"biflow", 0, OPT_FLAG, AT(both), NULL,
		"a flow is both directions, RFC 5103", NULL, 0, 0},
	{"metrics", 0, OPT_LIST, AT(metrics), "NAMES",
		"sizes ttl rtt sequence window jitter fingerprint icmp "
		"application all",
		NULL, 0, 0},
	{"sample", 0, OPT_INT, AT(sample), "N", "every N-th frame only", NULL,
		1, INT32_MAX},
	{"random", 0, OPT_FLAG, AT(random), NULL,
		"one of N by chance (with --sample)", NULL, 0, 0},
	{"hash", 0, OPT_INT, AT(hash), "INIT",
		"one of N by hash: the same at all probes (with --sample)",
		NULL, 0, UINT32_MAX},
	{"to", 't', OPT_EACH, AT(to), "FORMAT://ADDR:PORT",
		"export there: nf1 nf5 nf7 nf9 ipfix ipfix+tcp", NULL, 0, 0},
	{"balance", 0, OPT_FLAG, AT(balance), NULL,
		"each flow to one of these, not to all", NULL, 0, 0},
	{"pace", 0, OPT_INT, AT(pace), "N",
		"most datagrams a second; 0: no limit (with --to)", NULL, 0,
		INT32_MAX},
	{"write", 'w', OPT_EACH, AT(write), "FILE",
		"an IPFIX file (with --read)", NULL, 0, 0},
	{"dump", 0, OPT_TEXT, AT(dump), "LINK",
		"frames of this link to stdout, as a capture file", NULL, 0, 0},
	{"count", 'c', OPT_INT, AT(count), "N", "so many frames (with --dump)",
		NULL, 1, DUMP_FRAMES_MAX},
	{"for", 'f', OPT_SPAN, AT(limit_ms), "TIME",
		"end after that long (with --print and --dump)", NULL, 0, 0},
	{"status", 0, OPT_TEXT, AT(status), "FILE",
		"keep the state in this file", NULL, 0, 0},
	{"settings", 0, OPT_TEXT, AT(settings), "FILE",
		"timeouts, read again at SIGHUP", NULL, 0, 0},
	{"backend", 'b', OPT_CHOICE, AT(backend), "NAME",
		"how to capture: auto, ebpf, ebpf-tcx, ebpf-clsact, "
		"ebpf-socket, packet, pcap",
		capture_choices, 0, 0},
	{"ring-mib", 0, OPT_INT, AT(ring_mib), "N",
		"memory for capturing per tap, in MiB", NULL, 1, 1024},
	{"threads", 0, OPT_INT, AT(threads), "N",
		"so many read rings (with packet); 0: by the processors", NULL,
		0, CREW_MAX},
	{"user", 'u', OPT_INT, AT(uid), "UID", "become this user", NULL, 0,
		INT32_MAX},
	{"idle", 0, OPT_SPAN, AT(idle_ms), "TIME",
		"a flow ends after silence (with --read)", NULL, 0, 0},
	{"active", 0, OPT_SPAN, AT(active_ms), "TIME",
		"a long flow is reported (with --read)", NULL, 0, 0},
	{"fin", 0, OPT_SPAN, AT(fin_ms), "TIME",
		"a flow ends after FIN or RST (with --read)", NULL, 0, 0},
	{"report-bytes", 0, OPT_INT, AT(report_bytes), "N",
		"a flow is reported with each N bytes (with --read)", NULL, 1,
		INT64_MAX},
	{"report-packets", 0, OPT_INT, AT(report_packets), "N",
		"a flow is reported with each N packets (with --read)", NULL, 1,
		INT64_MAX},
	{"flows", 0, OPT_INT, AT(flows), "N",
		"most flows at once (with --read)", NULL, 1, 1 << 27},
	{"memory-mib", 0, OPT_INT, AT(memory_mib), "N",
		"most memory, in MiB (with --read)", NULL, 16, 1 << 20},
	{"quiet", 'q', OPT_FLAG, AT(quiet), NULL,
		"no summary, no progress (with --read)", NULL, 0, 0},
	{"verbose", 'v', OPT_COUNT, AT(verbose), NULL, "say more", NULL, 0, 0},
	{"help", 'h', OPT_FLAG, AT(help), NULL, "this text", NULL, 0, 0},
	{"version", 'V', OPT_FLAG, AT(version), NULL, "which version this is",
		NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* Before anything is said. */
static const struct args plain = {.uid = PRIVS_NOBODY,
	.idle_ms = 60000,
	.active_ms = 300000,
	.style = STYLE_DEFAULT,
	.pace = COURIER_PACE,
	.count = DUMP_FRAMES,
	.threads = -1,
	.hash = -1};

static enum record_style style_of(const struct args *a)
{
	if (a->style == STYLE_NDJSON)
		return RECORD_JSON;
	return a->style > RECORD_CSV ? RECORD_TEXT
				     : (enum record_style)a->style;
}

static bool prints(const struct args *a)
{
	if (a->style == STYLE_DEFAULT)
		return !a->to.n && !a->write.n;
	return a->style != STYLE_NONE;
}

/* Of the command line, or of the setup. */
static int choose(const struct args *a, const struct setup *s,
	enum capture_choice *ret, struct err *err)
{
	*ret = (enum capture_choice)a->backend;
	if (a->backend || !s->backend[0])
		return 0;
	for (int i = 0; capture_choices[i]; i++)
		if (strcmp(capture_choices[i], s->backend) == 0) {
			*ret = (enum capture_choice)i;
			return 0;
		}
	return err_set(err, NFZ_E_INPUT,
		"the setup asks for capture by \"%s\", which is unknown",
		s->backend);
}

static struct export_sampling sampling_of(const struct args *a)
{
	return (struct export_sampling){.one_of = (uint32_t)a->sample,
		.by = a->hash >= 0 ? EXPORT_HASH
		      : a->random  ? EXPORT_RANDOM
				   : EXPORT_SYSTEMATIC,
		.initialiser = (uint32_t)a->hash};
}

static const char *only(const struct opt_list *list)
{
	return list->n ? list->items[0] : NULL;
}

/* Nothing that was asked for is ignored. */
static const char *const with_read[] = {"stats", "filter", "inner",
	"fragment-ports", "write", "idle", "active", "fin", "report-bytes",
	"report-packets", "flows", "memory-mib", "quiet", NULL};
static const char *const with_setup[] = {"print", "dump", "count", "for",
	"status", "settings", "backend", "ring-mib", "threads", "user", NULL};
static const char *const with_sample[] = {"random", "hash", NULL};
static const char *const with_to[] = {"balance", NULL};
static const char *const with_dump[] = {"count", NULL};
static const char *const with_print[] = {"output", "for", NULL};
static const char *const without_print[] = {"status", "settings", NULL};
static const char *const without_dump[] = {"print", "output", "to", "balance",
	"pace", "backend", "ring-mib", "threads", "status", "settings", "key",
	"biflow", "metrics", "sample", NULL};

static int check_with(const struct args *a, const char *const *names,
	const char *with, struct err *err)
{
	const char *name = opt_given(table, names, a, &plain);

	if (!name)
		return 0;
	return err_set(err, NFZ_E_USAGE, "--%s goes with --%s", name, with);
}

static int check_once(
	const char *name, const struct opt_list *list, struct err *err)
{
	return list->n <= 1 ? 0
			    : err_set(err, NFZ_E_USAGE,
				      "--%s was given twice, \"%s\" and "
				      "\"%s\": give one of them",
				      name, list->items[0], list->items[1]);
}

static int check_without(const struct args *a, const char *const *names,
	const char *without, struct err *err)
{
	const char *name = opt_given(table, names, a, &plain);

	if (!name)
		return 0;
	return err_set(
		err, NFZ_E_USAGE, "--%s does not go with --%s", name, without);
}

static int check_sample(const struct args *a, struct err *err)
{
	if (a->sample == 0)
		return check_with(a, with_sample, "sample", err);
	if (a->random && a->hash >= 0)
		return err_set(err, NFZ_E_USAGE,
			"--random and --hash are two ways to sample: give one "
			"of them");
	return 0;
}

/* A later fragment needs the first, which a sample may not have. */
static int check_file(const struct args *a, struct err *err)
{
	int r = check_with(a, with_setup, "setup", err);

	if (r == 0)
		r = check_once("write", &a->write, err);
	if (r == 0)
		r = check_once("filter", &a->filter, err);
	if (r == 0 && !a->to.n)
		r = check_with(a, with_to, "to", err);
	if (r == 0 && a->fragment_ports && a->sample > 1)
		r = err_set(err, NFZ_E_USAGE,
			"--fragment-ports needs all packets, and --sample "
			"leaves some out: give one of them");
	if (r == 0 && a->write.n && strcmp(a->write.items[0], "-") == 0 &&
		(prints(a) || a->stats))
		r = err_set(err, NFZ_E_USAGE,
			"--write - has standard output for itself: give no "
			"--output and no --stats json");
	return r;
}

static int check_live(const struct args *a, struct err *err)
{
	int r = check_with(a, with_read, "read", err);

	if (r == 0 && a->dump)
		return check_without(a, without_dump, "dump", err);
	if (r == 0)
		r = check_with(a, with_dump, "dump", err);
	if (r == 0)
		r = a->print ? check_without(a, without_print, "print", err)
			     : check_with(a, with_print, "print", err);
	if (r == 0 && a->sample > EXPORT_SAMPLED_MAX)
		r = err_set(err, NFZ_E_USAGE,
			"--sample: at most one of %d with --setup",
			EXPORT_SAMPLED_MAX);
	return r;
}

static int define(const struct args *a, struct definition *ret, struct err *err)
{
	int r = definition_choose_key(&a->key, &ret->key, err);

	ret->both = a->both;
	return r < 0 ? r : metrics_choose_bits(&a->metrics, &ret->metrics, err);
}

static int run_live(const struct args *a, struct err *err)
{
	struct setup setup = {0};
	const uint32_t ring = (uint32_t)a->ring_mib << 20;
	const uint32_t uid = (uint32_t)a->uid, pace = (uint32_t)a->pace;
	struct meter_print_options print = {.setup = &setup,
		.style = style_of(a),
		.lines = prints(a),
		.ring_bytes = ring,
		.balance = a->balance,
		.pace = pace,
		.uid = uid,
		.limit_ms = a->limit_ms};
	struct meter_net_options net = {.setup = &setup,
		.status_path = a->status,
		.settings = a->settings,
		.ring_bytes = ring,
		.balance = a->balance,
		.pace = pace,
		.uid = uid};
	const struct dump_options dump = {.setup = &setup,
		.link = a->dump,
		.frames = (uint64_t)a->count,
		.limit_ms = a->limit_ms ? a->limit_ms : DUMP_MS,
		.max_bytes = DUMP_BYTES_MAX,
		.uid = uid};
	int r = check_live(a, err);

	if (r == 0)
		r = setupfile_read(a->setup, &setup, err);
	if (r == 0 && a->dump) {
		r = dump_run(&dump, err);
		setup_release(&setup);
		return r;
	}
	if (r == 0)
		r = choose(a, &setup, &print.choice, err);
	if (r == 0)
		r = define(a, &print.definition, err);
	net.choice = print.choice;
	print.threads = net.threads =
		a->threads < 0 ? setup.threads : (unsigned)a->threads;
	net.definition = print.definition;
	print.sampling = net.sampling = sampling_of(a);
	if (a->hash < 0) /* the same at all probes */
		net.sampling.initialiser = (uint32_t)setup.deployment;
	if (r == 0)
		r = setup_add_exports(&setup, a->to.items, a->to.n, err);
	if (r == 0)
		r = a->print ? meter_print_run(&print, err)
			     : meter_net_run(&net, err);
	setup_release(&setup);
	return r;
}

static int run_file(const struct args *a, struct err *err)
{
	const struct meter_file_options o = {.paths = a->read.items,
		.n_paths = a->read.n,
		.to = a->to.items,
		.n_to = a->to.n,
		.balance = a->balance,
		.pace = (uint32_t)a->pace,
		.write = only(&a->write),
		.style = style_of(a),
		.lines = prints(a),
		.stats = a->stats != 0,
		.quiet = a->quiet,
		.filter = only(&a->filter),
		.key = &a->key,
		.sampling = sampling_of(a),
		.inner = a->inner,
		.fragment_ports = a->fragment_ports,
		.both = a->both,
		.metrics = &a->metrics,
		.flows = (uint32_t)a->flows,
		.memory_mib = a->memory_mib,
		.idle_ms = a->idle_ms,
		.active_ms = a->active_ms,
		.fin_ms = a->fin_ms,
		.limit = {(uint64_t)a->report_bytes,
			(uint64_t)a->report_packets}};

	int r = check_file(a, err);

	return r < 0 ? r : meter_file_run(&o, err);
}

/* Words are files to read. */
static int check_use(struct args *a, char **words, int n, struct err *err)
{
	for (int i = 0; i < n; i++)
		MEM_PUSH(a->read.items, a->read.n, a->read.cap) =
			mem_strdup(words[i]);
	if (a->setup && a->read.n)
		return err_set(err, NFZ_E_USAGE,
			"either the interfaces of --setup are metered or "
			"files, such as \"%s\"",
			a->read.items[0]);
	if (!a->setup && !a->read.n)
		return err_set(err, NFZ_E_USAGE,
			"nfz-meter needs --setup FILE or --read FILE");
	return check_sample(a, err);
}

int PROGRAM_MAIN(meter)(int argc, char **argv)
{
	struct args a = plain;
	struct err err = ERR_INIT;
	int words = 0, r;

	proc_begin();
	if (argc > 1 && strcmp(argv[1], GUARD_WORD) == 0)
		return guard_main(argc, argv);
	r = opt_parse(table, NULL, &a, argc, argv, &words, &err);
	log_open("nfz-meter", a.dump && !a.verbose ? LOG_WARNING : LOG_INFO,
		true);
	signal(SIGPIPE, SIG_IGN);
	if (r == 0 && a.help) {
		printf("usage: nfz-meter --setup FILE | --read FILE "
		       "[FILE...]\n\n");
		opt_print(table, stdout);
		return 0;
	}
	if (r == 0 && a.version) {
		printf("nfz-meter %s\n", NFZ_VERSION);
		return 0;
	}
	if (r == 0)
		r = check_use(&a, argv + 1, words, &err);
	if (r == 0)
		r = a.read.n ? run_file(&a, &err) : run_live(&a, &err);
	if (r < 0)
		log_err(&err);
	opt_list_release(&a.read);
	opt_list_release(&a.to);
	opt_list_release(&a.key);
	opt_list_release(&a.metrics);
	opt_list_release(&a.filter);
	opt_list_release(&a.write);
	return r < 0 ? err_exit_status(r) : 0;
}
