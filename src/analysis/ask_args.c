#include "analysis/ask_args.h"
#include "format/sheet.h"
#include "store/query.h"
#include "store/summary.h"

#include <stdio.h>

#define AT(field) offsetof(struct ask_args, field)
#define END                                                                    \
	{                                                                      \
		NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0                   \
	}

enum { WIDE = SHEET_CSV + 1, WIDEST = INT32_MAX };

static const char *const formats[] = {
	"table", "json", "ndjson", "csv", "wide", NULL};

static const struct opt table[] = {
	{"also", 0, OPT_EACH, AT(also), "DIR", "the flows of this store, too",
		NULL, 0, 0},
	{"by", 'b', OPT_LIST, AT(by), "KEY[,KEY]",
		"add up by src dst src/BITS dst/BITS sport dport proto flags "
		"service size link node src_node dst_node vlan out_vlan in_if "
		"out_if src_as dst_as next_hop src_mac dst_mac mpls "
		"time:SECONDS",
		NULL, 0, 0},
	{"show", 0, OPT_LIST, AT(show), "FIGURE",
		"besides, of each group: share bpp bps distinct:KEY "
		"p95:MEASURE",
		NULL, 0, 0},
	{"analysis", 0, OPT_TEXT, AT(analysis), "NAME",
		"one asked often: protocols, links, symptoms ...", NULL, 0, 0},
	{"number", 'n', OPT_INT, AT(limit), "N", "only the first N rows", NULL,
		1, INT32_MAX},
	{"limit", 0, OPT_INT, AT(limit), "N", "the same", NULL, 1, INT32_MAX},
	{"sort", 's', OPT_TEXT, AT(sort), "KEY",
		"packets, bytes, flows, first, last, duration, key, none or a "
		"figure",
		NULL, 0, 0},
	{"threads", 0, OPT_INT, AT(threads), "N",
		"that read the store (as many as processors, at most 4, "
		"where there is much to read)",
		NULL, 1, QUERY_THREADS_MAX},
	{"last", 0, OPT_SPAN, AT(last_ms), "SPAN", "of the last 30s, 5m, 2h",
		NULL, 0, 0},
	{"from", 0, OPT_TIME, AT(from_ns), "TIME",
		"from 20:40 on (today, local), or 2026-11-21T14:05:33Z", NULL,
		0, 0},
	{"to", 0, OPT_TIME, AT(to_ns), "TIME", "up to then", NULL, 0, 0},
	{"within", 0, OPT_FLAG, AT(within), NULL,
		"with --by or --summary: count only what falls into that time",
		NULL, 0, 0},
	{"no-rollups", 0, OPT_FLAG, AT(no_rollups), NULL,
		"read all records, where sums kept of them would do", NULL, 0,
		0},
	{"output", 'o', OPT_CHOICE, AT(format), "FORMAT",
		"table, wide, json, ndjson or csv", formats, 0, 0},
	{"width", 0, OPT_INT, AT(width), "N",
		"lines of a table have at most so many columns (the "
		"terminal's)",
		NULL, 1, INT32_MAX},
	{"bucket", 0, OPT_SPAN, AT(bucket_ms), "SPAN",
		"pieces of time of utilisation, losses (10s), pricing (5m)",
		NULL, 0, 0},
	{"threshold", 0, OPT_INT, AT(threshold), "N",
		"targets that make a scan (16)", NULL, 1, INT32_MAX},
	{"weight", 0, OPT_LIST, AT(weights), "NAME=N",
		"how much a symptom counts; 0: not at all", NULL, 0, 0},
	{"symptom", 0, OPT_EACH, AT(symptoms), "NAME=N:FILTER",
		"one more symptom, of flows that fit a filter", NULL, 0, 0},
	{"regions", 0, OPT_TEXT, AT(regions), "FILE",
		"whose addresses are: prefixes with names", NULL, 0, 0},
	{"services", 0, OPT_TEXT, AT(services), "FILE",
		"names of ports (" ASK_SERVICES ")", NULL, 0, 0},
	{"observations", 0, OPT_FLAG, AT(observations), NULL,
		"what each probe saw, not each flow once", NULL, 0, 0},
	{"more", 0, OPT_FLAG, AT(more), NULL,
		"of each flow also VLAN, interfaces, AS, next hop, MAC, MPLS",
		NULL, 0, 0},
	{"ledger", 0, OPT_FLAG, AT(ledger), NULL,
		"what became of every frame and record", NULL, 0, 0},
	{"verify", 0, OPT_FLAG, AT(verify), NULL,
		"compare with the counters of the interfaces", NULL, 0, 0},
	{"summary", 0, OPT_FLAG, AT(summary), NULL,
		"everything a page shows, as one JSON document", NULL, 0, 0},
	{"pieces", 0, OPT_INT, AT(pieces), "N",
		"with --summary: at most so many pieces of time (240)", NULL, 1,
		SUMMARY_BUCKETS_MAX},
	{"window", 0, OPT_SPAN, AT(window_ms), "SPAN",
		"with --summary: one piece, the last so long with records",
		NULL, 0, 0},
	{"parts", 0, OPT_LIST, AT(parts), "PART[,PART]",
		"with --summary: only links groups flows probes rest", NULL, 0,
		0},
	{"detail", 0, OPT_INT, AT(detail), "N",
		"with --summary: at most so many numbers of small flows "
		"(300000)",
		NULL, 1, INT32_MAX},
	{"events", 0, OPT_FLAG, AT(events), NULL,
		"marks, and what else happened during the run", NULL, 0, 0},
	{"history", 0, OPT_FLAG, AT(history), NULL,
		"what flows carried that are not kept any more", NULL, 0, 0},
	{"mark", 0, OPT_TEXT, AT(mark), "TEXT",
		"put a mark into the record of the run", NULL, 0, 0},
	{"at", 0, OPT_TIME, AT(at_ns), "TIME",
		"when the mark was (now): 20:40, 2026-11-21T14:05:33Z", NULL, 0,
		0},
	{"tell-event", 0, OPT_EACH, AT(told), "\"TIME TEXT\"",
		"put what the testbed had happen into the record", NULL, 0, 0},
	{"explain", 0, OPT_FLAG, AT(explain), NULL,
		"how the filter was understood", NULL, 0, 0},
	{"flush", 0, OPT_FLAG, AT(flush), NULL,
		"ask the collector for what is still in caches", NULL, 0, 0},
	{"flush-wait", 0, OPT_SPAN, AT(flush_ms), "SPAN",
		"wait for that no longer than this (2s)", NULL, 0, 0},
	{"idle", 0, OPT_SPAN, AT(idle_ms), "SPAN",
		"a longer silence ends a flow (the meters' timeout)", NULL, 0,
		0},
	{"help", 'h', OPT_FLAG, AT(help), NULL, "this text", NULL, 0, 0},
	{"version", 'V', OPT_FLAG, AT(version), NULL, "which version this is",
		NULL, 0, 0},
	END,
};

void ask_usage(void)
{
	printf("usage: nfz-query DIR [FILTER...] [options]\n\n"
	       "  nfz-query run 'proto udp and dst port 53' --by src,dst -n 5\n"
	       "  nfz-query run link core --observations -o ndjson\n"
	       "  nfz-query run --ledger\n\n");
	opt_print(table, stdout);
}

void ask_args_release(struct ask_args *a)
{
	opt_list_release(&a->also);
	opt_list_release(&a->by);
	opt_list_release(&a->told);
	opt_list_release(&a->show);
	opt_list_release(&a->weights);
	opt_list_release(&a->symptoms);
	opt_list_release(&a->parts);
}

int ask_args_parse(struct ask_args *a, int argc, char **argv, int *ret_words,
	struct err *err)
{
	int r = opt_parse(table, NULL, a, argc, argv, ret_words, err);

	if (r == 0 && a->format == WIDE) {
		a->format = SHEET_TABLE;
		a->width = WIDEST;
	}
	return r;
}
