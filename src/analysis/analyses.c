/* The table of analyses; netflowize-analyse(1) says what each is. */
#include "analysis/analyses.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"

#include <ctype.h>
#include <string.h>

#define SCHEMA "netflowize.analysis/1"
#define KNOCKS "tcp and flags S and not flags A and packets <= 3"

#define BETWEEN                                                                \
	"Lost is what was seen on one link of a path and not on the next: "    \
	"what dies\nbehind the last link where it was seen does not show.  "   \
	"Not lossy: under 10\npackets or 0.5 %, which packets that are on "    \
	"their way when records end\nleave, of either sign.\n"

#define DELAYS                                                                 \
	"Delays are of a flow's first record.  Between two nodes they are as " \
	"right as\nwhat is known of their clocks: one below 0 is wrong by "    \
	"that much, and others\nof these nodes may be.\n"

#define OFFERED                                                                \
	"Above 100 %: sent to a link whose shaper lies behind the probe, and " \
	"drops the rest.\n"

#define ONE_LINK                                                               \
	"No flow was seen on two links of its path: nothing can be "           \
	"compared.\n"

#define MEASURED                                                               \
	"Flows need metrics=sequence+rtt of up --set, or --metrics of "        \
	"import.\n"

const struct analysis analyses[] = {
	{"summary", "the whole in a few numbers", .study = &study_summary},
	{"protocols", "what is carried, by protocol", .by = "proto",
		.show = "share,bpp", .sort = "bytes"},
	{"uses", "what for: services by well-known port", .by = "service",
		.show = "share,distinct:src,distinct:dst", .sort = "bytes"},
	{"applications", "what for, by content where a probe looked at it",
		.by = "application,service", .show = "share", .sort = "bytes"},
	{"ports", "protocol and destination port", .by = "proto,dport",
		.show = "share", .sort = "bytes", .limit = 20},
	{"sizes", "mean sizes of packets, by class", .by = "size",
		.show = "share,bpp", .sort = "key"},
	{"packet-sizes", "packets by size, as each link's probes counted",
		.study = &study_packet_sizes},
	{"series", "how much in each minute", .by = "time:60", .show = "bps",
		.sort = "key"},
	{"links", "how much each link carries", .by = "link", .show = "share",
		.sort = "bytes"},
	{"utilisation", "each link against its speed, by direction",
		.study = &study_utilisation, .bucket = true, .note = OFFERED},
	{"nodes", "who sends to whom", .by = "src_node,dst_node",
		.show = "share", .sort = "bytes", .limit = 50},
	{"origins", "from and to: experiment, links, nodes, regions",
		.study = &study_origins},
	{"senders", "addresses that send most", .by = "src",
		.show = "share,distinct:dst", .sort = "bytes", .limit = 20},
	{"receivers", "addresses that get most", .by = "dst",
		.show = "share,distinct:src", .sort = "bytes", .limit = 20},
	{"pairs", "addresses that talk most to each other", .by = "src,dst",
		.show = "share", .sort = "bytes", .limit = 20},
	{"hitters", "single flows that carry most",
		.by = "src,dst,sport,dport,proto", .show = "share,bpp",
		.sort = "bytes", .limit = 20},
	{"servers", "who answers at which port, and how many ask",
		.study = &study_servers},
	{"conversations", "both directions together, by volume",
		.study = &study_conversations, .threshold = true},
	{"symptoms", "conversations that something is wrong with",
		.study = &study_symptoms, .threshold = true,
		.none = "No conversation has a symptom.\n"},
	{"scans", "who tries many hosts or many ports, in vain",
		.study = &study_scans, .threshold = true,
		.none = "Nobody tried so many hosts or ports in vain.\n"},
	{"scanners", "who knocks and gets no connection: SYN, no ACK",
		.filter = KNOCKS, .by = "src",
		.show = "distinct:dst,distinct:dport", .sort = "flows",
		.limit = 20},
	{"scanned", "who is knocked at: SYN, no ACK", .filter = KNOCKS,
		.by = "dst,dport", .show = "distinct:src", .sort = "flows",
		.limit = 20},
	{"resets", "who refuses connections", .filter = "tcp and flags R",
		.by = "src,sport", .show = "distinct:dst", .sort = "flows",
		.limit = 20},
	{"tiny", "who sends flows of one small packet",
		.filter = "packets = 1 and bytes < 64", .by = "src,proto",
		.show = "distinct:dst", .sort = "flows", .limit = 20},
	{"retransmissions", "who has to send again, and what came out of order",
		.filter = "retransmissions > 0 or out_of_order > 0",
		.by = "src,dst,dport",
		.show = "retransmissions,retransmitted_bytes,out_of_order,"
			"mean:rtt_us",
		.sort = "retransmissions", .limit = 20, .needs = MEASURED},
	{"round-trips", "who waits longest for an answer of TCP",
		.filter = "rtt_us > 0", .by = "src,dst,dport",
		.show = "min:rtt_us,mean:rtt_us,p95:rtt_us,max:rtt_us",
		.sort = "mean:rtt_us", .limit = 20, .needs = MEASURED},
	{"headers", "headers that cannot be, or not on that link",
		.study = &study_headers,
		.none = "No header is out of place.\n"},
	{"pricing", "volume and 95th percentile of each end",
		.study = &study_pricing, .bucket = true},
	{"hops", "loss and delay from link to link", .study = &study_hops,
		.note = DELAYS BETWEEN, .none = ONE_LINK},
	{"losses", "when packets died, from link to link",
		.study = &study_losses, .bucket = true, .note = BETWEEN,
		.none = "Nothing was lost between links where the same flow "
			"was seen.\n"},
	{.name = NULL}};

const char *analysis_name(size_t i)
{
	return analyses[i].name;
}

static const char *nth_name(const void *ctx, size_t i)
{
	(void)ctx;
	return analysis_name(i);
}

int analysis_find(
	const char *name, const struct analysis **ret, struct err *err)
{
	struct buf names = BUF_INIT(4096);
	const char *near;

	for (*ret = analyses; (*ret)->name; ++*ret)
		if (strcmp((*ret)->name, name) == 0)
			return 0;
	near = opt_nearest(name, nth_name, NULL);
	err_set(err, NFZ_E_USAGE, "there is no analysis %s", name);
	if (near)
		return err_hint(err,
			"Did you mean %s?   All of them: netflowize analyse",
			near);
	for (size_t i = 0; analyses[i].name; i++)
		buf_addf(&names, "\n  %-15s %s", analyses[i].name,
			analyses[i].summary);
	err_hint(err, "There are:%s", buf_str(&names));
	buf_release(&names);
	return -NFZ_E_USAGE;
}

int analysis_apply(
	const struct analysis *of, struct answer *to, struct err *err)
{
	cleanup_free char *keys = mem_strdup(of->by);
	cleanup_free char *figures = mem_strdup(of->show ? of->show : "");
	char *rest = keys, *word;
	int r = 0;

	while (r == 0 && (word = strsep(&rest, ",")))
		r = group_by_add(&to->by, word, err);
	rest = of->show ? figures : NULL;
	while (r == 0 && (word = strsep(&rest, ",")))
		r = figure_add(&to->figures, word, err);
	if (r == 0 && of->sort && to->sort == SORT_DEFAULT && !to->sort_figure)
		r = answer_set_sort(to, of->sort, err);
	if (!to->limit)
		to->limit = of->limit;
	return r;
}

/* Headings of tables are the members of JSON in capitals. */
static void set_columns(struct sheet_column *to, const struct study *study,
	bool table, struct arena *names)
{
	memcpy(to, study->columns, study->n_columns * sizeof(*to));
	for (size_t i = 0; table && i < study->n_columns; i++) {
		char *name = arena_strdup(names, to[i].name);

		to[i].name = name;
		for (; *name; name++)
			*name = (char)toupper((unsigned char)*name);
	}
}

int analysis_write(const struct analysis *of, struct store *s,
	const struct answer *a, const struct study_ask *ask,
	struct answer_sums *ret, struct err *err)
{
	const struct study *study = of->study;
	cleanup_free struct sheet_column *columns = NULL;
	struct answer_sums sums = {0};
	struct arena names = {0};
	struct sheet sheet;
	void *it;
	int r = 0;

	if (!study)
		return answer_write(s, a, ret, err);
	it = study->begin(ask);
	if (study->add)
		r = query_flows(s, &a->query, study->add, it, &sums.query, err);
	if (r == 0) {
		columns = mem_zalloc(study->n_columns, sizeof(*columns));
		set_columns(columns, study, a->format == SHEET_TABLE, &names);
		answer_sheet(a, &sheet, columns, study->n_columns);
		sheet_begin(&sheet, SCHEMA, of->name);
		r = study->write(it, &sheet, err);
		sums.shown = sheet.n_rows;
		sums.found = sheet.n_all;
		if (r < 0)
			sheet_drop(&sheet);
	}
	if (r == 0) {
		sheet_end(&sheet);
		r = sheet_close(&sheet, err);
	}
	study->free(it);
	arena_release(&names);
	*ret = sums;
	return r;
}
