/* nfz-meter --read: a capture file to lines on stdout, or to
 * NetFlow v5 datagrams. */
#ifndef NFZ_PROBE_METER_FILE_H
#define NFZ_PROBE_METER_FILE_H

#include "base/err.h"
#include "probe/recprint.h"

#include <stdint.h>

struct meter_file_options {
	const char *path;
	enum record_style style;
	uint32_t flows;
	int64_t idle_ms, active_ms, fin_ms;
	const char *v5_to; /* "ADDR:PORT": NetFlow v5 there, no lines */
};

/* A summary goes to stderr. */
int meter_file_run(const struct meter_file_options *options,
	struct err *err) NFZ_MUST_CHECK;

#endif
