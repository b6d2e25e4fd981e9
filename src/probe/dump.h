/* A bounded sample of one link's frames, as a capture file on standard
 * output: for looking at what flows do not show.  The meter that runs beside
 * is not disturbed. */
#ifndef NFZ_PROBE_DUMP_H
#define NFZ_PROBE_DUMP_H

#include "base/err.h"
#include "flow/setup.h"

enum {
	DUMP_FRAMES = 1000, /* where nobody says otherwise */
	DUMP_MS = 10000,
	DUMP_FRAMES_MAX = 1000000,
	DUMP_BYTES_MAX = 256 << 20
};

struct dump_options {
	const struct setup *setup;
	const char *link;   /* of one of the setup's taps */
	uint64_t frames;    /* ends after so many */
	int64_t limit_ms;   /* or so long */
	uint64_t max_bytes; /* or before more than that */
	uint32_t uid;       /* to become */
};

/* Says on stderr what there was.  NFZ_E_INPUT: no tap is on that link. */
int dump_run(
	const struct dump_options *options, struct err *err) NFZ_MUST_CHECK;

#endif
