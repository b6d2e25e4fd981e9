/* The meter in a deployment: records to the collector, or digests to flow
 * caches where the setup names some. */
#ifndef NFZ_PROBE_METER_NET_H
#define NFZ_PROBE_METER_NET_H

#include "base/err.h"
#include "flow/setup.h"
#include "probe/capture.h"
#include "probe/definition.h"

#include <stdbool.h>
#include <stdint.h>

struct meter_net_options {
	const struct setup *setup;
	const char *status_path; /* NULL: none */
	const char *settings;    /* probe/tune.h; NULL: none */
	enum capture_choice choice;
	struct definition definition; /* without settings */
	uint32_t ring_bytes;          /* 0: by the machine's memory */
	unsigned threads;             /* as meter_options */
	bool balance; /* of the setup's exports: courier_options */
	uint32_t pace;
	struct export_sampling sampling;
	uint32_t uid; /* to become */
};

/* Runs until the module has left (module_run). */
int meter_net_run(const struct meter_net_options *options,
	struct err *err) NFZ_MUST_CHECK;

#endif
