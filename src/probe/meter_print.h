/* The meter by itself: records and counters go to stdout as lines. */
#ifndef NFZ_PROBE_METER_PRINT_H
#define NFZ_PROBE_METER_PRINT_H

#include "flow/setup.h"
#include "probe/capture.h"
#include "probe/definition.h"
#include "probe/recprint.h"

#include <stdbool.h>
#include <stdint.h>

struct meter_print_options {
	const struct setup *setup;
	enum record_style style;
	bool lines; /* records to stdout */
	enum capture_choice choice;
	struct definition definition;
	uint32_t ring_bytes;
	unsigned threads; /* as meter_options */
	bool balance;     /* of the setup's exports: courier_options */
	uint32_t pace;
	struct export_sampling sampling;
	uint32_t uid;
	int64_t limit_ms; /* ends by itself after that long; 0: never */
};

/* Runs until SIGTERM, SIGINT or the limit; SIGUSR1 flushes. */
int meter_print_run(const struct meter_print_options *options,
	struct err *err) NFZ_MUST_CHECK;

#endif
