/* A flow cache as a module of its own: digests of meters in, records to the
 * collector. */
#ifndef NFZ_PROBE_CACHE_H
#define NFZ_PROBE_CACHE_H

#include "base/err.h"
#include "flow/setup.h"

#include <stdint.h>

struct cache_options {
	const struct setup *setup;
	const char *status_path; /* NULL: none */
	const char *settings;    /* probe/tune.h; NULL: none */
	uint32_t uid;            /* to become */
};

/* Runs until the module has left (module_run). */
int cache_run(
	const struct cache_options *options, struct err *err) NFZ_MUST_CHECK;

#endif
