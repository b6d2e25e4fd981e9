/* nfz-meter --read: capture files to lines on stdout, to a file of IPFIX, to
 * collectors of others. */
#ifndef NFZ_PROBE_METER_FILE_H
#define NFZ_PROBE_METER_FILE_H

#include "base/err.h"
#include "base/opt.h"
#include "flow/exporter.h"
#include "probe/flowcache.h"
#include "probe/recprint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meter_file_options {
	char *const *paths; /* at least one */
	size_t n_paths;
	enum record_style style;
	bool lines; /* records to stdout */
	bool stats; /* a JSON object as the last line of stdout */
	bool quiet; /* no summary, no progress */
	const char *filter;
	const struct opt_list *key; /* words: 5tuple addresses vlan mac tos */
	struct export_sampling sampling;
	bool inner;                     /* flows inside of tunnels */
	bool fragment_ports;            /* as of struct offline_options */
	bool both;                      /* a flow is both directions */
	const struct opt_list *metrics; /* words: metrics_choose() */
	uint32_t flows;                 /* 0: as memory allows */
	int64_t memory_mib;             /* 0: half of what is free */
	int64_t idle_ms, active_ms, fin_ms;
	struct flow_limit limit;
	char *const *to; /* collectors, as export_target_parse() wants them */
	size_t n_to;
	bool balance; /* a flow to one of them; else all get all */
	uint32_t pace;
	const char *write; /* NULL: no IPFIX file */
};

/* A summary goes to stderr, unless quiet.  Every file is read as far as it goes; the first
 * error is returned, further ones are logged. */
int meter_file_run(const struct meter_file_options *options,
	struct err *err) NFZ_MUST_CHECK;

#endif
